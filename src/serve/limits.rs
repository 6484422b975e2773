//! Every limit of the server, in the order in which a request meets it, each with its reason.
//!
//! It is here so that one page shows what anybody on the network can make the server hold or do. What a limit refuses is counted
//! ([`crate::telemetry::Refused`]) and named in the log. Tests run with smaller ones.

use std::time::Duration;

/// Limits of connections.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    /// Connections at the same time, over all listeners. An idle one takes some 16 KiB. Where all are taken, the one that has been
    /// without a request longest makes room for the next.
    pub(super) connections: usize,
    /// How long a client may take for what it has begun to say: its first bytes, the head of a request, a frame, a TLS handshake. Also
    /// how long an HTTP/1.1 connection may rest between two requests.
    pub(super) head_wait: Duration,
    /// How long a client may take nothing of what is sent to it.
    pub(super) take_wait: Duration,
    /// How long an HTTP/2 connection may be without a request. One with a stream of batches or releases is not: it may last for ever.
    pub(super) idle_wait: Duration,
    /// A silent HTTP/2 client is asked this often whether it is there: a network that broke tells nobody.
    pub(super) ping_interval: Duration,
    /// How long it has to say so.
    pub(super) ping_wait: Duration,
    /// Frames without content (window updates, priorities, pings, settings, resets, unknown ones) that an HTTP/2 client may send at
    /// once beyond what its messages and our answers call for; then its connection is closed. Each costs as much work as a small batch's
    /// frame and brings nothing.
    pub(super) cheap_frames: u32,
    /// Such frames a second that it may send for ever.
    pub(super) cheap_frames_per_second: u32,
    /// How long clients may finish after a stop.
    pub(super) drain: Duration,
}

const CONNECTIONS_MAX: usize = 4_096;
const HEAD_WAIT: Duration = Duration::from_secs(20);
const TAKE_WAIT: Duration = Duration::from_secs(30);
const IDLE_WAIT: Duration = Duration::from_secs(300);
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_WAIT: Duration = Duration::from_secs(20);
const CHEAP_FRAMES_MAX: u32 = 1_000;
const CHEAP_FRAMES_PER_SECOND: u32 = 100;
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// File descriptors that connections leave to the database, keys, archives, sitemaps and the listeners.
pub(super) const FILES_RESERVED: u64 = 256;
/// Open files that are asked for at the start; more has no use.
pub(super) const FILES_WANTED: u64 = 16_384;
/// The pause after a failure to accept, such as too many open files.
pub(super) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The longest head of a request, in bytes: a question in an address fits in.
pub(super) const HEAD_BYTES_MAX: u32 = 64 * 1024;
/// The longest head of a request that takes events, in bytes; gRPC's usual limit.
pub(super) const GRPC_HEAD_BYTES_MAX: u32 = 16 * 1024;
/// The most headers of an HTTP/1.1 request.
pub(super) const HEADERS_MAX: usize = 64;

/// Streams of one connection at the same time, where events are taken: a proxy carries those of many sites over one.
pub(super) const INGEST_STREAMS_MAX: u32 = 200;
/// The same where numbers are read: a page asks for some dozen.
pub(super) const WEB_STREAMS_MAX: u32 = 64;
/// The largest HTTP/2 frame, in bytes. A frame is kept until it is whole, by each connection.
pub(super) const FRAME_BYTES_MAX: u32 = 32 * 1024;
/// Flow-control windows of a stream and of a connection, in bytes: some batches of usual length, so that the next has arrived
/// while one is read. Nothing is kept in them longer than it takes to look at it.
pub(super) const STREAM_WINDOW_BYTES: u32 = 1024 * 1024;
pub(super) const CONNECTION_WINDOW_BYTES: u32 = 4 * 1024 * 1024;
/// What a stream keeps of an answer that its reader has no window for, in bytes.
pub(super) const SEND_BYTES_MAX: usize = 256 * 1024;
/// The largest batch, in bytes: 20,000 events of some 800 bytes.
pub(super) const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The largest message to the other services of that listener (health, reflection, questions), in bytes.
pub(super) const QUESTION_BYTES_MAX: usize = 64 * 1024;

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS_MAX,
            head_wait: HEAD_WAIT,
            take_wait: TAKE_WAIT,
            idle_wait: IDLE_WAIT,
            ping_interval: PING_INTERVAL,
            ping_wait: PING_WAIT,
            cheap_frames: CHEAP_FRAMES_MAX,
            cheap_frames_per_second: CHEAP_FRAMES_PER_SECOND,
            drain: DRAIN_LIMIT,
        }
    }
}

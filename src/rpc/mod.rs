//! The wire: the only room on the server's side that knows the protocol's types.

mod convert;
mod counted;
mod encoded;
#[cfg(test)]
mod golden_tests;
mod held;
mod incoming;
mod ingest;
mod ingest_transport;
mod message;
mod numbering;
mod releases;
mod slot;
mod stats;
mod stats_transport;
pub(crate) mod status;
mod transport;
mod unfinished;

pub use counted::counted;
pub use ingest::Ingest;
pub use ingest_transport::IngestServer;
pub(crate) use slot::Slots;
pub use stats::Stats;
pub use stats_transport::StatsServer;
pub(crate) use status::bad_field;
pub use unfinished::{MessageLimits, Unfinished};

/// Reads a batch's message as the server does, and gives each of its events; for benchmarks. Gives how many could be
/// read.
pub fn read_batch<T>(
    bytes: &[u8],
    take: impl FnOnce(&mut dyn Iterator<Item = crate::vault::AccessEvent<'_>>) -> T,
) -> Option<T> {
    let mut message = message::Message::read(bytes).ok()?;
    let mut events = message.events().map_while(Result::ok);
    Some(take(&mut events))
}

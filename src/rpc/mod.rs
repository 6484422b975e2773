//! The wire: the only room on the server's side that knows the protocol's types.

mod convert;
mod ingest;
mod kept;
mod stats;
mod status;

pub use ingest::Ingest;
pub use stats::Stats;

//! What is kept: the rows of the lane, and the archive of releases beside them. docs/ARCHITECTURE.md lists the layout.
//!
//! What is not sealed reaches this room encrypted. What it writes in clear is public, or tells nothing of a visitor. Rows are
//! read by whoever has a [`LaneReader`](reader::LaneReader), and written by the one who has the
//! [`LaneWriter`](writer::LaneWriter); which database is below them, only `engine` knows.

pub(super) mod archive;
pub(super) mod backup;
mod digest;
pub(super) mod engine;
mod errors;
mod files;
pub(super) mod lane;
pub(super) mod migrate;
mod pieces;
pub(super) mod reader;
pub(super) mod rows;
pub(super) mod space;
pub(super) mod step;
pub(super) mod writer;

pub use engine::EngineError;
pub use errors::{AdminError, ArchiveError, CommitError, Damaged, OpenError, ReadError};
pub use files::FileError;
pub(super) use files::at;
pub(super) use step::Step;

//! The one committer: what comes in, in which order it becomes durable, and how it is read back.

pub(super) mod checkpoint;
pub(super) mod committer;
pub(super) mod intake;
pub(super) mod journal;
pub(super) mod recover;
pub(super) mod writer;

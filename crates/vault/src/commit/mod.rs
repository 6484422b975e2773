//! The one committer, in the order in which data passes: what comes in, what becomes durable together, and how it is read
//! back.

pub(super) mod intake;
pub(super) mod sender;

pub(super) mod committer;
pub(super) mod doubt;
pub(super) mod group;
pub(super) mod open;
pub(super) mod writer;

pub(super) mod checkpoint;
pub(super) mod journal;
pub(super) mod recover;

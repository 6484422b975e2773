//! Guards of the promise, and what a test says without them: the list, a copy of the sources, one trial.

pub mod list;
pub mod tree;
pub mod trial;

//! Style is a test. It reads the sources and the documents as text and links none of them, so it takes seconds:
//! `cargo test -p headcount-tidy`.
//!
//! - [`api`]: the methods that docs/API.md names.
//! - [`arrows`]: which room may use which.
//! - [`size`]: a header on each file, how long files and functions are.
//! - [`door`]: what the vault gives out.
//! - [`documents`]: the tests, files and numbers that documents name.
//! - [`hazards`]: the guards that `benches/hazards` takes out.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what a test did not expect may stop it")]

mod api;
mod arrows;
mod documents;
mod door;
mod hazards;
mod numbers;
mod paths;
mod size;
mod source;

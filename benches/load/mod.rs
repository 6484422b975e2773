//! What the benchmarks of speed share: made-up traffic, a real server, a lean client, and what the system says of a process.
//! Traffic is made before a clock runs, and is the same for the same seed and number of events.

#![allow(dead_code, reason = "each benchmark uses its part")]

pub mod client;
pub mod encode;
pub mod process;
pub mod server;
pub mod traffic;

/// What goes wrong in a benchmark is told and ends it.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

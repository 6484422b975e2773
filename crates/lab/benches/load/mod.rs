//! The traffic of `benches/load`, without its server and client.

#![allow(dead_code, reason = "each benchmark uses its part")]

#[path = "../../../../benches/load/encode.rs"]
pub mod encode;
#[path = "../../../../benches/load/traffic.rs"]
pub mod traffic;

/// What goes wrong in a benchmark is told and ends it.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

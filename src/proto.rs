//! The wire format, by its name in this crate. Only `rpc` (server) and the client side (`ship`, `report`) use it.

pub use headcount_proto::*;

//! headcount's wire format, generated from `proto/headcount/v1`: the messages, the paths of the methods, the descriptor.
//!
//! The feature `client` adds the generated clients, `server` the traits to implement. Without either there are messages
//! alone, and prost is all they need. What each field means, its limits and its errors stand in the `.proto` files.
//!
//! [`AccessEvent`] and [`IngestRequest`] hold what a visitor sent and have no `Debug`: no log line and no error can print
//! one.

mod generated {
    #![allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub)]

    include!(concat!(env!("OUT_DIR"), "/headcount.v1.rs"));
}

pub use generated::*;

/// The paths of the methods, as a request names them.
pub mod path {
    include!(concat!(env!("OUT_DIR"), "/method_paths.rs"));
}

/// The compiled description of the protocol, for gRPC reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/headcount_descriptor.bin"));

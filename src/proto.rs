//! The wire format, generated from `proto/headcount/v1`. Only `rpc` (server) and the client side (`ship`, `report`)
//! use it.

#![allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub)]

tonic::include_proto!("headcount.v1");

/// The compiled description of the protocol, for gRPC reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/headcount_descriptor.bin"));

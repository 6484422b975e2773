//! The messages and services of collectors, generated from `src/receive/proto`, under short names. None can be printed.

#![allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic)] // generated

include!(concat!(env!("OUT_DIR"), "/collectors.rs"));

pub use envoy::{config::core::v3 as core, data::accesslog::v3 as accesslog, service::accesslog::v3 as als};
pub use opentelemetry::proto::{collector::logs::v1 as collector, common::v1 as common, logs::v1 as logs};

/// The compiled description of these services, for gRPC reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/collectors_descriptor.bin"));

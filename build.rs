//! Generates the server side of the services, as `src/rpc` implements it.

#![allow(clippy::disallowed_methods)] // a build script is told everything through its environment

use std::{
    env,
    error::Error,
    path::{Path, PathBuf},
};

use tonic_prost_build::manual;

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    transport(&out)
}

/// Generates the server side of each service. Names and kinds of the methods are the protocol's; the messages are those of
/// `src/rpc`, which reads batches in place and sends answers that are encoded already.
fn transport(out: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let files = protox::compile(["proto/headcount/v1/ingest.proto", "proto/headcount/v1/stats.proto"], ["proto"])?;
    for file in &files.file {
        for service in &file.service {
            let mut server = manual::Service::builder().name(service.name()).package(file.package());
            for method in &service.method {
                let mut named = typed(service.name(), method.input_type(), method.output_type())?
                    .name(snake_case(method.name()))
                    .route_name(method.name());
                if method.client_streaming() {
                    named = named.client_streaming();
                }
                if method.server_streaming() {
                    named = named.server_streaming();
                }
                server = server.method(named.build());
            }
            manual::Builder::new().build_client(false).out_dir(out).compile(&[server.build()]);
        }
    }
    Ok(())
}

/// A method of a service, with the types of its messages.
fn typed(service: &str, input: &str, output: &str) -> Result<manual::MethodBuilder, Box<dyn Error>> {
    let generated = |path: &str| format!("crate::proto::{}", path.rsplit('.').next().unwrap_or_default());
    match service {
        "IngestService" => Ok(manual::Method::builder()
            .input_type("crate::rpc::message::Message")
            .output_type(generated(output))
            .codec_path("crate::rpc::ingest_transport::MessageCodec")),
        "StatsService" => Ok(manual::Method::builder()
            .input_type(generated(input))
            .output_type("crate::rpc::encoded::Encoded")
            .codec_path("crate::rpc::stats_transport::EncodedCodec")),
        other => Err(format!("which messages of src/rpc has {other}? Say so in build.rs").into()),
    }
}

/// `ListSites` as `list_sites`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

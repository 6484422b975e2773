//! Generates the server side of the services, as `src/rpc` implements it, and what collectors send, as `src/receive` reads it;
//! puts the page of `dashboard/dist` into the binary, compressed once for all who ask.

#![allow(clippy::disallowed_methods)] // a build script is told everything through its environment

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use brotli::enc::{BrotliEncoderParams, backward_references::BrotliEncoderMode};
use flate2::{Compression, write::GzEncoder};
use prost::Message as _;
use tonic_prost_build::manual;

/// The built page; its sources are beside it.
const PAGE: &str = "dashboard/dist";

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    transport(&out)?;
    collectors(&out)?;
    assets(&out)
}

/// Writes the table of `src/web/assets.rs`: each file as it is, and compressed where that is shorter.
fn assets(out: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={PAGE}");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join(PAGE);
    let mut files = Vec::new();
    files_below(&root, &mut files)?;
    files.sort();
    let mut table = "const FILES: &[File] = &[\n".to_owned();
    for (number, file) in files.iter().enumerate() {
        let path = file.strip_prefix(&root)?.to_str().ok_or("a file of the page has a name that is no UTF-8")?;
        let plain = fs::read(file)?;
        let coded = |ending: &str, bytes: Vec<u8>| -> Result<String, Box<dyn Error>> {
            if bytes.len() >= plain.len() {
                return Ok("None".to_owned());
            }
            let place = out.join(format!("asset-{number}.{ending}"));
            fs::write(&place, bytes)?;
            Ok(format!("Some(include_bytes!({place:?}))"))
        };
        let (brotli, gzip) = (coded("br", brotli(&plain)?)?, coded("gz", gzip(&plain)?)?);
        writeln!(table, "File {{ path: {path:?}, plain: include_bytes!({file:?}), brotli: {brotli}, gzip: {gzip} }},")?;
    }
    table.push_str("];\n");
    fs::write(out.join("assets.rs"), table)?;
    Ok(())
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files_below(&path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let parameters =
        BrotliEncoderParams { quality: 11, mode: BrotliEncoderMode::BROTLI_MODE_TEXT, ..Default::default() };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut compressed, &parameters)?;
    Ok(compressed)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
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

/// Generates the services by which collectors send, and their description. Their messages hold what a visitor sent, so none can
/// be printed.
fn collectors(out: &Path) -> Result<(), Box<dyn Error>> {
    const PROTOS: &str = "src/receive/proto";
    println!("cargo::rerun-if-changed={PROTOS}");
    let services = ["opentelemetry/proto/collector/logs/v1/logs_service.proto", "envoy/service/accesslog/v3/als.proto"];
    let files = protox::compile(services, [PROTOS])?;
    fs::write(out.join("collectors_descriptor.bin"), files.encode_to_vec())?;
    tonic_prost_build::configure()
        .build_client(false)
        .skip_debug(["."])
        .include_file("collectors.rs")
        .compile_fds(files)?;
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

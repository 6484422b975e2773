//! Compiles the protocol with protox, so that cargo alone builds it (no protoc).
//!
//! `proto` is a link to the folder in the root of the repository; `cargo package` puts the files themselves into the
//! package, so a packaged crate builds without the repository.

#![allow(clippy::disallowed_methods)] // a build script is told everything through its environment

use std::{env, error::Error, fmt::Write as _, fs, path::PathBuf};

use prost::Message as _;
use prost_types::FileDescriptorSet;

const FILES: [&str; 2] = ["proto/headcount/v1/ingest.proto", "proto/headcount/v1/stats.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for file in FILES {
        println!("cargo::rerun-if-changed={file}");
    }
    let files = protox::compile(FILES, ["proto"])?;
    fs::write(out.join("headcount_descriptor.bin"), files.encode_to_vec())?;
    fs::write(out.join("method_paths.rs"), method_paths(&files)?)?;
    let is_on = |feature: &str| env::var_os(feature).is_some();
    tonic_prost_build::configure()
        .build_client(is_on("CARGO_FEATURE_CLIENT"))
        .build_server(is_on("CARGO_FEATURE_SERVER"))
        // An access event must not be printable, so that no log line or error can carry one.
        .skip_debug(["headcount.v1.AccessEvent", "headcount.v1.IngestRequest"])
        .compile_fds(files)?;
    Ok(())
}

/// A module for each service, with the path of each of its methods.
fn method_paths(files: &FileDescriptorSet) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for file in &files.file {
        for service in &file.service {
            let name = format!("{}.{}", file.package(), service.name());
            writeln!(text, "/// The methods of `{name}`.\npub mod {} {{", words(service.name()).to_lowercase())?;
            for method in &service.method {
                let (constant, method) = (words(method.name()), method.name());
                writeln!(text, "/// The path of `{method}`.\npub const {constant}: &str = \"/{name}/{method}\";")?;
            }
            writeln!(text, "}}")?;
        }
    }
    Ok(text)
}

/// `ListSites` as `LIST_SITES`.
fn words(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(letter.to_ascii_uppercase());
    }
    text
}

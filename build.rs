//! Prepares the user-agent patterns, which the crate includes.
//!
//! They (uap-core's regexes.yaml, Apache-2.0) ship inside the `ua-parser` package. They are taken from there
//! on every build and never copied into this repository, so they are always those of the version in Cargo.lock.

#![allow(clippy::disallowed_methods)] // a build script is told everything through its environment

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    agent_patterns(&out)
}

/// Converts the patterns to JSON, which the crate can read without a YAML parser at run time.
fn agent_patterns(out: &Path) -> Result<(), Box<dyn Error>> {
    // Another version of `ua-parser` is another Cargo.lock.
    println!("cargo::rerun-if-changed=Cargo.lock");
    let source = package_dir("ua-parser")?.join("uap-core").join("regexes.yaml");
    println!("cargo::rerun-if-changed={}", source.display());
    let yaml = fs::read_to_string(&source)
        .map_err(|error| format!("cannot read the patterns {}: {error}", source.display()))?;
    // The type is strict: every value is text, so that a version such as '10' cannot turn into a number.
    let patterns: BTreeMap<String, Vec<BTreeMap<String, Option<String>>>> = serde_saphyr::from_str(&yaml)?;
    fs::write(out.join("agent_patterns.json"), serde_json::to_vec(&patterns)?)?;
    Ok(())
}

/// The directory in which cargo keeps the sources of a dependency: a registry, a vendored tree or a checkout.
fn package_dir(name: &str) -> Result<PathBuf, Box<dyn Error>> {
    // What this build needs is on the disk already, so that the first try needs no network. `cargo metadata` also
    // asks for the sources of development dependencies, which a plain build on a fresh machine has not fetched:
    // the second try lets cargo fetch them.
    let metadata = metadata(&["--offline"]).or_else(|_| metadata(&[]))?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata lists no packages")?;
    let manifest = packages
        .iter()
        .find(|package| package["name"] == name)
        .and_then(|package| package["manifest_path"].as_str())
        .ok_or_else(|| format!("cargo metadata does not list the package {name}"))?;
    let dir = Path::new(manifest).parent().ok_or("a manifest without a directory")?;
    Ok(dir.to_path_buf())
}

fn metadata(more: &[&str]) -> Result<serde_json::Value, Box<dyn Error>> {
    let output = Command::new(env::var("CARGO")?)
        .args(["metadata", "--format-version", "1", "--locked"])
        // Without this, cargo wants the sources of every platform's dependencies.
        .args(["--filter-platform", &env::var("TARGET")?])
        .args(more)
        .current_dir(env::var("CARGO_MANIFEST_DIR")?)
        .output()?;
    if !output.status.success() {
        return Err(format!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

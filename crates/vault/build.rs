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

/// A list of uap-core: each entry is a pattern and what replaces parts of it.
type Patterns = BTreeMap<String, Vec<BTreeMap<String, Option<String>>>>;

/// Converts the patterns to JSON, which the crate can read without a YAML parser at run time.
fn agent_patterns(out: &Path) -> Result<(), Box<dyn Error>> {
    // Another version of `ua-parser` is another Cargo.lock.
    println!("cargo::rerun-if-changed=../../Cargo.lock");
    let source = package_dir("ua-parser")?.join("uap-core").join("regexes.yaml");
    println!("cargo::rerun-if-changed={}", source.display());
    let yaml = fs::read_to_string(&source)
        .map_err(|error| format!("cannot read the patterns {}: {error}", source.display()))?;
    let patterns = read_patterns(&yaml).map_err(|error| format!("{}: {error}", source.display()))?;
    fs::write(out.join("agent_patterns.json"), serde_json::to_vec(&patterns)?)?;
    Ok(())
}

/// Reads the small part of YAML in which the file is written: named lists of maps, whose values are text in single quotes
/// or null. A YAML parser would add ten crates to every first build. Whatever else the file may hold one day stops the
/// build here, so that no pattern can be lost or read wrongly.
fn read_patterns(yaml: &str) -> Result<Patterns, String> {
    let mut patterns = Patterns::new();
    let mut list = None;
    for (at, line) in yaml.lines().enumerate() {
        let wrong = |what: &str| format!("line {}: {what}", at + 1);
        if line.trim_start().starts_with('#') || line.trim().is_empty() {
            continue;
        }
        if let Some(name) = line.strip_suffix(':').filter(|_| !line.starts_with(' ')) {
            list = Some(patterns.entry(name.to_owned()).or_default());
            continue;
        }
        let entries = list.as_mut().ok_or_else(|| wrong("an entry outside a list"))?;
        let pair = match (line.strip_prefix("  - "), line.strip_prefix("    ")) {
            (Some(pair), _) => {
                entries.push(BTreeMap::new());
                pair
            }
            (_, Some(pair)) => pair,
            _ => return Err(wrong("neither a list nor an entry of one")),
        };
        let (key, value) = pair.split_once(": ").ok_or_else(|| wrong("no key with a value"))?;
        let value = read_value(value).ok_or_else(|| wrong("a value that is neither null nor in single quotes"))?;
        let entry = entries.last_mut().ok_or_else(|| wrong("a key outside an entry"))?;
        if key.starts_with(' ') || entry.insert(key.to_owned(), value).is_some() {
            return Err(wrong("a key that is nested or comes twice"));
        }
    }
    Ok(patterns)
}

/// Null, or a text in single quotes, in which two of them stand for one. A comment may follow.
fn read_value(value: &str) -> Option<Option<String>> {
    let mut rest = value.trim();
    if rest == "null" {
        return Some(None);
    }
    let mut text = String::new();
    loop {
        let (piece, after) = rest.strip_prefix('\'')?.split_once('\'')?;
        text.push_str(piece);
        rest = after;
        if !rest.starts_with('\'') {
            break;
        }
        text.push('\'');
    }
    let after = rest.trim_start();
    (after.is_empty() || after.starts_with('#')).then_some(Some(text))
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

//! What each crate of the workspace depends on.
//!
//! A failure: a crate that a wall keeps small reaches the database, the noise, the wire or another room, directly or
//! through something else; opens files, sockets or processes by itself; has grown beyond its part; or the server is built with
//! what only the laboratory may have.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

/// What neither words nor answers need: the database, the noise, the wire, the runtime, keys, the command line.
const HEAVY: &[&str] =
    &["sled", "opendp", "tonic", "prost", "tokio", "chacha20poly1305", "getrandom", "clap", "ureq", "ua-parser"];

/// What reaches outside of the process.
const OUTSIDE: &[&str] = &["std::fs", "std::net", "std::process", "std::env", "std::thread"];

/// A crate, the crates of the workspace that it may use, and how many others its tree may hold at most.
const CRATES: &[(&str, &[&str], usize)] =
    &[("headcount-model", &[], 32), ("headcount-query", &["headcount-model"], 32)];

/// What a backend takes in for the client at most, itself included: a quarter of the 243 crates that headcount had when the
/// client was cut off.
const CLIENT_CRATES_MAX: usize = 60;

/// What the layer adds to the client at most, itself included.
const LAYER_CRATES_MAX: usize = 4;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All that is linked into a crate, itself included: names with versions.
fn tree(package: &str) -> BTreeSet<String> {
    let mut cargo = Command::new(env!("CARGO"));
    let arguments = ["tree", "--package", package, "--edges", "normal", "--prefix", "none", "--format", "{p}"];
    let output =
        cargo.args(arguments).args(["--locked", "--offline"]).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("names are text");
    // What follows name and version says where it is, or that it was listed before.
    let name_and_version = |line: &str| line.splitn(3, ' ').take(2).collect::<Vec<_>>().join(" ");
    text.lines().filter(|line| !line.is_empty()).map(name_and_version).collect()
}

/// The names of all that is linked into a crate, without itself.
fn names(package: &str) -> BTreeSet<String> {
    let names = tree(package).into_iter().filter_map(|one| Some(one.split(' ').next()?.to_owned()));
    names.filter(|name| name != package).collect()
}

#[test]
fn words_and_answers_stay_small() {
    for (name, own, others_max) in CRATES {
        let (ours, others): (BTreeSet<_>, BTreeSet<_>) =
            names(name).into_iter().partition(|other| other.starts_with("headcount"));
        assert_eq!(ours, own.iter().map(|own| (*own).to_owned()).collect(), "{name}");
        let heavy: Vec<_> = others.iter().filter(|other| HEAVY.contains(&other.as_str())).collect();
        assert!(heavy.is_empty(), "{name} depends on {heavy:?}");
        assert!(!others.is_empty() && others.len() <= *others_max, "{name} depends on {others:?}");
    }
}

#[test]
fn a_backend_takes_in_little_for_the_client() {
    let (client, whole) = (tree("headcount-client"), tree("headcount"));
    assert!(whole.len() > 100 && whole.is_superset(&client), "{} crates", whole.len());
    assert!(client.len() <= CLIENT_CRATES_MAX, "{} crates: {client:?}", client.len());
    // What a backend must never take in for it.
    let heavy = ["sled", "opendp", "clap", "axum", "indicatif", "rustls", "serde"];
    let found: Vec<_> = names("headcount-client").into_iter().filter(|name| heavy.contains(&name.as_str())).collect();
    assert!(found.is_empty(), "{found:?}");
    // The layer adds itself, the system's randomness, and nothing that a tower site does not have.
    let added: Vec<_> = tree("headcount-tower").difference(&client).cloned().collect();
    assert!(added.len() <= LAYER_CRATES_MAX, "{added:?}");
}

#[test]
fn messages_alone_need_prost_alone() {
    let transport = ["tonic", "tokio", "hyper"];
    let found: Vec<_> =
        names("headcount-proto").into_iter().filter(|name| transport.contains(&name.as_str())).collect();
    assert!(found.is_empty(), "{found:?}");
}

/// All features that a build of this selection has of the vault.
fn features_of_the_vault(selection: &[&str]) -> BTreeSet<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--edges", "normal,features", "--prefix", "none", "--format", "{p}", "--locked", "--offline"]);
    let output = cargo.args(selection).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("names are text");
    let features = text.lines().filter_map(|line| line.strip_prefix("headcount-vault feature "));
    features.filter_map(|rest| Some(rest.split('"').nth(1)?.to_owned())).collect()
}

#[test]
fn no_server_has_the_laboratory() {
    // What `cargo build` in the root makes, and what is installed.
    for selection in [&[][..], &["--package", "headcount"]] {
        let features = features_of_the_vault(selection);
        assert!(features.contains("default") && !features.contains("lab"), "{selection:?}: {features:?}");
    }
    assert!(features_of_the_vault(&["--package", "headcount-lab"]).contains("lab"), "this test would see it");
}

fn texts(directory: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: std::path::PathBuf| match path.is_dir() {
        true => texts(&path),
        false => vec![(path.display().to_string(), fs::read_to_string(&path).unwrap())],
    };
    entries.flat_map(read).collect()
}

#[test]
fn words_and_answers_reach_for_nothing_outside() {
    for (name, ..) in CRATES {
        let directory = root().join("crates").join(name.trim_start_matches("headcount-")).join("src");
        for (path, text) in texts(&directory).into_iter().filter(|(path, _)| !path.ends_with("tests.rs")) {
            let found = OUTSIDE.iter().find(|outside| text.contains(*outside));
            assert!(found.is_none(), "{path} names {}", found.unwrap());
        }
    }
}

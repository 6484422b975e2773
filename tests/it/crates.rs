//! Who builds on one crate of headcount does not take in all of it. A failure is a crate that has grown beyond its part.

use std::{collections::BTreeSet, process::Command};

/// The crates that a package needs to run, itself included, each version once.
fn tree(package: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--package", package, "--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .args(["--locked", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("names are text");
    // What follows name and version says where it is, or that it was listed before.
    let name_and_version = |line: &str| line.splitn(3, ' ').take(2).collect::<Vec<_>>().join(" ");
    text.lines().filter(|line| !line.is_empty()).map(name_and_version).collect()
}

fn has(tree: &BTreeSet<String>, name: &str) -> bool {
    tree.iter().any(|one| one.split(' ').next() == Some(name))
}

#[test]
fn the_client_is_at_most_a_quarter_of_headcount() {
    let (client, whole) = (tree("headcount-client"), tree("headcount"));
    assert!(whole.len() > 100 && whole.is_superset(&client), "{} crates", whole.len());
    assert!(4 * client.len() <= whole.len(), "{} of {} crates: {client:?}", client.len(), whole.len());
    // What a backend must never take in for it.
    for heavy in ["sled", "opendp", "clap", "axum", "indicatif", "rustls", "serde"] {
        assert!(!has(&client, heavy), "{heavy}");
    }
}

#[test]
fn messages_alone_need_prost_alone() {
    let messages = tree("headcount-proto");
    for transport in ["tonic", "tokio", "hyper"] {
        assert!(!has(&messages, transport), "{transport}");
    }
}

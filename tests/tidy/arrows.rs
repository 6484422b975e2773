//! Which room may use which. What a crate's Cargo.toml does not hold is held here: the rooms inside the root package.
//!
//! The list says what is allowed, so that a new arrow is a reviewed change of one line.

use std::collections::{BTreeMap, BTreeSet};

use crate::{paths::named_by, source::product};

/// A room, and the rooms that it may use. `headcount_query` in code is the room `query`, whether it is a crate or a module.
const MAY_USE: &[(&str, &[&str])] = &[
    (SHARED, &[]),
    ("proto", &[]),
    // Texts for people: nothing else.
    ("text", &[]),
    // Logs take nothing from the vault.
    ("telemetry", &[]),
    // The vault knows nothing of the wire, the answers or the command line.
    ("vault", &["telemetry"]),
    // Answers are made of releases; the wire's types stay in rpc.
    ("query", &[]),
    ("answers", &["query", "telemetry", "vault"]),
    // Answers in another form: it asks what anybody may ask.
    ("files", &["answers", "query", "telemetry", "vault"]),
    ("rpc", &["answers", "proto", "query", "telemetry", "vault"]),
    // What collectors send goes the way of all events.
    ("receive", &["proto", "rpc", "ship", "telemetry", "vault"]),
    // The page and its data: published numbers by way of rpc and files, and no way to the vault.
    ("web", &["answers", "files", "proto", "rpc", "text"]),
    // Nothing of a visitor comes in.
    ("metrics", &["telemetry"]),
    ("serve", &["answers", "metrics", "proto", "receive", "rpc", "sitemap", "telemetry", "vault", "web"]),
    // Known pages come from somewhere that knows nothing of visitors.
    ("sitemap", &["text"]),
    ("config", &["sitemap", "text", "vault"]),
    // The client side speaks the protocol only.
    ("client", &["proto"]),
    ("ship", &["client", "proto"]),
    ("report", &["client", "proto"]),
    // It reads as a client does; its files have the rows of those that a server gives.
    ("publish", &["client", "config", "files", "proto", "report", "vault"]),
    // It reads as a client does; only the mail server hears of a recipient.
    ("digest", &["client", "config", "proto", "report"]),
    ("demo", &[]),
    // It knows paths and the machine, and opens nothing of the vault.
    ("doctor", &[]),
    (
        "cli",
        &[
            "config",
            "demo",
            "digest",
            "doctor",
            "files",
            "proto",
            "publish",
            "receive",
            "report",
            "serve",
            "ship",
            "sitemap",
            "telemetry",
            "text",
            "vault",
        ],
    ),
    ("main", &["cli"]),
    // What measures: no room of the product uses it.
    ("lab", &["query", "ship", "vault"]),
];

/// Words that everybody shares: any room may use them.
const SHARED: &str = "model";

/// Rooms that use each other today. The list may only get shorter.
const CIRCLES: &[&str] = &[];

/// The root of the root package: it lists the rooms.
const LISTING: &str = "lib";

/// The room that a path from a crate's root leads to, if it leads to one.
fn room_of(path: &[String], rooms: &BTreeSet<&str>) -> Option<String> {
    let (first, rest) = path.split_first()?;
    let room = match first.as_str() {
        "crate" | "headcount" => rest.first()?,
        other => other.strip_prefix("headcount_")?,
    };
    rooms.contains(room).then(|| room.to_owned())
}

#[test]
fn arrows_between_rooms_are_those_of_the_list() {
    let sources = product();
    let rooms: BTreeSet<&str> = sources.iter().map(|source| source.room.as_str()).collect();
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut wrong = Vec::new();
    for source in sources.iter().filter(|source| source.room != LISTING && !source.is_of_tests()) {
        let Some(may_use) = allowed.get(source.room.as_str()) else {
            wrong.push(format!("{}: the room {} is not in the list", source.path, source.room));
            continue;
        };
        let mut seen = BTreeSet::from([source.room.clone(), SHARED.to_owned()]);
        let in_root_package = source.path.starts_with("src/");
        for named in named_by(source) {
            // Inside a crate of its own, `crate::` leads to no other room.
            if !in_root_package && named.path[0] == "crate" {
                continue;
            }
            if let Some(room) = room_of(&named.path, &rooms)
                && !may_use.contains(&room.as_str())
                && seen.insert(room.clone())
            {
                wrong.push(format!("{}:{}: {} must not use {room}", source.path, named.line, source.room));
            }
        }
    }
    assert!(wrong.is_empty(), "{} arrows are not in tests/tidy/arrows.rs:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_rooms_use_each_other_but_those_named() {
    let mut left: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    // A room that uses none of those left is in no circle.
    while let Some(free) = left.iter().find(|(_, uses)| uses.iter().all(|room| !left.contains_key(room))) {
        let room = *free.0;
        left.remove(room);
    }
    // A room that no other of them uses leads into a circle and is not in it.
    while let Some(leading) = left.keys().copied().find(|room| !left.values().any(|uses| uses.contains(room))) {
        left.remove(leading);
    }
    assert_eq!(left.keys().copied().collect::<Vec<_>>(), CIRCLES);
}

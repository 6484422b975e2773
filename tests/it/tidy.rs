//! Style is a test: the arrows between rooms, the size of files, and a header on each.

use std::{fs, path::Path};

/// A room, and the rooms that it must not name.
const ARROWS: &[(&str, &[&str])] = &[
    // The vault knows nothing of the wire, the answers or the command line.
    ("vault", &["crate::proto", "crate::rpc", "crate::query", "crate::cli", "crate::serve", "crate::config"]),
    // Answers are made of releases; the wire's types stay in rpc.
    ("query", &["crate::proto", "crate::rpc", "crate::cli", "crate::serve", "crate::config"]),
    // The client side speaks the protocol only.
    ("ship", &["crate::vault", "crate::query", "crate::rpc", "crate::serve", "crate::config"]),
    ("report", &["crate::vault", "crate::query", "crate::rpc", "crate::serve", "crate::config"]),
    // Known pages come from somewhere that knows nothing of visitors.
    (
        "sitemap",
        &["crate::vault", "crate::proto", "crate::rpc", "crate::query", "crate::cli", "crate::serve", "crate::ship"],
    ),
    // Logs take nothing from the vault.
    ("telemetry.rs", &["crate::vault", "crate::proto", "crate::ship"]),
    // Bins are public numbers; the vault and the query side both name them.
    ("bins.rs", &["crate::"]),
    ("demo", &["crate::vault", "crate::rpc", "crate::query", "crate::proto"]),
];

const LINES_MAX: usize = 450;

fn sources(path: &Path) -> Vec<(String, String)> {
    if path.is_file() {
        return vec![(path.display().to_string(), fs::read_to_string(path).unwrap())];
    }
    let mut entries: Vec<_> = fs::read_dir(path).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    entries.iter().filter(|p| p.is_dir() || p.extension().is_some_and(|e| e == "rs")).flat_map(|p| sources(p)).collect()
}

fn src() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn arrows_between_rooms_point_one_way() {
    for (room, forbidden) in ARROWS {
        for (path, text) in sources(&src().join(room)) {
            // Tests may look across, and so may the laboratory: they compare what two rooms say.
            if path.contains("tests") || path.contains("vault/lab") {
                continue;
            }
            for (number, line) in text.lines().enumerate() {
                let code = line.split("//").next().unwrap_or("");
                for name in *forbidden {
                    assert!(!code.contains(name), "{path}:{}: {room} must not use {name}", number + 1);
                }
            }
        }
    }
}

#[test]
fn every_file_says_what_it_is_and_stays_short() {
    for (path, text) in sources(&src()) {
        assert!(text.starts_with("//!"), "{path} has no header");
        let lines = text.lines().count();
        assert!(lines <= LINES_MAX, "{path} has {lines} lines; is there a seam?");
    }
}

#[test]
fn the_door_of_the_vault_is_reviewed() {
    let door = fs::read_to_string(src().join("vault/mod.rs")).unwrap();
    let names: Vec<&str> = door.lines().filter(|line| line.starts_with("pub ")).collect();
    // Widening this list lets more out of the room with people in it: think before you change it.
    let expected = [
        // Works on a directory without a server; what it gives out is published, or encrypted under keys that it leaves.
        "pub mod admin;",
        // Only with the feature `lab`, which no server has; it gives out errors and shares, never a count.
        "pub mod lab;",
        "pub use admin::running::Admin;",
        // Why a list of countries cannot be read.
        "pub use anonymize::network::GeoFault;",
        "pub use commit::{",
        // An event, and the texts that it is made of.
        "pub use event::{AccessEvent, Text};",
        "pub use keys::{Epoch, KeyFault};",
        "pub use outcome::{Books, Outcome};",
        "pub use release::{",
        "pub use sites::{registry::SitePolicy, settings::SiteSettings};",
        "pub use store::{",
        "pub use tables::{Bounds, KeySpace, OTHER_KEY, Table, TableSet, VIEWS_PER_DAY_MAX};",
        "pub struct Options {",
        "pub struct Opened {",
        "pub fn open(options: Options, clock: Arc<dyn Clock>) -> Result<Opened, OpenError> {",
        "pub fn check_countries(files: &[PathBuf]) -> Result<Vec<String>, GeoFault> {",
    ];
    assert_eq!(names, expected);
}

#[test]
fn the_ways_into_the_vault_are_reviewed() {
    let text = fs::read_to_string(src().join("vault/commit/intake.rs")).unwrap();
    let methods = text.lines().filter_map(|line| line.strip_prefix("    pub ")).filter(|line| line.contains("fn "));
    // Each of them takes something in or gives names and receipts: think before you change the list.
    let expected = [
        // Of a batch that is under way: its receipt.
        "async fn receipt(self) -> Result<Receipt, Refusal> {",
        "fn prepare(&self) {",
        "fn lane(&self, site: &SiteName, producer: &str) -> Option<Lane> {",
        "fn know_pages(&self, site: &SiteName, pages: &[String]) {",
        "fn site_names(&self) -> Vec<SiteName> {",
        "async fn hand_over<'m, E>(&self, batch: Batch<E>) -> Result<Pending, Refusal>",
    ];
    assert_eq!(methods.collect::<Vec<_>>(), expected);
}

#[test]
fn what_an_administrator_gets_of_the_vault_is_reviewed() {
    let functions = |file: &str| -> Vec<String> {
        let text = fs::read_to_string(src().join("vault").join(file)).unwrap();
        let public = text.lines().map(str::trim_start).filter(|line| line.starts_with("pub ") && line.contains("fn "));
        public.map(str::to_owned).collect()
    };
    let expected = [
        ("admin/running.rs", "pub fn accepts(&self) -> watch::Receiver<bool> {"),
        ("admin/running.rs", "pub async fn back_up(&self) -> Result<File, Refusal> {"),
        ("admin/mod.rs", "pub fn back_up(data: &Path, to: &mut File) -> Result<(), AdminError> {"),
        ("admin/mod.rs", "pub fn check_backup(path: &Path) -> Result<u64, AdminError> {"),
        ("admin/export.rs", "pub fn export(data: &Path, to: &Path) -> Result<Exported, AdminError> {"),
        ("admin/restore.rs", "pub fn restore(what: &Restore) -> Result<Restored, AdminError> {"),
        (
            "admin/verify.rs",
            "pub fn verify(directories: &Directories, clock: Arc<dyn Clock>) -> Result<Verified, AdminError> {",
        ),
    ];
    let mut files: Vec<&str> = expected.iter().map(|(file, _)| *file).collect();
    files.dedup();
    let found: Vec<(&str, String)> =
        files.into_iter().flat_map(|file| functions(file).into_iter().map(move |line| (file, line))).collect();
    assert_eq!(found, expected.map(|(file, line)| (file, line.to_owned())));
}

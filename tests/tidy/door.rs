//! What the vault gives out is a list that a reviewer reads. Widening it is a change of the promise.

use std::fs;

use crate::source::root;

fn src() -> std::path::PathBuf {
    root().join("crates/vault/src")
}

#[test]
fn the_door_of_the_vault_is_reviewed() {
    let door = fs::read_to_string(src().join("lib.rs")).unwrap();
    let names: Vec<&str> = door.lines().filter(|line| line.starts_with("pub ")).collect();
    // Widening this list lets more out of the room with people in it: think before you change it.
    let expected = [
        // Works on a directory without a server; what it gives out is published, or encrypted under keys that it leaves.
        "pub mod admin;",
        // Only with the feature `lab`, which no server has. It gives out releases of made-up visitors and of logs that are handed
        // in, and what these visitors did: never a count of a running server.
        "pub mod probe;",
        "pub use admin::running::Admin;",
        // Why a list of countries cannot be read.
        "pub use anonymize::network::GeoFault;",
        // The name under which a page of a link is counted, and what the scrubber would do to a page of a list or to a parameter:
        // functions of text and settings alone.
        "pub use anonymize::page::{page_name, personal_parameter, scrubbed_page};",
        "pub use commit::{",
        // An event, and the texts that it is made of.
        "pub use event::{AccessEvent, Text};",
        "pub use keys::{Epoch, KeyFault};",
        "pub use release::reader::Releases;",
        "pub use sites::{registry::SitePolicy, settings::SiteSettings};",
        "pub use store::{AdminError, ArchiveError, CommitError, Damaged, EngineError, FileError, OpenError, ReadError};",
        // Words that everybody shares, under their old names.
        "pub use headcount_model::{",
        "pub struct Options {",
        "pub struct Opened {",
        "pub fn open(options: Options, clock: Arc<dyn Clock>) -> Result<Opened, OpenError> {",
        "pub fn check_countries(files: &[PathBuf]) -> Result<Vec<String>, GeoFault> {",
    ];
    assert_eq!(names, expected);
}

#[test]
fn the_ways_into_the_vault_are_reviewed() {
    let text = fs::read_to_string(src().join("commit/intake.rs")).unwrap();
    let methods = text.lines().filter_map(|line| line.strip_prefix("    pub ")).filter(|line| line.contains("fn "));
    // Each of them takes something in or gives names and receipts: think before you change the list.
    let expected = [
        // Of a batch that is under way: its receipt.
        "async fn receipt(self) -> Result<Receipt, Refusal> {",
        "fn prepare(&self) {",
        "fn lane(&self, site: &SiteName, producer: &str, secret: &[u8], owner: &str) -> Option<Lane> {",
        "fn know_pages(&self, site: &SiteName, pages: &[String]) {",
        // How many releases there are, which every reader sees.
        "fn release_mark(&self) -> Vec<u8> {",
        "fn see_mark(&self, mark: &[u8]) -> Result<(), Refusal> {",
        "fn site_names(&self) -> Vec<SiteName> {",
        "async fn hand_over<'m, E>(&self, batch: Batch<E>) -> Result<Pending, Refusal>",
    ];
    assert_eq!(methods.collect::<Vec<_>>(), expected);
}

#[test]
fn what_an_administrator_gets_of_the_vault_is_reviewed() {
    let functions = |file: &str| -> Vec<String> {
        let text = fs::read_to_string(src().join(file)).unwrap();
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

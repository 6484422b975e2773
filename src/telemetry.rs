//! Every line that the server logs, as a named event; those of the vault are in a file of the same name there.
//!
//! It is here so that one file shows all that is logged. Only names of sites, periods and faults come in, so nothing about
//! a visitor can be logged. No other room makes log lines.

mod refusals;

use std::{
    fmt::{Display, Write},
    io::IsTerminal,
    path::Path,
};

use tracing::Level;
use tracing_subscriber::{Layer, filter::filter_fn, layer::SubscriberExt, util::SubscriberInitExt};

use crate::units::SiteName;
pub use refusals::{Refusals, Refused};

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Form {
    /// For people: time, level, what happened, its values.
    #[default]
    Text,
    /// For collectors: one JSON object a line.
    Json,
}

/// Starts logging to standard error, from this level on. Filters in the environment (`RUST_LOG`) are not read.
pub fn init(level: Level, form: Form) {
    let wanted = filter_fn(move |event| is_wanted(event.target(), *event.level(), level))
        // The storage engine traces every row: the hint refuses a trace before its line is formatted.
        .with_max_level_hint(level.max(Level::WARN));
    let lines = tracing_subscriber::fmt::layer().with_target(false).with_writer(std::io::stderr);
    let lines = match form {
        Form::Text => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
        Form::Json => lines.json().flatten_event(true).boxed(),
    };
    // A second call (in tests) keeps the first.
    let _ = tracing_subscriber::registry().with(lines.with_filter(wanted)).try_init();
}

/// Libraries may log warnings only: their details are of no use to an operator and were never reviewed.
fn is_wanted(target: &str, level: Level, limit: Level) -> bool {
    let limit = if target.starts_with("headcount") { limit } else { Level::WARN };
    level <= limit
}

/// What is in force from here on: the version, and what decides where data lie and what is promised.
#[derive(Debug)]
pub struct InForce<'a> {
    /// The file, where there is one.
    pub config: Option<&'a Path>,
    /// The database.
    pub data: &'a Path,
    /// Keys of open periods.
    pub keys: &'a Path,
    /// The archive of releases.
    pub archive: &'a Path,
    /// How many sites are configured.
    pub sites: usize,
    /// Of one visitor's day on one site.
    pub epsilon: f64,
    /// Of the same.
    pub delta: f64,
}

/// The server starts.
pub fn starting(what: &InForce<'_>) {
    let InForce { config, data, keys, archive, sites, epsilon, delta } = what;
    let (data, keys, archive) = (data.display(), keys.display(), archive.display());
    let config = config.map_or_else(|| "none".to_owned(), |path| path.display().to_string());
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(version, config, %data, %keys, %archive, sites, epsilon, delta, "starting");
}

/// The server takes requests.
pub fn listening(address: std::net::SocketAddr, data: &Path) {
    tracing::info!(%address, data = %data.display(), "listening");
}

/// Readers are answered, by browsers and programs.
pub fn reading(url: &str) {
    tracing::info!(%url, "the statistics can be read");
}

/// Metrics and health can be read.
pub fn watched(address: std::net::SocketAddr) {
    tracing::info!(%address, "metrics and health");
}

/// The server takes no new requests and finishes those that have begun.
pub fn draining() {
    tracing::info!("stopping: finishing what has begun; what was acknowledged is safe");
}

/// Asked a second time to stop: nothing is waited for.
pub fn stopping_at_once() {
    tracing::info!("stopping at once; what was acknowledged is safe");
}

/// Asked to read again what can be read again.
pub fn reloading() {
    tracing::info!("reloading: sitemaps are read again");
}

/// How many connections are taken at the same time, where the system allows fewer files than all of them need.
pub fn few_files(files: u64, connections: usize) {
    tracing::warn!(
        files,
        connections,
        "few files may be open: fewer connections are taken; raise the limit (LimitNOFILE)"
    );
}

/// What limits refused since the last such line, by the limit. Nothing of who was refused comes in.
pub fn refused(since: &[(Refused, u64)]) {
    let mut counts = String::new();
    for (refused, count) in since {
        let _ = write!(counts, "{}{}={count}", if counts.is_empty() { "" } else { " " }, refused.name());
    }
    tracing::warn!(%counts, "limits were met in the last minute");
}

/// An older copy of the data directory that is put back would not be noticed.
pub fn copies_are_unnoticed(data: &Path) {
    let data = data.display();
    tracing::warn!(
        %data,
        "keys and archive lie inside the data directory: an older copy of it that is put back cannot be noticed here, and what \
         was published since would be drawn a second time. Keep server.archive or server.keys on another volume"
    );
}

/// An Envoy sends its access log: named after a site, or to sites by the hosts that were asked.
pub fn envoy_connected(site: Option<&SiteName>) {
    match site {
        Some(site) => tracing::info!(%site, "an Envoy sends its access log"),
        None => tracing::info!("an Envoy sends its access log; its name is no site's, so hosts tell the site"),
    }
}

/// A sitemap was read. `pages` is how many pages of the site are known now.
pub fn sitemap_read(site: &SiteName, pages: usize) {
    tracing::info!(%site, pages, "sitemap read");
}

/// A sitemap cannot be read; the pages known before stay. The fault names the file or URL and quotes the sitemap.
pub fn sitemap_failed(site: &SiteName, fault: &impl Display) {
    tracing::warn!(%site, %fault, "the sitemap cannot be read; the pages known before stay");
}

/// The links of a site were followed to their end or to a limit. `pages` is how many pages of the site are known now. What was
/// left out are counts, directories and hosts of the site itself.
pub fn links_followed(site: &SiteName, pages: usize, requests: u32, left_out: &str) {
    tracing::info!(%site, pages, requests, left_out, "links followed");
}

/// Links are still being followed; `pages` is how many pages of the site are known so far.
pub fn links_progress(site: &SiteName, pages: usize) {
    tracing::info!(%site, pages, "links are being followed");
}

/// No page was found by following links; the pages known before stay. The fault names hosts and directories of the site.
pub fn links_failed(site: &SiteName, fault: &impl Display) {
    tracing::warn!(%site, %fault, "the links cannot be followed; the pages known before stay");
}

/// A backup was sent.
pub fn backed_up(bytes: u64) {
    tracing::info!(bytes, "a backup was taken");
}

/// A backup was asked for and could not be sent.
pub fn backup_failed(fault: &impl Display) {
    tracing::warn!(%fault, "a backup was not taken");
}

/// The control socket cannot be opened.
pub fn no_control_socket(fault: &impl Display) {
    tracing::warn!(%fault, "no control socket: `headcount backup` cannot reach this server");
}

/// A renewed certificate is in use for new connections.
pub fn certificate_read(path: &std::path::Path) {
    tracing::info!(path = %path.display(), "the certificate was read again; new connections get it");
}

/// A renewed certificate cannot be used; the one before stays.
pub fn certificate_unusable(fault: &impl Display) {
    tracing::error!(%fault, "the certificate cannot be used; the one before stays");
}

/// Tokens were read from their file.
pub fn tokens_read(tokens: usize) {
    tracing::info!(tokens, "tokens are in force");
}

/// The file of tokens cannot be used; those known before stay.
pub fn tokens_unreadable(fault: &impl Display) {
    tracing::error!(%fault, "the file of tokens cannot be used; the tokens known before stay");
}

/// The file of tokens is gone or empty; those known before stay.
pub fn tokens_gone() {
    tracing::warn!("the file of tokens is gone; the tokens known before stay until a restart");
}

/// The days of the last use of tokens cannot be written.
pub fn last_use_unwritten(fault: &impl Display) {
    tracing::warn!(%fault, "the days on which tokens were used last cannot be written");
}

/// Requests of the last minute without a token that would do. From where they came is not told.
pub fn tokens_refused(requests: u64) {
    tracing::warn!(requests, "requests without a token that would do were refused in the last minute");
}

/// A request failed through our own fault; the sender sees only "internal".
pub fn internal_fault(fault: &impl Display) {
    tracing::error!(%fault, "a request failed");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_libraries_warnings_alone_are_logged() {
        assert!(is_wanted("headcount::telemetry", Level::DEBUG, Level::DEBUG));
        assert!(!is_wanted("headcount::telemetry", Level::DEBUG, Level::INFO));
        for library in ["h2::codec", "sled", "tonic::transport"] {
            assert!(is_wanted(library, Level::WARN, Level::INFO));
            assert!(!is_wanted(library, Level::INFO, Level::DEBUG) && !is_wanted(library, Level::DEBUG, Level::TRACE));
        }
    }
}

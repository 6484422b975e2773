//! The configuration: read from a TOML file and the environment, then checked and turned into what it means.
//!
//! It is here so that every other room gets values that are known to be valid. [`raw`] is what may be written, [`validate`]
//! what it means, [`locate`] finds the line of a mistake. It is read once, at the start.
//!
//! It never writes a file, never opens the network (a sitemap with a URL is fetched, and links are followed, by the server) and never reads the
//! store.

mod labels;
mod link;
mod locate;
mod mail;
mod monitor;
mod pages;
mod publish;
mod raw;
mod receive;
mod site;
#[cfg(test)]
mod tests;
mod validate;
mod web;

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

pub use mail::{Login, MailConfig, Relay, Security};
pub use publish::{Licence, Publication};

use crate::{
    calendar::Calendar,
    sitemap::{Limits, Links, Sitemap, together},
    text::line_at,
    units::SiteName,
    vault::{Bounds, Shares, SiteGroup, SiteLabel, TableSet},
};

pub use web::{WEB_LISTEN_DEFAULT, WebConfig, web_listen};

/// The largest configuration file, in bytes.
pub const CONFIG_BYTES_MAX: u64 = 1 << 20;
/// The most sites.
pub const SITES_MAX: usize = 1_000;

/// A configuration that is complete and checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the server listens. Always a loopback address.
    pub listen: SocketAddr,
    /// Where the page and its data are read.
    pub web: WebConfig,
    /// Where metrics and health are read; `None` where nobody may.
    pub monitor: Option<SocketAddr>,
    /// The data directory. A relative path is relative to the working directory.
    pub data: PathBuf,
    /// The directory of the keys that the data is encrypted with.
    pub keys: PathBuf,
    /// The directory of the archive of releases.
    pub archive: PathBuf,
    /// A checkpoint begins when the journal is longer than this, in MiB, 1 to 4,096.
    pub journal_mib: u64,
    /// Nothing is accepted while less than this is free, in MiB.
    pub free_space_reserve_mib: u64,
    /// Epsilon of a visitor-day on one site, 0.01 to 10.
    pub epsilon: f64,
    /// Delta of the same promise, 1e-15 to 1e-4.
    pub delta: f64,
    /// Counted views of a visitor-day, 1 to 10.
    pub views_per_visitor_day: u8,
    /// Counted views of one page by a visitor-day, 1 to `views_per_visitor_day`.
    pub views_per_page: u8,
    /// How long after its end a period waits for late data, in milliseconds.
    pub max_lateness_ms: i64,
    /// Files that map addresses to countries. Empty: no countries are counted.
    pub countries: Vec<PathBuf>,
    /// The name of the visitor cookie, for accesses that proxies and collectors send with their headers.
    pub cookie: Option<String>,
    /// What `headcount publish` puts where anybody finds it.
    pub publish: Publication,
    /// How `headcount digest` sends mails.
    pub mail: MailConfig,
    /// The groups of sites, in the order of the file. Names are unique.
    pub groups: Vec<SiteGroup>,
    /// The sites, in the order of the file. Names and hosts are unique.
    pub sites: Vec<SiteConfig>,
}

/// One site.
#[derive(Debug, Clone)]
pub struct SiteConfig {
    /// Its name.
    pub name: SiteName,
    /// Its host names in lower case; `*.x` stands for every name below `x`. Empty: hosts are not checked.
    pub hosts: Vec<String>,
    /// Its local time.
    pub calendar: Calendar,
    /// The name of its profile.
    pub profile: String,
    /// How the profile shares the privacy budget.
    pub shares: Shares,
    /// The bounds of its profile, where the file says nothing of a visitor's day and they are not those of all sites.
    pub bounds: Option<Bounds>,
    /// Pages known at the start as paths with an optional query, without repeats, in the order in which they are written:
    /// those of the list and of a local sitemap.
    pub pages: Vec<String>,
    /// The sitemap that keeps the known pages up to date.
    pub sitemap: Option<SitemapConfig>,
    /// The links that are followed to find its pages. `None` where there is a sitemap, no host is spelled out, or it is off.
    pub links: Option<Links>,
    /// The query parameters that choose a page.
    pub query_allow: Vec<String>,
    /// The tables that are counted and published.
    pub tables: TableSet,
    /// What people call it, its group and its country.
    pub label: SiteLabel,
}

impl SiteConfig {
    /// A site of which nothing is known but its name and its local time.
    #[must_use]
    pub fn plain(name: SiteName, calendar: Calendar) -> Self {
        Self {
            name,
            hosts: Vec::new(),
            calendar,
            profile: "standard".to_owned(),
            shares: Shares::STANDARD,
            bounds: None,
            pages: Vec::new(),
            sitemap: None,
            links: None,
            query_allow: Vec::new(),
            tables: TableSet::without_sources(),
            label: SiteLabel::default(),
        }
    }

    /// Gives it a list of its pages, so that no links are followed. A file is read at once, a URL by the server.
    ///
    /// # Errors
    /// When the file cannot be read or is no sitemap.
    pub fn list_pages(&mut self, sitemap: Sitemap) -> Result<(), String> {
        let listed = std::mem::take(&mut self.pages);
        let found = if sitemap.is_remote() {
            Vec::new()
        } else {
            sitemap.read(Limits::default()).map_err(|error| error.to_string())?
        };
        self.pages = together(&listed, found)?;
        self.links = None;
        self.sitemap = Some(SitemapConfig { sitemap, refresh_minutes: pages::REFRESH_MINUTES_DEFAULT, listed });
        Ok(())
    }
}

/// A sitemap that is read regularly.
#[derive(Debug, Clone)]
pub struct SitemapConfig {
    /// Where it is.
    pub sitemap: Sitemap,
    /// How often it is read, 5 to 43,200.
    pub refresh_minutes: u32,
    /// The pages that the configuration lists itself. They stay known whatever the sitemap holds.
    pub listed: Vec<String>,
}

impl Default for Config {
    /// What applies without any configuration: loopback, the standard promise, no sites.
    fn default() -> Self {
        Self::of_directory(PathBuf::from("./headcount-data"))
    }
}

impl Config {
    /// The same with another data directory, and all others inside it.
    #[must_use]
    pub fn of_directory(data: PathBuf) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 50_051)),
            web: WebConfig::default(),
            monitor: None,
            keys: data.join("keys"),
            archive: data.join("archive"),
            journal_mib: 64,
            data,
            free_space_reserve_mib: 64,
            epsilon: 3.0,
            delta: 1e-7,
            views_per_visitor_day: 8,
            views_per_page: 2,
            max_lateness_ms: 24 * crate::units::MS_PER_HOUR,
            countries: Vec::new(),
            cookie: None,
            publish: Publication::default(),
            mail: MailConfig::default(),
            groups: Vec::new(),
            sites: Vec::new(),
        }
    }
}

/// Where a mistake was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In a file, on a line counted from 1 if a single line is at fault.
    File {
        /// The file as it was named.
        file: PathBuf,
        /// The line.
        line: Option<usize>,
    },
    /// In an environment variable of this name.
    Variable(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line: Some(line) } => write!(f, "{}:{line}", file.display()),
            Self::File { file, line: None } => write!(f, "{}", file.display()),
            Self::Variable(name) => write!(f, "environment variable {}", name.escape_debug()),
        }
    }
}

/// Why there is no configuration: `FILE:LINE: path.to.key: what is wrong, the value, what is allowed`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {}{}{what}", key, if key.is_empty() { "" } else { ": " })]
pub struct ConfigError {
    /// Where it was made.
    pub origin: Origin,
    /// The path of the key, such as `site[0].hosts[1]`; empty if no single key is at fault.
    pub key: String,
    /// What is wrong, the value and what is allowed.
    pub what: String,
}

/// Reads a configuration file, with `HEADCOUNT_SECTION__KEY` variables on top of it.
///
/// # Errors
/// When the file cannot be read, or for the first mistake in it, in a variable or in a sitemap it names.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let text = read_text(path).map_err(|what| ConfigError {
        origin: Origin::File { file: path.to_owned(), line: None },
        key: String::new(),
        what,
    })?;
    interpret(path, &text, raw::Variables::of_process())
}

/// What applies without a configuration file: the defaults with `HEADCOUNT_SECTION__KEY` variables on top of them.
///
/// # Errors
/// For the first mistake in a variable.
pub fn load_environment() -> Result<Config, ConfigError> {
    interpret(Path::new("(no file)"), "", raw::Variables::of_process())
}

fn interpret(path: &Path, text: &str, variables: raw::Variables) -> Result<Config, ConfigError> {
    let source = locate::Source::parse(path, text)?;
    let base = path.parent().unwrap_or(Path::new(""));
    let result =
        variables.check().and_then(|()| raw::read(text, &variables)).and_then(|raw| validate::validate(raw, base));
    result.map_err(|problem| source.locate(problem, &variables))
}

fn read_text(path: &Path) -> Result<String, String> {
    use std::io::Read;
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(CONFIG_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("cannot be read: {error}"))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > CONFIG_BYTES_MAX {
        return Err(format!("is larger than the {CONFIG_BYTES_MAX} bytes that are allowed"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = line_at(error.as_bytes(), at);
        format!("is not UTF-8 on line {line}; save it as UTF-8")
    })
}

/// A mistake that is not located yet: the path of the key and what is wrong with it.
#[derive(Debug)]
struct Problem {
    path: Vec<String>,
    what: String,
}

impl Problem {
    fn new(path: &[&str], what: impl Into<String>) -> Self {
        Self { path: path.iter().map(|&step| step.to_owned()).collect(), what: what.into() }
    }
}

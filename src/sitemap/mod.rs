//! Sitemaps, and links where there is none: the pages of a site that are known without looking at any visitor.
//!
//! It is here because pages that are known in advance are published without a threshold. A sitemap is a local file or a
//! URL on one of the site's hosts; either may be an index with children, and may be gzip. [`Sitemap::read`] blocks, and gives
//! paths with their query, without scheme, host and fragment.
//!
//! It never reveals anything about a visitor: it takes nothing from the vault, and connects to the site's own hosts only.

mod address;
#[cfg(test)]
pub(crate) mod fake;
mod fetch;
mod links;
mod local;
mod parse;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeSet,
    fmt,
    path::{Path, PathBuf},
};

pub use address::Address;
pub use fetch::Limits;
pub use links::{Found, Ignore, LinkLimits, Links, NameOf, Wanted};

use fetch::Session;
use parse::{Content, Loc};

/// The most known pages of one site, from its list and its sitemap together.
pub const KNOWN_PAGES_MAX: usize = 50_000;
/// The most files in an index.
const FILES_MAX: usize = 1_000;

/// Where a site's sitemap is, and which hosts belong to the site.
#[derive(Debug, Clone)]
pub struct Sitemap {
    /// The file or URL.
    pub source: Source,
    /// The site's hosts; `*.x` stands for every name below `x`. A page on another host is an error. Empty: hosts are not checked.
    pub hosts: Vec<String>,
}

/// A file or a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A local file.
    File(PathBuf),
    /// A URL on a host of the site.
    Url(Address),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => file.display().fmt(f),
            Self::Url(address) => address.fmt(f),
        }
    }
}

/// Why a sitemap cannot be used: `FILE-OR-URL:LINE: what is wrong, the value, what is allowed`.
#[derive(Debug)]
pub struct SitemapError {
    source: String,
    line: Option<usize>,
    what: String,
}

impl fmt::Display for SitemapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        write!(f, "{}{line}: {}", self.source, self.what)
    }
}

impl std::error::Error for SitemapError {}

impl Sitemap {
    /// From the text in a configuration: a URL, or a file relative to the directory `base`.
    ///
    /// # Errors
    /// When a URL may not be fetched.
    pub fn named(text: &str, base: &Path, hosts: &[String]) -> Result<Self, String> {
        let source = if Address::is_url(text) {
            Source::Url(Address::parse(text, hosts)?)
        } else {
            Source::File(base.join(text))
        };
        Ok(Self { source, hosts: hosts.to_vec() })
    }

    /// As typed: a URL, whose host is the site's, or a file, whose pages may be on any host.
    ///
    /// # Errors
    /// When a URL may not be fetched.
    pub fn typed(text: &str) -> Result<Self, String> {
        let hosts: Vec<String> = Address::host_of(text).into_iter().collect();
        Self::named(text, Path::new(""), &hosts)
    }

    /// Whether it is fetched over the network.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        matches!(self.source, Source::Url(_))
    }

    /// The pages, in the order of the sitemap. `limits` apply to what is fetched; files have the limits of the format.
    ///
    /// # Errors
    /// When a file cannot be read, is not a sitemap, names a page on another host, or exceeds a limit.
    pub fn read(&self, limits: Limits) -> Result<Vec<String>, SitemapError> {
        let mut reading = Reading { hosts: &self.hosts, session: Session::new(&self.hosts, limits), found: Vec::new() };
        let children = match reading.content(&self.source)? {
            Content::Urls(urls) => {
                reading.add(&self.source, &urls)?;
                return Ok(reading.found);
            }
            Content::Index(children) => children,
        };
        if children.len() > FILES_MAX {
            let what = format!("names {} files; allowed: at most {FILES_MAX}", children.len());
            return Err(mistake(&self.source, None, what));
        }
        for child in &children {
            let source = reading.child(&self.source, child)?;
            match reading.content(&source)? {
                Content::Urls(urls) => reading.add(&source, &urls)?,
                Content::Index(_) => {
                    return Err(mistake(&source, None, "is an index inside an index; allowed: sitemaps".to_owned()));
                }
            }
        }
        Ok(reading.found)
    }
}

/// A sitemap that is being read.
struct Reading<'s> {
    hosts: &'s [String],
    session: Session<'s>,
    found: Vec<String>,
}

impl Reading<'_> {
    fn content(&mut self, source: &Source) -> Result<Content, SitemapError> {
        let bytes = match source {
            Source::File(file) => local::read(file),
            Source::Url(address) => self.session.get(address),
        };
        let bytes = bytes.map_err(|what| mistake(source, None, what))?;
        parse::content(&bytes).map_err(|(line, what)| mistake(source, line, what))
    }

    fn child(&self, index: &Source, loc: &Loc) -> Result<Source, SitemapError> {
        let child = match index {
            Source::File(file) => local::beside(file, &loc.url).map(Source::File),
            Source::Url(address) => address.follow(&loc.url, self.hosts).map(Source::Url),
        };
        child.map_err(|what| mistake(index, Some(loc.line), what))
    }

    fn add(&mut self, source: &Source, locs: &[Loc]) -> Result<(), SitemapError> {
        for loc in locs {
            let page = match address::page_of(&loc.url, self.hosts) {
                Ok(_) if self.found.len() == KNOWN_PAGES_MAX => {
                    Err(format!("has more than the {KNOWN_PAGES_MAX} pages that are allowed"))
                }
                other => other,
            };
            self.found.push(page.map_err(|what| mistake(source, Some(loc.line), what))?);
        }
        Ok(())
    }
}

fn mistake(source: &Source, line: Option<usize>, what: String) -> SitemapError {
    SitemapError { source: source.to_string(), line, what }
}

/// The pages of a list, then those of a sitemap, without repeats.
///
/// # Errors
/// When there are more than [`KNOWN_PAGES_MAX`].
pub fn together(listed: &[String], found: Vec<String>) -> Result<Vec<String>, String> {
    let mut all = listed.to_vec();
    all.extend(found);
    let mut seen = BTreeSet::new();
    all.retain(|page| seen.insert(page.clone()));
    if all.len() > KNOWN_PAGES_MAX {
        return Err(format!("{} known pages; allowed: at most {KNOWN_PAGES_MAX} a site", all.len()));
    }
    Ok(all)
}

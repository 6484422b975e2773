//! Answers made of releases and nothing else.
//!
//! A query reads published numbers only, so it costs no privacy and the same question always gets the same answer.
//! This room knows neither the wire nor the open counts: it asks a [`Source`], which gives releases.

#![cfg_attr(
    test,
    allow(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        reason = "tests choose the numbers that they cast"
    )
)]

pub mod change;
pub mod estimate;
pub mod number;
pub mod overview;
pub mod plan;
pub mod range;
mod rest;
pub mod series;
pub mod token;
pub mod top;
pub mod traffic;
pub mod words;

#[cfg(any(test, feature = "testing"))]
pub mod fixture;

use std::sync::Arc;

pub use headcount_model::source::Source;
use headcount_model::{
    calendar::Period,
    release::{Outline, Release},
    source::{ReadError, SiteInfo},
    units::SiteName,
};

use crate::number::Why;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// There is no site at all.
    #[error("nothing is counted yet, so there is no site to ask about")]
    NoSites,
    /// There is no site of this name.
    #[error("there is no site of the name {name:?}")]
    UnknownSite {
        /// The name asked for.
        name: String,
        /// The sites there are.
        known: Vec<SiteName>,
    },
    /// There is no site of this name, or none that may be asked about: nothing tells which.
    #[error("there is no site {name:?} that may be read here")]
    HiddenSite {
        /// The name asked for.
        name: String,
        /// Whether whoever asked came without a token, so that one might help.
        needs_token: bool,
    },
    /// There is no group of this name.
    #[error("there is no group of the name {name:?}")]
    UnknownGroup {
        /// The name asked for.
        name: String,
        /// The groups there are.
        known: Vec<String>,
    },
    /// A field cannot be read or is outside its limits.
    #[error("{field}: {what}; allowed: {allowed}")]
    Field {
        /// Its name in the request.
        field: &'static str,
        /// What is wrong, with the value.
        what: String,
        /// What is allowed.
        allowed: String,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl AskError {
    /// A field that cannot be read or is outside its limits.
    #[must_use]
    pub fn field(field: &'static str, what: impl Into<String>, allowed: impl Into<String>) -> Self {
        Self::Field { field, what: what.into(), allowed: allowed.into() }
    }
}

/// What is published of a period.
#[derive(Debug, Clone, PartialEq)]
pub enum State<T> {
    /// Its numbers.
    Numbers(T),
    /// A release without numbers, because it failed its own checks.
    Gap,
    /// Nothing.
    Absent,
}

/// A published period that an answer was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// The period.
    pub period: Period,
    /// The number of its release.
    pub release: u64,
}

impl Block {
    /// Names releases, so that whoever keeps an answer does not keep them all in memory.
    fn of_all(releases: &[Arc<Release>]) -> Vec<Self> {
        releases.iter().map(|release| Self { period: release.period, release: release.number }).collect()
    }

    /// The same of releases of which only the outlines were read.
    fn of_outlines(outlines: &[Arc<Outline>]) -> Vec<Self> {
        outlines.iter().map(|outline| Self { period: outline.period, release: outline.number }).collect()
    }
}

/// The site of a name; the first by name where none is given.
///
/// # Errors
/// When there is no such site, or none at all.
pub fn find_site(source: &impl Source, name: Option<&SiteName>) -> Result<SiteInfo, AskError> {
    match name {
        Some(name) => source.site(name).ok_or_else(|| unknown_site(source, name.as_str())),
        None => source.sites().into_iter().next().ok_or(AskError::NoSites),
    }
}

/// That there is no site of this name, which may be any text.
#[must_use]
pub fn unknown_site(source: &impl Source, name: &str) -> AskError {
    let known: Vec<SiteName> = source.sites().into_iter().map(|site| site.name).collect();
    if known.is_empty() { AskError::NoSites } else { AskError::UnknownSite { name: excerpt(name), known } }
}

/// What is published of a period of a site.
///
/// # Errors
/// When the store cannot be read.
pub fn state(source: &impl Source, site: &SiteName, period: Period) -> Result<State<Arc<Release>>, ReadError> {
    Ok(match source.get(site, period)? {
        Some(release) if release.gap.is_some() => State::Gap,
        Some(release) => State::Numbers(release),
        None => State::Absent,
    })
}

/// The same without the keys.
///
/// # Errors
/// When the store cannot be read.
pub fn outline(source: &impl Source, site: &SiteName, period: Period) -> Result<State<Arc<Outline>>, ReadError> {
    Ok(match source.outline(site, period)? {
        Some(outline) if outline.is_gap => State::Gap,
        Some(outline) => State::Numbers(outline),
        None => State::Absent,
    })
}

/// Why a period that is not published has no numbers. A period that ends before the first published day is too early;
/// any other is waited for.
#[must_use]
pub fn why_absent(site: &SiteInfo, period: Period) -> Why {
    match site.days {
        Some((first, _)) if period.end_day() <= first => Why::BeforeFirstDay,
        _ => Why::NotSealed,
    }
}

/// Why a day has no release; none where the site's time zone never had such a day.
#[must_use]
pub fn why_missing(site: &SiteInfo, day: Period) -> Option<Why> {
    site.calendar.has_day(day.start).then(|| why_absent(site, day))
}

/// The beginning of a text that a message repeats.
#[must_use]
pub fn excerpt(text: &str) -> String {
    const CHARACTERS_MAX: usize = 80;
    let mut short: String = text.chars().take(CHARACTERS_MAX).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_found_by_name_or_is_the_first() {
        let source = fixture::Memory::new(&["b", "a"]);
        let named = |name: &str| find_site(&source, Some(&SiteName::new(name).unwrap()));
        assert_eq!(find_site(&source, None).unwrap().name.as_str(), "a");
        assert_eq!(named("b").unwrap().name.as_str(), "b");
        let Err(AskError::UnknownSite { name, known }) = named("c") else { panic!("c is unknown") };
        assert_eq!((name.as_str(), known.len()), ("c", 2));
        assert!(matches!(find_site(&fixture::Memory::new(&[]), None), Err(AskError::NoSites)));
    }
}

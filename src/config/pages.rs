//! Where the known pages of a site come from: a list, a sitemap, or the site's own links.
//!
//! It is here because these keys depend on each other: links are followed where no sitemap is named, a host is spelled out, and
//! nobody switched it off. Nothing but the configuration decides that, so that a site's terms follow from it alone.
//!
//! It never opens the network: what has a URL is asked for by the server.

use std::{ops::RangeInclusive, time::Duration};

use super::{Problem, raw::Site, validate::At};
use crate::{
    sitemap::{self, Ignore, Limits, Links, Sitemap, Wanted},
    text::shown,
};

/// The longest page in a list, in bytes.
const PAGE_BYTES_MAX: usize = 8_192;
/// How often a sitemap is read, in minutes: allowed values, and the default.
const REFRESH_MINUTES: RangeInclusive<u32> = 5..=43_200;
pub(super) const REFRESH_MINUTES_DEFAULT: u32 = 1_440;
/// The pause between two requests, in milliseconds: allowed values, and the default.
const DELAY_MS_MAX: u64 = 60_000;
const DELAY_MS_DEFAULT: u64 = 500;

/// The links that are followed. `may_follow` is what holds for all sites.
pub(super) fn links(raw: &mut Site, hosts: &[String], may_follow: bool, at: &At) -> Result<Option<Links>, Problem> {
    let wanted = wanted(raw, at)?;
    let places = |index: Option<usize>| index.map(|index| index.to_string());
    let links = Links::of(hosts, &raw.query_allow, wanted).map_err(|(index, what)| match places(index) {
        Some(index) => at.problem(&["links_start", &index], what),
        None => at.problem(&["links_start"], what),
    })?;
    if raw.links == Some(true) {
        let what = if raw.sitemap.is_some() {
            "is beside \"sitemap\", which names the pages already; allowed: one of the two"
        } else if links.is_none() {
            "is true and no host is spelled out; allowed: beside \"hosts\" with a name that does not begin with \"*\""
        } else {
            ""
        };
        if !what.is_empty() {
            return Err(at.problem(&["links"], what));
        }
    }
    let is_on = may_follow && raw.links.unwrap_or(true) && raw.sitemap.is_none();
    Ok(links.filter(|_| is_on))
}

fn wanted(raw: &mut Site, at: &At) -> Result<Wanted, Problem> {
    let entries = std::mem::take(&mut raw.links_ignore);
    let ignore = Ignore::read(&entries).map_err(|(index, what)| match index {
        Some(index) => at.problem(&["links_ignore", &index.to_string()], what),
        None => at.problem(&["links_ignore"], what),
    })?;
    let delay_ms = match raw.links_delay_ms {
        None => DELAY_MS_DEFAULT,
        Some(ms) => u64::try_from(ms).ok().filter(|&ms| ms <= DELAY_MS_MAX).ok_or_else(|| {
            at.problem(&["links_delay_ms"], format!("{ms} is out of range; allowed: 0 to {DELAY_MS_MAX}"))
        })?,
    };
    Ok(Wanted { starts: std::mem::take(&mut raw.links_start), ignore, delay: Duration::from_millis(delay_ms) })
}

pub(super) fn listed(pages: Vec<String>, at: &At) -> Result<Vec<String>, Problem> {
    for (index, page) in pages.iter().enumerate() {
        let odd = |c: char| c.is_control() || c == ' ' || c == '#';
        if !page.starts_with('/') || page.len() > PAGE_BYTES_MAX || page.contains(odd) {
            let what = format!(
                "{} is not a page; allowed: a path that begins with \"/\", without spaces and \"#\", at most {PAGE_BYTES_MAX} bytes",
                shown(page)
            );
            return Err(at.problem(&["pages", &index.to_string()], what));
        }
    }
    Ok(pages)
}

pub(super) fn refresh_minutes(raw: Option<i64>, has_sitemap: bool, at: &At) -> Result<u32, Problem> {
    let problem = |what: String| at.problem(&["sitemap_refresh_minutes"], what);
    match raw {
        None => Ok(REFRESH_MINUTES_DEFAULT),
        Some(_) if !has_sitemap => {
            Err(problem("there is no sitemap to read again; allowed: beside \"sitemap\"".to_owned()))
        }
        Some(minutes) => {
            u32::try_from(minutes).ok().filter(|minutes| REFRESH_MINUTES.contains(minutes)).ok_or_else(|| {
                let (low, high) = (REFRESH_MINUTES.start(), REFRESH_MINUTES.end());
                problem(format!("{minutes} is out of range; allowed: {low} to {high}"))
            })
        }
    }
}

/// The pages known at the start. A local sitemap is read now; one with a URL is fetched once the server runs.
pub(super) fn pages(listed: &[String], sitemap: Option<&Sitemap>, at: &At) -> Result<Vec<String>, Problem> {
    let (key, found) = match sitemap {
        Some(sitemap) if !sitemap.is_remote() => ("sitemap", sitemap.read(Limits::default())),
        _ => ("pages", Ok(Vec::new())),
    };
    let found = found.map_err(|error| at.problem(&[key], error.to_string()))?;
    sitemap::together(listed, found).map_err(|what| at.problem(&[key], what))
}

//! The pages of a site that has no sitemap: found by following the site's own links, as an anonymous reader would.
//!
//! It is here so that small sites get the names of their pages from the first day. [`Links::follow`] asks robots.txt first; where it
//! names a sitemap that can be read, that is enough. Else it follows links and feeds from the first page on: slowly, one request at
//! a time, on the site's own hosts, within limits, and out of traps. It blocks for minutes or hours: give it a thread of its own.
//!
//! It never takes anything of a visitor, never sends a cookie, and never asks another host.

mod charset;
mod document;
mod feed;
mod glob;
mod hosts;
mod ignore;
mod left_out;
mod place;
mod robots;
#[cfg(test)]
mod tests;
mod traps;
mod visit;
mod walk;

use std::{fmt, ops::ControlFlow, time::Duration};

pub use ignore::Ignore;

use super::{KNOWN_PAGES_MAX, fetch::Limits};
use crate::text::shown;
use place::Place;
use walk::Walk;

/// The most starts of one site.
const STARTS_MAX: usize = 100;

/// Gives the name under which the page of a path with its query is counted; `None` if it is no page.
pub type NameOf = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Where a site's links begin and which are followed.
#[derive(Debug, Clone)]
pub struct Links {
    /// The hosts that may be asked, in lower case.
    hosts: Vec<String>,
    starts: Vec<Place>,
    /// Whether an operator wrote the starts; else they are the first pages of all hosts.
    are_starts_written: bool,
    query_allow: Vec<String>,
    ignore: Ignore,
    delay: Duration,
}

/// What an operator may say about following links.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// URLs on hosts of the site to begin at. Empty: the first page of each host.
    pub starts: Vec<String>,
    /// What is left out.
    pub ignore: Ignore,
    /// The pause between two requests.
    pub delay: Duration,
}

/// Limits on following the links of one site.
#[derive(Debug, Clone, Copy)]
pub struct LinkLimits {
    /// Of one request, and of all together.
    pub fetch: Limits,
    /// Of one sitemap that robots.txt names.
    pub sitemap: Limits,
    /// All requests.
    pub requests: u32,
    /// All pages.
    pub pages: usize,
}

impl Default for LinkLimits {
    fn default() -> Self {
        let fetch = Limits {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            file: Duration::from_secs(60),
            // It begins again every day.
            whole: Duration::from_secs(20 * 60 * 60),
            transfer_bytes: 4 << 30,
            file_bytes: 8 << 20,
        };
        Self { fetch, sitemap: Limits::default(), requests: 75_000, pages: KNOWN_PAGES_MAX }
    }
}

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// The pages under the names by which they are counted, without repeats.
    pub pages: Vec<String>,
    /// How many sitemaps named pages.
    pub sitemaps: usize,
    /// How many requests were sent, those for sitemaps aside.
    pub requests: u32,
    /// What was left out and why, as one line; empty if nothing was.
    pub left_out: String,
    /// Whether something may be missing that was there before: a failure, or a limit.
    pub is_partial: bool,
}

impl Links {
    /// The links of a site with these hosts. `None` if no host is spelled out, so that there is nobody to ask.
    ///
    /// # Errors
    /// For a start that is not on a host of the site: its place in the list, if it has one, and what is wrong.
    pub fn of(
        hosts: &[String],
        query_allow: &[String],
        wanted: Wanted,
    ) -> Result<Option<Self>, (Option<usize>, String)> {
        let hosts: Vec<String> = hosts.iter().filter(|host| !host.starts_with('*')).cloned().collect();
        if wanted.starts.len() > STARTS_MAX {
            return Err((None, format!("{} starts; allowed: at most {STARTS_MAX}", wanted.starts.len())));
        }
        let mut starts = Vec::with_capacity(wanted.starts.len());
        for (at, text) in wanted.starts.iter().enumerate() {
            let place = Place::parse(text).filter(|place| hosts.contains(&place.host.name));
            starts.push(place.ok_or_else(|| {
                let allowed = "allowed: https:// or http:// with a host that `hosts` spells out";
                (Some(at), format!("{} is no page to start at; {allowed}", shown(text)))
            })?);
        }
        let are_starts_written = !starts.is_empty();
        if !are_starts_written {
            starts = hosts.iter().map(|host| Place::front(host)).collect();
        }
        let (query_allow, ignore, delay) = (query_allow.to_vec(), wanted.ignore, wanted.delay);
        Ok((!hosts.is_empty()).then_some(Self { hosts, starts, are_starts_written, query_allow, ignore, delay }))
    }

    /// The query parameters that tell its pages apart.
    #[must_use]
    pub fn query_allow(&self) -> &[String] {
        &self.query_allow
    }

    /// Follows the links to their end or to a limit. `watch` is told before each request which pages are known so far, and can
    /// end it.
    ///
    /// # Errors
    /// When no page was found at all, or `watch` ended it.
    pub fn follow(
        &self,
        limits: LinkLimits,
        name_of: &NameOf,
        watch: &mut dyn FnMut(&[String]) -> ControlFlow<()>,
    ) -> Result<Found, String> {
        Walk::new(self, limits, name_of).run(watch)
    }
}

impl fmt::Display for Links {
    /// Where they begin.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, start) in self.starts.iter().enumerate() {
            write!(f, "{}{start}", if at == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

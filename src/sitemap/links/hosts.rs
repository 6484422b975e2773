//! The hosts of a site while its links are followed: whether they may be asked, over which scheme, and how fast.
//!
//! It is here so that "own hosts only" and "slowly" are decided in one file. Only names that the configuration spells out are
//! asked: what a `*` covers may be a machine of the house that no reader outside can reach. A port other than the usual one must
//! be that of a start.
//!
//! It never asks anything but robots.txt.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::{
    Links,
    place::{Host, Place, origin},
    robots::Robots,
    visit::{Failure, Visitor},
};

/// The longest pause that a server can ask for.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// The longest pause that robots.txt can ask for: with more, a site of some hundred pages would take a day.
const ROBOTS_DELAY_MAX: Duration = Duration::from_secs(10);
/// Requests in a row that fail; then the host is left alone.
const FAILURES_MAX: u32 = 10;
/// Redirects of robots.txt (RFC 9309, section 2.3.1.2).
const ROBOTS_REDIRECTS_MAX: usize = 5;

/// A host that may be asked.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) is_https: bool,
    pub(super) robots: Robots,
    /// Between two requests.
    pub(super) pause: Duration,
    pub(super) asked_at: Option<Instant>,
    failures: u32,
}

impl Open {
    /// Takes note of a failure. Whether the host is to be left alone.
    pub(super) fn failed(&mut self, is_busy: bool) -> bool {
        if is_busy {
            self.pause = (self.pause * 2).clamp(Duration::from_millis(1), PAUSE_MAX);
        }
        self.failures += 1;
        self.failures >= FAILURES_MAX
    }

    pub(super) const fn answered(&mut self) {
        self.failures = 0;
    }
}

/// What is known of a host.
#[derive(Debug)]
pub(super) enum State {
    Open(Open),
    /// Its sitemaps have its pages.
    Listed,
    /// Not asked any more.
    Closed,
}

/// The hosts that were met.
pub(super) struct Hosts<'l> {
    links: &'l Links,
    pub(super) met: BTreeMap<Host, State>,
}

impl<'l> Hosts<'l> {
    pub(super) const fn new(links: &'l Links) -> Self {
        Self { links, met: BTreeMap::new() }
    }

    /// Whether a host is the site's own.
    pub(super) fn is_own(&self, host: &Host) -> bool {
        let is_usual = host.port.is_none() || self.links.starts.iter().any(|start| start.host == *host);
        is_usual && self.links.hosts.contains(&host.name)
    }

    /// A host that may be asked now.
    pub(super) fn open(&mut self, host: &Host) -> Option<&mut Open> {
        match self.met.get_mut(host) {
            Some(State::Open(open)) => Some(open),
            _ => None,
        }
    }

    /// Asks a host for its robots.txt the first time. An error says why it cannot be asked for pages.
    pub(super) fn meet(&mut self, place: &Place, visitor: &mut Visitor) -> Result<(), String> {
        if self.met.contains_key(&place.host) {
            return Ok(());
        }
        let result = self.greet(place, visitor);
        let (state, result) = match result {
            Ok(open) => (State::Open(open), Ok(())),
            Err(what) => (State::Closed, Err(format!("{}: {what}", place.host.name))),
        };
        self.met.insert(place.host.clone(), state);
        result
    }

    fn greet(&self, place: &Place, visitor: &mut Visitor) -> Result<Open, String> {
        let written = self.links.starts.iter().find(|start| start.host == place.host);
        // Where the operator or the port decides the scheme, no other is tried.
        let schemes: &[bool] = match written {
            Some(start) if self.links.are_starts_written => &[start.is_https],
            _ => &[true, false],
        };
        let mut first = None;
        for &is_https in schemes {
            match self.robots(&place.host, is_https, visitor) {
                Ok((is_https, robots)) => {
                    let pause = robots.delay.unwrap_or_default().min(ROBOTS_DELAY_MAX).max(self.links.delay);
                    return Ok(Open { is_https, robots, pause, asked_at: Some(Instant::now()), failures: 0 });
                }
                Err(Failure::Unreachable(what)) => first = first.or(Some(what)),
                Err(Failure::Broken(what)) => return Err(what),
            }
        }
        Err(first.unwrap_or_default())
    }

    /// robots.txt, and whether it was found over https.
    fn robots(&self, host: &Host, is_https: bool, visitor: &mut Visitor) -> Result<(bool, Robots), Failure> {
        let broken = |what: String| Failure::Broken(format!("robots.txt {what}"));
        let url = format!("{}/robots.txt", origin(is_https, host));
        let mut place = Place::parse(&url).ok_or_else(|| broken("has no URL".to_owned()))?;
        for _ in 0..=ROBOTS_REDIRECTS_MAX {
            let answer = visitor.ask(&place, true)?;
            if !answer.is_redirect() {
                let is_https = if place.host == *host { place.is_https } else { is_https };
                return match answer.status {
                    200 => Ok((is_https, Robots::read(&answer.body))),
                    // Without the file everything is allowed; a server in trouble allows nothing (RFC 9309, section 2.3.1).
                    400..=499 if !answer.is_busy() => Ok((is_https, Robots::default())),
                    status => Err(broken(format!("cannot be read: the server answers {status}"))),
                };
            }
            let next = answer.location.and_then(|to| place.resolve(&to));
            let next = next.filter(|next| self.is_own(&next.host));
            let next =
                next.ok_or_else(|| broken("is redirected to a host that `hosts` does not spell out".to_owned()))?;
            if place.is_https && !next.is_https {
                return Err(Failure::Unreachable("leads from https to http".to_owned()));
            }
            place = next;
        }
        Err(broken("is redirected again and again".to_owned()))
    }
}

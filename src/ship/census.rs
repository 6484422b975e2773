//! Notices what makes a log's numbers wrong although each line can be read: no user agents, one address for all, one's own
//! site as the leading referrer.
//!
//! It keeps hashes under a key of its own and counts, in fixed memory, and tells shares alone: never an address or a host.

use std::hash::{BuildHasher, RandomState};

use crate::proto::AccessEvent;

/// How many values are followed at once. What is more frequent than one in so many is never missed.
const FOLLOWED: usize = 16;
/// Below so many lines shares say nothing.
const LINES_MIN: u64 = 100;
/// One address has this many percent of the lines: there is a proxy before the site.
const ONE_ADDRESS_PERCENT: u64 = 99;
/// A host has this many percent of the referrers: it is most likely the site itself.
const OWN_HOST_PERCENT: u64 = 30;

/// The most frequent of many values (Misra and Gries, "Finding repeated elements", 1982): counts are too low by at most one
/// in `FOLLOWED + 1` of all.
#[derive(Clone, Debug, Default)]
struct Leaders {
    followed: Vec<(u64, u64)>,
    all: u64,
}

impl Leaders {
    fn add(&mut self, value: u64) {
        self.all += 1;
        if let Some((_, count)) = self.followed.iter_mut().find(|(known, _)| *known == value) {
            *count += 1;
        } else if self.followed.len() < FOLLOWED {
            self.followed.push((value, 1));
        } else {
            self.followed.retain_mut(|(_, count)| {
                *count -= 1;
                *count > 0
            });
        }
    }

    /// At least so many percent have the same value; at most a seventeenth of all is missing in it.
    fn percent(&self) -> u64 {
        let first = self.followed.iter().map(|(_, count)| *count).max().unwrap_or(0);
        (first * 100).checked_div(self.all).unwrap_or(0)
    }
}

/// What was noticed of one input.
#[derive(Clone, Debug, Default)]
pub(super) struct Census {
    hasher: RandomState,
    events: u64,
    with_agent: u64,
    addresses: Leaders,
    referrers: Leaders,
}

impl Census {
    /// Looks at an access.
    pub(super) fn add(&mut self, event: &AccessEvent) {
        self.events += 1;
        self.with_agent += u64::from(!event.user_agent.is_empty());
        self.addresses.add(self.hasher.hash_one(&event.address));
        if let Some(host) = host_of(&event.referrer) {
            self.referrers.add(self.hasher.hash_one(host));
        }
    }

    /// What whoever runs this should know, in whole sentences.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let Self { events, .. } = self;
        if *events == 0 {
            return notes;
        }
        if self.with_agent == 0 {
            notes.push(format!("0 of {events} lines have a user agent: robots cannot be told from people"));
        }
        let percent = self.addresses.percent();
        if *events >= LINES_MIN && percent >= ONE_ADDRESS_PERCENT {
            notes.push(format!(
                "{percent} % of the lines come from one address, so all of them are one visitor: is the site behind a proxy? See \
                 --trusted-proxy"
            ));
        }
        let percent = self.referrers.percent();
        if self.referrers.all >= LINES_MIN && percent >= OWN_HOST_PERCENT {
            notes.push(format!(
                "{percent} % of the referrers are one host: if it is the site's own, name it in `hosts` of the site's configuration"
            ));
        }
        notes
    }
}

/// The host of a URL, in lower case where it matters little: as it stands there.
fn host_of(referrer: &str) -> Option<&str> {
    let (_, rest) = referrer.split_once("://")?;
    rest.split(['/', '?', '#', ':']).next().filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(address: usize, referrer: &str, agent: &str) -> AccessEvent {
        AccessEvent {
            address: format!("192.0.2.{address}"),
            referrer: referrer.to_owned(),
            user_agent: agent.to_owned(),
            ..AccessEvent::default()
        }
    }

    fn notes(events: impl Iterator<Item = AccessEvent>) -> String {
        let mut census = Census::default();
        events.for_each(|event| census.add(&event));
        census.notes().join("; ")
    }

    #[test]
    fn what_is_usual_is_not_worth_a_word() {
        assert_eq!(
            notes((0..1_000).map(|n| event(n, "https://search.example/q", if n % 2 == 0 { "a" } else { "" })).take(99)),
            ""
        );
        assert_eq!(notes((0..1_000).map(|n| event(n, &format!("https://{n}.example/"), "a"))), "");
        assert_eq!(notes(std::iter::empty()), "");
    }

    #[test]
    fn what_makes_numbers_wrong_is_told() {
        let said = notes((0..1_000).map(|n| event(usize::from(n == 7), "", "")));
        assert!(said.contains("0 of 1000 lines have a user agent") && said.contains("99 % of the lines"), "{said}");
        let said = notes((0..1_000).map(|n| {
            let host = if n % 2 == 0 { "www.example".to_owned() } else { format!("{n}.example") };
            event(n, &format!("https://{host}/page/{n}"), "a")
        }));
        assert!(said.contains("% of the referrers are one host") && !said.contains("www.example"), "{said}");
    }
}

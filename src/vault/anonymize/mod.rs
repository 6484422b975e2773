//! Turns an access into a visit: the only room that sees who somebody is, and it forgets at once.
//!
//! In goes an [`AccessEvent`]; out comes a [`Visit`] that has keyed tags in place of the visitor and attributes cut
//! down to what a table publishes, or the reason why there is none. The event is wiped before this room is left.

pub(in crate::vault) mod agent;
#[allow(dead_code, reason = "visits and tallies take these up next")]
pub(in crate::vault) mod campaign;
#[allow(dead_code, reason = "visits and tallies take these up next")]
pub(in crate::vault) mod health;
pub(in crate::vault) mod language;
#[allow(dead_code, unused_imports, reason = "visits and tallies take these up next")]
pub(in crate::vault) mod network;
pub(in crate::vault) mod page;
pub(in crate::vault) mod referrer;
mod visitor;

use std::sync::Arc;

use zeroize::Zeroize;

use super::{
    event::AccessEvent,
    keys::{Epoch, EpochKeys, KeyFault, KeyRing},
    outcome::Outcome,
    release::index::Sealed,
    site::Site,
    tables::OTHER_KEY,
};
use crate::{
    calendar::{CalendarMemo, Day, Period},
    units::MS_PER_MINUTE,
};
use agent::Agents;

/// No web log is older: 1990-01-01T00:00:00Z.
const OLDEST_UNIX_MS: i64 = 631_152_000_000;
/// How far a sender's clock may be ahead.
const AHEAD_MS_MAX: i64 = 5 * MS_PER_MINUTE;

/// A page view by somebody who is no longer known.
pub(super) struct Visit {
    pub(super) day: Day,
    pub(super) hour: u8,
    /// The visitor, under the day's key.
    pub(super) visitor_tag: u64,
    /// The visitor and the page together, under the day's key.
    pub(super) pair_tag: u64,
    /// The visitor and the key `(other)` together, under the day's key.
    pub(super) other_pair_tag: u64,
    /// The visitor under the week's key, where that week is open.
    pub(super) week_tag: Option<u64>,
    /// The visitor under the month's key, where that month is open.
    pub(super) month_tag: Option<u64>,
    pub(super) page: Box<str>,
    pub(super) referrer: Box<str>,
    /// Positions in the public lists: browser, system, device, language.
    pub(super) listed: [u8; 4],
}

/// The keys of the periods of one day.
struct DayKeys {
    day: Day,
    day_keys: Arc<EpochKeys>,
    week_keys: Option<Arc<EpochKeys>>,
    month_keys: Option<Arc<EpochKeys>>,
}

/// Buffers and look-ups that are used again from event to event of a batch. Wiped at the end.
#[derive(Default)]
pub(super) struct Bench {
    calendar: CalendarMemo,
    keys: Option<DayKeys>,
    identity: Vec<u8>,
    page: String,
    referrer: String,
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.identity.zeroize();
        self.page.zeroize();
        self.referrer.zeroize();
    }
}

/// The room's tools.
pub(super) struct Anonymizer {
    agents: Agents,
    keys: Arc<KeyRing>,
}

impl Anonymizer {
    pub(super) fn new(keys: Arc<KeyRing>) -> Self {
        Self { agents: Agents::new(), keys }
    }

    /// The visit that an event was, or the outcome that ends it here.
    pub(super) fn anonymize(
        &self,
        site: &Site,
        event: AccessEvent,
        now_unix_ms: i64,
        sealed: &Sealed,
        bench: &mut Bench,
    ) -> Result<Result<Visit, Outcome>, KeyFault> {
        let time_unix_ms = if event.time_unix_ms == 0 { now_unix_ms } else { event.time_unix_ms };
        if let Some(outcome) = reject_time(time_unix_ms, now_unix_ms) {
            return Ok(Err(outcome));
        }
        let local = site.calendar.locate(time_unix_ms, &mut bench.calendar);
        if sealed.contains(Period::day(local.day)) {
            return Ok(Err(Outcome::Late));
        }
        if let Err(outcome) = is_page_view(&event, site, &mut bench.page) {
            return Ok(Err(outcome));
        }
        if !visitor::identity(&event, &mut bench.identity) {
            return Ok(Err(Outcome::NoVisitor));
        }
        let agent = self.agents.classify(&event.user_agent);
        if agent.is_bot {
            return Ok(Err(Outcome::Bot));
        }
        referrer::referrer(&event.referrer, &site.hosts, &mut bench.referrer);
        let language = language::primary(&event.accept_language);
        drop(event);
        let keys = self.keys_of(site, local.day, sealed, &mut bench.keys)?;
        let visitor_tag = keys.day_keys.visitor_tag(&bench.identity);
        Ok(Ok(Visit {
            day: local.day,
            hour: local.hour,
            visitor_tag,
            pair_tag: keys.day_keys.pair_tag(visitor_tag, &bench.page),
            other_pair_tag: keys.day_keys.pair_tag(visitor_tag, OTHER_KEY),
            week_tag: keys.week_keys.as_ref().map(|k| k.visitor_tag(&bench.identity)),
            month_tag: keys.month_keys.as_ref().map(|k| k.visitor_tag(&bench.identity)),
            page: bench.page.as_str().into(),
            referrer: bench.referrer.as_str().into(),
            listed: [agent.browser, agent.os, agent.device, language],
        }))
    }

    fn keys_of<'b>(
        &self,
        site: &Site,
        day: Day,
        sealed: &Sealed,
        memo: &'b mut Option<DayKeys>,
    ) -> Result<&'b DayKeys, KeyFault> {
        if memo.as_ref().is_none_or(|keys| keys.day != day) {
            let key = |period| self.keys.for_writing(&Epoch { site: site.name.clone(), period });
            let key_if_open = |period| if sealed.contains(period) { Ok(None) } else { key(period).map(Some) };
            *memo = Some(DayKeys {
                day,
                day_keys: key(Period::day(day))?,
                week_keys: key_if_open(Period::week_of(day))?,
                month_keys: key_if_open(Period::month_of(day))?,
            });
        }
        // Unwrap safety: it was filled just above if it was empty.
        Ok(memo.as_ref().expect("the day's keys are there"))
    }
}

fn reject_time(time_unix_ms: i64, now_unix_ms: i64) -> Option<Outcome> {
    if time_unix_ms > now_unix_ms + AHEAD_MS_MAX {
        Some(Outcome::Future)
    } else if time_unix_ms < OLDEST_UNIX_MS {
        Some(Outcome::TooOld)
    } else {
        None
    }
}

/// Whether the event is a page view; the normalised page is then in `page`.
fn is_page_view(event: &AccessEvent, site: &Site, page: &mut String) -> Result<(), Outcome> {
    if event.status != 0 && !(100..=599).contains(&event.status) {
        return Err(Outcome::BadStatus);
    }
    if !matches!(event.method.as_str(), "" | "GET") {
        return Err(Outcome::NotGet);
    }
    if !matches!(event.status, 0 | 200 | 304) {
        return Err(Outcome::NotSuccess);
    }
    match page::normalize(&event.target, &site.page_rules, page) {
        Ok(page::Target::Page) => Ok(()),
        Ok(page::Target::Asset) => Err(Outcome::Asset),
        Err(page::BadTarget) => Err(Outcome::BadTarget),
    }
}

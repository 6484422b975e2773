//! The rules of time, as the documents state them: when a period may be sealed, when it must be, and under which terms a
//! day counts. Part of the model.

use std::collections::BTreeSet;

use super::{super::*, model::SiteModel};
use crate::calendar::{Day, Period, PeriodKind};

/// How long a period waits for those who said nothing, in the simulation: half a day.
pub(super) const LATENESS_MS: i64 = DAY_MS / 2;

/// What the settings ask for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Terms {
    pub(super) epsilon: f64,
    pub(super) views: u8,
    pub(super) views_of_page: u8,
    pub(super) profile: &'static str,
    /// Neither robots nor browsers.
    pub(super) has_fewer_tables: bool,
}

impl Terms {
    /// What a start with one of the choices asks for. A site that is not configured knows the promise alone.
    pub(super) fn chosen(choice: u8, is_configured: bool) -> Self {
        let terms = |epsilon, views, views_of_page, profile, has_fewer_tables| Self {
            epsilon,
            views,
            views_of_page,
            profile,
            has_fewer_tables,
        };
        let chosen = match choice {
            0 => terms(3.0, 8, 2, "standard", false),
            1 => terms(1.0, 3, 1, "small", false),
            2 => terms(3.0, 10, 4, "busy", true),
            _ => terms(3.0, 8, 2, "standard", true),
        };
        if is_configured { chosen } else { Self { profile: "standard", has_fewer_tables: false, ..chosen } }
    }

    pub(super) fn privacy(&self) -> Privacy {
        let bounds = Bounds { views_per_visitor_day: self.views, views_per_page: self.views_of_page };
        Privacy { epsilon: self.epsilon, bounds, ..Privacy::default() }
    }

    pub(super) fn tables(&self) -> TableSet {
        let all = TableSet::without_sources();
        if self.has_fewer_tables { all.without(Table::Bot).without(Table::Browser) } else { all }
    }
}

/// Who sent something of a period, and when the first and the last of it was committed.
#[derive(Debug, Clone, Default)]
pub(super) struct Activity {
    producers: BTreeSet<u8>,
    committed_unix_ms: Option<(i64, i64)>,
}

impl Activity {
    pub(super) fn note(&mut self, by: u8, now_unix_ms: i64) {
        self.producers.insert(by);
        let (first, last) = self.committed_unix_ms.unwrap_or((now_unix_ms, now_unix_ms));
        self.committed_unix_ms = Some((first.min(now_unix_ms), last.max(now_unix_ms)));
    }
}

impl SiteModel {
    /// The terms of a day.
    pub(super) fn terms_of(&self, day: Day) -> &Terms {
        &self.terms_from(day).1
    }

    /// The terms of a day, with their first day.
    pub(super) fn terms_from(&self, day: Day) -> &(Day, Terms) {
        self.terms.iter().rev().find(|(from, _)| *from <= day).unwrap()
    }

    /// A start with other settings: they hold from the first midnight that has no data yet.
    pub(super) fn start(&mut self, choice: u8, now_unix_ms: i64) {
        let asked = Terms::chosen(choice, self.is_configured);
        if self.created_unix_ms.is_none() {
            self.terms = vec![(Day::from_number(i32::MIN), asked)];
            self.created_unix_ms = self.is_configured.then_some(now_unix_ms);
            return;
        }
        let today = self.locate(now_unix_ms).0;
        let released = self.released.keys().filter(|p| matches!(p.kind, PeriodKind::Hour | PeriodKind::Day));
        let with_data = self.days.keys().copied().chain(released.map(|period| period.start));
        let from = with_data.fold(today, Day::max).plus(1);
        while self.terms.len() > 1 && self.terms.last().is_some_and(|(begin, terms)| *begin >= from && *terms != asked)
        {
            self.terms.pop();
        }
        if self.terms.last().is_none_or(|(_, terms)| *terms != asked) {
            self.terms.push((from, asked));
        }
    }

    /// The first day of a configured site.
    fn first_day(&self) -> Option<Day> {
        self.created_unix_ms.filter(|_| self.is_configured).map(|created| self.locate(created).0)
    }

    /// Why a period must not be sealed now, if it must not.
    pub(super) fn why_not(&self, period: Period, now_unix_ms: i64) -> Option<&'static str> {
        if self.is_released(period) {
            return Some("it was released before");
        }
        if self.end_unix_ms(period) > now_unix_ms {
            return Some("it is not over");
        }
        match period.kind {
            PeriodKind::Hour | PeriodKind::Day => self.why_not_the_day(period, now_unix_ms),
            _ if self.days_are_missing(period) => Some("not all of its days are released"),
            PeriodKind::Quarter => None,
            _ => self.why_wait(period, now_unix_ms),
        }
    }

    fn why_not_the_day(&self, period: Period, now_unix_ms: i64) -> Option<&'static str> {
        let day = period.start;
        let is_looked_at = self.days.contains_key(&day)
            || self.first_day().is_some_and(|first| first <= day)
            || (period.kind == PeriodKind::Day && self.is_between(day));
        if !is_looked_at {
            return Some("nothing was sent of it, and nobody asked for it");
        }
        if period.kind == PeriodKind::Hour {
            if self.is_released(Period::day(day)) {
                return Some("its day is released");
            }
            if day < self.locate(now_unix_ms).0.plus(-1) {
                return Some("it is an hour of neither today nor yesterday");
            }
        }
        self.why_wait(period, now_unix_ms)
    }

    fn is_between(&self, day: Day) -> bool {
        let mut days = self.released.keys().filter(|p| p.kind == PeriodKind::Day).map(|p| p.start);
        let first = days.next();
        first.is_some_and(|first| first < day) && days.next_back().is_some_and(|last| day < last)
    }

    fn days_are_missing(&self, period: Period) -> bool {
        let is_missing = |day: &Day| {
            let is_asked_for = self.first_day().is_some_and(|first| first <= *day);
            !self.is_released(Period::day(*day)) && (self.days.contains_key(day) || is_asked_for)
        };
        period.days().any(|day| is_missing(&day))
    }

    /// Why a period that is over still has to wait for somebody, if it has.
    fn why_wait(&self, period: Period, now_unix_ms: i64) -> Option<&'static str> {
        let end = self.end_unix_ms(period);
        let activity = match period.kind {
            PeriodKind::Hour | PeriodKind::Day => self.days.get(&period.start).map(|day| &day.activity),
            _ => self.longer.get(&period).map(|longer| &longer.activity),
        };
        let none = Activity::default();
        let activity = activity.unwrap_or(&none);
        let is_complete = |id: &u8| self.producers.get(id).is_some_and(|p| p.complete_unix_ms >= end);
        if self.producers.keys().any(&is_complete) && activity.producers.iter().all(&is_complete) {
            return None;
        }
        let waits_from = match activity.committed_unix_ms {
            None if period.kind == PeriodKind::Day && self.is_between(period.start) => return None,
            Some((first, last)) if first >= end => last,
            _ => end,
        };
        (now_unix_ms < waits_from + LATENESS_MS).then_some("it has to wait for who said nothing")
    }

    /// A day, week or month with data that should be sealed by now.
    pub(super) fn overdue(&self, now_unix_ms: i64) -> Option<Period> {
        let days = self.days.keys().map(|day| Period::day(*day));
        let longer = self.longer.iter().filter(|(_, longer)| !longer.visitors.is_empty()).map(|(period, _)| *period);
        days.chain(longer).find(|period| self.why_not(*period, now_unix_ms).is_none())
    }
}

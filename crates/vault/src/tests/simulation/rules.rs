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

    /// The day of the first start. What is older is imported.
    pub(super) fn first_day(&self, created_unix_ms: i64) -> Day {
        self.locate(created_unix_ms).0
    }

    /// Days before the first start that are to be published: from the first imported one to the last, and up to the start
    /// where that is not a month away.
    fn imported(&self, first_day: Day) -> BTreeSet<Day> {
        let released = self.released.keys().filter(|period| period.kind == PeriodKind::Day).map(|period| period.start);
        let known: BTreeSet<Day> = self.days.keys().copied().chain(released).filter(|day| *day < first_day).collect();
        let (Some(first), Some(last)) = (known.first(), known.last()) else { return known };
        let reaches_start = first_day.number() - last.number() <= 31;
        let last = if reaches_start { first_day.plus(-1) } else { *last };
        (first.number()..=last.number()).map(Day::from_number).collect()
    }

    /// Days up to a day that are to be published and are not.
    fn missing_days(&self, until: Day) -> BTreeSet<Day> {
        let Some(created) = self.created_unix_ms else { return BTreeSet::new() };
        let first_day = self.first_day(created);
        let mut days = self.imported(first_day);
        days.extend((first_day.number()..=until.number()).map(Day::from_number));
        days.retain(|day| *day <= until && !self.is_released(Period::day(*day)));
        days
    }

    /// Why a period must not be sealed now, if it must not.
    pub(super) fn why_not(&self, period: Period, now_unix_ms: i64) -> Option<&'static str> {
        if self.is_released(period) {
            return Some("it was released before");
        }
        if self.end_unix_ms(period) > now_unix_ms {
            return Some("it is not over");
        }
        let missing = self.missing_days(period.end_day().plus(-1));
        let is_wrong = match period.kind {
            PeriodKind::Hour => self.why_not_the_hour(period, now_unix_ms),
            PeriodKind::Day => (!missing.contains(&period.start)).then_some("nobody asked for it"),
            _ if period.days().any(|day| missing.contains(&day)) => Some("not all of its days are released"),
            _ => (!period.days().any(|day| self.is_released(Period::day(day)))).then_some("it has no released day"),
        };
        is_wrong.or_else(|| self.due_since(period, now_unix_ms).is_none().then_some("it has to wait for somebody"))
    }

    fn why_not_the_hour(&self, period: Period, now_unix_ms: i64) -> Option<&'static str> {
        let day = period.start;
        if self.created_unix_ms.is_none_or(|created| day < self.first_day(created)) {
            return Some("its day is an imported one");
        }
        if self.is_released(Period::day(day)) {
            return Some("its day is released");
        }
        (day < self.locate(now_unix_ms).0.plus(-1)).then_some("it is an hour of neither today nor yesterday")
    }

    /// Since when a period that is over need not wait for anybody. Nothing that was counted is in it.
    pub(super) fn due_since(&self, period: Period, now_unix_ms: i64) -> Option<i64> {
        let created = self.created_unix_ms?;
        let end = self.end_unix_ms(period);
        if period.end_day() > self.first_day(created) {
            let expected = self.producers.values().filter(|p| p.stated_unix_ms >= end - 2 * DAY_MS);
            let is_stated = self.producers.values().any(|p| p.complete_unix_ms >= end);
            if is_stated && expected.into_iter().all(|p| p.complete_unix_ms >= end) {
                return Some(end);
            }
            return Some(end + LATENESS_MS).filter(|at| *at <= now_unix_ms);
        }
        let importers = self.producers.values().filter(|p| p.imported_unix_ms > 0);
        let passes = importers.map(|p| match p.complete_unix_ms >= end {
            true => Some(p.imported_unix_ms),
            false => Some(p.imported_unix_ms + LATENESS_MS).filter(|at| *at <= now_unix_ms),
        });
        passes.chain([Some(created.max(end))]).collect::<Option<Vec<i64>>>()?.into_iter().max()
    }

    /// A day, week or month that should be sealed by now.
    pub(super) fn overdue(&self, now_unix_ms: i64) -> Option<Period> {
        let yesterday = self.locate(now_unix_ms).0.plus(-1);
        let days = self.missing_days(yesterday).into_iter().map(Period::day);
        let released = self.released.keys().filter(|period| period.kind == PeriodKind::Day);
        let longer = released.flat_map(|day| [Period::week_of(day.start), Period::month_of(day.start)]);
        days.chain(longer).find(|period| self.why_not(*period, now_unix_ms).is_none())
    }
}

//! Compares what a vault says with what the model counted. Every number must be the same: there is no noise.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    super::*,
    model::{Model, Numbers, RANKS, SiteModel},
    rules::Terms,
    run::{HIDDEN_PAGE, World, known_pages},
};
use crate::calendar::{Day, Period, PeriodKind};

impl Model {
    /// A release that is seen for the first time.
    pub(super) fn meet(&mut self, release: &Arc<Release>, now_unix_ms: i64, is_given_up: bool) {
        assert!(release.number > self.latest, "releases are numbered in the order in which they appear");
        self.latest = release.number;
        let site = self.sites.iter_mut().find(|site| site.name == release.site).expect("a known site");
        let period = release.period;
        let why_not = site.why_not(period, now_unix_ms).filter(|_| !is_given_up);
        assert_eq!(why_not, None, "{}/{period:?} was sealed at {now_unix_ms}", site.name);
        assert_eq!(release.gap.is_some(), is_given_up, "{}/{period:?}: {:?}", site.name, release.gap);
        if !is_given_up {
            let since = site.due_since(period, now_unix_ms).unwrap();
            let hour = since - since.rem_euclid(crate::units::MS_PER_HOUR);
            assert_eq!(1_000 * release.sealed_at_unix_s, hour, "{}/{period:?}: when it was due", site.name);
            site.compare(release);
        }
        if period.kind == PeriodKind::Day {
            site.close_day(period.start, is_given_up);
        }
        site.longer.remove(&period);
        site.released.insert(period, release.clone());
    }
}

impl SiteModel {
    fn compare(&self, release: &Release) {
        let what = format!("{}/{:?}", self.name, release.period);
        let terms = self.terms_within(release.period);
        let views = terms.iter().map(|terms| terms.views).max().unwrap();
        assert_eq!(release.bounds.views_per_visitor_day, views, "{what}");
        match release.period.kind {
            PeriodKind::Hour => {
                let numbers = self.numbers(release.period.start);
                assert_eq!(release.hours.len(), 1, "{what}");
                compare_hour(&release.hours[0], release.period.hour, views, &numbers, &what);
            }
            PeriodKind::Day => {
                let numbers = self.numbers(release.period.start);
                compare_site(release, views, &numbers, &what);
                compare_tables(release, &terms, &numbers, &what);
                self.compare_hours(release, views, &numbers, &what);
            }
            PeriodKind::Quarter => assert!(
                release.tables.iter().flat_map(|table| &table.keys).all(|key| key.counts.is_empty()),
                "{what} has names alone"
            ),
            _ => {
                let longer = self.longer.get(&release.period).cloned().unwrap_or_default();
                compare_site(release, views, &longer.sums, &what);
                compare_visitors(release, longer.visitors.len(), &what);
                match release.period.kind {
                    PeriodKind::Month => compare_tables(release, &terms, &longer.sums, &what),
                    _ => compare_weeks_pages(release, &terms, &longer.sums, &what),
                }
            }
        }
    }

    /// The terms of all days of a period.
    fn terms_within(&self, period: Period) -> Vec<Terms> {
        period.days().map(|day| *self.terms_of(day)).collect()
    }

    /// The hours of a day: as they were released before it, or as they were counted.
    fn compare_hours(&self, release: &Release, views: u8, numbers: &Numbers, what: &str) {
        let day = release.period.start;
        assert_eq!(release.hours.len(), usize::from(self.hours_in(day)), "{what}");
        for (hour, found) in (0..).zip(&release.hours) {
            if let Some(before) = self.released.get(&Period::hour(day, hour)) {
                assert_eq!(*found, before.hours[0], "{what}: a released hour changed");
            }
            compare_hour(found, hour, views, numbers, what);
        }
    }

    /// What is spent of each day's budget, by the releases that hold it, is what the ledger says and within the promise.
    pub(super) fn compare_ledgers(&self, releases: &Releases) {
        let days: BTreeSet<Day> = self
            .released
            .keys()
            .filter(|period| matches!(period.kind, PeriodKind::Hour | PeriodKind::Day))
            .map(|period| period.start)
            .collect();
        for day in days {
            let ledger = releases.day_ledger(&self.name, day).unwrap().unwrap();
            let (from, terms) = *self.terms_from(day);
            let what = format!("the ledger of {}/{day}", self.name);
            assert_eq!((ledger.terms_from, ledger.promised_rho_nano), (from, terms.privacy().rho_nano()), "{what}");
            let spent = self.spent(day, from);
            assert!(spent <= ledger.promised_rho_nano, "{what}: {spent} of {}", ledger.promised_rho_nano);
            assert_eq!(ledger.spent_rho_nano(), spent, "{what}");
        }
    }

    fn spent(&self, day: Day, terms_from: Day) -> u64 {
        let cost = |period: Period| {
            // A gap has no numbers, and takes nothing.
            let release = self.released.get(&period).filter(|release| release.gap.is_none())?;
            let cost = release.costs.iter().find(|cost| cost.terms_from == terms_from).map(|cost| cost.rho_nano);
            assert!(cost.is_some() || self.is_later(day, release), "{}/{period:?} costs nothing on {day}", self.name);
            cost
        };
        let hours = (0..self.hours_in(day)).filter_map(|hour| cost(Period::hour(day, hour))).max();
        let others = [PeriodKind::Day, PeriodKind::Week, PeriodKind::Month, PeriodKind::Quarter];
        let others = others.into_iter().filter_map(|kind| cost(Period::of(kind, day))).sum::<u64>();
        hours.unwrap_or(0) + others
    }

    /// Whether a day came (or will come) after the release of a longer period, and so is no part of it. Where the clock was
    /// set back it may even be under terms that began later.
    fn is_later(&self, day: Day, longer: &Release) -> bool {
        let is_longer = !matches!(longer.period.kind, PeriodKind::Hour | PeriodKind::Day);
        is_longer && self.released.get(&Period::day(day)).is_none_or(|of_day| of_day.number > longer.number)
    }

    /// Everything that was released is there, as it was, and nothing else.
    pub(super) fn compare_released(&self, releases: &Releases) {
        let Some(info) = releases.site(&self.name) else {
            assert!(self.created_unix_ms.is_none(), "{} is gone", self.name);
            return;
        };
        assert_eq!(info.releases, self.released.len(), "releases of {}", self.name);
        for (period, release) in &self.released {
            let found = releases.get(&self.name, *period).unwrap();
            assert_eq!(found.as_ref(), Some(release), "{}/{period:?} changed", self.name);
        }
    }
}

/// Counters by position: as counted, and nothing beyond.
fn compare_positions(found: &[i64], counted: &[i64], what: &str) {
    let (inside, beyond) = counted.split_at(found.len());
    assert_eq!((found, beyond.iter().sum::<i64>()), (inside, 0), "{what}");
}

fn compare_hour(found: &HourNumbers, hour: u8, views: u8, numbers: &Numbers, what: &str) {
    let counted = numbers.hours.get(&hour).copied().unwrap_or_default();
    assert_eq!((found.hour, found.counts.len()), (hour, usize::from(views) + 1), "{what}");
    compare_positions(&found.counts, &counted, &format!("{what}, hour {hour}"));
}

fn compare_site(release: &Release, views: u8, numbers: &Numbers, what: &str) {
    let site = release.site_numbers.as_ref().unwrap_or_else(|| panic!("{what} has no numbers"));
    let ranks: Vec<i64> = site.ranks.iter().map(|rank| rank.count).collect();
    assert_eq!(ranks.len(), usize::from(views), "{what}");
    compare_positions(&ranks, &numbers.ranks, &format!("{what}, views by rank"));
    assert_eq!(site.limited.count, numbers.limited, "{what}, limited visits");
    assert!(views as usize <= RANKS, "{what}");
}

/// A sketch is no exact count: two visitors may share a register.
fn compare_visitors(release: &Release, visitors: usize, what: &str) {
    let found = release.site_numbers.as_ref().and_then(|site| site.visitors).expect("visitors");
    let exact = 1_000 * i64::try_from(visitors).unwrap();
    let off = (found.estimate_milli - exact).abs();
    assert!(off <= 1_500 + exact / 20, "{what}: {} of {visitors} visitors", found.estimate_milli);
}

fn compare_tables(release: &Release, terms: &[Terms], numbers: &Numbers, what: &str) {
    let has_all = terms.iter().all(|terms| !terms.has_fewer_tables);
    assert_eq!(release.table(Table::Bot).is_some(), has_all, "{what}, robots");
    compare_pages(release.table(Table::Page).expect("pages"), &numbers.pages, what);
    let sum = |table: &TableNumbers| table.keys.iter().flat_map(|key| &key.counts).sum::<i64>();
    for table in release.tables.iter().filter(|table| table.table.is_complete()) {
        assert_eq!(sum(table), numbers.ranks[0], "{what}, {}", table.table.name());
    }
    if let Some(table) = release.table(Table::Bot) {
        assert_eq!(sum(table), numbers.robots, "{what}, robots");
    }
    let readers = release.table(Table::Reader).expect("readers");
    let readers: Vec<i64> = readers.keys.iter().map(|key| key.counts[0]).collect();
    assert_eq!(readers, numbers.readers, "{what}, readers");
    let status = release.table(Table::Status).expect("errors by class");
    let errors: Vec<i64> = status.keys.iter().map(|key| key.counts[0]).collect();
    assert_eq!(errors, numbers.errors, "{what}, errors");
}

/// A week has pages where all of its days share the budget so that it can.
fn compare_weeks_pages(release: &Release, terms: &[Terms], numbers: &Numbers, what: &str) {
    let pages = release.table(Table::Page);
    assert_eq!(pages.is_some(), terms.iter().all(|terms| terms.profile == "small"), "{what}, pages");
    assert_eq!(release.tables.len(), usize::from(pages.is_some()), "{what}, no other table");
    if let Some(pages) = pages {
        compare_pages(pages, &numbers.pages, what);
    }
}

/// All known pages with their counts; the one that is not known stays hidden, because few see it.
fn compare_pages(found: &TableNumbers, counted: &BTreeMap<String, [i64; 2]>, what: &str) {
    let mut expected: BTreeMap<&str, [i64; 2]> = known_pages().iter().map(|page| (page.as_str(), [0; 2])).collect();
    expected.extend(counted.iter().filter(|(page, _)| *page != HIDDEN_PAGE).map(|(page, n)| (page.as_str(), *n)));
    let found: BTreeMap<&str, [i64; 2]> =
        found.keys.iter().map(|key| (key.key.as_str(), [key.counts[0], key.counts[1]])).collect();
    let wrong: Vec<_> = expected.iter().filter(|(page, n)| found.get(*page) != Some(n)).collect();
    assert!(wrong.is_empty(), "{what}: {wrong:?} was counted, and released was {found:?}");
    assert_eq!(found.len(), expected.len(), "{what}: pages that nobody knows");
    let canaries = found.iter().filter(|(page, _)| page.starts_with("/canary"));
    assert!(canaries.into_iter().all(|(_, [first, repeat])| *first <= 1 && *repeat == 0), "{what}: counted twice");
}

impl World {
    /// Everything that can be compared.
    pub(super) fn check_all(&mut self) {
        let releases = self.opened().releases.clone();
        for site in &self.model.sites {
            site.compare_released(&releases);
            site.compare_ledgers(&releases);
        }
        self.check_keys();
        self.check_open_days();
    }

    /// A released period has no key any more (a gap has), and an open day with data has one.
    pub(super) fn check_keys(&mut self) {
        let epochs: BTreeSet<Epoch> =
            keys::KeyRing::open_existing(&self.home().join("keys")).unwrap().on_disk().unwrap().into_iter().collect();
        for site in &self.model.sites {
            let of_site = epochs.iter().filter(|epoch| epoch.site == site.name);
            let released = of_site.filter_map(|epoch| site.released.get(&epoch.period));
            let left: Vec<Period> = released.filter(|r| r.gap.is_none()).map(|r| r.period).collect();
            assert!(left.is_empty(), "{}: the keys of {left:?} are still there", site.name);
            for day in site.days.keys() {
                let epoch = Epoch { site: site.name.clone(), period: Period::day(*day) };
                assert!(epochs.contains(&epoch), "the key of {epoch} is gone");
            }
        }
    }

    /// The open cells hold what was counted, and no day more.
    pub(super) fn check_open_days(&mut self) {
        let cells = self.opened.as_ref().expect("an open vault").committer.cells();
        for site in &self.model.sites {
            let found: Vec<Day> = cells.periods(&site.name, PeriodKind::Day).iter().map(|p| p.start).collect();
            let counted: Vec<Day> = site.days.keys().copied().collect();
            assert_eq!(found, counted, "open days of {}", site.name);
            for day in counted {
                let epoch = Epoch { site: site.name.clone(), period: Period::day(day) };
                compare_open(&cells.days[&epoch], &site.numbers(day), &epoch.to_string());
            }
        }
    }
}

fn compare_open(found: &tally::DayTally, numbers: &Numbers, what: &str) {
    let count = |n: u64| i64::try_from(n).unwrap();
    let counters = |counters: &tally::Counters, length| (0..length).map(|at| count(counters.get(at))).collect();
    let ranks: Vec<i64> = counters(&found.site.ranks, RANKS);
    assert_eq!((&ranks[..], count(found.site.limited)), (&numbers.ranks[..], numbers.limited), "{what} (open)");
    let pages: BTreeMap<String, [i64; 2]> = found
        .pages
        .iter()
        .map(|(page, n)| (page.to_string(), [count(n.counts.first), count(n.counts.repeat)]))
        .collect();
    assert_eq!(pages, numbers.pages, "{what} (open)");
    let hours: BTreeMap<u8, Vec<i64>> = found.hours.iter().map(|(hour, n)| (*hour, counters(n, RANKS + 1))).collect();
    let counted: BTreeMap<u8, Vec<i64>> = numbers.hours.iter().map(|(hour, n)| (*hour, n.to_vec())).collect();
    assert_eq!(hours, counted, "{what} (open)");
}

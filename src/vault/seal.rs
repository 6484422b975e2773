//! Sealing: when a period is over, draw its release once, make it durable, and only then destroy the key.
//!
//! A period is due once every producer that was active in it has said that it sent everything before the period's end,
//! or when it has waited long enough. Hours are sealed with their day at the latest; days before their week and month.

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError},
};

use super::{
    keeper::Keeper,
    keys::Epoch,
    release::{
        block::{HourNumbers, RELEASE_VERSION, Release},
        draw::{Body, Draw},
        index::{Sealed, SiteIndex},
        noise::NoiseFault,
        reader::read_release,
        terms::Under,
    },
    site::Site,
    store::{Fault, disk::Step, rows},
    tables::Table,
    tally::{Activity, DayTally, MonthTally, QuarterTally, WeekTally},
};
use crate::calendar::{Day, Period, PeriodKind};

/// An empty day between two sealed ones is published too, unless more than this many days lie between them.
const QUIET_DAYS_MAX: i32 = 31;
/// Why a period is a gap whose sums are impossible.
const UNBALANCED: &str = "its tables did not agree with each other; what was counted is kept";
/// How far back weeks and months without an open cell are looked for.
const LOOK_BACK_DAYS: i32 = 70;

impl From<NoiseFault> for Fault {
    fn from(fault: NoiseFault) -> Self {
        Self::Noise(fault.to_string())
    }
}

impl Keeper {
    /// Seals everything that is due, of all sites.
    pub(super) fn seal_due(&mut self) -> Result<(), Fault> {
        let now_unix_ms = self.clock.now_unix_ms();
        for site in self.roster.all() {
            while let Some(period) = self.next_due(&site, now_unix_ms) {
                self.seal(&site, period, now_unix_ms)?;
            }
        }
        Ok(())
    }

    fn sealed(&self, site: &Site) -> (Arc<Sealed>, i64) {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let none = SiteIndex::default();
        let entry = index.sites.get(&site.name).unwrap_or(&none);
        (entry.sealed.clone(), entry.created_unix_ms)
    }

    /// The next period to seal: hours first, then days, weeks and months.
    fn next_due(&self, site: &Site, now_unix_ms: i64) -> Option<Period> {
        let (sealed, created_unix_ms) = self.sealed(site);
        let due = |period: &Period| !sealed.contains(*period) && self.is_due(site, *period, &sealed, now_unix_ms);
        if let Some(day) =
            self.days_due(site, &sealed, created_unix_ms, now_unix_ms).into_iter().map(Period::day).find(due)
        {
            return Some(day);
        }
        if let Some(hour) = self.hours_open(site, &sealed, created_unix_ms, now_unix_ms).into_iter().find(due) {
            return Some(hour);
        }
        let from = site.calendar.day_at(now_unix_ms).plus(-LOOK_BACK_DAYS);
        let since = site.is_configured.then(|| site.calendar.day_at(created_unix_ms));
        [PeriodKind::Week, PeriodKind::Month, PeriodKind::Quarter].into_iter().find_map(|kind| {
            let mut periods: BTreeSet<Period> = self.cells.periods(&site.name, kind).into_iter().collect();
            if matches!(kind, PeriodKind::Week | PeriodKind::Month) {
                let recent = sealed.range(PeriodKind::Day, from, Day::from_number(i32::MAX));
                periods.extend(recent.map(|(day, _)| Period::of(kind, day.start)));
            }
            periods.into_iter().filter(|p| self.days_are_sealed(site, &sealed, *p, since)).find(due)
        })
    }

    /// Days that may be due: with a cell, empty between sealed ones, and for a configured site all since its start.
    fn days_due(&self, site: &Site, sealed: &Sealed, created_unix_ms: i64, now_unix_ms: i64) -> BTreeSet<Day> {
        let mut days: BTreeSet<Day> = self.cells.periods(&site.name, PeriodKind::Day).into_iter().map(|p| p.start).collect();
        let today = site.calendar.day_at(now_unix_ms);
        if site.is_configured && created_unix_ms > 0 {
            // What is older was sealed long ago.
            let recent = sealed.days().map(|(_, last)| last.plus(-LOOK_BACK_DAYS));
            let mut day = site.calendar.day_at(created_unix_ms).max(recent.unwrap_or(Day::from_number(i32::MIN)));
            while day < today {
                days.insert(day);
                day = day.plus(1);
            }
        }
        let mut before: Option<Day> = None;
        for (period, _) in sealed.range(PeriodKind::Day, Day::from_number(i32::MIN), Day::from_number(i32::MAX)) {
            if let Some(last) = before.filter(|last| period.start.number() - last.number() <= QUIET_DAYS_MAX) {
                days.extend((last.number() + 1..period.start.number()).map(Day::from_number));
            }
            before = Some(period.start);
        }
        days.retain(|day| !sealed.contains(Period::day(*day)));
        days
    }

    /// The hours that are over of days that are not.
    fn hours_open(&self, site: &Site, sealed: &Sealed, created_unix_ms: i64, now_unix_ms: i64) -> Vec<Period> {
        let today = site.calendar.day_at(now_unix_ms);
        let mut days: BTreeSet<Period> = self.cells.periods(&site.name, PeriodKind::Day).into_iter().collect();
        if site.is_configured {
            // Also where nobody came: that a day has hours must not tell that it had a visitor.
            let first = site.calendar.day_at(created_unix_ms);
            days.extend([today.plus(-1), today].into_iter().filter(|day| *day >= first).map(Period::day));
        }
        days.retain(|p| p.start >= today.plus(-1) && !sealed.contains(*p));
        days.into_iter()
            .flat_map(|p| (0..site.calendar.hours_in(p.start)).map(move |hour| Period::hour(p.start, hour)))
            .collect()
    }

    fn days_are_sealed(&self, site: &Site, sealed: &Sealed, period: Period, since: Option<Day>) -> bool {
        let open = |day| self.cells.days.contains_key(&Epoch { site: site.name.clone(), period: Period::day(day) });
        period
            .days()
            .all(|day| sealed.contains(Period::day(day)) || (!open(day) && since.is_none_or(|since| day < since)))
    }

    fn activity(&self, site: &Site, period: Period) -> Option<&Activity> {
        let epoch = |period| Epoch { site: site.name.clone(), period };
        match period.kind {
            PeriodKind::Hour | PeriodKind::Day => {
                self.cells.days.get(&epoch(Period::day(period.start))).map(|t| &t.activity)
            }
            PeriodKind::Week => self.cells.weeks.get(&epoch(period)).map(|t| &t.activity),
            PeriodKind::Month => self.cells.months.get(&epoch(period)).map(|t| &t.activity),
            // It is made of days that are sealed.
            PeriodKind::Quarter => None,
        }
    }

    fn is_due(&self, site: &Site, period: Period, sealed: &Sealed, now_unix_ms: i64) -> bool {
        let end_unix_ms = site.calendar.end_unix_ms(period);
        if end_unix_ms > now_unix_ms {
            return false;
        }
        let producers = self.producers.get(&site.name);
        let complete_through = |id| producers.and_then(|p| p.get(id)).map_or(0, |row| row.complete_through_unix_ms);
        let latest = producers.into_iter().flat_map(|p| p.values()).map(|row| row.complete_through_unix_ms).max();
        let activity = self.activity(site, period);
        let all_passed = activity.is_none_or(|a| a.producers.iter().all(|id| complete_through(id) >= end_unix_ms));
        if all_passed && latest.is_some_and(|latest| latest >= end_unix_ms) {
            return true;
        }
        match activity.and_then(|a| a.committed_unix_ms) {
            // A day that was opened after its end is an import: it waits until nothing has come for a while.
            Some((first, last)) => {
                let from = if first < end_unix_ms { end_unix_ms } else { last };
                now_unix_ms >= from.saturating_add(self.max_lateness_ms)
            }
            None => {
                let is_between = period.kind == PeriodKind::Day
                    && sealed.days().is_some_and(|(first, last)| first < period.start && period.start < last);
                is_between || now_unix_ms >= end_unix_ms.saturating_add(self.max_lateness_ms)
            }
        }
    }

    fn seal(&mut self, site: &Site, period: Period, now_unix_ms: i64) -> Result<(), Fault> {
        match period.kind {
            PeriodKind::Hour => self.seal_hour(site, period, now_unix_ms),
            PeriodKind::Day => self.seal_day(site, period, now_unix_ms),
            PeriodKind::Week => self.seal_week(site, period, now_unix_ms),
            PeriodKind::Month => self.seal_month(site, period, now_unix_ms),
            PeriodKind::Quarter => self.seal_quarter(site, period, now_unix_ms),
        }
    }

    /// Lends what a draw needs. The public keys are copied, because drawing also needs the noise source.
    fn draw<T>(
        &mut self,
        site: &Site,
        under: &Under,
        with: impl FnOnce(&mut Draw<'_>, &super::cells::Cells) -> Result<T, NoiseFault>,
    ) -> Result<T, Fault> {
        let public = {
            let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
            index.sites.get(&site.name).map(|i| i.public.clone()).unwrap_or_default()
        };
        let known_pages = &site.known_pages;
        let mut draw = Draw { site, known_pages, under, public: &public, noise: &mut *self.noise };
        Ok(with(&mut draw, &self.cells)?)
    }

    fn seal_hour(&mut self, site: &Site, period: Period, now_unix_ms: i64) -> Result<(), Fault> {
        let epoch = Epoch { site: site.name.clone(), period: Period::day(period.start) };
        let under = site.history.of_period(period);
        let hour = self.draw(site, &under, |draw, cells| {
            let none = DayTally::default();
            draw.hour(period.hour, cells.days.get(&epoch).unwrap_or(&none))
        })?;
        let body = Body { hours: hour.into_iter().collect(), ..Body::default() };
        self.publish(site, period, under, Ok(body), Step::default(), &[], now_unix_ms)
    }

    fn seal_day(&mut self, site: &Site, period: Period, now_unix_ms: i64) -> Result<(), Fault> {
        let epoch = Epoch { site: site.name.clone(), period };
        let (published, hour_periods) = self.published_hours(site, period.start)?;
        let under = site.history.of_period(period);
        let none = DayTally::default();
        if !self.cells.days.get(&epoch).unwrap_or(&none).balances(hour_periods.is_empty(), under.always) {
            return self.publish_gap(site, &epoch, UNBALANCED.to_owned(), now_unix_ms);
        }
        let body = self.draw(site, &under, |draw, cells| {
            draw.day(period.start, cells.days.get(&epoch).unwrap_or(&none), &published)
        })?;
        // The exact counters go on into the longer periods, in the same step that drops the day.
        let mut step = Step::default();
        let tally = self.cells.days.remove(&epoch).unwrap_or_default();
        self.absorb(site, period.start, &tally, &mut step)?;
        self.publish(site, period, under, Ok(body), step, &hour_periods, now_unix_ms)
    }

    /// Adds a day's sums to its week, month and quarter. Where nobody came the quarter gets a cell all the same, so that its
    /// release does not tell whether somebody did.
    fn absorb(&mut self, site: &Site, day: Day, tally: &DayTally, step: &mut Step) -> Result<(), Fault> {
        let (sealed, _) = self.sealed(site);
        for kind in [PeriodKind::Week, PeriodKind::Month, PeriodKind::Quarter] {
            let period = Period::of(kind, day);
            let epoch = Epoch { site: site.name.clone(), period };
            if sealed.contains(period) || (*tally == DayTally::default() && kind != PeriodKind::Quarter) {
                continue;
            }
            match kind {
                PeriodKind::Week => self.cells.weeks.entry(epoch.clone()).or_default().absorb(tally),
                PeriodKind::Month => self.cells.months.entry(epoch.clone()).or_default().absorb(tally),
                _ => {
                    let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
                    let of_site = index.sites.get(&site.name);
                    let is_public = |table: Table, key: &str| {
                        (table == Table::Page && site.is_known_page(key))
                            || table.public_keys().contains(&key)
                            || of_site.is_some_and(|i| i.is_public(table, key))
                    };
                    self.cells.quarters.entry(epoch.clone()).or_default().absorb(tally, is_public);
                }
            }
            self.put_cell(&epoch, step)?;
            self.dirty.remove(&epoch);
        }
        Ok(())
    }

    fn seal_week(&mut self, site: &Site, period: Period, now_unix_ms: i64) -> Result<(), Fault> {
        let epoch = Epoch { site: site.name.clone(), period };
        let under = site.history.of_period(period);
        let none = WeekTally::default();
        if !self.cells.weeks.get(&epoch).unwrap_or(&none).balances() {
            return self.publish_gap(site, &epoch, UNBALANCED.to_owned(), now_unix_ms);
        }
        let body = self.draw(site, &under, |draw, cells| draw.week(cells.weeks.get(&epoch).unwrap_or(&none)))?;
        self.publish(site, period, under, Ok(body), Step::default(), &[], now_unix_ms)
    }

    fn seal_month(&mut self, site: &Site, period: Period, now_unix_ms: i64) -> Result<(), Fault> {
        let epoch = Epoch { site: site.name.clone(), period };
        let under = site.history.of_period(period);
        let none = MonthTally::default();
        if !self.cells.months.get(&epoch).unwrap_or(&none).balances(under.always, under.ever) {
            return self.publish_gap(site, &epoch, UNBALANCED.to_owned(), now_unix_ms);
        }
        let body = self.draw(site, &under, |draw, cells| draw.month(cells.months.get(&epoch).unwrap_or(&none)))?;
        self.publish(site, period, under, Ok(body), Step::default(), &[], now_unix_ms)
    }

    fn seal_quarter(&mut self, site: &Site, period: Period, now_unix_ms: i64) -> Result<(), Fault> {
        let epoch = Epoch { site: site.name.clone(), period };
        let under = site.history.of_period(period);
        let none = QuarterTally::default();
        let body = self.draw(site, &under, |draw, cells| {
            draw.quarter(cells.quarters.get(&epoch).unwrap_or(&none))
        })?;
        self.publish(site, period, under, Ok(body), Step::default(), &[], now_unix_ms)
    }

    /// The hours of a day that were published while it was open.
    fn published_hours(&self, site: &Site, day: Day) -> Result<(Vec<HourNumbers>, Vec<Period>), Fault> {
        let (sealed, _) = self.sealed(site);
        let mut numbers = Vec::new();
        let mut periods = Vec::new();
        for (period, release) in sealed.range(PeriodKind::Hour, day, day) {
            let found = read_release(&self.disk, release)?;
            numbers.extend(found.ok_or_else(|| Fault::damaged(format!("release {release}")))?.hours);
            periods.push(period);
        }
        Ok((numbers, periods))
    }

    /// Publishes that there are no numbers, and keeps what was counted (and its key) for whoever looks into it.
    pub(super) fn publish_gap(
        &mut self,
        site: &Site,
        epoch: &Epoch,
        why: String,
        now_unix_ms: i64,
    ) -> Result<(), Fault> {
        let mut step = Step::default();
        if self.cells.epochs().any(|e| e == epoch) {
            self.put_cell(epoch, &mut step)?;
        }
        let under = site.history.of_period(epoch.period);
        self.publish(site, epoch.period, under, Err(why), step, &[], now_unix_ms)
    }

    /// One atomic step: the release in, the cell and its hours out. Then, and only then, the key is destroyed.
    #[allow(clippy::too_many_arguments, reason = "all that makes one release")]
    fn publish(
        &mut self,
        site: &Site,
        period: Period,
        under: Under,
        body: Result<Body, String>,
        mut step: Step,
        hours_taken_in: &[Period],
        now_unix_ms: i64,
    ) -> Result<(), Fault> {
        let release = self.release(site, period, under, body, now_unix_ms);
        let is_gap = release.gap.is_some();
        let mut bytes = vec![RELEASE_VERSION];
        bytes.extend(rows::encode(&release)?);
        step.put_long(&rows::release_key(release.number), &bytes)?;
        step.put_row(&rows::index_key(&site.name, period), &release.number)?;
        let new_keys = self.new_public_keys(site, &release);
        for (table, key) in &new_keys {
            step.put(&rows::public_key(&site.name, *table, key), &[]);
        }
        let (sealed, _) = self.sealed(site);
        for hour in hours_taken_in {
            step.remove(&rows::index_key(&site.name, *hour));
            if let Some(number) = sealed.release(*hour) {
                self.disk.remove_long(&mut step, &rows::release_key(number))?;
            }
        }
        let epoch = Epoch { site: site.name.clone(), period };
        if !is_gap && period.kind != PeriodKind::Hour {
            self.disk.remove_long(&mut step, &rows::cell_key(&epoch))?;
        }
        self.disk.commit(step)?;
        self.follow(site, period, release.number, hours_taken_in, new_keys);
        if period.kind != PeriodKind::Hour {
            self.cells.remove(&epoch);
            self.dirty.remove(&epoch);
            if !is_gap {
                self.keys.destroy(&epoch)?;
            }
        }
        crate::telemetry::released(&site.name, period, release.number, is_gap);
        self.latest.send_replace(release.number);
        Ok(())
    }

    fn release(
        &self,
        site: &Site,
        period: Period,
        under: Under,
        body: Result<Body, String>,
        now_unix_ms: i64,
    ) -> Release {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let (body, gap) = match body {
            Ok(body) => (body, None),
            Err(why) => (Body::default(), Some(why)),
        };
        Release {
            number: index.last_release + 1,
            site: site.name.clone(),
            zone: site.calendar.zone_name().to_owned(),
            period,
            sealed_at_unix_s: now_unix_ms.div_euclid(3_600_000) * 3_600,
            costs: under.costs,
            bounds: under.bounds,
            gap,
            site_numbers: body.site_numbers,
            hours: body.hours,
            tables: body.tables,
        }
    }

    fn new_public_keys(&self, site: &Site, release: &Release) -> Vec<(Table, Box<str>)> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let of_site = index.sites.get(&site.name);
        let is_known = |table, key: &str| of_site.is_some_and(|i| i.is_public(table, key));
        let open = release.tables.iter().filter(|t| t.table.is_open_key_space());
        open.flat_map(|t| t.keys.iter().map(|k| (t.table, k.key.as_str())))
            .filter(|(table, key)| !is_known(*table, key))
            .map(|(table, key)| (table, key.into()))
            .collect()
    }

    /// Memory follows what is durable: readers see the release from here on.
    fn follow(&self, site: &Site, period: Period, number: u64, hours: &[Period], new_keys: Vec<(Table, Box<str>)>) {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        index.last_release = number;
        let entry = index.sites.entry(site.name.clone()).or_default();
        let sealed = Arc::make_mut(&mut entry.sealed);
        sealed.insert(period, number);
        for hour in hours {
            sealed.remove(*hour);
        }
        for (table, key) in new_keys {
            entry.public.entry(table).or_default().insert(key);
        }
    }
}

//! Sealing: when a period is over, draw its release once, make it durable, and only then destroy the key.
//!
//! `due` says when that is. Hours are sealed with their day at the latest; days before their week, month and quarter.

mod due;

use std::sync::{Arc, PoisonError};

use super::{
    keeper::Keeper,
    keys::Epoch,
    release::{
        block::{HourNumbers, Release},
        draw::{Body, Draw},
        noise::NoiseFault,
        reader::stored_release,
        terms::Under,
    },
    site::Site,
    store::{Fault, disk::Step, rows},
    tables::Table,
    tally::{DayTally, MonthTally, Part, QuarterTally, WeekTally},
};
use crate::calendar::{Day, Period, PeriodKind};

/// Why a week or month is a gap of which some sums are lost.
const LOST: &str = "some of its days were restored from the archive, which does not hold their exact sums";
/// Why a period is a gap whose sums are impossible.
const UNBALANCED: &str = "its tables did not agree with each other; what was counted is kept";

impl From<NoiseFault> for Fault {
    fn from(fault: NoiseFault) -> Self {
        Self::Noise(fault.to_string())
    }
}

impl Keeper {
    /// Seals the next period that is due of the sites to look at.
    pub(super) fn seal_next(&mut self) -> Result<(), Fault> {
        let now_unix_ms = self.clock.now_unix_ms();
        while let Some(name) = self.look_at.first().cloned() {
            let due = self.roster.get(&name).and_then(|site| Some((self.next_due(&site, now_unix_ms)?, site)));
            match due {
                Some((period, site)) => return self.seal(&site, period, now_unix_ms),
                None => self.look_at.remove(&name),
            };
        }
        Ok(())
    }

    fn seal(&mut self, site: &Site, period: Period, now_unix_ms: i64) -> Result<(), Fault> {
        // What is published is published from what is durable.
        self.writer.settle()?;
        let epoch = Epoch { site: site.name.clone(), period };
        if self.lost.remove(&epoch) {
            return self.seal_lost(site, &epoch, now_unix_ms);
        }
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
        let known_pages = &*site.known_pages();
        // Its random bits have a key of their own, which goes when this ends.
        let mut noise = self.noise.of_release()?;
        let mut draw = Draw { site, known_pages, under, public: &public, noise: &mut *noise };
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
            self.put_part(&epoch, Part::REST, step)?;
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
        let body = self.draw(site, &under, |draw, cells| draw.quarter(cells.quarters.get(&epoch).unwrap_or(&none)))?;
        self.publish(site, period, under, Ok(body), Step::default(), &[], now_unix_ms)
    }

    /// The hours of a day that were published while it was open.
    fn published_hours(&self, site: &Site, day: Day) -> Result<(Vec<HourNumbers>, Vec<Period>), Fault> {
        let (sealed, _) = self.sealed(site);
        let mut numbers = Vec::new();
        let mut periods = Vec::new();
        for (period, release) in sealed.range(PeriodKind::Hour, day, day) {
            numbers.extend(stored_release(&self.disk, release)?.hours);
            periods.push(period);
        }
        Ok((numbers, periods))
    }

    /// What is left of a period whose days were restored without their sums goes, with its key.
    fn seal_lost(&mut self, site: &Site, epoch: &Epoch, now_unix_ms: i64) -> Result<(), Fault> {
        self.cells.remove(epoch);
        let mut step = Step::default();
        self.disk.remove_cell(&mut step, epoch)?;
        step.remove(&rows::lost_key(epoch));
        let under = site.history.of_period(epoch.period);
        self.publish(site, epoch.period, under, Err(LOST.to_owned()), step, &[], now_unix_ms)?;
        Ok(self.keys.destroy(epoch)?)
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
        self.put_cell(epoch, &mut step)?;
        let under = site.history.of_period(epoch.period);
        self.publish(site, epoch.period, under, Err(why), step, &[], now_unix_ms)
    }

    /// One atomic step: the release in, the cell and its hours out. Then it goes to the archive, then readers see it, and only
    /// then the key is destroyed.
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
        step.put_long(&rows::release_key(release.number), &release.to_bytes()?)?;
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
            self.disk.remove_cell(&mut step, &epoch)?;
        }
        self.disk.commit(step)?;
        let (_, created_unix_ms) = self.sealed(site);
        self.archive.append_settings(&site.name, &site.row(created_unix_ms))?;
        self.archive.append(&release)?;
        self.follow(site, period, release.number, hours_taken_in, new_keys);
        if period.kind != PeriodKind::Hour {
            self.forget(&epoch);
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
            // A gap tells nothing.
            costs: if gap.is_some() { Vec::new() } else { under.costs },
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

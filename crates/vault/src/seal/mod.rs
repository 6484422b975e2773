//! Sealing: when a period is over, draw its release once, make it durable, and only then destroy the key.
//!
//! `schedule` says when that is and `due` of what, `trust` whether the clock can be believed; `publish` makes the release
//! public. Hours are sealed with their day at the latest; days before
//! their week, month and quarter.

pub(super) mod due;
pub(super) mod publish;
pub(super) mod schedule;
pub(super) mod trust;

use std::sync::PoisonError;

use super::{
    cells::Cells,
    commit::{checkpoint::Checkpointer, open::OpenCells, writer::Writer},
    keys::Epoch,
    release::{
        block::HourNumbers,
        draw::{Body, Draw},
        noise::NoiseFault,
        terms::Under,
    },
    sites::settings::Site,
    store::{CommitError, Step, rows},
    tables::Table,
    tally::{DayTally, MonthTally, Part, QuarterTally, WeekTally},
};
use crate::calendar::{Day, Period, PeriodKind};
use publish::{Publication, Publisher};

/// Hours of a day that were published while it was open, with their numbers.
type Published = Vec<(u8, Option<HourNumbers>)>;

/// Why a week or month is a gap of which some sums are lost.
const LOST: &str = "some of its days were restored from the archive, which does not hold their exact sums";
/// Why a period is a gap whose sums are impossible.
const UNBALANCED: &str = "its tables did not agree with each other; what was counted is kept";
/// Why a period is a gap that an administrator gave up.
const GIVEN_UP: &str = "its key was lost and it was given up";

/// What sealing one period needs, lent by the committer.
pub(super) struct Sealing<'k> {
    pub(super) open: &'k mut OpenCells,
    pub(super) checkpointer: &'k mut Checkpointer,
    pub(super) publisher: &'k mut Publisher,
    pub(super) writer: &'k mut Writer,
    /// Since when the period is due. When it is sealed is told to nobody.
    pub(super) since_unix_ms: i64,
}

impl Sealing<'_> {
    /// Seals a period that is due. `is_lost`: some of its days were restored without their sums.
    pub(super) fn seal(&mut self, site: &Site, period: Period, is_lost: bool) -> Result<(), CommitError> {
        if is_lost {
            return self.seal_lost(site, &Epoch { site: site.name.clone(), period });
        }
        match period.kind {
            PeriodKind::Hour => self.seal_hour(site, period),
            PeriodKind::Day => self.seal_day(site, period),
            PeriodKind::Week => self.seal_week(site, period),
            PeriodKind::Month => self.seal_month(site, period),
            PeriodKind::Quarter => self.seal_quarter(site, period),
        }
    }

    /// Ends a period whose key is lost.
    pub(super) fn give_up(&mut self, site: &Site, epoch: &Epoch) -> Result<(), CommitError> {
        self.publish_gap(site, epoch, GIVEN_UP)
    }

    /// Ends a period without numbers, whatever was counted of it.
    pub(super) fn close(&mut self, site: &Site, epoch: &Epoch, why: &str) -> Result<(), CommitError> {
        self.publish_gap(site, epoch, why)
    }

    fn draw<T>(
        &mut self,
        site: &Site,
        under: &Under,
        with: impl FnOnce(&mut Draw<'_>, &Cells) -> Result<T, NoiseFault>,
    ) -> Result<T, CommitError> {
        let cells = self.open.cells();
        Ok(self.publisher.draw(site, under, |draw| with(draw, cells))?)
    }

    fn seal_hour(&mut self, site: &Site, period: Period) -> Result<(), CommitError> {
        let epoch = Epoch { site: site.name.clone(), period: Period::day(period.start) };
        let under = site.history.of_period(period);
        let hour = self.draw(site, &under, |draw, cells| {
            let none = DayTally::default();
            draw.hour(period.hour, cells.days.get(&epoch).unwrap_or(&none))
        })?;
        let body = Body { hours: hour.into_iter().collect(), ..Body::default() };
        self.publish(site, period, under, Ok(body), Step::default(), &[])
    }

    fn seal_day(&mut self, site: &Site, period: Period) -> Result<(), CommitError> {
        let epoch = Epoch { site: site.name.clone(), period };
        let (published, hour_periods) = self.published_hours(site, period.start)?;
        let under = site.history.of_period(period);
        let none = DayTally::default();
        if !self.open.cells().days.get(&epoch).unwrap_or(&none).balances(hour_periods.is_empty(), under.always) {
            return self.publish_gap(site, &epoch, UNBALANCED);
        }
        let body = self.draw(site, &under, |draw, cells| {
            draw.day(period.start, cells.days.get(&epoch).unwrap_or(&none), &published)
        })?;
        // The exact counters go on into the longer periods, in the same step that drops the day.
        let mut step = Step::default();
        let tally = self.open.cells_mut().days.remove(&epoch).unwrap_or_default();
        self.absorb(site, period.start, &tally, &mut step)?;
        self.publish(site, period, under, Ok(body), step, &hour_periods)
    }

    /// Adds a day's sums to its week, month and quarter. Where nobody came the quarter gets a cell all the same, so that its
    /// release does not tell whether somebody did.
    fn absorb(&mut self, site: &Site, day: Day, tally: &DayTally, step: &mut Step) -> Result<(), CommitError> {
        let sealed = self.publisher.sealed(site);
        let terms = site.terms_of(day);
        let plan = &terms.plan;
        let index = self.publisher.index().read().unwrap_or_else(PoisonError::into_inner);
        let of_site = index.sites.get(&site.name);
        let is_public = |table: Table, key: &str| {
            (table == Table::Page && site.is_known_page(key))
                || table.public_keys().contains(&key)
                || of_site.is_some_and(|i| i.is_public(table, key))
        };
        for kind in [PeriodKind::Week, PeriodKind::Month, PeriodKind::Quarter] {
            let period = Period::of(kind, day);
            let epoch = Epoch { site: site.name.clone(), period };
            if sealed.contains(period) || (*tally == DayTally::default() && kind != PeriodKind::Quarter) {
                continue;
            }
            match kind {
                PeriodKind::Week => {
                    // By the day's own terms, which stay, so that a week has the pages of all of its days or is known not to.
                    let with_pages = plan.has_weeks_of_pages();
                    self.open.cells_mut().weeks.entry(epoch.clone()).or_default().absorb(tally, with_pages);
                }
                PeriodKind::Month => {
                    let month = self.open.cells_mut().months.entry(epoch.clone()).or_default();
                    month.absorb(tally, terms.tables());
                    if plan.has_monthly_votes() {
                        month.absorb_votes(tally, |page| is_public(Table::Page, page));
                    }
                }
                _ => self.open.cells_mut().quarters.entry(epoch.clone()).or_default().absorb(tally, is_public),
            }
            self.checkpointer.put_part(self.open, &epoch, Part::REST, step)?;
        }
        Ok(())
    }

    fn seal_week(&mut self, site: &Site, period: Period) -> Result<(), CommitError> {
        let epoch = Epoch { site: site.name.clone(), period };
        let under = site.history.of_period(period);
        let none = WeekTally::default();
        let with_pages = under.plan.has_weeks_of_pages();
        if !self.open.cells().weeks.get(&epoch).unwrap_or(&none).balances(with_pages) {
            return self.publish_gap(site, &epoch, UNBALANCED);
        }
        let body = self.draw(site, &under, |draw, cells| draw.week(cells.weeks.get(&epoch).unwrap_or(&none)))?;
        self.publish(site, period, under, Ok(body), Step::default(), &[])
    }

    fn seal_month(&mut self, site: &Site, period: Period) -> Result<(), CommitError> {
        let epoch = Epoch { site: site.name.clone(), period };
        let under = site.history.of_period(period);
        let none = MonthTally::default();
        if !self.open.cells().months.get(&epoch).unwrap_or(&none).balances(under.always, under.ever) {
            return self.publish_gap(site, &epoch, UNBALANCED);
        }
        let body = self.draw(site, &under, |draw, cells| draw.month(cells.months.get(&epoch).unwrap_or(&none)))?;
        self.publish(site, period, under, Ok(body), Step::default(), &[])
    }

    fn seal_quarter(&mut self, site: &Site, period: Period) -> Result<(), CommitError> {
        let epoch = Epoch { site: site.name.clone(), period };
        let under = site.history.of_period(period);
        let none = QuarterTally::default();
        let body = self.draw(site, &under, |draw, cells| draw.quarter(cells.quarters.get(&epoch).unwrap_or(&none)))?;
        self.publish(site, period, under, Ok(body), Step::default(), &[])
    }

    /// The hours of a day that were published while it was open.
    /// Those without numbers are gaps, and stay so.
    fn published_hours(&self, site: &Site, day: Day) -> Result<(Published, Vec<Period>), CommitError> {
        let sealed = self.publisher.sealed(site);
        let mut numbers = Vec::new();
        let mut periods = Vec::new();
        for (period, release) in sealed.range(PeriodKind::Hour, day, day) {
            numbers.push((period.hour, self.publisher.stored(release)?.hours.pop()));
            periods.push(period);
        }
        Ok((numbers, periods))
    }

    /// What is left of a period whose days were restored without their sums goes, with its key.
    fn seal_lost(&mut self, site: &Site, epoch: &Epoch) -> Result<(), CommitError> {
        self.open.cells_mut().remove(epoch);
        let mut step = Step::default();
        step.remove_cell(epoch);
        step.remove(rows::lost_key(epoch));
        let under = site.history.of_period(epoch.period);
        self.publish(site, epoch.period, under, Err(LOST.to_owned()), step, &[])?;
        self.publisher.destroy_key(epoch)
    }

    /// Publishes that there are no numbers, and keeps what was counted (and its key) for whoever looks into it.
    fn publish_gap(&mut self, site: &Site, epoch: &Epoch, why: &str) -> Result<(), CommitError> {
        let mut step = Step::default();
        self.checkpointer.put_cell(self.open, epoch, &mut step)?;
        let under = site.history.of_period(epoch.period);
        self.publish(site, epoch.period, under, Err(why.to_owned()), step, &[])
    }

    /// Publishes, and forgets what the period had counted.
    fn publish(
        &mut self,
        site: &Site,
        period: Period,
        under: Under,
        body: Result<Body, String>,
        step: Step,
        hours: &[Period],
    ) -> Result<(), CommitError> {
        let publication = Publication { site, period, under, body, hours, since_unix_ms: self.since_unix_ms };
        self.publisher.publish(publication, step, self.writer)?;
        if period.kind != PeriodKind::Hour {
            let epoch = Epoch { site: site.name.clone(), period };
            self.open.cells_mut().remove(&epoch);
            self.checkpointer.forget(&epoch);
        }
        Ok(())
    }
}

//! The open cells of all sites, and the delta that one commit adds to them. Both are made of the same tallies.

use std::collections::BTreeMap;

use super::{
    keys::Epoch,
    tally::{DayTally, MonthTally, OlderDayTally, QuarterTally, WeekTally},
};
use crate::{
    calendar::{Day, Period, PeriodKind},
    units::SiteName,
};

/// Tallies by site and period: the open cells, or a delta. Equal tallies merge to equal tallies, whatever comes first.
#[derive(Default)]
pub(super) struct Cells {
    pub(super) days: BTreeMap<Epoch, DayTally>,
    pub(super) weeks: BTreeMap<Epoch, WeekTally>,
    pub(super) months: BTreeMap<Epoch, MonthTally>,
    pub(super) quarters: BTreeMap<Epoch, QuarterTally>,
    /// Empty tallies whose memory is used again.
    pub(super) spare: Vec<DayTally>,
}

/// Empty tallies that are kept at most.
const SPARE_MAX: usize = 8;

impl Cells {
    /// Nothing is in it any more; the memory of some tallies is kept for what comes next.
    pub(super) fn clear(&mut self) {
        for mut tally in std::mem::take(&mut self.days).into_values() {
            if self.spare.len() < SPARE_MAX {
                tally.clear();
                self.spare.push(tally);
            }
        }
        self.weeks.clear();
        self.months.clear();
        self.quarters.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.epochs().next().is_none()
    }

    #[cfg(any(test, feature = "lab"))]
    /// Adds a delta. Any order and any grouping gives the same cells.
    pub(super) fn merge(&mut self, delta: &Self) {
        for (epoch, tally) in &delta.days {
            self.days.entry(epoch.clone()).or_default().merge(tally);
        }
        for (epoch, tally) in &delta.weeks {
            self.weeks.entry(epoch.clone()).or_default().merge(tally);
        }
        for (epoch, tally) in &delta.months {
            self.months.entry(epoch.clone()).or_default().merge(tally);
        }
        for (epoch, tally) in &delta.quarters {
            self.quarters.entry(epoch.clone()).or_default().merge(tally);
        }
    }

    /// All epochs that have a tally.
    pub(super) fn epochs(&self) -> impl Iterator<Item = &Epoch> {
        self.days.keys().chain(self.weeks.keys()).chain(self.months.keys()).chain(self.quarters.keys())
    }

    /// The periods of a kind for which a site has a tally, in order.
    pub(super) fn periods(&self, site: &SiteName, kind: PeriodKind) -> Vec<Period> {
        let first = Epoch { site: site.clone(), period: Period { kind, start: Day::from_number(i32::MIN), hour: 0 } };
        let of_site = |epoch: &&Epoch| epoch.site == *site && epoch.period.kind == kind;
        match kind {
            PeriodKind::Hour => Vec::new(),
            PeriodKind::Day => periods(self.days.range(first..).map(|(e, _)| e).take_while(of_site)),
            PeriodKind::Week => periods(self.weeks.range(first..).map(|(e, _)| e).take_while(of_site)),
            PeriodKind::Month => periods(self.months.range(first..).map(|(e, _)| e).take_while(of_site)),
            PeriodKind::Quarter => periods(self.quarters.range(first..).map(|(e, _)| e).take_while(of_site)),
        }
    }

    /// The stored form of one epoch's tally, or nothing where there is none.
    pub(super) fn encode(&self, epoch: &Epoch) -> Option<Result<Vec<u8>, postcard::Error>> {
        match epoch.period.kind {
            PeriodKind::Hour => None,
            PeriodKind::Day => self.days.get(epoch).map(postcard::to_allocvec),
            PeriodKind::Week => self.weeks.get(epoch).map(postcard::to_allocvec),
            PeriodKind::Month => self.months.get(epoch).map(postcard::to_allocvec),
            PeriodKind::Quarter => self.quarters.get(epoch).map(postcard::to_allocvec),
        }
    }

    /// Adds a tally from its stored form, that of today or the one before.
    pub(super) fn merge_encoded(&mut self, epoch: &Epoch, bytes: &[u8], is_older: bool) -> Result<(), postcard::Error> {
        match epoch.period.kind {
            PeriodKind::Hour => return Err(postcard::Error::DeserializeBadEnum),
            PeriodKind::Day if is_older => {
                let older: OlderDayTally = postcard::from_bytes(bytes)?;
                self.days.entry(epoch.clone()).or_default().merge(&older.into());
            }
            PeriodKind::Day => self.days.entry(epoch.clone()).or_default().merge(&postcard::from_bytes(bytes)?),
            PeriodKind::Week => self.weeks.entry(epoch.clone()).or_default().merge(&postcard::from_bytes(bytes)?),
            PeriodKind::Month => self.months.entry(epoch.clone()).or_default().merge(&postcard::from_bytes(bytes)?),
            PeriodKind::Quarter => {
                self.quarters.entry(epoch.clone()).or_default().merge(&postcard::from_bytes(bytes)?);
            }
        }
        Ok(())
    }

    /// Forgets an epoch.
    pub(super) fn remove(&mut self, epoch: &Epoch) {
        self.days.remove(epoch);
        self.weeks.remove(epoch);
        self.months.remove(epoch);
        self.quarters.remove(epoch);
    }
}

fn periods<'a>(epochs: impl Iterator<Item = &'a Epoch>) -> Vec<Period> {
    epochs.map(|epoch| epoch.period).collect()
}

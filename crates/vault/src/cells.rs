//! The open cells of all sites, and the delta that one commit adds to them. Both are made of the same tallies.

use std::collections::BTreeMap;

use super::{
    keys::Epoch,
    tally::{DayTally, MonthTally, Part, QuarterTally, Through, WeekTally},
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

    #[cfg(feature = "lab")]
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
            PeriodKind::Week => self.weeks.get(epoch).map(WeekTally::encode),
            PeriodKind::Month => self.months.get(epoch).map(MonthTally::encode),
            PeriodKind::Quarter => self.quarters.get(epoch).map(postcard::to_allocvec),
        }
    }

    /// Whether an epoch has a tally.
    pub(super) fn has(&self, epoch: &Epoch) -> bool {
        match epoch.period.kind {
            PeriodKind::Hour => false,
            PeriodKind::Day => self.days.contains_key(epoch),
            PeriodKind::Week => self.weeks.contains_key(epoch),
            PeriodKind::Month => self.months.contains_key(epoch),
            PeriodKind::Quarter => self.quarters.contains_key(epoch),
        }
    }

    /// About how many bytes all parts of a stored cell but the rest take; none where it has no others.
    pub(super) fn halved_bytes(&self, epoch: &Epoch) -> usize {
        let of_day = self.days.get(epoch).map(DayTally::halved_bytes);
        of_day.or_else(|| self.months.get(epoch).map(MonthTally::halved_bytes)).unwrap_or(0)
    }

    /// The stored form of a part of an epoch's cell.
    pub(super) fn encode_part(&mut self, epoch: &Epoch, part: Part) -> Option<postcard::Result<Vec<u8>>> {
        match epoch.period.kind {
            PeriodKind::Day => self.days.get_mut(epoch).map(|day| day.encode_part(part)),
            PeriodKind::Month => self.months.get_mut(epoch).map(|month| month.encode_part(part)),
            _ => self.encode(epoch),
        }
    }

    /// Adds a part of a stored cell.
    pub(super) fn merge_part(&mut self, epoch: &Epoch, part: Part, bytes: &[u8]) -> postcard::Result<()> {
        match epoch.period.kind {
            PeriodKind::Day => self.days.entry(epoch.clone()).or_default().merge_part(part, bytes),
            PeriodKind::Month => self.months.entry(epoch.clone()).or_default().merge_part(part, bytes),
            _ if part == Part::REST => self.merge_encoded(epoch, bytes),
            _ => Err(postcard::Error::DeserializeBadEnum),
        }
    }

    /// Adds a tally from its stored form.
    pub(super) fn merge_encoded(&mut self, epoch: &Epoch, bytes: &[u8]) -> postcard::Result<()> {
        match epoch.period.kind {
            PeriodKind::Hour => return Err(postcard::Error::DeserializeBadEnum),
            PeriodKind::Day => self.days.entry(epoch.clone()).or_default().merge(&postcard::from_bytes(bytes)?),
            PeriodKind::Week => self.weeks.entry(epoch.clone()).or_default().merge(&WeekTally::decode(bytes)?),
            PeriodKind::Month => self.months.entry(epoch.clone()).or_default().merge(&MonthTally::decode(bytes)?),
            PeriodKind::Quarter => {
                self.quarters.entry(epoch.clone()).or_default().merge(&postcard::from_bytes(bytes)?);
            }
        }
        Ok(())
    }

    /// Adds what a record of the journal has of an epoch, as far as it is in no part of the stored cell. Weeks and months have
    /// sketches in a record, which take the same again without harm; their sums come with the step that seals a day.
    pub(super) fn merge_record(
        &mut self,
        epoch: &Epoch,
        bytes: &[u8],
        sequence: u64,
        through: &Through,
    ) -> postcard::Result<()> {
        if epoch.period.kind != PeriodKind::Day {
            return self.merge_encoded(epoch, bytes);
        }
        let record = postcard::from_bytes(bytes)?;
        self.days.entry(epoch.clone()).or_default().merge_record(&record, sequence, through);
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

//! What is done where the data may be an older copy of what was here: whatever may have been published since becomes a gap, so
//! that nobody is given a second draw of the same day or hour.
//!
//! It decides by what is published, by keys and by the clock, and never by a visitor.

use std::{collections::BTreeSet, sync::PoisonError};

use super::committer::Committer;
use crate::{
    calendar::{Day, Period, PeriodKind},
    keys::{Epoch, KeyRing},
    release::index::Index,
    seal::due,
    sites::settings::Site,
    store::{CommitError, OpenError, Step, reader::LaneReader, rows},
};

/// Why they are gaps.
pub(crate) const DOUBTFUL: &str = "it may have been published before an older copy of the data was put in its place";
/// How far back days are closed of which neither a release nor a key is there.
const LOOK_BACK_DAYS: i32 = 400;

/// What may have been published and is not known any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// Nothing.
    None,
    /// Hours of days that are open: keys were lost, and nothing says that the data are the newest.
    Hours,
    /// Days too: an older copy was put in the place of the data.
    Copy,
}

/// Whether the data may be older than what was published. `is_copy`: an administrator says that they are.
pub(crate) fn of(
    lane: &LaneReader,
    keys: &KeyRing,
    index: &mut Index,
    is_copy: bool,
    given_up: &BTreeSet<Epoch>,
) -> Result<Doubt, OpenError> {
    let (noted, stored) = (keys.noted_release(), index.last_release);
    let is_copy = is_copy || lane.get(rows::COPY_KEY)?.is_some();
    match noted {
        Some(noted) if noted > stored && !is_copy => {
            Err(OpenError::NotedAhead { path: keys.directory().to_owned(), archived: noted, stored })
        }
        _ if is_copy => {
            // Readers have seen these numbers: others must not get them.
            index.last_release = stored.max(noted.unwrap_or(0));
            Ok(Doubt::Copy)
        }
        None if !given_up.is_empty() => Ok(Doubt::Hours),
        _ => Ok(Doubt::None),
    }
}

impl Committer {
    /// Ends as gaps what is given up, and what may have been published. From here on the keys know how much is published.
    pub(crate) fn give_up_doubtful(
        &mut self,
        doubt: Doubt,
        given_up: &BTreeSet<Epoch>,
        keys: &KeyRing,
    ) -> Result<(), CommitError> {
        if doubt == Doubt::Copy {
            // Where this is cut, the next start does the rest.
            let mut step = Step::default();
            step.put(rows::COPY_KEY, []);
            self.commit_and_wait(step)?;
        }
        self.give_up(given_up)?;
        if doubt != Doubt::None {
            self.close(doubt, keys)?;
        }
        self.note_last_release(keys);
        Ok(())
    }

    fn close(&mut self, doubt: Doubt, keys: &KeyRing) -> Result<(), CommitError> {
        crate::telemetry::closing_doubtful();
        let on_disk = keys.on_disk()?;
        for site in self.sites() {
            let keyed = on_disk.iter().filter(|epoch| epoch.site == site.name && epoch.period.kind == PeriodKind::Day);
            let mut open: BTreeSet<Day> = keyed.map(|epoch| epoch.period.start).collect();
            open.extend(self.cells().periods(&site.name, PeriodKind::Day).into_iter().map(|period| period.start));
            if doubt == Doubt::Copy {
                self.close_days(&site, &open)?;
            }
            self.close_hours(&site, open)?;
        }
        let mut step = Step::default();
        step.remove(rows::COPY_KEY);
        self.commit_and_wait(step)
    }

    /// Notes how much was published where the note is missing or another one.
    fn note_last_release(&self, keys: &KeyRing) {
        let last = self.index().read().unwrap_or_else(PoisonError::into_inner).last_release;
        if keys.noted_release() != Some(last) {
            keys.note_release(last);
        }
    }

    /// Days that are over and neither published nor open: a day that was published has lost its key.
    fn close_days(&mut self, site: &Site, open: &BTreeSet<Day>) -> Result<(), CommitError> {
        let today = site.calendar.day_at(self.now_unix_ms());
        let (sealed, created_unix_ms) = due::sealed(self.index(), site);
        let first = sealed.days().map_or_else(|| site.calendar.day_at(created_unix_ms), |(_, last)| last.plus(1));
        let first = first.max(today.plus(-LOOK_BACK_DAYS));
        let days = (first.number()..today.number()).map(Day::from_number).filter(|day| !open.contains(day));
        for day in days.collect::<Vec<_>>() {
            let epoch = |period| Epoch { site: site.name.clone(), period };
            self.publish_doubtful(site, &epoch(Period::day(day)))?;
            for kind in [PeriodKind::Week, PeriodKind::Month] {
                let longer = Period::of(kind, day);
                if !sealed.contains(longer) {
                    self.note_lost(epoch(longer))?;
                }
            }
        }
        Ok(())
    }

    /// Hours that are over of days that are open.
    fn close_hours(&mut self, site: &Site, mut days: BTreeSet<Day>) -> Result<(), CommitError> {
        let now_unix_ms = self.now_unix_ms();
        let today = site.calendar.day_at(now_unix_ms);
        if site.is_configured {
            days.extend([today.plus(-1), today]);
        }
        for day in days {
            let (sealed, _) = due::sealed(self.index(), site);
            if sealed.contains(Period::day(day)) {
                continue;
            }
            let hours = (0..site.calendar.hours_in(day)).map(|hour| Period::hour(day, hour));
            let is_over = |hour: &Period| site.calendar.end_unix_ms(*hour) <= now_unix_ms && !sealed.contains(*hour);
            for period in hours.filter(is_over) {
                self.publish_doubtful(site, &Epoch { site: site.name.clone(), period })?;
            }
        }
        Ok(())
    }

    fn publish_doubtful(&mut self, site: &Site, epoch: &Epoch) -> Result<(), CommitError> {
        self.sealing(self.now_unix_ms()).close(site, epoch, DOUBTFUL)
    }

    fn note_lost(&mut self, epoch: Epoch) -> Result<(), CommitError> {
        let mut step = Step::default();
        step.put(rows::lost_key(&epoch), []);
        self.commit_and_wait(step)?;
        self.forget_sums_of(epoch);
        Ok(())
    }
}

//! Accesses of a log, through the real anonymiser and put together again to what each visitor did on each day.
//!
//! Tags and keys stay inside: out comes a [`World`] in which visitors are numbers in the order of their first view.

use std::{collections::HashMap, sync::Arc};

use super::{
    fault,
    world::{Facts, View, VisitorDay, World, site},
};
use crate::{
    AccessEvent, Bounds, FileError,
    anonymize::{Anonymized, Anonymizer, Scratch, Seen, Sighting, Visit, network::Countries},
    calendar::Day,
    keys::KeyRing,
    names::{NameId, Names},
    release::index::PublishedPeriods,
    sites::settings::Site,
    units::MS_PER_HOUR,
};
use headcount_model::source::ReadError;

/// Any time after the logs: 2026-01-01T00:00:00Z.
const NOW_UNIX_MS: i64 = 490_896 * MS_PER_HOUR;

/// An anonymiser under keys of its own, which are removed with it.
pub(super) struct Reader {
    anonymizer: Anonymizer,
    sealed: PublishedPeriods,
    scratch: Scratch,
    _keys: tempfile::TempDir,
}

impl Reader {
    pub(super) fn new() -> Result<Self, ReadError> {
        let directory = tempfile::tempdir();
        let keys = directory.map_err(|source| fault(FileError { path: std::env::temp_dir(), source }))?;
        let ring = Arc::new(KeyRing::open(keys.path()).map_err(fault)?);
        let anonymizer = Anonymizer::new(ring, Countries::load(&[]).map_err(fault)?);
        Ok(Self { anonymizer, sealed: PublishedPeriods::default(), scratch: Scratch::default(), _keys: keys })
    }

    /// What is counted of an event, if anything is.
    pub(super) fn read(&mut self, site: &Site, event: AccessEvent<'_>) -> Result<Option<Sighting>, ReadError> {
        let seen = self.anonymizer.anonymize(site, event, NOW_UNIX_MS, &self.sealed, &mut self.scratch);
        Ok(match seen.map_err(fault)? {
            Anonymized::Seen(sighting) => Some(sighting),
            Anonymized::Ended(_) => None,
        })
    }

    pub(super) fn names(&self) -> &Names {
        &self.scratch.names
    }

    pub(super) fn page(&self, page: NameId) -> &str {
        self.scratch.names.get(page).text
    }
}

/// Takes the accesses of a log, in its order.
pub struct LogReader {
    reader: Reader,
    site: Site,
    pages: Vec<Box<str>>,
    page_numbers: HashMap<Box<str>, u32>,
    /// Persons by their tag of the month, so a person of two months counts as two, as everywhere.
    persons: HashMap<u64, u64>,
    days: HashMap<Day, HashMap<u64, VisitorDay>>,
}

impl LogReader {
    /// A reader under fresh keys.
    ///
    /// # Errors
    /// When keys cannot be made.
    pub fn new() -> Result<Self, ReadError> {
        Ok(Self {
            reader: Reader::new()?,
            site: site("small", None, Bounds::of_profile("small"), Day::from_number(0)),
            pages: Vec::new(),
            page_numbers: HashMap::new(),
            persons: HashMap::new(),
            days: HashMap::new(),
        })
    }

    /// Takes an access; all but page views are left out.
    ///
    /// # Errors
    /// When a key cannot be made.
    pub fn read(&mut self, event: AccessEvent<'_>) -> Result<(), ReadError> {
        let seen = self.reader.read(&self.site, event)?;
        if let Some(Sighting { day, visitor_tag, seen: Seen::Visit(visit) }) = seen {
            self.add(day, visitor_tag, &visit);
        }
        Ok(())
    }

    fn add(&mut self, day: Day, visitor_tag: u64, visit: &Visit) {
        let next_page = u32::try_from(self.pages.len()).unwrap_or(u32::MAX);
        let name: Box<str> = self.reader.page(visit.page).into();
        let page = *self.page_numbers.entry(name.clone()).or_insert(next_page);
        if page == next_page {
            self.pages.push(name);
        }
        let next_person = self.persons.len() as u64;
        let person = *self.persons.entry(visit.month_tag.unwrap_or(visitor_tag)).or_insert(next_person);
        let of_day = self.days.entry(day).or_default().entry(visitor_tag);
        let visitor = of_day.or_insert_with(|| VisitorDay {
            person,
            comes_once: false,
            facts: Facts::of(visit, self.reader.names()),
            views: Vec::new(),
        });
        visitor.views.push(View { hour: visit.hour, page });
    }

    /// How many pages were seen.
    #[must_use]
    pub fn pages(&self) -> usize {
        self.pages.len()
    }

    /// The world of the log under these bounds, with so many pages more that nobody opens. `each` is as in [`World::count`].
    #[must_use]
    pub fn world(
        mut self,
        unseen: impl IntoIterator<Item = Box<str>>,
        bounds: Bounds,
        each: impl FnOnce(usize, &(dyn Fn(usize) + Sync)),
    ) -> World {
        self.pages.extend(unseen);
        let mut days: Vec<Day> = self.days.keys().copied().collect();
        days.sort_unstable();
        let of_days = self.days;
        let visitors = |day: Day, give: &mut dyn FnMut(&VisitorDay)| {
            of_days.get(&day).into_iter().flat_map(HashMap::values).for_each(give);
        };
        World::count(self.pages, &days, bounds, visitors, each)
    }
}

//! Accesses of a log, and under which key of the table of readers each visitor-day would count: to hold the table against
//! people's judgement of the same log.

use std::collections::HashMap;

use super::{accesses::Reader, world::site};
use crate::{
    AccessEvent, Bounds,
    anonymize::{Seen, Sighting},
    calendar::Day,
    limit::VisitorDay,
    sites::settings::Site,
};
use headcount_model::{keys::READERS, source::ReadError};

/// Takes the accesses of a log, in any order.
pub struct ReaderCount {
    reader: Reader,
    site: Site,
    /// The number of each visitor-day.
    numbers: HashMap<(Day, u64), usize>,
    days: Vec<VisitorDay>,
}

impl ReaderCount {
    /// Nobody came yet, under fresh keys.
    ///
    /// # Errors
    /// When keys cannot be made.
    pub fn new() -> Result<Self, ReadError> {
        let site = site("small", None, Bounds::default(), Day::from_number(0));
        Ok(Self { reader: Reader::new()?, site, numbers: HashMap::new(), days: Vec::new() })
    }

    /// Takes an access, and gives the number of its visitor-day; `None` where it tells nothing of a visitor.
    ///
    /// # Errors
    /// When a key cannot be made.
    pub fn add(&mut self, event: AccessEvent<'_>) -> Result<Option<usize>, ReadError> {
        let Some(Sighting { day, visitor_tag, seen }) = self.reader.read(&self.site, event)? else { return Ok(None) };
        let mark = match seen {
            // One view is enough to be a visit.
            Seen::Visit(visit) => VisitorDay::one_view(visit.hour).with_marks(visit.marks),
            Seen::Files => VisitorDay::mark_files(),
            Seen::Robot { .. } => VisitorDay::mark_robot(),
            Seen::Error { class, .. } => VisitorDay::mark_error(class),
        };
        let number = *self.numbers.entry((day, visitor_tag)).or_insert(self.days.len());
        match self.days.get_mut(number) {
            Some(day) if day.views() > 0 && mark.views() > 0 => *day = day.with_marks(mark.marks()),
            Some(day) => *day = day.merge(mark),
            None => self.days.push(mark),
        }
        Ok(Some(number))
    }

    /// The key under which a visitor-day counts; `None` where it is no visit.
    #[must_use]
    pub fn key(&self, number: usize) -> Option<&'static str> {
        self.days.get(number)?.reader().and_then(|place| READERS.get(place).copied())
    }
}

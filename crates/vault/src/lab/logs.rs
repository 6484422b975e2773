//! Real access logs, where the folder `../shared/data/logs` stands beside the clone: read by the shipper's parser,
//! anonymised by the vault, and put together again to what each visitor did on each day.

use std::{
    collections::HashMap,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::world::{Facts, View, VisitorDay, World, fault, site};
use crate::{
    AccessEvent,
    anonymize::{Anonymized, Anonymizer, Bench, Seen, Sighting, Visit, network::Countries},
    calendar::Day,
    keys::KeyRing,
    names::Names,
    query::AskError,
    release::index::Sealed,
    store::FileError,
    units::MS_PER_HOUR,
};

/// Any time after the logs: 2026-01-01T00:00:00Z.
const NOW_UNIX_MS: i64 = 490_896 * MS_PER_HOUR;

/// Where the shared logs are.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/logs")
}

/// The world of a log; `None` where the file is not here.
pub(super) fn world(name: &str, read_line: fn(&[u8]) -> Option<Logged>) -> Result<Option<World>, AskError> {
    let path = folder().join(name);
    let Ok(file) = std::fs::File::open(&path) else { return Ok(None) };
    let cannot = |source: io::Error| fault(FileError { path: path.clone(), source });
    let mut text = Vec::new();
    flate2::read::MultiGzDecoder::new(file).read_to_end(&mut text).map_err(cannot)?;
    let mut reader = Log::default();
    let directory = tempfile::tempdir().map_err(cannot)?;
    let anonymizer = Anonymizer::new(
        Arc::new(KeyRing::open(directory.path()).map_err(fault)?),
        Countries::load(&[]).map_err(fault)?,
    );
    let (site, sealed, mut bench) = (site("small", None), Sealed::default(), Bench::default());
    for line in text.split(|byte| *byte == b'\n') {
        let Some(event) = read_line(line) else { continue };
        let event = AccessEvent::at(event.time_unix_ms, event.status)
            .from_whom(event.address, String::new(), event.user_agent)
            .for_what(event.method, event.target)
            .with_context(event.referrer, String::new());
        let seen = anonymizer.anonymize(&site, event, NOW_UNIX_MS, &sealed, &mut bench).map_err(fault)?;
        if let Anonymized::Seen(Sighting { day, visitor_tag, seen: Seen::Visit(visit) }) = seen {
            reader.add(day, visitor_tag, &visit, &bench.names);
        }
    }
    Ok(Some(reader.world()))
}

/// An access as a log has it.
pub struct Logged {
    /// When, in milliseconds since 1970.
    pub time_unix_ms: i64,
    /// The status of its answer.
    pub status: u32,
    /// The client's address.
    pub address: String,
    /// Its agent.
    pub user_agent: String,
    /// The method of the request.
    pub method: String,
    /// Its target.
    pub target: String,
    /// The page before.
    pub referrer: String,
}

/// What a log holds, by visitor and day.
#[derive(Default)]
struct Log {
    pages: Vec<Box<str>>,
    page_numbers: HashMap<Box<str>, u32>,
    /// Persons by their tag of the month, so a person of two months counts as two, as everywhere.
    persons: HashMap<u64, u64>,
    days: HashMap<Day, HashMap<u64, VisitorDay>>,
}

impl Log {
    fn add(&mut self, day: Day, visitor_tag: u64, visit: &Visit, names: &Names) {
        let next_page = u32::try_from(self.pages.len()).unwrap_or(u32::MAX);
        let name: Box<str> = names.get(visit.page).text.into();
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
            facts: Facts::of(visit, names),
            views: Vec::new(),
        });
        visitor.views.push(View { hour: visit.hour, page });
    }

    fn world(mut self) -> World {
        let unseen = self.pages.len().div_ceil(super::crowd::OPENED_PER_UNSEEN);
        self.pages.extend((0..unseen).map(|page| super::crowd::name("/never/", page)));
        let mut days: Vec<Day> = self.days.keys().copied().collect();
        days.sort_unstable();
        World::count(self.pages, &days, |day, give| {
            let visitors = self.days.get(&day).into_iter().flat_map(HashMap::values);
            visitors.for_each(give);
        })
    }
}

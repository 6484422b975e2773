//! A group: batches that become durable together, with one delta, in one step. Nobody waits to gather one: batches that
//! arrive while the disk is busy are the next.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{PoisonError, RwLock},
};

use tokio::sync::OwnedSemaphorePermit;

use super::{
    intake::{Commit, Receipt, Refusal},
    open::OpenCells,
    sender::{Sender, Standing, stated_by_streams},
    writer::{Job, Waiting},
};
use crate::{
    bound::Bounder,
    cells::Cells,
    outcome::OutcomeCounts,
    release::index::{Index, SiteIndex},
    seal::schedule::{hour_after, hour_of},
    store::{
        CommitError, Damaged, ReadError, Step, migrate,
        reader::LaneReader,
        rows::{self, ProducerRow},
    },
    tally::ProducerId,
    units::SiteName,
};

/// A watermark that says: this producer sends nothing any more.
pub(crate) const FINISHED_UNIX_MS: i64 = i64::MAX;

/// What is known of all producers, by their sites.
#[derive(Default)]
pub(crate) struct Producers(HashMap<SiteName, HashMap<ProducerId, ProducerRow>>);

impl Producers {
    /// Those that are stored.
    pub(crate) fn load(lane: &LaneReader) -> Result<Self, ReadError> {
        let is_before = lane.row::<u32>(rows::FORMAT_KEY, "the format row")? == Some(migrate::FORMAT_BEFORE);
        let mut producers = Self::default();
        for row in lane.scan(rows::PRODUCER_PREFIX) {
            let (key, value) = row?;
            let damaged = || Damaged::new("a producer's row");
            let (site, id) = key[2..].split_last_chunk::<16>().ok_or_else(damaged)?;
            let site = site.strip_suffix(b"/").and_then(|s| std::str::from_utf8(s).ok()).ok_or_else(damaged)?;
            let site = SiteName::new(site).map_err(|_| damaged())?;
            let row = if is_before { migrate::producer(&value) } else { rows::decode(&value, "a producer's row") };
            producers.insert(site, *id, row?);
        }
        Ok(producers)
    }

    pub(crate) fn of_site(&self, site: &SiteName) -> impl Iterator<Item = (&ProducerId, &ProducerRow)> {
        self.0.get(site).into_iter().flatten()
    }

    pub(crate) fn get(&self, site: &SiteName, producer: &ProducerId) -> Option<&ProducerRow> {
        self.0.get(site)?.get(producer)
    }

    pub(crate) fn insert(&mut self, site: SiteName, producer: ProducerId, row: ProducerRow) {
        self.0.entry(site).or_default().insert(producer, row);
    }
}

/// What a group of batches adds, before it is durable.
pub(super) struct Group {
    now_unix_ms: i64,
    delta: Cells,
    producers: HashMap<(SiteName, ProducerId), ProducerRow>,
    new_sites: BTreeSet<SiteName>,
    waiting: Vec<Waiting>,
    /// Sites of which somebody stated how far it is complete.
    stated: BTreeSet<SiteName>,
    heard_unix_ms: Option<i64>,
    /// What the group takes of the room for events under way.
    rooms: Vec<OwnedSemaphorePermit>,
}

impl Group {
    pub(super) fn begin(open: &mut OpenCells, now_unix_ms: i64) -> Self {
        Self {
            now_unix_ms,
            delta: open.delta(),
            producers: HashMap::new(),
            new_sites: BTreeSet::new(),
            waiting: Vec::new(),
            stated: BTreeSet::new(),
            heard_unix_ms: None,
            rooms: Vec::new(),
        }
    }

    /// Puts a batch into the group, or answers it at once where it changes nothing.
    pub(super) fn take(
        &mut self,
        mut commit: Commit,
        open: &mut OpenCells,
        producers: &Producers,
        index: &RwLock<Index>,
    ) {
        let site = commit.site.name.clone();
        let known = |id: &ProducerId| self.producers.get(&(site.clone(), *id)).or_else(|| producers.get(&site, id));
        let Standing { id, mut row, is_claimed } = commit.sender.standing(known);
        if is_claimed {
            self.producers.insert((site.clone(), id), row.clone());
        }
        if commit.sequence <= row.sequence {
            // Wait for the group all the same: the batch that this one repeats may be in it.
            self.waiting.push((commit.reply, receipt(&row, None)));
            return;
        }
        if commit.sequence != row.sequence + 1 {
            let _ = commit.reply.send(Err(Refusal::Gap { expected: row.sequence + 1 }));
            return;
        }
        self.bound(&mut commit, open, index);
        row.sequence = commit.sequence;
        row.cursor = std::mem::take(&mut commit.cursor);
        self.note_import(&commit, index, &mut row);
        if commit.complete_through_unix_ms > 0 {
            self.note_statement(&commit, &mut row);
        }
        self.waiting.push((commit.reply, receipt(&row, Some(commit.books))));
        self.rooms.push(commit.room);
        self.go_on(&commit.sender, (site, id), row, producers);
    }

    /// Notes where a sender stands after its batch.
    fn go_on(&mut self, sender: &Sender, key: (SiteName, ProducerId), row: ProducerRow, producers: &Producers) {
        let Sender::OfStream(place) = sender else {
            self.producers.insert(key, row);
            return;
        };
        if row.complete_through_unix_ms > 0 || row.imported_unix_ms > 0 {
            let known = self.producers.get(&key).or_else(|| producers.get(&key.0, &key.1));
            let together = stated_by_streams(known, &row);
            self.producers.insert(key, together);
        }
        place.go_on(row);
    }

    /// A producer that has finished has sent everything until now, and is not expected to state anything again.
    fn note_statement(&mut self, commit: &Commit, row: &mut ProducerRow) {
        let stated = commit.complete_through_unix_ms;
        row.complete_through_unix_ms = row.complete_through_unix_ms.max(stated.min(self.now_unix_ms));
        row.stated_unix_ms = if stated == FINISHED_UNIX_MS { 0 } else { hour_of(self.now_unix_ms) };
        self.heard_unix_ms = self.heard_unix_ms.max((stated != FINISHED_UNIX_MS).then_some(stated));
        self.stated.insert(commit.site.name.clone());
    }

    /// What is older than the site's first start is an import.
    fn note_import(&self, commit: &Commit, index: &RwLock<Index>, row: &mut ProducerRow) {
        let index = index.read().unwrap_or_else(PoisonError::into_inner);
        let created_unix_ms = index.sites.get(&commit.site.name).map_or(self.now_unix_ms, |site| site.created_unix_ms);
        let first_day = commit.site.calendar.day_at(created_unix_ms);
        if commit.sightings.iter().any(|(_, sighting)| sighting.day < first_day) {
            row.imported_unix_ms = hour_after(self.now_unix_ms);
        }
    }

    /// The latest watermark as it was stated: what producers say of the present time.
    pub(super) fn heard_unix_ms(&self) -> Option<i64> {
        self.heard_unix_ms
    }

    /// Counts what a batch may add, in the cells and in the delta, and enters in its books how each event ended.
    fn bound(&mut self, commit: &mut Commit, open: &mut OpenCells, index: &RwLock<Index>) {
        let Commit { site, names, sightings, books, .. } = commit;
        let index = index.read().unwrap_or_else(PoisonError::into_inner);
        let none = SiteIndex::default();
        let of_site = index.sites.get(&site.name).unwrap_or(&none);
        let bounder = Bounder::new(site, of_site);
        let (cells, delta) = (open.cells_mut(), &mut self.delta);
        bounder.add_all(names, sightings, cells, delta, |at, outcome| books.enter(at, outcome));
        if !index.sites.contains_key(&site.name) {
            self.new_sites.insert(site.name.clone());
        }
    }

    /// Whether nothing becomes durable with it.
    pub(super) fn changes_nothing(&self) -> bool {
        self.producers.is_empty() && self.new_sites.is_empty() && self.delta.is_empty()
    }

    /// Sites that nothing is stored of.
    pub(super) fn new_sites(&self) -> &BTreeSet<SiteName> {
        &self.new_sites
    }

    pub(super) fn delta(&self) -> &Cells {
        &self.delta
    }

    /// Takes along which tables closed before it.
    pub(super) fn note_closed(&mut self, open: &mut OpenCells) {
        open.note_closed(&mut self.delta);
    }

    /// Puts the delta, under the keys of its epochs, and the producers' new positions into a step. Gives the length of the
    /// journal's record in bytes. Memory goes on as if it were durable: the next group follows it.
    pub(super) fn put(
        &mut self,
        step: &mut Step,
        open: &mut OpenCells,
        producers: &mut Producers,
    ) -> Result<usize, CommitError> {
        for ((site, producer), row) in self.producers.drain() {
            step.put_row(&rows::producer_key(&site, &producer), &row)?;
            producers.insert(site, producer, row);
        }
        open.append(std::mem::take(&mut self.delta), step)
    }

    /// The job of making it durable, and the sites of which something may be due now.
    pub(super) fn finish(self, step: Option<Step>) -> (Job, BTreeSet<SiteName>) {
        (Job { step, waiting: self.waiting, rooms: self.rooms, done: None }, self.stated)
    }
}

fn receipt(row: &ProducerRow, books: Option<OutcomeCounts>) -> Receipt {
    Receipt { durable_sequence: row.sequence, cursor: row.cursor.clone(), books }
}

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
    writer::{Job, Waiting},
};
use crate::{
    bound::Bounder,
    cells::Cells,
    outcome::Books,
    release::index::{Index, SiteIndex},
    store::{
        CommitError, Step,
        rows::{self, ProducerRow},
    },
    tally::ProducerId,
    units::SiteName,
};

/// What is known of all producers, by their sites.
#[derive(Default)]
pub(crate) struct Producers(HashMap<SiteName, HashMap<ProducerId, ProducerRow>>);

impl Producers {
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
        let key = (commit.site.name.clone(), commit.producer);
        let known = self.producers.get(&key).or_else(|| producers.get(&key.0, &key.1));
        let mut row = known.cloned().unwrap_or_default();
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
        row.cursor = commit.cursor;
        if commit.complete_through_unix_ms > 0 {
            let stated = commit.complete_through_unix_ms.min(self.now_unix_ms);
            row.complete_through_unix_ms = row.complete_through_unix_ms.max(stated);
            self.stated.insert(commit.site.name.clone());
        }
        self.waiting.push((commit.reply, receipt(&row, Some(commit.books))));
        self.rooms.push(commit.room);
        self.producers.insert(key, row);
    }

    /// Counts what a batch may add, in the cells and in the delta, and enters in its books how each event ended.
    fn bound(&mut self, commit: &mut Commit, open: &mut OpenCells, index: &RwLock<Index>) {
        let Commit { site, producer, names, sightings, books, .. } = commit;
        let index = index.read().unwrap_or_else(PoisonError::into_inner);
        let none = SiteIndex::default();
        let of_site = index.sites.get(&site.name).unwrap_or(&none);
        let bounder = Bounder::new(site, of_site, *producer, self.now_unix_ms);
        let (cells, delta) = (open.cells_mut(), &mut self.delta);
        bounder.add_all(names, sightings, cells, delta, |at, outcome| books.enter(at, outcome));
        if !index.sites.contains_key(&site.name) {
            self.new_sites.insert(site.name.clone());
        }
    }

    /// Whether nothing becomes durable with it.
    pub(super) fn changes_nothing(&self) -> bool {
        self.producers.is_empty()
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

fn receipt(row: &ProducerRow, books: Option<Books>) -> Receipt {
    Receipt { durable_sequence: row.sequence, cursor: row.cursor.clone(), books }
}

//! The keeper: the one owner of the open cells. It bounds, commits and seals; nobody else changes anything.
//!
//! Batches that arrive while the disk is busy are committed together: one delta, one atomic step, one sync, and only
//! then the answers. The writer makes a step durable while the keeper bounds the next group. So the cells in memory run
//! ahead of the disk by what is under way; nothing of that is answered, sealed or written anew before it is durable, and
//! where a step fails the process stops: nothing is ever served from memory that the disk refused.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};

use super::{
    attendant::Order,
    bound::Bounder,
    cells::Cells,
    fold::Fold,
    intake::{Commit, Receipt, Refusal},
    keys::{Epoch, KeyRing},
    release::{
        index::{Index, SiteIndex},
        noise::NoiseSource,
    },
    roster::Roster,
    store::{
        Fault,
        archive::Archive,
        disk::{Disk, Step},
        journal::{Place, Record, Section},
        rows::{self, ChainPoint, ProducerRow, SiteRow},
    },
    tally::{Part, ProducerId},
    writer::{Job, Waiting, Writer},
};
use crate::{clock::Clock, units::SiteName};

/// Between two looks at what is due for sealing, while nothing else happens.
const TICK: Duration = Duration::from_secs(2);
/// Sightings that are committed together at most.
const SIGHTINGS_PER_GROUP_MAX: usize = 20_000;
/// Records that are removed with each group: more than come with it.
const RECORDS_TRIMMED_PER_GROUP: u64 = 2;

/// Owns what is not yet sealed. Made by [`super::open`]; [`Keeper::run`] is its life.
pub struct Keeper {
    pub(super) disk: Disk,
    pub(super) writer: Writer,
    pub(super) keys: Arc<KeyRing>,
    pub(super) roster: Arc<Roster>,
    pub(super) index: Arc<RwLock<Index>>,
    pub(super) cells: Cells,
    /// The delta of the last group, emptied: its memory is used again.
    pub(super) spare: Cells,
    /// Epochs whose stored cell is older than the journal's head.
    pub(super) dirty: BTreeSet<Epoch>,
    /// Weeks and months of which some days were restored without their sums.
    pub(super) lost: BTreeSet<Epoch>,
    /// Sites of which something may be due.
    pub(super) look_at: BTreeSet<SiteName>,
    /// The parts in which each cell is stored, but for the rest.
    pub(super) parts: HashMap<Epoch, BTreeSet<Part>>,
    /// The journal begins after this record.
    pub(super) base: ChainPoint,
    /// Records up to this one are removed from the disk.
    pub(super) trimmed: u64,
    /// The last record.
    pub(super) head: ChainPoint,
    pub(super) journal_bytes: u64,
    /// The checkpoint under way.
    pub(super) fold: Option<Fold>,
    /// What the cells took that the last checkpoint wrote.
    pub(super) folded_bytes: u64,
    /// Journal bytes after which the cells are written anew and the journal is cut. Bounds the time of recovery.
    pub(super) journal_bytes_max: u64,
    pub(super) archive: Archive,
    pub(super) producers: HashMap<SiteName, HashMap<ProducerId, ProducerRow>>,
    pub(super) noise: Box<dyn NoiseSource + Send>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) max_lateness_ms: i64,
    pub(super) latest: watch::Sender<u64>,
    pub(super) commits: mpsc::Receiver<Commit>,
    pub(super) orders: mpsc::Receiver<Order>,
    /// Whether there is room to take anything.
    pub(super) accepts: watch::Sender<bool>,
}

/// What the keeper does next.
#[allow(clippy::large_enum_variant, reason = "there is one, and it goes straight on")]
enum Next {
    Commit(Option<Commit>),
    Order(Order),
    Fold,
    Seal,
    Look,
    Failed,
}

/// What a group of batches adds, before it is durable.
#[derive(Default)]
struct Group {
    delta: Cells,
    producers: HashMap<(SiteName, ProducerId), ProducerRow>,
    new_sites: BTreeSet<SiteName>,
    waiting: Vec<Waiting>,
    /// Sites of which somebody stated how far it is complete.
    stated: BTreeSet<SiteName>,
    /// What the group takes of the room for events under way.
    rooms: Vec<OwnedSemaphorePermit>,
}

impl Keeper {
    /// Commits and seals until the last [`super::Intake`] is dropped; then writes a checkpoint and ends.
    ///
    /// # Errors
    /// When the store or a key cannot be used any more. The process must stop then: it must never go on from memory
    /// that the disk refused.
    pub fn run(mut self) -> Result<(), Fault> {
        let waiting = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = waiting.map_err(|source| Fault::File { path: "the runtime".into(), source })?;
        loop {
            let next = runtime.block_on(self.next());
            match next {
                Next::Commit(Some(first)) => self.commit_group(first)?,
                Next::Commit(None) => return self.checkpoint(),
                Next::Order(order) => self.follow_order(order)?,
                Next::Fold if self.has_room() => self.go_on_folding()?,
                Next::Look => self.look_at.extend(self.roster.names()),
                Next::Fold | Next::Seal => {}
                Next::Failed => return Err(self.writer.end()),
            }
            // One period at a time, so that no batch waits for more than one release.
            if !self.look_at.is_empty() && self.has_room() {
                self.seal_next()?;
            }
        }
    }

    /// Waits for something to do. What came from outside goes before what is due.
    async fn next(&mut self) -> Next {
        let has_room = *self.accepts.borrow();
        tokio::select! {
            biased;
            () = self.writer.failed() => Next::Failed,
            commit = self.commits.recv() => Next::Commit(commit),
            Some(order) = self.orders.recv() => Next::Order(order),
            () = std::future::ready(()), if has_room && self.fold.is_some() => Next::Fold,
            () = std::future::ready(()), if has_room && !self.look_at.is_empty() => Next::Seal,
            () = tokio::time::sleep(TICK) => Next::Look,
        }
    }

    /// Whether there is room for more; says so where that changes.
    fn has_room(&self) -> bool {
        let room = self.disk.check_space(self.archive.directory());
        self.accepts.send_if_modified(|accepts| {
            let changes = *accepts != room.is_ok();
            match &room {
                Ok(()) if changes => crate::telemetry::store_accepts(),
                Err(fault) if changes => crate::telemetry::store_refuses(fault),
                _ => {}
            }
            *accepts = room.is_ok();
            changes
        });
        room.is_ok()
    }

    /// Hands a batch with all that wait behind it to the writer.
    pub(super) fn commit_group(&mut self, first: Commit) -> Result<(), Fault> {
        let mut group = Group { delta: std::mem::take(&mut self.spare), ..Group::default() };
        let mut sightings = first.sightings.len();
        let now_unix_ms = self.clock.now_unix_ms();
        if !self.has_room() {
            let _ = first.reply.send(Err(Refusal::Unavailable));
            return Ok(());
        }
        self.take(first, &mut group, now_unix_ms);
        while sightings < SIGHTINGS_PER_GROUP_MAX {
            let Ok(next) = self.commits.try_recv() else { break };
            sightings += next.sightings.len();
            self.take(next, &mut group, now_unix_ms);
        }
        let step = self.step(&mut group, now_unix_ms)?;
        self.look_at.append(&mut group.stated);
        self.writer.hand_over(Job::new(step, group.waiting, group.rooms))?;
        // Cells that are larger than that wait until the journal is as large as they were: to write them costs as much again
        // as the journal, and not more.
        if self.fold.is_none() && self.journal_bytes > self.journal_bytes_max.max(self.folded_bytes) {
            self.begin_fold()?;
        }
        Ok(())
    }

    /// Puts a batch into the group, or answers it at once where it changes nothing.
    fn take(&mut self, commit: Commit, group: &mut Group, now_unix_ms: i64) {
        let key = (commit.site.name.clone(), commit.producer);
        let mut row = group.producers.get(&key).or_else(|| self.producer(&key)).cloned().unwrap_or_default();
        if commit.sequence <= row.sequence {
            // Wait for the group all the same: the batch that this one repeats may be in it.
            group.waiting.push((commit.reply, receipt(&row, None)));
            return;
        }
        if commit.sequence != row.sequence + 1 {
            let _ = commit.reply.send(Err(Refusal::Gap { expected: row.sequence + 1 }));
            return;
        }
        let mut books = commit.books;
        {
            let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
            let none = SiteIndex::default();
            let of_site = index.sites.get(&commit.site.name).unwrap_or(&none);
            let bounder = Bounder::new(&commit.site, of_site, commit.producer, now_unix_ms);
            let (open, delta) = (&mut self.cells, &mut group.delta);
            bounder.add_all(&commit.names, &commit.sightings, open, delta, |at, outcome| books.enter(at, outcome));
            if !index.sites.contains_key(&commit.site.name) {
                group.new_sites.insert(commit.site.name.clone());
            }
        }
        row.sequence = commit.sequence;
        row.cursor = commit.cursor;
        if commit.complete_through_unix_ms > 0 {
            let stated = commit.complete_through_unix_ms.min(now_unix_ms);
            row.complete_through_unix_ms = row.complete_through_unix_ms.max(stated);
            group.stated.insert(commit.site.name.clone());
        }
        group.waiting.push((commit.reply, receipt(&row, Some(books))));
        group.rooms.push(commit.room);
        group.producers.insert(key, row);
    }

    fn producer(&self, (site, producer): &(SiteName, ProducerId)) -> Option<&ProducerRow> {
        self.producers.get(site)?.get(producer)
    }

    /// One atomic step: the delta under its epochs' keys, and the producers' new positions. Memory goes on as if it were
    /// durable: the next group follows it.
    fn step(&mut self, group: &mut Group, now_unix_ms: i64) -> Result<Option<Step>, Fault> {
        if group.producers.is_empty() {
            return Ok(None);
        }
        let mut step = Step::default();
        for site in &group.new_sites {
            self.note_site(site, now_unix_ms, &mut step)?;
        }
        for ((site, producer), row) in &group.producers {
            step.put_row(&rows::producer_key(site, producer), row)?;
        }
        let mut head = self.head;
        let mut record_bytes = 0_usize;
        if !group.delta.is_empty() {
            let (bytes, point) = self.record(&group.delta)?;
            step.put_long(&rows::journal_key(point.sequence), &bytes)?;
            step.put_row(rows::HEAD_KEY, &point)?;
            head = point;
            record_bytes = bytes.len();
        }
        self.trim(&mut step, RECORDS_TRIMMED_PER_GROUP)?;
        self.head = head;
        self.journal_bytes += record_bytes as u64;
        self.dirty.extend(group.delta.epochs().cloned());
        group.delta.clear();
        self.spare = std::mem::take(&mut group.delta);
        for ((site, producer), row) in group.producers.drain() {
            self.producers.entry(site).or_default().insert(producer, row);
        }
        // Twice as much as the journal grows by, so that a checkpoint ends long before the next is due.
        self.fold_some(&mut step, 2 * record_bytes)?;
        Ok(Some(step))
    }

    /// A delta as the journal's next record.
    fn record(&self, delta: &Cells) -> Result<(Vec<u8>, ChainPoint), Fault> {
        let mut sections = Vec::new();
        for epoch in delta.epochs() {
            sections.push(self.section(epoch, Place::After(self.head), delta.encode(epoch))?);
        }
        Record::finish(sections, self.head)
    }

    /// What was encoded of an epoch, under its key.
    pub(super) fn section(
        &self,
        epoch: &Epoch,
        place: Place,
        encoded: Option<postcard::Result<Vec<u8>>>,
    ) -> Result<Section, Fault> {
        let tally = encoded.and_then(Result::ok);
        let tally = tally.ok_or_else(|| Fault::damaged(format!("the tally of {epoch} cannot be encoded")))?;
        Section::seal(epoch, &*self.keys.for_writing(epoch)?, place, tally)
    }

    /// Notes a site that is seen for the first time, in the step and in the index.
    pub(super) fn note_site(&self, name: &SiteName, now_unix_ms: i64, step: &mut Step) -> Result<(), Fault> {
        let Some(site) = self.roster.get(name) else { return Ok(()) };
        step.put_row(&rows::site_key(name), &site.row(now_unix_ms))?;
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        index.sites.entry(name.clone()).or_default().created_unix_ms = now_unix_ms;
        Ok(())
    }

    /// Notes the sites that are new or have new terms. Configured ones are published from today on, also when nobody
    /// comes.
    pub(super) fn note_sites(&mut self) -> Result<(), Fault> {
        let now_unix_ms = self.clock.now_unix_ms();
        let mut step = Step::default();
        let mut is_new = false;
        for site in self.roster.all() {
            let key = rows::site_key(&site.name);
            let stored: Option<SiteRow> = self.disk.row(&key, "a site's row")?;
            match stored {
                None if !site.is_configured => {}
                None => {
                    self.note_site(&site.name, now_unix_ms, &mut step)?;
                    is_new = true;
                }
                Some(stored) => {
                    let row = site.row(stored.created_unix_ms);
                    if let Some(terms) = row.terms.last().filter(|_| row != stored) {
                        crate::telemetry::terms_change(&site.name, terms.from);
                        step.put_row(&key, &row)?;
                        is_new = true;
                    }
                }
            }
        }
        if is_new { self.disk.commit(step) } else { Ok(()) }
    }

    /// Ends open periods whose keys are lost: they become gaps, and the journal is cut so that it is not asked for
    /// them again.
    pub(super) fn give_up(&mut self, epochs: &BTreeSet<Epoch>) -> Result<(), Fault> {
        let now_unix_ms = self.clock.now_unix_ms();
        for epoch in epochs {
            let Some(site) = self.roster.get(&epoch.site) else { continue };
            let is_open = |i: &Index| !i.sites.get(&epoch.site).is_some_and(|s| s.sealed.contains(epoch.period));
            if is_open(&self.index.read().unwrap_or_else(PoisonError::into_inner)) {
                self.publish_gap(&site, epoch, "its key was lost and it was given up".to_owned(), now_unix_ms)?;
            }
        }
        if epochs.is_empty() { Ok(()) } else { self.checkpoint() }
    }
}

fn receipt(row: &ProducerRow, books: Option<super::outcome::Books>) -> Receipt {
    Receipt { durable_sequence: row.sequence, cursor: row.cursor.clone(), books }
}

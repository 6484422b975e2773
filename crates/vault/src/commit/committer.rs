//! The committer: the one owner of the open cells. It bounds, commits and seals; nobody else changes anything.
//!
//! Batches that arrive while the disk is busy are committed together: one delta, one atomic step, one sync, and only
//! then the answers. The writer makes a step durable while the committer bounds the next group. So the cells in memory run
//! ahead of the disk by what is under way; nothing of that is answered or published before it is durable, and where a step
//! fails the process stops: nothing is ever served from memory that the disk refused.

use std::{
    path::PathBuf,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::{mpsc, watch};

use super::{
    checkpoint::Checkpointer,
    group::{Group, Producers},
    intake::{Commit, Refusal},
    open::OpenCells,
    writer::Writer,
};
use crate::{
    admin::running::{self, Order},
    cells::Cells,
    clock::Clock,
    guard::KeyGuard,
    keys::{Epoch, KeyRing},
    release::index::Index,
    seal::{
        Sealing,
        due::{SealQueue, View},
        publish::Publisher,
        trust::ClockTrust,
    },
    sites::{registry::Registry, settings::Site},
    store::{
        CommitError, EngineError, FileError, Step,
        reader::LaneReader,
        rows::{self, SiteRow},
        space,
    },
    units::SiteName,
};

/// Between two looks at what is due for sealing, while nothing else happens.
const TICK: Duration = Duration::from_secs(2);
/// Sightings that are committed together at most.
const SIGHTINGS_PER_GROUP_MAX: usize = 20_000;

/// Owns what is not yet sealed. Made by [`crate::open`]; [`Committer::run`] is its life.
pub struct Committer {
    inbox: Inbox,
    room: Room,
    writer: Writer,
    counted: Counted,
    seals: Seals,
    shared: Shared,
}

/// What comes from outside.
pub(crate) struct Inbox {
    pub(crate) commits: mpsc::Receiver<Commit>,
    pub(crate) orders: mpsc::Receiver<Order>,
}

/// Whether there is room to take anything, and who is told.
pub(crate) struct Room {
    pub(crate) lane: LaneReader,
    pub(crate) data: PathBuf,
    pub(crate) archive: PathBuf,
    pub(crate) reserve_mib: u64,
    pub(crate) accepts: watch::Sender<bool>,
}

/// What is counted, and what the disk has of it.
pub(crate) struct Counted {
    pub(crate) open: OpenCells,
    pub(crate) producers: Producers,
    pub(crate) checkpointer: Checkpointer,
    pub(crate) guard: KeyGuard,
}

/// What is to be published, and by whom.
pub(crate) struct Seals {
    pub(crate) queue: SealQueue,
    pub(crate) publisher: Publisher,
    pub(crate) trust: ClockTrust,
}

/// What other threads read too.
pub(crate) struct Shared {
    pub(crate) registry: Arc<Registry>,
    pub(crate) index: Arc<RwLock<Index>>,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) clock: Arc<dyn Clock>,
    /// The release that a sender has seen of data that are newer than these; 0 for none.
    pub(crate) newer_release: Arc<AtomicU64>,
}

/// What the committer does next.
#[allow(clippy::large_enum_variant, reason = "there is one, and it goes straight on")]
enum Next {
    Commit(Option<Commit>),
    Order(Order),
    Checkpoint,
    Seal,
    Look,
    Failed,
}

impl Room {
    /// Whether there is room for more; says so where that changes.
    fn is_there(&self) -> bool {
        let room = self.check();
        self.accepts.send_if_modified(|accepts| {
            let changes = *accepts != room.is_ok();
            match &room {
                Ok(()) if changes => crate::telemetry::store_accepts(),
                Err(error) if changes => crate::telemetry::store_refuses(error),
                _ => {}
            }
            *accepts = room.is_ok();
            changes
        });
        room.is_ok()
    }

    fn check(&self) -> Result<(), EngineError> {
        self.lane.room()?;
        space::check(&self.archive, self.reserve_mib)
    }

    /// As it was when somebody looked last.
    fn was_there(&self) -> bool {
        *self.accepts.borrow()
    }
}

impl Committer {
    pub(crate) fn new(
        inbox: Inbox,
        room: Room,
        writer: Writer,
        counted: Counted,
        seals: Seals,
        shared: Shared,
    ) -> Self {
        Self { inbox, room, writer, counted, seals, shared }
    }

    /// Commits and seals until the last [`crate::Intake`] is dropped; then writes a checkpoint and ends.
    ///
    /// # Errors
    /// When the store or a key cannot be used any more. The process must stop then: it must never go on from memory
    /// that the disk refused.
    pub fn run(mut self) -> Result<(), CommitError> {
        let waiting = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = waiting.map_err(|source| FileError { path: "the runtime".into(), source })?;
        loop {
            let next = runtime.block_on(self.next());
            self.check_age()?;
            match next {
                Next::Commit(Some(first)) => self.commit_group(first)?,
                Next::Commit(None) => return self.checkpoint(),
                Next::Order(order) => self.follow_order(order)?,
                Next::Checkpoint if self.room.is_there() => self.go_on_with_checkpoint()?,
                Next::Look => {
                    self.ask_guard()?;
                    self.look()?;
                }
                Next::Checkpoint | Next::Seal => {}
                Next::Failed => return Err(self.writer.end()),
            }
            // One period at a time, so that no batch waits for more than one release.
            if !self.seals.queue.is_empty() && self.room.is_there() {
                self.seal_next()?;
            }
        }
    }

    /// Stops where somebody has seen that these data are an older copy. The next start is refused by the note in the keys.
    fn check_age(&self) -> Result<(), CommitError> {
        match self.shared.newer_release.load(Ordering::SeqCst) {
            0 => Ok(()),
            seen => {
                self.seals.publisher.note_release(seen);
                let stored = self.index().read().unwrap_or_else(PoisonError::into_inner).last_release;
                Err(CommitError::OlderCopy { seen, stored })
            }
        }
    }

    /// Waits for something to do. What came from outside goes before what is due.
    async fn next(&mut self) -> Next {
        let has_room = self.room.was_there();
        tokio::select! {
            biased;
            () = self.writer.failed() => Next::Failed,
            commit = self.inbox.commits.recv() => Next::Commit(commit),
            Some(order) = self.inbox.orders.recv() => Next::Order(order),
            () = std::future::ready(()), if has_room && self.counted.checkpointer.is_under_way() => Next::Checkpoint,
            () = std::future::ready(()), if has_room && !self.seals.queue.is_empty() => Next::Seal,
            () = tokio::time::sleep(TICK) => Next::Look,
        }
    }

    /// Hands a batch with all that wait behind it to the writer.
    fn commit_group(&mut self, first: Commit) -> Result<(), CommitError> {
        if !self.room.is_there() {
            let _ = first.reply.send(Err(Refusal::Unavailable));
            return Ok(());
        }
        self.ask_guard()?;
        let mut group = Group::begin(&mut self.counted.open, self.shared.clock.now_unix_ms());
        let mut sightings = first.sightings.len();
        group.take(first, &mut self.counted.open, &self.counted.producers, &self.shared.index);
        while sightings < SIGHTINGS_PER_GROUP_MAX {
            let Ok(next) = self.inbox.commits.try_recv() else { break };
            sightings += next.sightings.len();
            group.take(next, &mut self.counted.open, &self.counted.producers, &self.shared.index);
        }
        let step = self.step(&mut group)?;
        if let Some(stated_unix_ms) = group.heard_unix_ms() {
            self.seals.trust.hear(stated_unix_ms, self.shared.clock.now_unix_ms());
        }
        let (job, stated) = group.finish(step);
        self.seals.queue.look_at(stated);
        self.writer.commit(job)?;
        if self.counted.checkpointer.is_due() {
            self.counted.checkpointer.begin(&self.counted.open);
        }
        Ok(())
    }

    /// Asks whether tables close to new keys, as often as the clock wants it.
    fn ask_guard(&mut self) -> Result<(), CommitError> {
        let Shared { registry, index, keys, clock, .. } = &self.shared;
        let Counted { open, guard, .. } = &mut self.counted;
        guard.ask(open, keys, registry, index, clock.now_unix_ms())
    }

    /// The step that makes a group durable, with some of the checkpoint under way.
    fn step(&mut self, group: &mut Group) -> Result<Option<Step>, CommitError> {
        if group.changes_nothing() {
            return Ok(None);
        }
        let mut step = Step::default();
        for name in group.new_sites() {
            self.note_site(name, &mut step)?;
        }
        group.note_closed(&mut self.counted.open);
        self.counted.checkpointer.note(group.delta().epochs());
        let record_bytes = group.put(&mut step, &mut self.counted.open, &mut self.counted.producers)?;
        self.counted.checkpointer.go_along(&mut self.counted.open, &mut step, record_bytes)?;
        Ok(Some(step))
    }

    /// Notes a site that is seen for the first time, in the step and in the index.
    fn note_site(&self, name: &SiteName, step: &mut Step) -> Result<(), CommitError> {
        let Some(site) = self.shared.registry.get(name) else { return Ok(()) };
        let now_unix_ms = self.shared.clock.now_unix_ms();
        step.put_row(&rows::site_key(name), &site.row(now_unix_ms))?;
        let mut index = self.shared.index.write().unwrap_or_else(PoisonError::into_inner);
        index.sites.entry(name.clone()).or_default().created_unix_ms = now_unix_ms;
        Ok(())
    }

    pub(super) fn commit_and_wait(&mut self, step: Step) -> Result<(), CommitError> {
        self.writer.commit_and_wait(step)
    }

    pub(super) fn sites(&self) -> Vec<Arc<Site>> {
        self.shared.registry.all()
    }

    pub(crate) fn cells(&self) -> &Cells {
        self.counted.open.cells()
    }

    pub(super) fn index(&self) -> &RwLock<Index> {
        &self.shared.index
    }

    pub(super) fn now_unix_ms(&self) -> i64 {
        self.shared.clock.now_unix_ms()
    }

    /// A week or month lacks the sums of some of its days.
    pub(super) fn forget_sums_of(&mut self, epoch: Epoch) {
        self.seals.queue.note_lost(epoch);
    }

    /// Looks at what is due of all sites, and stores how late it is known to be.
    fn look(&mut self) -> Result<(), CommitError> {
        self.seals.queue.look_at(self.shared.registry.names());
        if self.seals.trust.believes(self.shared.clock.now_unix_ms()) && self.room.was_there() {
            self.store_time()?;
        }
        Ok(())
    }

    fn store_time(&mut self) -> Result<(), CommitError> {
        let Some(known_unix_ms) = self.seals.trust.take_unstored() else { return Ok(()) };
        let mut step = Step::default();
        step.put_row(rows::CLOCK_KEY, &known_unix_ms)?;
        self.writer.commit_and_wait(step)
    }

    /// Seals the next period that is due of the sites to look at. Nothing is due by a clock that is not believed.
    fn seal_next(&mut self) -> Result<(), CommitError> {
        if !self.seals.trust.believes(self.shared.clock.now_unix_ms()) {
            self.seals.queue.clear();
            return Ok(());
        }
        let view = View {
            cells: self.counted.open.cells(),
            producers: &self.counted.producers,
            index: &self.shared.index,
            now_unix_ms: self.shared.clock.now_unix_ms(),
        };
        match self.seals.queue.next(&self.shared.registry, &view) {
            Some((site, due)) => {
                let is_lost = self.seals.queue.take_lost(&site.name, due.period);
                self.sealing(due.since_unix_ms).seal(&site, due.period, is_lost)
            }
            None => Ok(()),
        }
    }

    pub(super) fn sealing(&mut self, since_unix_ms: i64) -> Sealing<'_> {
        Sealing {
            open: &mut self.counted.open,
            checkpointer: &mut self.counted.checkpointer,
            publisher: &mut self.seals.publisher,
            writer: &mut self.writer,
            since_unix_ms,
        }
    }

    /// Writes some more of a checkpoint while nothing comes in.
    fn go_on_with_checkpoint(&mut self) -> Result<(), CommitError> {
        match self.counted.checkpointer.next_step(&mut self.counted.open)? {
            Some(step) => self.writer.commit_and_wait(step),
            None => Ok(()),
        }
    }

    /// Writes every changed cell and removes the journal.
    fn checkpoint(&mut self) -> Result<(), CommitError> {
        self.finish_checkpoint()?;
        if self.counted.checkpointer.is_needed(&self.counted.open) {
            self.counted.checkpointer.begin(&self.counted.open);
            self.finish_checkpoint()?;
        }
        while let Some(step) = self.counted.checkpointer.trim_step() {
            self.writer.commit_and_wait(step)?;
        }
        Ok(())
    }

    fn finish_checkpoint(&mut self) -> Result<(), CommitError> {
        while let Some(step) = self.counted.checkpointer.large_step(&mut self.counted.open)? {
            self.writer.commit_and_wait(step)?;
        }
        Ok(())
    }

    fn follow_order(&mut self, order: Order) -> Result<(), CommitError> {
        match order {
            Order::BackUp(reply) => {
                // A checkpoint first: a copy without a journal is smaller and sooner read.
                self.checkpoint()?;
                let settled = self.writer.settled()?;
                let _ = reply.send(running::copy(&self.room.lane, &self.room.data, &settled));
            }
        }
        Ok(())
    }
}

mod start;

#[cfg(test)]
mod probe;

//! Checkpoints: every changed cell is written anew, in parts, and then the journal begins later. This bounds the time that
//! recovery takes.
//!
//! A checkpoint does not stop what comes in: each commit takes some parts along, as they are then. A part says which
//! record of the journal it holds last, so whenever a crash comes, recovery adds to each part what it lacks and nothing
//! twice. Once all parts are written, the journal begins after the record that was its last when the checkpoint began.
//!
//! It makes steps and commits none of them.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::open::OpenCells;
use crate::{
    keys::Epoch,
    store::{
        CommitError, Step,
        rows::{self, ChainPoint},
    },
    tally::Part,
};

/// Steps while nobody may send are so many times as large: fewer of them.
const LARGE_STEP_FACTOR: usize = 16;
/// A stored part of a cell, in bytes, unless a test cuts finer.
const PART_BYTES_MAX: usize = 256 * 1024;
/// Records that are removed with each group: more than come with it.
const RECORDS_TRIMMED_PER_GROUP: u64 = 2;
/// Records that are removed in one step while nobody waits.
const RECORDS_TRIMMED_AT_ONCE: u64 = 64;

/// How finely checkpoints are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Estimated upper bound of a stored part of a cell in bytes; what does not grow with visitors is exempt.
    pub part_bytes_max: usize,
    /// A checkpoint is written in steps of about so many bytes while nothing comes in. What comes then waits for one of them.
    pub step_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { part_bytes_max: PART_BYTES_MAX, step_bytes: 256 * 1024 }
    }
}

/// A checkpoint under way.
struct UnderWay {
    /// What is not written yet.
    left: VecDeque<(Epoch, Part)>,
    /// Where the journal begins afterwards, and how many of its bytes come before that.
    base: ChainPoint,
    journal_bytes: u64,
    /// What was written.
    bytes: u64,
}

/// What the disk has of the cells and of the journal, as far as it is known without reading it.
pub(crate) struct Stored {
    /// Epochs whose stored cell is older than the journal's head.
    pub(crate) dirty: BTreeSet<Epoch>,
    /// The parts in which each cell is stored, but for the rest.
    pub(crate) parts: HashMap<Epoch, BTreeSet<Part>>,
    /// The journal begins after this record.
    pub(crate) base: ChainPoint,
    /// Records up to this one are removed from the disk.
    pub(crate) trimmed: u64,
    pub(crate) journal_bytes: u64,
}

/// Keeps the journal short.
pub(crate) struct Checkpointer {
    stored: Stored,
    under_way: Option<UnderWay>,
    /// What the cells took that the last checkpoint wrote.
    last_bytes: u64,
    /// Journal bytes after which the cells are written anew and the journal is cut.
    journal_bytes_max: u64,
    limits: Limits,
}

impl Checkpointer {
    pub(crate) fn new(stored: Stored, journal_bytes_max: u64, limits: Limits) -> Self {
        Self { stored, under_way: None, last_bytes: 0, journal_bytes_max, limits }
    }

    /// Notes a record of the journal.
    pub(super) fn note<'e>(&mut self, epochs: impl Iterator<Item = &'e Epoch>) {
        self.stored.dirty.extend(epochs.cloned());
    }

    /// Takes some of a checkpoint along with a record of so many bytes: twice as much as the journal grows by, so that a
    /// checkpoint ends long before the next is due.
    pub(super) fn go_along(
        &mut self,
        open: &mut OpenCells,
        step: &mut Step,
        record_bytes: usize,
    ) -> Result<(), CommitError> {
        self.trim(step, RECORDS_TRIMMED_PER_GROUP);
        self.stored.journal_bytes += record_bytes as u64;
        self.put_some(open, step, 2 * record_bytes)
    }

    /// Whether one is to begin. Cells that are larger than the journal may be wait until it is as large as they were: to write
    /// them costs as much again as the journal, and not more.
    pub(super) fn is_due(&self) -> bool {
        self.under_way.is_none() && self.stored.journal_bytes > self.journal_bytes_max.max(self.last_bytes)
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// Whether the stored cells lack something.
    pub(super) fn is_needed(&self, open: &OpenCells) -> bool {
        self.stored.base != open.head() || !self.stored.dirty.is_empty()
    }

    /// Begins a checkpoint of all changed cells.
    pub(super) fn begin(&mut self, open: &OpenCells) {
        let dirty = std::mem::take(&mut self.stored.dirty);
        let left = dirty.iter().flat_map(|epoch| self.parts_of(open, epoch)).collect();
        let journal_bytes = self.stored.journal_bytes;
        self.under_way = Some(UnderWay { left, base: open.head(), journal_bytes, bytes: 0 });
    }

    /// Some more of the checkpoint under way; none where there is none.
    pub(super) fn next_step(&mut self, open: &mut OpenCells) -> Result<Option<Step>, CommitError> {
        self.step_of(open, self.limits.step_bytes)
    }

    /// The same while nobody may send.
    pub(super) fn large_step(&mut self, open: &mut OpenCells) -> Result<Option<Step>, CommitError> {
        self.step_of(open, LARGE_STEP_FACTOR * self.limits.step_bytes)
    }

    fn step_of(&mut self, open: &mut OpenCells, bytes: usize) -> Result<Option<Step>, CommitError> {
        if self.under_way.is_none() {
            return Ok(None);
        }
        let mut step = Step::default();
        self.put_some(open, &mut step, bytes)?;
        Ok(Some(step))
    }

    /// Removes records that are in the cells already; none where there are none.
    pub(super) fn trim_step(&mut self) -> Option<Step> {
        (self.stored.trimmed < self.stored.base.sequence).then(|| {
            let mut step = Step::default();
            self.trim(&mut step, RECORDS_TRIMMED_AT_ONCE);
            step
        })
    }

    fn trim(&mut self, step: &mut Step, records_max: u64) {
        let through = self.stored.base.sequence.min(self.stored.trimmed + records_max);
        for sequence in self.stored.trimmed + 1..=through {
            step.remove(rows::journal_key(sequence));
        }
        self.stored.trimmed = through;
    }

    /// Puts some more of a checkpoint into a step: at least one part, and about so many bytes. The step is durable after the
    /// journal's head, or with it.
    fn put_some(&mut self, open: &mut OpenCells, step: &mut Step, bytes: usize) -> Result<(), CommitError> {
        let Some(mut under_way) = self.under_way.take() else { return Ok(()) };
        let before = step.bytes();
        while let Some((epoch, part)) = under_way.left.pop_front() {
            // Meanwhile it may have been sealed.
            if open.cells().has(&epoch) {
                self.put_part(open, &epoch, part, step)?;
            }
            if step.bytes() - before >= bytes {
                break;
            }
        }
        under_way.bytes += (step.bytes() - before) as u64;
        if !under_way.left.is_empty() {
            self.under_way = Some(under_way);
            return Ok(());
        }
        step.put_row(rows::BASE_KEY, &under_way.base)?;
        self.stored.base = under_way.base;
        self.stored.journal_bytes -= under_way.journal_bytes;
        self.last_bytes = under_way.bytes;
        Ok(())
    }

    /// Puts all of an epoch's cell, as of the journal's head, into a step.
    pub(crate) fn put_cell(&mut self, open: &mut OpenCells, epoch: &Epoch, step: &mut Step) -> Result<(), CommitError> {
        if open.cells().has(epoch) {
            for (epoch, part) in self.parts_of(open, epoch) {
                self.put_part(open, &epoch, part, step)?;
            }
        }
        Ok(())
    }

    /// The parts in which a cell is to be written: those that are stored, and what is missing.
    fn parts_of(&self, open: &OpenCells, epoch: &Epoch) -> Vec<(Epoch, Part)> {
        let (none, bytes) = (BTreeSet::new(), open.cells().halved_bytes(epoch));
        let stored = self.stored.parts.get(epoch).unwrap_or(&none);
        let mut parts = vec![(epoch.clone(), Part::REST)];
        if bytes > 0 {
            let halved = Part::complete(stored, Part::depth_of(bytes, self.limits.part_bytes_max));
            parts.extend(halved.into_iter().map(|part| (epoch.clone(), part)));
        }
        parts
    }

    /// Puts a part of an epoch's cell, as of the journal's head, into a step; one that has grown is split.
    pub(crate) fn put_part(
        &mut self,
        open: &mut OpenCells,
        epoch: &Epoch,
        part: Part,
        step: &mut Step,
    ) -> Result<(), CommitError> {
        if part == Part::REST {
            return open.put_part(epoch, part, step);
        }
        let depth = Part::depth_of(open.cells().halved_bytes(epoch), self.limits.part_bytes_max);
        let stored = self.stored.parts.entry(epoch.clone()).or_default();
        stored.remove(&part);
        step.remove(rows::part_key(epoch, part));
        for part in part.split(depth.saturating_sub(part.depth())) {
            open.put_part(epoch, part, step)?;
            stored.insert(part);
        }
        Ok(())
    }

    /// Forgets an epoch that is sealed.
    pub(crate) fn forget(&mut self, epoch: &Epoch) {
        self.stored.dirty.remove(epoch);
        self.stored.parts.remove(epoch);
    }

    /// What is stored, as this knows it.
    #[cfg(test)]
    pub(super) fn stored(&self) -> &Stored {
        &self.stored
    }
}

//! Checkpoints: every changed cell is written anew, in parts, and then the journal begins later. This bounds the time that
//! recovery takes.
//!
//! A checkpoint does not stop what comes in: each commit takes some parts along, as they are then. A part says which
//! record of the journal it holds last, so whenever a crash comes, recovery adds to each part what it lacks and nothing
//! twice. Once all parts are written, the journal begins after the record that was its last when the checkpoint began.

use std::collections::{BTreeSet, VecDeque};

use crate::vault::{
    keeper::Keeper,
    keys::Epoch,
    store::{
        Fault,
        disk::Step,
        journal::{Checkpoint, Place},
        rows::{self, ChainPoint},
    },
    tally::Part,
};

/// A part of a cell has no more bytes, but for the rest and as far as they can be told before. Tests split small cells too,
/// and take many steps.
const PART_BYTES_MAX: usize = if cfg!(test) { 64 } else { 256 * 1024 };
/// A checkpoint is written in steps of about so many bytes while nothing comes in. What comes then waits for one of them.
const STEP_BYTES: usize = if cfg!(test) { 128 } else { 256 * 1024 };
/// The same while nobody may send: larger steps are fewer.
const LARGE_STEP_BYTES: usize = 16 * STEP_BYTES;
/// Records that are removed in one step while nobody waits.
const RECORDS_TRIMMED_AT_ONCE: u64 = 64;

/// A checkpoint under way.
pub(in crate::vault) struct Fold {
    /// What is not written yet.
    left: VecDeque<(Epoch, Part)>,
    /// Where the journal begins afterwards, and how many of its bytes come before that.
    base: ChainPoint,
    journal_bytes: u64,
    /// What was written.
    bytes: u64,
}

impl Keeper {
    /// Writes every changed cell and removes the journal.
    pub(in crate::vault) fn checkpoint(&mut self) -> Result<(), Fault> {
        self.writer.settle()?;
        self.finish_fold()?;
        if self.base != self.head || !self.dirty.is_empty() {
            self.begin_fold()?;
            self.finish_fold()?;
        }
        while self.trimmed < self.base.sequence {
            let mut step = Step::default();
            self.trim(&mut step, RECORDS_TRIMMED_AT_ONCE)?;
            self.disk.commit(step)?;
        }
        Ok(())
    }

    /// Begins a checkpoint of all changed cells. No part of them is still on its way to the disk.
    pub(in crate::vault) fn begin_fold(&mut self) -> Result<(), Fault> {
        self.writer.settle()?;
        let left = self.dirty.iter().flat_map(|epoch| self.parts_of(epoch));
        let left = left.collect();
        self.fold = Some(Fold { left, base: self.head, journal_bytes: self.journal_bytes, bytes: 0 });
        self.dirty.clear();
        Ok(())
    }

    fn finish_fold(&mut self) -> Result<(), Fault> {
        while self.fold.is_some() {
            self.write_some(LARGE_STEP_BYTES)?;
        }
        Ok(())
    }

    /// Writes some more of a checkpoint while nothing comes in.
    pub(in crate::vault) fn go_on_folding(&mut self) -> Result<(), Fault> {
        self.writer.settle()?;
        self.write_some(STEP_BYTES)
    }

    fn write_some(&mut self, bytes: usize) -> Result<(), Fault> {
        let mut step = Step::default();
        self.fold_some(&mut step, bytes)?;
        self.disk.commit(step)
    }

    /// Puts some more of a checkpoint into a step: at least one part, and about so many bytes. The step is durable after the
    /// journal's head, or with it.
    pub(in crate::vault) fn fold_some(&mut self, step: &mut Step, bytes: usize) -> Result<(), Fault> {
        let Some(mut fold) = self.fold.take() else { return Ok(()) };
        let before = step.bytes();
        while let Some((epoch, part)) = fold.left.pop_front() {
            // Meanwhile it may have been sealed.
            if self.cells.has(&epoch) {
                self.put_part(&epoch, part, step)?;
            }
            if step.bytes() - before >= bytes {
                break;
            }
        }
        fold.bytes += (step.bytes() - before) as u64;
        if !fold.left.is_empty() {
            self.fold = Some(fold);
            return Ok(());
        }
        step.put_row(rows::BASE_KEY, &fold.base)?;
        self.base = fold.base;
        self.journal_bytes -= fold.journal_bytes;
        self.folded_bytes = fold.bytes;
        Ok(())
    }

    /// Puts all of an epoch's cell, as of the journal's head, into a step.
    pub(in crate::vault) fn put_cell(&mut self, epoch: &Epoch, step: &mut Step) -> Result<(), Fault> {
        if self.cells.has(epoch) {
            for (epoch, part) in self.parts_of(epoch) {
                self.put_part(&epoch, part, step)?;
            }
        }
        Ok(())
    }

    /// The parts in which a cell is to be written: those that are stored, and what is missing.
    fn parts_of(&self, epoch: &Epoch) -> Vec<(Epoch, Part)> {
        let (none, bytes) = (BTreeSet::new(), self.cells.halved_bytes(epoch));
        let stored = self.parts.get(epoch).unwrap_or(&none);
        let mut parts = vec![(epoch.clone(), Part::REST)];
        if bytes > 0 {
            let halved = Part::complete(stored, Part::depth_of(bytes, PART_BYTES_MAX));
            parts.extend(halved.into_iter().map(|part| (epoch.clone(), part)));
        }
        parts
    }

    /// Puts a part of an epoch's cell, as of the journal's head, into a step; one that has grown is split.
    pub(in crate::vault) fn put_part(&mut self, epoch: &Epoch, part: Part, step: &mut Step) -> Result<(), Fault> {
        self.disk.remove_long(step, &rows::part_key(epoch, part))?;
        if part == Part::REST {
            return self.put_one(epoch, part, step);
        }
        let depth = Part::depth_of(self.cells.halved_bytes(epoch), PART_BYTES_MAX);
        if let Some(stored) = self.parts.get_mut(epoch) {
            stored.remove(&part);
        }
        for part in part.split(depth.saturating_sub(part.depth())) {
            self.put_one(epoch, part, step)?;
            self.parts.entry(epoch.clone()).or_default().insert(part);
        }
        Ok(())
    }

    fn put_one(&mut self, epoch: &Epoch, part: Part, step: &mut Step) -> Result<(), Fault> {
        let through = self.head.sequence;
        let encoded = self.cells.encode_part(epoch, part);
        let section = self.section(epoch, Place::Part(part, through), encoded)?;
        let bytes = rows::encode(&Checkpoint { through, section })?;
        step.put_long(&rows::part_key(epoch, part), &bytes)
    }

    /// Forgets an epoch that is sealed.
    pub(in crate::vault) fn forget(&mut self, epoch: &Epoch) {
        self.cells.remove(epoch);
        self.dirty.remove(epoch);
        self.parts.remove(epoch);
    }

    /// Removes some of the records that are in the cells already.
    pub(in crate::vault) fn trim(&mut self, step: &mut Step, records_max: u64) -> Result<(), Fault> {
        let through = self.base.sequence.min(self.trimmed + records_max);
        for sequence in self.trimmed + 1..=through {
            self.disk.remove_long(step, &rows::journal_key(sequence))?;
        }
        self.trimmed = through;
        Ok(())
    }
}

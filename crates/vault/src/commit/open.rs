//! The open cells, and the end of the journal that they hold. Memory is ahead of the disk by what is under way.

use std::sync::Arc;

use super::journal::{Checkpoint, Place, Record, Section};
use crate::{
    cells::Cells,
    keys::{Epoch, KeyRing},
    store::{
        CommitError, Damaged, Step,
        rows::{self, ChainPoint},
    },
    tables::TableSet,
    tally::Part,
};

/// What is counted and not yet sealed, under the keys of its periods.
pub(crate) struct OpenCells {
    cells: Cells,
    /// The delta of the last group, emptied: its memory is used again.
    spare: Cells,
    /// The journal's last record.
    head: ChainPoint,
    keys: Arc<KeyRing>,
    /// Tables that closed since the last group: the next one makes it durable.
    closed: Vec<(Epoch, TableSet)>,
}

impl OpenCells {
    pub(crate) fn new(cells: Cells, head: ChainPoint, keys: Arc<KeyRing>) -> Self {
        Self { cells, spare: Cells::default(), head, keys, closed: Vec::new() }
    }

    pub(crate) fn cells(&self) -> &Cells {
        &self.cells
    }

    pub(crate) fn cells_mut(&mut self) -> &mut Cells {
        &mut self.cells
    }

    /// Closes tables of a day to new keys.
    pub(crate) fn close(&mut self, day: Epoch, tables: TableSet) {
        if let Some(tally) = self.cells.days.get_mut(&day) {
            tally.close(tables);
            self.closed.push((day, tables));
        }
    }

    /// Puts what closed since the last group into the delta of this one, unless the day was sealed meanwhile.
    pub(super) fn note_closed(&mut self, delta: &mut Cells) {
        for (day, tables) in self.closed.drain(..).filter(|(day, _)| self.cells.days.contains_key(day)) {
            delta.days.entry(day).or_default().close(tables);
        }
    }

    /// The journal's last record.
    pub(super) fn head(&self) -> ChainPoint {
        self.head
    }

    /// An empty delta.
    pub(super) fn delta(&mut self) -> Cells {
        std::mem::take(&mut self.spare)
    }

    /// Puts a delta into a step, as the journal's next record. Gives the record's length in bytes.
    pub(super) fn append(&mut self, mut delta: Cells, step: &mut Step) -> Result<usize, CommitError> {
        let mut length = 0;
        if !delta.is_empty() {
            let mut sections = Vec::new();
            for epoch in delta.epochs() {
                sections.push(self.section(epoch, Place::After(self.head), delta.encode(epoch))?);
            }
            let (bytes, point) = Record::finish(sections, self.head)?;
            length = bytes.len();
            step.put(rows::journal_key(point.sequence), bytes);
            step.put_row(rows::HEAD_KEY, &point)?;
            self.head = point;
        }
        delta.clear();
        self.spare = delta;
        Ok(length)
    }

    /// Puts a part of an epoch's cell, as of the journal's head, into a step.
    pub(super) fn put_part(&mut self, epoch: &Epoch, part: Part, step: &mut Step) -> Result<(), CommitError> {
        let through = self.head.sequence;
        let encoded = self.cells.encode_part(epoch, part);
        let section = self.section(epoch, Place::Part(part, through), encoded)?;
        step.put_row(&rows::part_key(epoch, part), &Checkpoint { through, section })?;
        Ok(())
    }

    /// What was encoded of an epoch, under its key.
    fn section(
        &self,
        epoch: &Epoch,
        place: Place,
        encoded: Option<postcard::Result<Vec<u8>>>,
    ) -> Result<Section, CommitError> {
        let tally = encoded.and_then(Result::ok);
        let tally = tally.ok_or_else(|| Damaged::new(format!("the tally of {epoch} cannot be encoded")))?;
        Section::seal(epoch, &*self.keys.for_writing(epoch)?, place, tally)
    }
}

//! Writes the rows of the lane, one step after the other. There is one writer, and it cannot be copied.
//!
//! Each step changes the digest over the rows by what it changes, and names the digest that it follows: that is the fence
//! which keeps out whoever believes to own the lane and does not.

use super::{
    CommitError, ReadError,
    digest::{RowDigest, covers},
    engine::{Changes, EngineError, Fate, Fence, StepError, WriteRows},
    reader::LaneReader,
    step::Step,
};

/// How often a step that turned out not to be there is sent again.
const SENT_AGAIN_MAX: u32 = 3;

/// The one who may write.
pub(crate) struct LaneWriter {
    lane: Box<dyn WriteRows>,
    reader: LaneReader,
    /// The last durable step.
    last: Fence,
}

impl LaneWriter {
    pub(super) fn new(lane: Box<dyn WriteRows>, reader: LaneReader, last: Fence) -> Self {
        Self { lane, reader, last }
    }

    /// Makes a step durable. After a failure nobody may go on from memory that has it.
    pub(crate) fn commit(&mut self, step: Step) -> Result<(), CommitError> {
        let changes = step.changes(&self.reader)?;
        let to = self.fence_after(&changes)?;
        let mut again = SENT_AGAIN_MAX;
        while let Some(error) = self.send(&changes, &to)? {
            if again == 0 {
                return Err(error.into());
            }
            again -= 1;
        }
        self.last = to;
        Ok(())
    }

    /// None once the step is durable; an error where it is known not to be there, and may be sent again.
    fn send(&mut self, changes: &Changes, to: &Fence) -> Result<Option<EngineError>, CommitError> {
        let fenced = |found: Fence, known: Fence| CommitError::Fenced { found: found.steps, known: known.steps };
        match self.lane.commit(changes, &self.last, to) {
            Ok(()) => Ok(None),
            Err(StepError::Fenced(found)) => Err(fenced(found, self.last)),
            Err(StepError::Refused(error)) => Err(error.into()),
            // Whether it is there must be asked: to send it again blindly may count twice.
            Err(StepError::InDoubt(error)) => match self.lane.fate(&self.last, to) {
                Fate::Durable => Ok(None),
                Fate::Absent => Ok(Some(error)),
                Fate::Fenced(found) => Err(fenced(found, self.last)),
                Fate::Unknown => Err(error.into()),
            },
        }
    }

    /// The fence that these changes lead to.
    fn fence_after(&self, changes: &Changes) -> Result<Fence, ReadError> {
        let mut digest = RowDigest(self.last.digest);
        for (key, value) in changes.iter().filter(|(key, _)| covers(key)) {
            if let Some(old) = self.reader.get(key)? {
                digest.remove(key, &old);
            }
            if let Some(new) = value {
                digest.add(key, new);
            }
        }
        Ok(Fence { steps: self.last.steps + 1, digest: digest.0 })
    }
}

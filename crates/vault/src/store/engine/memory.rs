//! A lane in memory: the model of what an engine must do, with faults on demand. It is no place for data.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Changes, EngineError, Fate, Fence, Keys, Opened, Range, ReadRows, Rows, StepError, WriteRows, refused};

/// What goes wrong with the next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing is written, and that is known.
    Refused,
    /// Nothing is written, and that is not known.
    LostBefore,
    /// It is written, and that is not known.
    LostAfter,
    /// It is written and not known, and neither is what becomes of it.
    Unknown,
}

/// What is durable.
#[derive(Default)]
struct State {
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    fence: Fence,
    fault: Option<Fault>,
    /// Whether nobody can ask what became of the last step.
    is_mute: bool,
}

/// A lane that outlives those who have it open.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<State>>);

impl Memory {
    /// Opens it; whoever had it open before is not kept out, but by the fence.
    pub(crate) fn open(&self) -> Opened {
        self.state().is_mute = false;
        let place = PathBuf::from("memory");
        Opened { reader: Arc::new(self.clone()), writer: Box::new(self.clone()), high_water: None, place }
    }

    /// The next step fails so.
    pub(crate) fn fail(&self, fault: Fault) {
        self.state().fault = Some(fault);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn range(&self, range: &Range) -> Vec<(Vec<u8>, Vec<u8>)> {
        let state = self.state();
        let rows = state.rows.iter().filter(|(key, _)| range.contains(key));
        rows.map(|(key, value)| (key.clone(), value.clone())).collect()
    }
}

impl ReadRows for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        Ok(self.state().rows.get(key).cloned())
    }

    fn scan(&self, range: &Range) -> Rows<'_> {
        Box::new(self.range(range).into_iter().map(Ok))
    }

    fn keys(&self, range: &Range) -> Keys<'_> {
        Box::new(self.range(range).into_iter().map(|(key, _)| Ok(key)))
    }

    fn fence(&self) -> Result<Fence, EngineError> {
        Ok(self.state().fence)
    }

    fn room(&self) -> Result<(), EngineError> {
        Ok(())
    }

    fn abandon(&self) {}
}

impl WriteRows for Memory {
    fn commit(&mut self, changes: &Changes, from: &Fence, to: &Fence) -> Result<(), StepError> {
        let mut state = self.state();
        let error = || refused(&PathBuf::from("memory"), "the connection was lost");
        if state.fence != *from {
            return Err(StepError::Fenced(state.fence));
        }
        let fault = state.fault.take();
        match fault {
            Some(Fault::Refused) => return Err(StepError::Refused(error())),
            Some(Fault::LostBefore) => return Err(StepError::InDoubt(error())),
            _ => {}
        }
        for (key, value) in changes {
            match value {
                Some(value) => state.rows.insert(key.clone(), value.clone()),
                None => state.rows.remove(key),
            };
        }
        state.fence = *to;
        state.is_mute = fault == Some(Fault::Unknown);
        if fault.is_some() { Err(StepError::InDoubt(error())) } else { Ok(()) }
    }

    fn fate(&mut self, from: &Fence, to: &Fence) -> Fate {
        let state = self.state();
        match state.fence {
            _ if state.is_mute => Fate::Unknown,
            found if found == *to => Fate::Durable,
            found if found == *from => Fate::Absent,
            found => Fate::Fenced(found),
        }
    }
}

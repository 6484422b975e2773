//! How much of messages that have begun and not ended is kept, over all clients.
//!
//! It is here because a client can begin many messages and finish none. Nobody waits for room: where all messages together are too long,
//! the one that has held the most for the longest is refused. A message of usual length is there for milliseconds, so it is never
//! that one. It counts bytes and never looks at them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::status;
use crate::{
    answers::limit::{Connection, HangUp},
    telemetry::{Refusals, Refused},
};

/// What messages may take.
#[derive(Debug, Clone, Copy)]
pub struct MessageLimits {
    /// The longest message, in bytes.
    pub bytes: usize,
    /// All that have begun and not ended, of one connection, in bytes.
    pub connection_bytes: usize,
    /// The same over all connections.
    pub all_bytes: usize,
    /// How long a message may take from its first byte to its last.
    pub wait: Duration,
}

/// All messages that have begun. Clones share them.
#[derive(Clone)]
pub struct Unfinished(Arc<Shared>);

struct Shared {
    limits: MessageLimits,
    refusals: Refusals,
    parts: Mutex<Parts>,
}

#[derive(Default)]
struct Parts {
    next: u64,
    bytes: usize,
    by_number: HashMap<u64, State>,
    by_connection: HashMap<Connection, usize>,
}

struct State {
    connection: Connection,
    bytes: usize,
    since: Instant,
    refused: Option<Refused>,
    told: HangUp,
}

impl State {
    /// Bytes times milliseconds.
    fn weight(&self, now: Instant) -> u128 {
        self.bytes as u128 * (1 + now.saturating_duration_since(self.since).as_millis())
    }
}

impl Parts {
    /// Refuses the heaviest of those that match.
    fn refuse_heaviest(&mut self, refusals: &Refusals, refused: Refused, matches: impl Fn(&State) -> bool) {
        let now = Instant::now();
        let left = self.by_number.values_mut().filter(|state| state.refused.is_none() && matches(state));
        if let Some(heaviest) = left.max_by_key(|state| state.weight(now)) {
            refusals.count(refused);
            heaviest.refused = Some(refused);
            heaviest.told.now();
            // What it holds goes with its next turn; until then it counts no more.
            self.bytes -= heaviest.bytes;
            let of_connection = self.by_connection.entry(heaviest.connection).or_default();
            *of_connection = of_connection.saturating_sub(heaviest.bytes);
        }
    }
}

impl Unfinished {
    /// Nothing has begun.
    #[must_use]
    pub fn new(limits: MessageLimits, refusals: Refusals) -> Self {
        Self(Arc::new(Shared { limits, refusals, parts: Mutex::default() }))
    }

    pub(super) fn limits(&self) -> MessageLimits {
        self.0.limits
    }

    pub(super) fn count(&self, refused: Refused) {
        self.0.refusals.count(refused);
    }

    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.0.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A message begins. `told` hears when it is the one that has to go.
    pub(super) fn begin(&self, connection: Connection, told: HangUp) -> Part {
        let mut parts = self.parts();
        let number = parts.next;
        parts.next += 1;
        let state = State { connection, bytes: 0, since: Instant::now(), refused: None, told: told.clone() };
        parts.by_number.insert(number, state);
        Part { all: self.clone(), number, told }
    }
}

/// What is kept of one message; given back when it is dropped.
pub(super) struct Part {
    all: Unfinished,
    number: u64,
    told: HangUp,
}

impl Part {
    /// It takes so many bytes now.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED when it is the one that has to go.
    pub(super) fn hold(&self, bytes: usize) -> Result<(), tonic::Status> {
        let Shared { limits, refusals, .. } = &*self.all.0;
        let mut parts = self.all.parts();
        let parts_now = &mut *parts;
        let Some(state) = parts_now.by_number.get_mut(&self.number) else { return Ok(()) };
        if state.refused.is_none() {
            let (connection, more) = (state.connection, bytes.saturating_sub(state.bytes));
            state.bytes += more;
            parts_now.bytes += more;
            let of_connection = parts_now.by_connection.entry(connection).or_default();
            *of_connection += more;
            if *of_connection > limits.connection_bytes {
                parts_now.refuse_heaviest(refusals, Refused::ConnectionBytes, |state| state.connection == connection);
            }
            if parts_now.bytes > limits.all_bytes {
                parts_now.refuse_heaviest(refusals, Refused::MessageBytes, |_| true);
            }
        }
        drop(parts);
        self.check()
    }

    fn check(&self) -> Result<(), tonic::Status> {
        match self.all.parts().by_number.get(&self.number).and_then(|state| state.refused) {
            Some(_) => Err(status::too_much_unfinished()),
            None => Ok(()),
        }
    }

    /// Waits until it is the one that has to go.
    pub(super) async fn refused(&self) -> tonic::Status {
        loop {
            self.told.asked().await;
            if let Err(status) = self.check() {
                return status;
            }
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let mut parts = self.all.parts();
        let Some(state) = parts.by_number.remove(&self.number) else { return };
        let counted = if state.refused.is_none() { state.bytes } else { 0 };
        parts.bytes -= counted;
        let of_connection = parts.by_connection.get(&state.connection).copied().unwrap_or(0).saturating_sub(counted);
        match of_connection {
            0 => parts.by_connection.remove(&state.connection),
            left => parts.by_connection.insert(state.connection, left),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unfinished() -> Unfinished {
        let limits = MessageLimits { bytes: 100, connection_bytes: 150, all_bytes: 250, wait: Duration::from_secs(1) };
        Unfinished::new(limits, Refusals::default())
    }

    fn is_empty(all: &Unfinished) -> bool {
        let parts = all.parts();
        parts.bytes == 0 && parts.by_number.is_empty() && parts.by_connection.is_empty()
    }

    #[tokio::test]
    async fn the_one_that_holds_most_for_longest_goes_and_short_ones_never() {
        let all = unfinished();
        let held: Vec<Part> = (0..3).map(|connection| all.begin(Connection(connection), HangUp::default())).collect();
        for part in &held {
            part.hold(80).unwrap();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        // A short one is taken; an old one goes for it.
        let short = all.begin(Connection(9), HangUp::default());
        short.hold(20).unwrap();
        let gone = held.iter().filter(|part| part.hold(80).is_err()).count();
        assert_eq!(gone, 1);
        assert!(short.hold(20).is_ok());
        drop((held, short));
        assert!(is_empty(&all));
    }

    #[tokio::test]
    async fn a_connection_has_a_limit_of_its_own() {
        let all = unfinished();
        let other = all.begin(Connection(2), HangUp::default());
        other.hold(90).unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        let (first, second) =
            (all.begin(Connection(1), HangUp::default()), all.begin(Connection(1), HangUp::default()));
        first.hold(100).unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        second.hold(60).unwrap();
        let status = first.refused().await;
        assert_eq!(status.code(), tonic::Code::ResourceExhausted);
        // What was refused counts no more, nor twice.
        assert!(first.hold(100).is_err() && second.hold(90).is_ok() && other.hold(100).is_ok());
        drop((first, second, other));
        assert!(is_empty(&all));
    }
}

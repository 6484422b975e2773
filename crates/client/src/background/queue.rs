//! Events that wait to be sent: bounded, and open to many requests at once, none of which it holds up.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use headcount_proto::AccessEvent;
use tokio::sync::Notify;

use super::Options;
use super::held::Held;
use crate::batch::{BATCH_BYTES_MAX, Batch};

/// The longest event of a sender that keeps to the protocol, encoded, with room to spare.
const EVENT_BYTES_MAX: usize = 64 * 1024;

/// What is dropped when more events wait than may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// The event that comes.
    DropNewest,
    /// The event that has waited longest.
    DropOldest,
}

/// Takes events. Clones share everything.
#[derive(Clone)]
pub struct Queue(Arc<Shared>);

struct Shared {
    options: Options,
    waiting: Mutex<Waiting>,
    is_batch: Notify,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<AccessEvent>,
    held: Held,
}

impl Queue {
    pub(super) fn new(options: Options) -> Self {
        let (waiting, is_batch, dropped) = (Mutex::default(), Notify::new(), AtomicU64::new(0));
        Self(Arc::new(Shared { options, waiting, is_batch, dropped }))
    }

    pub(super) fn options(&self) -> &Options {
        &self.0.options
    }

    /// Takes an event, and never waits. Give it a time: it is sent later.
    pub fn offer(&self, event: AccessEvent) {
        let mut waiting = self.waiting();
        self.push(&mut waiting, event);
    }

    /// A browser is about to get this cookie for the first time. False where too many are waited for: then give it none.
    ///
    /// A browser that takes cookies shows with its next request, of whatever file, that it did. So its first view waits for that
    /// ([`Queue::offer_first`]) and counts under the cookie like all after it. One that refuses them never comes back with it: after
    /// [`Options::hold_max`] the view goes out without a cookie, as all of that browser's do.
    #[must_use]
    pub fn issue(&self, cookie: &str) -> bool {
        let mut waiting = self.waiting();
        let has_room = waiting.held.len() < self.0.options.held_events_max;
        if has_room {
            waiting.held.issue(cookie, Instant::now());
        }
        has_room
    }

    /// The event of the request that was answered with a new cookie.
    pub fn offer_first(&self, cookie: &str, event: AccessEvent) {
        let mut waiting = self.waiting();
        if let Some(event) = waiting.held.first(cookie, event) {
            self.push(&mut waiting, event);
        }
    }

    /// A request came with this cookie. Call it for every request, also where no event is offered for it.
    pub fn came_back(&self, cookie: &str) {
        let mut waiting = self.waiting();
        if let Some(first) = waiting.held.came_back(cookie) {
            self.push(&mut waiting, first);
        }
    }

    /// How many events were dropped because too many waited, or because what the server said made an end of them.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// How many wait in the queue.
    #[must_use]
    pub fn waiting_events(&self) -> usize {
        self.waiting().events.len()
    }

    /// Sends on without their cookie what has waited for it long enough; all of it at the end.
    pub(super) fn release_held(&self, is_end: bool) {
        let hold = if is_end { Duration::ZERO } else { self.0.options.hold_max };
        let mut waiting = self.waiting();
        for event in waiting.held.give_up(Instant::now(), hold) {
            self.push(&mut waiting, event);
        }
    }

    /// The events that have waited longest, as one batch; none where nothing waits.
    pub(super) fn next_batch(&self) -> Option<Batch> {
        let mut batch = Batch::new();
        let mut waiting = self.waiting();
        for _ in 0..self.0.options.batch_events_max {
            if batch.encoded_bytes() + EVENT_BYTES_MAX > BATCH_BYTES_MAX {
                break;
            }
            let Some(event) = waiting.events.pop_front() else { break };
            batch.add(&event);
        }
        (batch.events() > 0).then_some(batch)
    }

    /// Waits until there is a whole batch.
    pub(super) async fn batch(&self) {
        self.0.is_batch.notified().await;
    }

    pub(super) fn lose(&self, events: u64) {
        self.0.dropped.fetch_add(events, Ordering::Relaxed);
    }

    fn push(&self, waiting: &mut Waiting, event: AccessEvent) {
        let Options { waiting_events_max, when_full, batch_events_max, .. } = self.0.options;
        if waiting.events.len() >= waiting_events_max {
            self.lose(1);
            if when_full == WhenFull::DropNewest || waiting.events.pop_front().is_none() {
                return;
            }
        }
        waiting.events.push_back(event);
        if waiting.events.len() == batch_events_max {
            self.0.is_batch.notify_one();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;

//! The way in: a batch of events is anonymised here, in the caller's task, and handed over to the committer.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::sender::{Sender, StreamPlace};
use crate::{
    anonymize::{Anonymized, Anonymizer, Scratch, Sighting},
    event::AccessEvent,
    keys::ProducerKey,
    names::Names,
    outcome::OutcomeCounts,
    release::index::{Index, PublishedPeriods},
    sites::{registry::Registry, settings::Site},
    store::CommitError,
};
use crate::{clock::Clock, units::SiteName};

/// The most events in one batch.
pub const EVENTS_PER_BATCH_MAX: usize = 20_000;
/// Events of all senders between their message and their answer; then senders wait. Bounds the memory that they take.
const EVENTS_UNDER_WAY_MAX: usize = 100_000;
const _: () = assert!(EVENTS_PER_BATCH_MAX <= EVENTS_UNDER_WAY_MAX);
/// Events that are anonymised before other tasks get a turn: below a millisecond of work at some 3 microseconds an event,
/// while the turns of a whole batch cost less than a hundredth of its work.
const EVENTS_PER_SLICE: u32 = 256;
/// The longest name of a producer, in bytes.
pub const PRODUCER_BYTES_MAX: usize = 128;
/// The longest cursor, in bytes.
pub const CURSOR_BYTES_MAX: usize = 256;

/// A batch as a producer sends it.
pub struct Batch<E> {
    /// 1 for the first; 0 for a greeting.
    pub sequence: u64,
    /// The events, at most [`EVENTS_PER_BATCH_MAX`]: one after the other, or that one cannot be read.
    pub events: E,
    /// How many there are.
    pub length: usize,
    /// The producer has sent everything before this, in milliseconds since 1970; 0 states nothing.
    pub complete_through_unix_ms: i64,
    /// Kept for the producer, at most [`CURSOR_BYTES_MAX`].
    pub cursor: Vec<u8>,
}

/// An event is not what the protocol says. What it held is told to nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

/// What became of a batch. It is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The last durable sequence of this producer.
    pub durable_sequence: u64,
    /// The cursor that came with it.
    pub cursor: Vec<u8>,
    /// How each event ended; nothing for a greeting or a batch that was committed before.
    pub books: Option<OutcomeCounts>,
}

/// Why a batch was not taken. Nothing of it was counted.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Sequences must follow each other.
    #[error("the sequence leaves a gap: {expected} is expected")]
    Gap {
        /// What must come next.
        expected: u64,
    },
    /// The sender has seen more releases than there are: the data are an older copy, and the committer stops.
    #[error("{seen} releases were published, and {stored} are here")]
    OlderCopy {
        /// How many there were.
        seen: u64,
        /// How many are here.
        stored: u64,
    },
    /// An event of it cannot be read.
    #[error("an event cannot be read")]
    Unreadable,
    /// The committer has stopped, or the disk has no room.
    #[error("the store takes nothing now")]
    Unavailable,
    /// Our failure.
    #[error(transparent)]
    Fault(#[from] CommitError),
}

/// A batch on its way to the committer.
pub(crate) struct Commit {
    pub(crate) site: Arc<Site>,
    pub(crate) sender: Sender,
    pub(crate) sequence: u64,
    pub(crate) names: Names,
    pub(crate) sightings: Vec<(u32, Sighting)>,
    pub(crate) books: OutcomeCounts,
    pub(crate) complete_through_unix_ms: i64,
    pub(crate) cursor: Vec<u8>,
    pub(crate) reply: oneshot::Sender<Result<Receipt, Refusal>>,
    /// Its part of what may be under way; given back when it was answered.
    pub(crate) room: OwnedSemaphorePermit,
}

/// A batch that is under way: the answer comes when it is durable.
pub struct Pending(oneshot::Receiver<Result<Receipt, Refusal>>);

impl Pending {
    /// Waits until the batch is durable.
    ///
    /// # Errors
    /// When the sequence leaves a gap or the store cannot be used. Nothing was counted then.
    pub async fn receipt(self) -> Result<Receipt, Refusal> {
        self.0.await.unwrap_or(Err(Refusal::Unavailable))
    }
}

/// A batch without its visitors: its texts, what was seen with the place of each in the batch, and the books of the rest.
type Seen = (Names, Vec<(u32, Sighting)>, OutcomeCounts);

/// Takes events. Clones share everything; when the last is dropped, the committer finishes and stops.
#[derive(Clone)]
pub struct Intake {
    shared: Arc<Shared>,
    commits: mpsc::Sender<Commit>,
    room: Arc<Semaphore>,
}

pub(crate) struct Shared {
    pub(crate) anonymizer: Anonymizer,
    pub(crate) registry: Arc<Registry>,
    pub(crate) index: Arc<RwLock<Index>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) producer_key: ProducerKey,
    /// The release that a sender has seen of data that are newer than these; 0 for none.
    pub(crate) newer_release: Arc<AtomicU64>,
}

/// A producer of one site, ready to send.
pub struct Lane {
    intake: Intake,
    site: Arc<Site>,
    sender: Sender,
}

impl Intake {
    pub(crate) fn new(shared: Shared, commits: mpsc::Sender<Commit>) -> Self {
        Self { shared: Arc::new(shared), commits, room: Arc::new(Semaphore::new(EVENTS_UNDER_WAY_MAX)) }
    }

    /// Makes ready what the first event would wait for. Takes a good part of a second.
    pub fn prepare(&self) {
        self.shared.anonymizer.prepare();
    }

    /// Opens the lane of a producer; None where the site takes no events. Its name and its secret are hashed under a key
    /// and forgotten. Without a secret (an empty one) it is a producer of its own, which ends with the lane.
    ///
    /// `owner`: whose token it came with, by the token's id; empty where it came without. A producer that came without before is
    /// taken over by the first token that comes with its secret, and is that token's from then on.
    #[must_use]
    pub fn lane(&self, site: &SiteName, producer: &str, secret: &[u8], owner: &str) -> Option<Lane> {
        let key = &self.shared.producer_key;
        let sender = match secret {
            [] => Sender::OfStream(StreamPlace::default()),
            secret => {
                let without_owner = key.id(site, producer, secret);
                let id = if owner.is_empty() { without_owner } else { key.owned(without_owner, owner) };
                Sender::Bound { id, without_owner, by_name: key.id_by_name(producer) }
            }
        };
        let site = self.shared.registry.taking_events(site)?;
        Some(Lane { intake: self.clone(), site, sender })
    }

    /// Puts other pages in the place of a site's known ones, from now on: periods published later have all of them, with
    /// or without visitors. What was published once stays public. A site that does not exist is left out.
    ///
    /// The pages must come from somewhere that knows nothing of visitors, such as a sitemap.
    pub fn know_pages(&self, site: &SiteName, pages: &[String]) {
        if let Some(site) = self.shared.registry.get(site) {
            site.know(pages);
        }
    }

    /// How many releases there are, sealed for a sender to give back.
    #[must_use]
    pub fn release_mark(&self) -> Vec<u8> {
        self.shared.producer_key.mark(self.last_release()).to_vec()
    }

    /// Compares what a sender has seen with what there is. What is no mark of these keys says nothing.
    ///
    /// # Errors
    /// [`Refusal::OlderCopy`] where more was published; the committer stops then.
    pub fn see_mark(&self, mark: &[u8]) -> Result<(), Refusal> {
        let stored = self.last_release();
        match self.shared.producer_key.marked(mark) {
            Some(seen) if seen > stored => {
                self.shared.newer_release.fetch_max(seen, Ordering::SeqCst);
                Err(Refusal::OlderCopy { seen, stored })
            }
            _ => Ok(()),
        }
    }

    fn last_release(&self) -> u64 {
        self.shared.index.read().unwrap_or_else(PoisonError::into_inner).last_release
    }

    /// The names of the sites, for error messages.
    #[must_use]
    pub fn site_names(&self) -> Vec<SiteName> {
        self.shared.registry.names()
    }
}

impl Lane {
    /// Hands a batch over and does not wait until it is durable: [`Pending::receipt`] does. Batches that one caller hands
    /// over one after the other stay in that order. A long batch lets other tasks run while it is anonymised; where the
    /// future is dropped meanwhile, nothing was counted and the events are wiped.
    ///
    /// # Errors
    /// When an event cannot be read or the store cannot be used. Nothing was counted then.
    ///
    /// # Panics
    /// When the batch is longer than [`EVENTS_PER_BATCH_MAX`]; the caller checks.
    pub async fn hand_over<'m, E>(&self, batch: Batch<E>) -> Result<Pending, Refusal>
    where
        E: IntoIterator<Item = Result<AccessEvent<'m>, Unreadable>>,
    {
        assert!(batch.length <= EVENTS_PER_BATCH_MAX, "the caller checks the length");
        #[expect(clippy::cast_possible_truncation, reason = "Cast safety: at most 20,000.")]
        let room = self.intake.room.clone().acquire_many_owned(batch.length as u32).await;
        let room = room.map_err(|_| Refusal::Unavailable)?;
        let (names, sightings, books) = self.anonymize(batch.events, batch.length).await?;
        let (reply, receipt) = oneshot::channel();
        let commit = Commit {
            site: self.site.clone(),
            sender: self.sender.clone(),
            sequence: batch.sequence,
            names,
            sightings,
            books,
            complete_through_unix_ms: batch.complete_through_unix_ms,
            cursor: batch.cursor,
            reply,
            room,
        };
        self.intake.commits.send(commit).await.map_err(|_| Refusal::Unavailable)?;
        Ok(Pending(receipt))
    }

    /// Sends a batch; the answer comes when it is durable.
    #[cfg(test)]
    pub(crate) async fn send(&self, batch: Batch<Vec<AccessEvent<'_>>>) -> Result<Receipt, Refusal> {
        let Batch { sequence, events, length, complete_through_unix_ms, cursor } = batch;
        let events = events.into_iter().map(Ok);
        let batch = Batch { sequence, events, length, complete_through_unix_ms, cursor };
        self.hand_over(batch).await?.receipt().await
    }

    async fn anonymize<'m>(
        &self,
        events: impl IntoIterator<Item = Result<AccessEvent<'m>, Unreadable>>,
        length: usize,
    ) -> Result<Seen, Refusal> {
        let shared = &self.intake.shared;
        let sealed = self.sealed();
        let now_unix_ms = shared.clock.now_unix_ms();
        let mut books = OutcomeCounts::open(u32::try_from(length).unwrap_or(u32::MAX));
        let mut sightings = Vec::with_capacity(length);
        let mut scratch = Scratch::default();
        for (index, event) in (0_u32..).zip(events) {
            let event = event.map_err(|Unreadable| Refusal::Unreadable)?;
            let seen = shared.anonymizer.anonymize(&self.site, event, now_unix_ms, &sealed, &mut scratch);
            match seen.map_err(CommitError::from)? {
                Anonymized::Seen(sighting) => sightings.push((index, sighting)),
                Anonymized::Ended(outcome) => books.enter(index, outcome),
            }
            // No event is held meanwhile.
            if (index + 1) % EVENTS_PER_SLICE == 0 {
                tokio::task::yield_now().await;
            }
        }
        Ok((std::mem::take(&mut scratch.names), sightings, books))
    }

    fn sealed(&self) -> Arc<PublishedPeriods> {
        let index = self.intake.shared.index.read().unwrap_or_else(PoisonError::into_inner);
        index.sites.get(&self.site.name).map(|site| site.sealed.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
#[path = "intake_tests.rs"]
mod tests;

//! Cache of answers, invalidated by each release. Many people look at the same dashboard, and an answer follows from
//! releases alone, so one that was computed after the latest release is right. Sites and terms may change without a
//! release: an answer is therefore computed anew after a second, and whoever asks meanwhile gets the one before.

use std::{
    hash::Hash,
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use quick_cache::{Weighter, sync::Cache};

use super::{AnswerError, limit::ComputeLimit};
use crate::access::Scope;

/// How long an answer is given without computing it anew.
const FRESH_FOR: Duration = Duration::from_secs(1);
/// A stale answer is given for up to this many times [`FRESH_FOR`] while a refresh runs.
const STALE_TIMES: u32 = 10;
/// How many answers of a kind are expected. The cache is split into at most a thirty-second of this many shards (four), and
/// the largest answer must fit into one.
const ANSWERS_EXPECTED: usize = 128;

/// What takes memory.
pub trait Weigh: Send + Sync + 'static {
    /// How much in all, in bytes, about.
    fn bytes(&self) -> usize;
}

impl Weigh for bool {
    fn bytes(&self) -> usize {
        0
    }
}

impl Weigh for Scope {
    fn bytes(&self) -> usize {
        Scope::bytes(self)
    }
}

impl<A: Weigh, B: Weigh> Weigh for (A, B) {
    fn bytes(&self) -> usize {
        self.0.bytes() + self.1.bytes()
    }
}

impl Weigh for () {
    fn bytes(&self) -> usize {
        0
    }
}

/// An answer as it was computed at one moment.
pub struct Computed<A> {
    answer: A,
    stamp: u64,
    bytes: u64,
    latest: u64,
    since: Instant,
    is_refreshing: AtomicBool,
}

impl<A> Computed<A> {
    /// Grows with each answer to the same question, so that whoever keeps something that was made of an answer knows whether
    /// it is of this one or of one before.
    #[must_use]
    pub fn stamp(&self) -> u64 {
        self.stamp
    }
}

impl<A> Deref for Computed<A> {
    type Target = A;
    fn deref(&self) -> &A {
        &self.answer
    }
}

#[derive(Clone)]
struct ByBytes;

impl<Q: Weigh, A> Weighter<Q, Arc<Computed<A>>> for ByBytes {
    fn weight(&self, question: &Q, computed: &Arc<Computed<A>>) -> u64 {
        question.bytes() as u64 + computed.bytes
    }
}

/// Answers of one kind, by question. Clones share them.
pub(super) struct AnswerCache<Q, A> {
    fresh_for: Duration,
    limit: ComputeLimit,
    stamps: Arc<AtomicU64>,
    cache: Arc<Cache<Q, Arc<Computed<A>>, ByBytes>>,
}

impl<Q, A> Clone for AnswerCache<Q, A> {
    fn clone(&self) -> Self {
        Self {
            fresh_for: self.fresh_for,
            limit: self.limit.clone(),
            stamps: self.stamps.clone(),
            cache: self.cache.clone(),
        }
    }
}

impl<Q: Weigh + Hash + Eq + Clone, A: Weigh> AnswerCache<Q, A> {
    /// An empty cache of at most so many bytes; what it computes falls under the limit.
    pub(super) fn new(bytes_max: u64, limit: &ComputeLimit) -> Self {
        let cache = Arc::new(Cache::with_weighter(ANSWERS_EXPECTED, bytes_max, ByBytes));
        Self { fresh_for: FRESH_FOR, limit: limit.clone(), stamps: Arc::default(), cache }
    }

    /// The answer to a question as of the latest release. It is computed once for all who ask the same at the same time.
    pub(super) async fn answer(
        &self,
        question: &Q,
        latest: u64,
        compute: impl FnOnce() -> Result<A, AnswerError> + Send + 'static,
    ) -> Result<Arc<Computed<A>>, AnswerError> {
        let longest = self.fresh_for * STALE_TIMES;
        self.cache.remove_if(question, |cached| cached.latest != latest || cached.since.elapsed() > longest);
        let guard = match self.cache.get_value_or_guard_async(question).await {
            Ok(cached) => {
                let is_stale = cached.since.elapsed() > self.fresh_for;
                if is_stale && !cached.is_refreshing.swap(true, Ordering::Relaxed) {
                    self.refresh(question.clone(), latest, compute);
                }
                return Ok(cached);
            }
            Err(guard) => guard,
        };
        let since = Instant::now();
        let computed = self.stamped(self.limit.run(compute).await?, latest, since);
        // Where others took the room meanwhile, it is not cached.
        let _ = guard.insert(computed.clone());
        Ok(computed)
    }

    /// Computes an answer in the background. One that fails is asked for again when the old one is too old.
    fn refresh(&self, question: Q, latest: u64, compute: impl FnOnce() -> Result<A, AnswerError> + Send + 'static) {
        let this = self.clone();
        tokio::spawn(async move {
            let since = Instant::now();
            if let Ok(answer) = this.limit.run(compute).await {
                let computed = this.stamped(answer, latest, since);
                this.cache.insert(question, computed);
            }
        });
    }

    fn stamped(&self, answer: A, latest: u64, since: Instant) -> Arc<Computed<A>> {
        let stamp = self.stamps.fetch_add(1, Ordering::Relaxed);
        let (bytes, is_refreshing) = (answer.bytes() as u64, AtomicBool::new(false));
        Arc::new(Computed { answer, stamp, bytes, latest, since, is_refreshing })
    }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;

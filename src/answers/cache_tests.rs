//! The cache with a clock of its own length: what is computed once, what anew, and how many at a time.

use std::sync::atomic::AtomicU32;

use super::*;
use crate::query::AskError;
use crate::telemetry::Refusals;

impl Weigh for u32 {
    fn bytes(&self) -> usize {
        size_of::<Self>()
    }
}

const BYTES_MAX: u64 = 1024 * 1024;

type Numbers = AnswerCache<u32, u32>;

fn cache(fresh_for: Duration) -> Numbers {
    Numbers { fresh_for, ..Numbers::new(BYTES_MAX, &ComputeLimit::new(Refusals::default())) }
}

/// Asks; the answer is how often anything was computed before.
async fn ask(cache: &Numbers, computed: &Arc<AtomicU32>, question: u32, latest: u64) -> Arc<Computed<u32>> {
    let computed = computed.clone();
    cache.answer(&question, latest, move || Ok(computed.fetch_add(1, Ordering::SeqCst))).await.unwrap()
}

#[tokio::test]
async fn an_answer_is_computed_once_until_something_is_published_or_its_time_has_passed() {
    let mut cache = cache(Duration::from_secs(600));
    let computed = Arc::new(AtomicU32::new(0));
    let first = ask(&cache, &computed, 1, 1).await;
    let again = ask(&cache, &computed, 1, 1).await;
    assert_eq!(computed.load(Ordering::SeqCst), 1);
    assert_eq!((first.stamp(), **first), (again.stamp(), **again));
    ask(&cache, &computed, 2, 1).await;
    let later = ask(&cache, &computed, 1, 2).await;
    assert_eq!(computed.load(Ordering::SeqCst), 3);
    assert!(later.stamp() > first.stamp());
    // Too old for anybody.
    cache.fresh_for = Duration::ZERO;
    ask(&cache, &computed, 1, 2).await;
    assert_eq!(computed.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn an_older_answer_is_given_while_it_is_computed_anew() {
    let mut cache = cache(Duration::from_secs(600));
    let computed = Arc::new(AtomicU32::new(0));
    ask(&cache, &computed, 1, 1).await;
    cache.fresh_for = Duration::from_millis(100);
    while computed.load(Ordering::SeqCst) < 2 {
        // At most a second: then it would be too old, and be computed here.
        ask(&cache, &computed, 1, 1).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(computed.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn only_so_many_answers_are_computed_at_the_same_time() {
    let cache = Numbers::new(BYTES_MAX, &ComputeLimit::of(2, Refusals::default()));
    let (computing, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let mut asked = tokio::task::JoinSet::new();
    for question in 0..8 {
        let (cache, computing, most) = (cache.clone(), computing.clone(), most.clone());
        asked.spawn(async move {
            let compute = move || {
                most.fetch_max(computing.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(20));
                computing.fetch_sub(1, Ordering::SeqCst);
                Ok(question)
            };
            cache.answer(&question, 1, compute).await.is_ok_and(|answer| **answer == question)
        });
    }
    assert!(asked.join_all().await.into_iter().all(|is_right| is_right));
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_question_without_an_answer_is_asked_again() {
    let cache = cache(FRESH_FOR);
    assert!(cache.answer(&1, 1, || Err(AskError::NoSites.into())).await.is_err());
    assert!(cache.answer(&1, 1, || Ok(7)).await.is_ok());
}

#[tokio::test]
async fn a_computation_that_panics_is_a_failure_and_holds_no_room() {
    let cache = Numbers::new(BYTES_MAX, &ComputeLimit::of(1, Refusals::default()));
    for _ in 0..3 {
        assert!(matches!(cache.answer(&1, 1, || panic!("on purpose")).await, Err(AnswerError::Failed)));
    }
    assert_eq!(**cache.answer(&1, 1, || Ok(7)).await.unwrap(), 7);
}

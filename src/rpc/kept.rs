//! Answers that were just given. Many people look at the same dashboard; what nothing new was published for need not be worked
//! out again.
//!
//! An answer follows from releases alone, so one that was worked out after the latest release is right. It is worked out
//! anew after a second all the same, because sites and terms may change without a release; who asks meanwhile gets the
//! one before, up to ten seconds old.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use prost::Message;
use quick_cache::{Weighter, sync::Cache};
use tokio::sync::Semaphore;
use tonic::Status;

use super::{answers::Encoded, status};

/// How long an answer is given without working it out anew.
const KEPT_FOR: Duration = Duration::from_secs(1);
/// So many times as long it is given while it is worked out anew.
const GIVEN_TIMES: u32 = 10;
/// What all kept answers of a kind may weigh, in bytes.
const BYTES_MAX: u64 = 16 * 1024 * 1024;
/// How many answers are expected.
const ANSWERS: usize = 1_024;
/// Answers that are worked out at the same time, for each core. Each holds the releases that it reads, so that without a
/// limit many who ask for much would take all memory.
const AT_ONCE_PER_CORE: usize = 4;

/// What an answer weighs, in bytes.
pub(super) trait Weigh: Clone + Send + Sync + 'static {
    fn bytes(&self) -> usize;
}

impl Weigh for Encoded {
    fn bytes(&self) -> usize {
        self.len()
    }
}

struct Answer<R> {
    answer: R,
    bytes: u64,
    latest: u64,
    since: Instant,
    /// Whether somebody works it out anew.
    is_renewed: AtomicBool,
}

impl<R: Weigh> Answer<R> {
    fn new(answer: R, latest: u64, since: Instant) -> Arc<Self> {
        Arc::new(Self { bytes: answer.bytes() as u64, answer, latest, since, is_renewed: AtomicBool::new(false) })
    }
}

#[derive(Clone)]
struct ByBytes;

impl<R> Weighter<Vec<u8>, Arc<Answer<R>>> for ByBytes {
    fn weight(&self, key: &Vec<u8>, answer: &Arc<Answer<R>>) -> u64 {
        key.len() as u64 + answer.bytes
    }
}

/// Who works an answer out takes a turn first. Clones share the turns.
#[derive(Clone)]
pub(super) struct Turns(Arc<Semaphore>);

impl Turns {
    pub(super) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(cores * AT_ONCE_PER_CORE)))
    }

    /// Works it out on a thread where that holds up nobody.
    async fn run<R: Send + 'static>(
        &self,
        work_out: impl FnOnce() -> Result<R, Status> + Send + 'static,
    ) -> Result<R, Status> {
        let turn = self.0.clone().acquire_owned().await.map_err(|_| status::internal())?;
        let work = move || {
            // Given back at the end of the work, also where nobody waits for it any more.
            let _turn = turn;
            work_out()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| status::internal())?
    }
}

/// Answers of one kind, by question. Clones share them.
#[derive(Clone)]
pub(super) struct Kept<R> {
    kept_for: Duration,
    turns: Turns,
    cache: Arc<Cache<Vec<u8>, Arc<Answer<R>>, ByBytes>>,
}

impl<R: Weigh> Kept<R> {
    pub(super) fn new(turns: &Turns) -> Self {
        let cache = Arc::new(Cache::with_weighter(ANSWERS, BYTES_MAX, ByBytes));
        Self { kept_for: KEPT_FOR, turns: turns.clone(), cache }
    }

    /// The answer to a question as of the latest release. It is worked out once for all who ask the same at the same time.
    pub(super) async fn answer(
        &self,
        question: &impl Message,
        latest: u64,
        work_out: impl FnOnce() -> Result<R, Status> + Send + 'static,
    ) -> Result<R, Status> {
        let key = question.encode_to_vec();
        let longest = self.kept_for * GIVEN_TIMES;
        self.cache.remove_if(&key, |kept| kept.latest != latest || kept.since.elapsed() > longest);
        let guard = match self.cache.get_value_or_guard_async(&key).await {
            Ok(kept) => {
                if kept.since.elapsed() > self.kept_for && !kept.is_renewed.swap(true, Ordering::Relaxed) {
                    self.renew(key, latest, work_out);
                }
                return Ok(kept.answer.clone());
            }
            Err(guard) => guard,
        };
        let since = Instant::now();
        let answer = self.turns.run(work_out).await?;
        // Where others took the room meanwhile, it is not kept.
        let _ = guard.insert(Answer::new(answer.clone(), latest, since));
        Ok(answer)
    }

    /// Works an answer out in the background. One that fails is asked for again when the old one is too old.
    fn renew(&self, key: Vec<u8>, latest: u64, work_out: impl FnOnce() -> Result<R, Status> + Send + 'static) {
        let (cache, turns) = (self.cache.clone(), self.turns.clone());
        tokio::spawn(async move {
            let since = Instant::now();
            if let Ok(answer) = turns.run(work_out).await {
                cache.insert(key, Answer::new(answer, latest, since));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{GetTrafficRequest, ListSitesResponse};
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn an_answer_is_worked_out_once_until_something_is_published_or_its_time_has_passed() {
        let mut kept = Kept::<Encoded> { kept_for: Duration::from_secs(600), ..Kept::new(&Turns::new()) };
        let worked = Arc::new(AtomicU32::new(0));
        ask(&kept, &worked, "a", 1).await;
        ask(&kept, &worked, "a", 1).await;
        assert_eq!(worked.load(Ordering::SeqCst), 1);
        ask(&kept, &worked, "b", 1).await;
        ask(&kept, &worked, "a", 2).await;
        assert_eq!(worked.load(Ordering::SeqCst), 3);
        // Too old for anybody.
        kept.kept_for = Duration::ZERO;
        ask(&kept, &worked, "a", 2).await;
        assert_eq!(worked.load(Ordering::SeqCst), 4);
    }

    #[tokio::test]
    async fn an_older_answer_is_given_while_it_is_worked_out_anew() {
        let mut kept = Kept::<Encoded> { kept_for: Duration::from_secs(600), ..Kept::new(&Turns::new()) };
        let worked = Arc::new(AtomicU32::new(0));
        ask(&kept, &worked, "a", 1).await;
        kept.kept_for = Duration::from_millis(100);
        while worked.load(Ordering::SeqCst) < 2 {
            // At most a second: then it would be too old, and be worked out here.
            ask(&kept, &worked, "a", 1).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(worked.load(Ordering::SeqCst), 2);
    }

    async fn ask(kept: &Kept<Encoded>, worked: &Arc<AtomicU32>, site: &str, latest: u64) {
        let question = GetTrafficRequest { site: site.to_owned(), ..GetTrafficRequest::default() };
        let worked = worked.clone();
        let work_out = move || {
            worked.fetch_add(1, Ordering::SeqCst);
            Ok(Encoded::of(&ListSitesResponse::default()))
        };
        kept.answer(&question, latest, work_out).await.unwrap();
    }

    #[tokio::test]
    async fn only_so_many_answers_are_worked_out_at_the_same_time() {
        let kept = Kept::<Encoded> { turns: Turns(Arc::new(Semaphore::new(2))), ..Kept::new(&Turns::new()) };
        let (working, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let mut asked = tokio::task::JoinSet::new();
        for number in 0..8 {
            let (kept, working, most) = (kept.clone(), working.clone(), most.clone());
            asked.spawn(async move {
                let question = GetTrafficRequest { site: format!("site-{number}"), ..GetTrafficRequest::default() };
                let work_out = move || {
                    most.fetch_max(working.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(20));
                    working.fetch_sub(1, Ordering::SeqCst);
                    Ok(Encoded::of(&ListSitesResponse::default()))
                };
                kept.answer(&question, 1, work_out).await
            });
        }
        assert!(asked.join_all().await.iter().all(Result::is_ok));
        assert_eq!(most.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_question_without_an_answer_is_asked_again() {
        let kept = Kept::<Encoded>::new(&Turns::new());
        let question = GetTrafficRequest::default();
        let failed = kept.answer(&question, 1, || Err(status::no_sites())).await;
        assert!(failed.is_err());
        assert!(kept.answer(&question, 1, || Ok(Encoded::of(&ListSitesResponse::default()))).await.is_ok());
    }
}

//! How many answers are computed at the same time. Statistics may be public, so nobody's questions may take all memory.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::AnswerError;

/// Answers that are computed at the same time, for each core. Each holds the releases that it reads.
const AT_ONCE_PER_CORE: usize = 4;

/// Lets only so many compute at the same time. Clones share the limit.
#[derive(Clone)]
pub struct ComputeLimit(Arc<Semaphore>);

impl ComputeLimit {
    /// The limit of this machine.
    pub(super) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self::of(cores * AT_ONCE_PER_CORE)
    }

    pub(super) fn of(at_once: usize) -> Self {
        Self(Arc::new(Semaphore::new(at_once)))
    }

    /// Computes on a thread where that holds up nobody, as soon as the limit allows.
    pub(super) async fn run<A: Send + 'static>(
        &self,
        compute: impl FnOnce() -> Result<A, AnswerError> + Send + 'static,
    ) -> Result<A, AnswerError> {
        let permit = self.0.clone().acquire_owned().await.map_err(|_| AnswerError::Failed)?;
        let work = move || {
            // Given back at the end of the work, also where nobody waits for it any more.
            let _permit = permit;
            compute()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| AnswerError::Failed)?
    }
}

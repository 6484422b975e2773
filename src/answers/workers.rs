//! Threads that read releases and compute answers, at a lower priority than those that take events: however many ask, whoever sends is
//! hardly held up.
//!
//! A stop does not wait for them. Work that nobody waits for any more is left out before it begins.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use tokio::sync::oneshot;

/// How much lower: at 10, a thread gets a tenth of what one of the usual priority gets where both want all.
const NICENESS: i32 = 10;

type Work = Box<dyn FnOnce() + Send>;

/// The threads. They end when the last clone is dropped and all is done.
#[derive(Clone)]
pub(super) struct Workers(mpsc::Sender<Work>);

impl Workers {
    /// So many threads. Where none can be started, nothing is ever computed, and each question is told so.
    pub(super) fn new(threads: usize) -> Self {
        let (sender, receiver) = mpsc::channel::<Work>();
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..threads {
            let receiver = receiver.clone();
            let _ = thread::Builder::new().name("answers".to_owned()).spawn(move || work(&receiver));
        }
        Self(sender)
    }

    /// Runs something on one of them; nothing where it panicked.
    pub(super) async fn run<T: Send + 'static>(&self, compute: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (reply, result) = oneshot::channel();
        let work = move || {
            if !reply.is_closed() {
                let _ = reply.send(compute());
            }
        };
        self.0.send(Box::new(work)).ok()?;
        result.await.ok()
    }
}

fn work(receiver: &Mutex<mpsc::Receiver<Work>>) {
    // On Linux this is of one thread alone. Where it is refused, the work is done all the same.
    let _ = rustix::process::setpriority_process(None, NICENESS);
    loop {
        let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(work) = next else { return };
        // Whoever waits sees that there is no result.
        let _ = catch_unwind(AssertUnwindSafe(work));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn what_nobody_waits_for_is_left_out() {
        let workers = Workers::new(1);
        let (release, held) = mpsc::channel::<()>();
        let (begun, begins) = oneshot::channel();
        let busy = tokio::spawn({
            let workers = workers.clone();
            let wait = move || begun.send(()).is_ok() && held.recv().is_ok();
            async move { workers.run(wait).await }
        });
        begins.await.unwrap();
        let done = Arc::new(Mutex::new(Vec::new()));
        let add = |number: u32| {
            let done = done.clone();
            workers.run(move || done.lock().unwrap().push(number))
        };
        // Asked and left again while the only thread is busy.
        assert!(tokio::time::timeout(Duration::from_millis(20), add(1)).await.is_err());
        release.send(()).unwrap();
        assert_eq!(busy.await.unwrap(), Some(true));
        add(2).await.unwrap();
        assert_eq!(*done.lock().unwrap(), [2]);
    }

    #[tokio::test]
    async fn events_come_first() {
        let (own, workers) = (rustix::process::getpriority_process(None).unwrap(), Workers::new(1));
        let niceness = workers.run(|| rustix::process::getpriority_process(None).unwrap()).await;
        assert_eq!(niceness, Some(own.clamp(NICENESS, 19)));
        assert_eq!(rustix::process::getpriority_process(None).unwrap(), own);
    }
}

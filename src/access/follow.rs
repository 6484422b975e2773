//! Keeps a running server's tokens those of the file, and the day of each one's last use in the file beside it.

use std::{
    sync::{Arc, PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};

use tokio::{sync::watch, task::JoinSet};

use super::{Access, book::Book, file::TokenFile};
use crate::telemetry;

/// How often the file is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(400);
/// How often days of use are written, where one is new, and refusals are told, where there were some.
const TELL_INTERVAL: Duration = Duration::from_secs(60);

impl Access {
    /// Follows the file until the returned set is dropped. It is read again when it changes, and when `reload` does.
    #[must_use]
    pub fn follow(self: &Arc<Self>, reload: watch::Receiver<u64>) -> JoinSet<()> {
        let mut following = JoinSet::new();
        if let Some(file) = self.file.clone() {
            following.spawn(keep(self.clone(), file, reload));
        }
        following
    }

    /// Reads the file again. One that cannot be used changes nothing: whoever was refused stays refused.
    pub fn reload(&self) {
        let Some(file) = &self.file else { return };
        match file.read() {
            // Where the file is gone, the tokens stay: taking it away must not open the server.
            Ok(records) if records.is_empty() => {
                if self.book().is_in_force() {
                    telemetry::tokens_gone();
                }
            }
            Ok(records) => {
                let book = Book::new(records);
                telemetry::tokens_read(book.len());
                *self.book.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(book);
            }
            Err(fault) => telemetry::tokens_unreadable(&fault),
        }
    }

    /// Writes the days of the last use, for `headcount token list`.
    pub fn keep_last_used(&self) {
        let Some(file) = &self.file else { return };
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if used != file.last_used()
            && let Err(fault) = file.keep_last_used(&used)
        {
            telemetry::last_use_unwritten(&fault);
        }
    }
}

async fn keep(access: Arc<Access>, file: TokenFile, mut reload: watch::Receiver<u64>) {
    let mut seen = file.mark();
    // A change between the start and now is not missed.
    let mut is_first = true;
    let mut told = Instant::now();
    loop {
        let asked = tokio::time::timeout(LOOK_INTERVAL, reload.changed()).await;
        if matches!(asked, Ok(Err(_))) {
            // Nobody can ask any more: the server is ending.
            return;
        }
        let mark = file.mark();
        let is_new = mark != seen || asked.is_ok() || std::mem::take(&mut is_first);
        let is_time = told.elapsed() >= TELL_INTERVAL;
        if !is_new && !is_time {
            continue;
        }
        let this = access.clone();
        let work = move || {
            if is_new {
                this.reload();
            }
            if is_time {
                this.keep_last_used();
            }
        };
        if tokio::task::spawn_blocking(work).await.is_err() {
            return;
        }
        seen = mark;
        if is_time {
            told = Instant::now();
            let refused = access.refused.swap(0, Ordering::Relaxed);
            if refused > 0 {
                telemetry::tokens_refused(refused);
            }
        }
    }
}

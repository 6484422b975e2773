//! Releases one after the other to one reader. It reads one release at a time, and the next only when there is room for it.

use std::sync::Arc;

use headcount_model::source::ReadError;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;

use super::source::Published;
use crate::{units::SiteName, vault::Release};

/// Releases that wait for a slow reader.
const IN_FLIGHT_MAX: usize = 4;

/// Which releases are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// Those with a greater number that are published already.
    Published {
        /// The number.
        after: u64,
    },
    /// Those with a greater number, and all that come.
    AndNew {
        /// The number.
        after: u64,
    },
}

/// Why releases end before the reader goes.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopping,
    /// The store cannot be read.
    #[error(transparent)]
    Unread(#[from] ReadError),
}

/// Releases as they come; after an error there are no more.
pub type ReleaseStream = ReceiverStream<Result<Arc<Release>, Ended>>;

/// Begins to read releases for one reader.
pub(super) fn follow<S: Published>(
    source: S,
    sites: Option<Vec<SiteName>>,
    follow: Follow,
    shutdown: watch::Receiver<bool>,
) -> ReleaseStream {
    let (to, receiver) = mpsc::channel(IN_FLIGHT_MAX);
    let (after, latest) = match follow {
        Follow::Published { after } => (after, None),
        Follow::AndNew { after } => (after, Some(source.watch())),
    };
    tokio::spawn(Follower { source, sites, after, to, latest }.run(shutdown));
    ReceiverStream::new(receiver)
}

struct Follower<S> {
    source: S,
    /// Those that are wanted; `None` for all.
    sites: Option<Vec<SiteName>>,
    /// The number of the last release that was sent or passed over.
    after: u64,
    to: mpsc::Sender<Result<Arc<Release>, Ended>>,
    /// Says when something new is published; `None` where only what there is is wanted.
    latest: Option<watch::Receiver<u64>>,
}

/// The reader has gone.
struct Gone;

impl<S: Published> Follower<S> {
    /// Sends until all is sent, the reader goes, or the server stops.
    async fn run(mut self, mut shutdown: watch::Receiver<bool>) {
        let to = self.to.clone();
        let ended = tokio::select! {
            // Whoever would say that the server stops is gone: it stops.
            _ = shutdown.wait_for(|stop| *stop) => Ended::Stopping,
            () = to.closed() => return,
            result = self.send_all() => match result {
                Ok(()) => return,
                Err(ended) => ended,
            },
        };
        // A reader that does not read may miss the reason; it sees the end.
        let _ = to.try_send(Err(ended));
    }

    async fn send_all(&mut self) -> Result<(), Ended> {
        loop {
            // Marked as seen before the look: what comes after it wakes the wait below.
            if let Some(latest) = &mut self.latest {
                latest.borrow_and_update();
            }
            if let Err(Gone) = self.send_new().await? {
                return Ok(());
            }
            let Some(latest) = &mut self.latest else { return Ok(()) };
            if latest.changed().await.is_err() {
                return Err(Ended::Stopping);
            }
        }
    }

    /// The numbers of what is new, oldest first. Releases of sites that are not wanted are not even read.
    fn numbers_after(&self) -> Vec<u64> {
        let of = |site| self.source.numbers_after(site, self.after);
        let Some(sites) = &self.sites else { return of(None) };
        let mut numbers: Vec<u64> = sites.iter().flat_map(|site| of(Some(site))).collect();
        numbers.sort_unstable();
        numbers
    }

    async fn send_new(&mut self) -> Result<Result<(), Gone>, ReadError> {
        for number in self.numbers_after() {
            let Ok(room) = self.to.reserve().await else { return Ok(Err(Gone)) };
            if let Some(release) = self.source.by_number(number)? {
                room.send(Ok(release));
            }
            self.after = number;
        }
        Ok(Ok(()))
    }
}

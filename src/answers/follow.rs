//! Releases one after the other to one reader. It reads one release at a time, and the next only when there is room for it: with the
//! reader, and among what all readers together have not taken yet.
//!
//! Releases are read and made into what is sent on the threads that compute answers, never where events are taken. A reader that takes
//! nothing for a minute is given up, so that it keeps no room from others.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use headcount_model::source::ReadError;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch},
    time::timeout,
};
use tokio_stream::Stream;

use super::{
    cache::Weigh,
    limit::{Busy, ByClient, Client, Entered, HangUp},
    source::Published,
    workers::Workers,
};
use crate::{
    telemetry::{Refusals, Refused},
    units::SiteName,
    vault::Release,
};

/// Exports at the same time, by one client and by all: each keeps a release, which may have many megabytes.
const EXPORTS_MAX: (usize, usize) = (8, 16);
/// Streams that wait for new releases at the same time. Each costs a task, and a release to read for each notice.
const WATCHES_MAX: (usize, usize) = (128, 512);
/// What readers have not taken yet, over all of them, in KiB. A longer release is sent when nothing else waits.
const WAITING_KIB_MAX: u32 = 32 * 1024;
/// Releases that are read and encoded at the same time.
const READ_AT_ONCE_MAX: usize = 2;
/// How long a reader may take nothing.
const STUCK_WAIT: Duration = Duration::from_secs(60);

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
    /// Our failure.
    #[error("the reading of a release ended unexpectedly")]
    Failed,
}

/// Who reads.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    /// Whose limits hold.
    pub client: Option<Client>,
    /// Ends a reader that does not read.
    pub hang_up: HangUp,
}

/// What all readers together may take.
#[derive(Clone)]
pub(super) struct Flows {
    exports: ByClient,
    watches: ByClient,
    waiting: Arc<Semaphore>,
    reading: Arc<Semaphore>,
    workers: Workers,
    refusals: Refusals,
    pub(super) stuck_wait: Duration,
}

impl Flows {
    pub(super) fn new(workers: Workers, refusals: Refusals) -> Self {
        Self {
            exports: ByClient::new("as many exports as there may be", EXPORTS_MAX.0, EXPORTS_MAX.1),
            watches: ByClient::new("as many streams of notices as there may be", WATCHES_MAX.0, WATCHES_MAX.1),
            waiting: Arc::new(Semaphore::new(WAITING_KIB_MAX as usize)),
            reading: Arc::new(Semaphore::new(READ_AT_ONCE_MAX)),
            workers,
            refusals,
            stuck_wait: STUCK_WAIT,
        }
    }

    fn enter(&self, follow: Follow, client: Option<Client>) -> Result<Entered, Busy> {
        let entered = match follow {
            Follow::Published { .. } => self.exports.enter(client),
            Follow::AndNew { .. } => self.watches.enter(client),
        };
        entered.inspect_err(|_| self.refusals.count(Refused::ReleaseStreams))
    }
}

/// Makes of a release what is sent; nothing where it is not sent after all.
pub type Make<T> = Arc<dyn Fn(&Release) -> Option<T> + Send + Sync>;

/// What is made of a release, with its part of what all readers have not taken.
struct Waiting<T> {
    made: T,
    room: OwnedSemaphorePermit,
}

/// What was made of releases, as they come; after an error there are no more.
pub struct Followed<T> {
    items: mpsc::Receiver<Result<Waiting<T>, Ended>>,
    /// Of what was given last: it was taken when the next is asked for.
    given: Option<OwnedSemaphorePermit>,
    _entered: Entered,
}

impl<T> Stream for Followed<T> {
    type Item = Result<T, Ended>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<T, Ended>>> {
        self.given = None;
        Poll::Ready(ready!(self.items.poll_recv(context)).map(|item| {
            item.map(|Waiting { made, room }| {
                self.given = Some(room);
                made
            })
        }))
    }
}

impl<T> Unpin for Followed<T> {}

/// Begins to read releases for one reader.
pub(super) fn follow<S: Published, T: Weigh>(
    flows: &Flows,
    source: S,
    (sites, follow): (Option<Vec<SiteName>>, Follow),
    reader: Reader,
    shutdown: watch::Receiver<bool>,
    make: Make<T>,
) -> Result<Followed<T>, Busy> {
    let entered = flows.enter(follow, reader.client)?;
    let (to, items) = mpsc::channel(1);
    let (after, latest) = match follow {
        Follow::Published { after } => (after, None),
        Follow::AndNew { after } => (after, Some(source.watch())),
    };
    let follower = Follower { flows: flows.clone(), source, sites, after, to, latest, make, hang_up: reader.hang_up };
    tokio::spawn(follower.run(shutdown));
    Ok(Followed { items, given: None, _entered: entered })
}

struct Follower<S, T> {
    flows: Flows,
    source: S,
    /// Those that are wanted; `None` for all.
    sites: Option<Vec<SiteName>>,
    /// The number of the last release that was sent or passed over.
    after: u64,
    to: mpsc::Sender<Result<Waiting<T>, Ended>>,
    /// Says when something new is published; `None` where only what there is is wanted.
    latest: Option<watch::Receiver<u64>>,
    make: Make<T>,
    hang_up: HangUp,
}

/// The reader has gone.
struct Gone;

impl<S: Published, T: Weigh> Follower<S, T> {
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

    async fn send_new(&mut self) -> Result<Result<(), Gone>, Ended> {
        for number in self.numbers_after() {
            match timeout(self.flows.stuck_wait, self.to.reserve()).await {
                Ok(Ok(room)) => {
                    if let Some(waiting) = self.read(number).await? {
                        room.send(Ok(waiting));
                    }
                }
                Ok(Err(_)) => return Ok(Err(Gone)),
                Err(_) => {
                    self.flows.refusals.count(Refused::StuckReader);
                    self.hang_up.now();
                    return Ok(Err(Gone));
                }
            }
            self.after = number;
        }
        Ok(Ok(()))
    }

    /// Reads one release and makes of it what is sent, as soon as there is room for it among what waits.
    async fn read(&self, number: u64) -> Result<Option<Waiting<T>>, Ended> {
        // Kept until there is room: what was made beyond it is of two releases at most. Neither semaphore is ever closed.
        let _turn = self.flows.reading.acquire().await.map_err(|_| Ended::Failed)?;
        let (source, make) = (self.source.clone(), Arc::clone(&self.make));
        let read = move || Ok(source.by_number(number)?.and_then(|release| make(&release)));
        let made: Result<Option<T>, ReadError> = self.flows.workers.run(read).await.ok_or(Ended::Failed)?;
        let Some(made) = made? else { return Ok(None) };
        let kib = u32::try_from(made.bytes() / 1024).unwrap_or(u32::MAX).clamp(1, WAITING_KIB_MAX);
        let room = self.flows.waiting.clone().acquire_many_owned(kib).await.map_err(|_| Ended::Failed)?;
        Ok(Some(Waiting { made, room }))
    }
}

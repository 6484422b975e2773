//! Which connections rest: no request is under way on them. Where all connections are taken, the one that has rested longest makes room.
//!
//! It is here so that nobody keeps others out by opening connections and saying nothing.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use hyper::body::{Frame, SizeHint};
use prost::bytes::Bytes;
use tokio::{sync::Notify, time::Instant};
use tonic::{Status, body::Body};

/// All connections. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Resting(Arc<Mutex<All>>);

#[derive(Default)]
struct All {
    next: u64,
    places: HashMap<u64, State>,
}

struct State {
    /// Requests under way.
    requests: usize,
    /// When the last one ended, or the connection began.
    since: Instant,
    go: Arc<Notify>,
    is_going: bool,
}

impl Resting {
    fn all(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The place of a new connection.
    pub(super) fn enter(&self) -> Place {
        let go = Arc::new(Notify::new());
        let mut all = self.all();
        let number = all.next;
        all.next += 1;
        all.places.insert(number, State { requests: 0, since: Instant::now(), go: go.clone(), is_going: false });
        Place(Arc::new(Entered { all: self.clone(), number, go }))
    }

    /// Asks the connection that has rested longest to go; false where none rests.
    pub(super) fn close_longest(&self) -> bool {
        let mut all = self.all();
        let resting = all.places.values_mut().filter(|state| state.requests == 0 && !state.is_going);
        let Some(longest) = resting.min_by_key(|state| state.since) else { return false };
        longest.is_going = true;
        longest.go.notify_one();
        true
    }
}

/// The place of a connection; it is given back with its last clone.
#[derive(Clone)]
pub(super) struct Place(Arc<Entered>);

struct Entered {
    all: Resting,
    number: u64,
    go: Arc<Notify>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.all.all().places.remove(&self.number);
    }
}

impl Place {
    fn change(&self, change: impl FnOnce(&mut State)) {
        if let Some(state) = self.0.all.all().places.get_mut(&self.0.number) {
            change(state);
        }
    }

    /// How long it has rested; nothing while a request is under way.
    pub(super) fn rested(&self) -> Duration {
        let mut rested = Duration::ZERO;
        self.change(|state| rested = if state.requests == 0 { state.since.elapsed() } else { rested });
        rested
    }

    /// Waits until it is to make room.
    pub(super) async fn asked_to_go(&self) {
        self.0.go.notified().await;
    }

    /// A request is under way until what this gives is dropped.
    pub(super) fn busy(&self) -> Busy {
        self.change(|state| state.requests += 1);
        Busy(self.clone())
    }
}

/// A request under way.
pub(super) struct Busy(Place);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.change(|state| {
            state.requests -= 1;
            state.since = Instant::now();
        });
    }
}

impl Busy {
    /// The same body; the request is under way until it has gone.
    pub(super) fn until_gone(self, body: Body) -> Body {
        Body::new(Going { body, _busy: self })
    }
}

struct Going {
    body: Body,
    _busy: Busy,
}

impl hyper::body::Body for Going {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_one_that_rested_longest_goes_and_a_busy_one_never() {
        let resting = Resting::default();
        let moment = Duration::from_millis(5);
        let busy = resting.enter();
        let request = busy.busy();
        tokio::time::sleep(moment).await;
        let longest = resting.enter();
        tokio::time::sleep(moment).await;
        let later = resting.enter();
        assert!(busy.rested() == Duration::ZERO && longest.rested() >= moment);
        assert!(resting.close_longest());
        longest.asked_to_go().await;
        assert!(resting.close_longest());
        later.asked_to_go().await;
        // Those that go already are not asked again.
        assert!(!resting.close_longest());
        drop((longest, later, request));
        assert!(resting.close_longest());
        busy.asked_to_go().await;
        drop(busy);
        assert!(resting.all().places.is_empty());
    }
}

//! First views that wait for their cookie to come back.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use headcount_proto::AccessEvent;

/// By the cookie that was given.
#[derive(Default)]
pub(super) struct Held {
    by_cookie: HashMap<String, First>,
    /// In the order in which they were given.
    given: VecDeque<(Instant, String)>,
}

#[derive(Default)]
struct First {
    came_back: bool,
    event: Option<AccessEvent>,
}

impl Held {
    /// How many cookies are waited for.
    pub(super) fn len(&self) -> usize {
        self.given.len()
    }

    pub(super) fn issue(&mut self, cookie: &str, now: Instant) {
        self.by_cookie.insert(cookie.to_owned(), First::default());
        self.given.push_back((now, cookie.to_owned()));
    }

    /// The first view is over. It comes back where its cookie was seen already, or is waited for no longer.
    pub(super) fn first(&mut self, cookie: &str, event: AccessEvent) -> Option<AccessEvent> {
        let Some(first) = self.by_cookie.get_mut(cookie) else { return Some(event) };
        if first.came_back {
            self.by_cookie.remove(cookie);
            return Some(AccessEvent { cookie: cookie.to_owned(), ..event });
        }
        first.event = Some(event);
        None
    }

    /// The browser has taken its cookie: gives its first view, if that is over.
    pub(super) fn came_back(&mut self, cookie: &str) -> Option<AccessEvent> {
        let first = self.by_cookie.get_mut(cookie)?;
        first.came_back = true;
        let event = first.event.take()?;
        self.by_cookie.remove(cookie);
        Some(AccessEvent { cookie: cookie.to_owned(), ..event })
    }

    /// Views whose cookies were given so long ago and never came back.
    pub(super) fn give_up(&mut self, now: Instant, hold: Duration) -> Vec<AccessEvent> {
        let mut given_up = Vec::new();
        while let Some((given, cookie)) = self.given.front()
            && now.saturating_duration_since(*given) >= hold
        {
            given_up.extend(self.by_cookie.remove(cookie).and_then(|first| first.event));
            self.given.pop_front();
        }
        given_up
    }
}

//! How often each limit refused something since the start: for the log, once a minute, and for metrics.
//!
//! It counts what clients of the network did, by the limit that they met. It never says which client, which site or which visitor.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// What was refused or cut off, by the limit that it met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// All connections were taken: one that rested was closed for the next.
    ConnectionForNext,
    /// All connections were taken and busy: new ones wait.
    ConnectionsBusy,
    /// A connection could not be accepted, such as for want of file descriptors.
    NotAccepted,
    /// A connection said nothing, or not fast enough, or the handshake failed.
    SlowOrSilent,
    /// A client took nothing of what was sent to it.
    NotTaken,
    /// Too many frames that bring nothing.
    CheapFrames,
    /// A connection rested too long.
    Idle,
    /// A message did not arrive in time.
    SlowMessage,
    /// All unfinished messages together were too long; this one had held the most for the longest.
    MessageBytes,
    /// One connection held too much of unfinished messages.
    ConnectionBytes,
    /// A message was longer than allowed.
    LongMessage,
    /// Too many questions waited for an answer.
    Questions,
    /// Too many streams of releases, by one client or by all.
    ReleaseStreams,
    /// A reader of releases took none for too long.
    StuckReader,
    /// A stop did not wait any longer.
    CutAtStop,
}

impl Refused {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::ConnectionForNext,
        Self::ConnectionsBusy,
        Self::NotAccepted,
        Self::SlowOrSilent,
        Self::NotTaken,
        Self::CheapFrames,
        Self::Idle,
        Self::SlowMessage,
        Self::MessageBytes,
        Self::ConnectionBytes,
        Self::LongMessage,
        Self::Questions,
        Self::ReleaseStreams,
        Self::StuckReader,
        Self::CutAtStop,
    ];

    /// The name in logs and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ConnectionForNext => "connection_for_next",
            Self::ConnectionsBusy => "connections_busy",
            Self::NotAccepted => "not_accepted",
            Self::SlowOrSilent => "slow_or_silent",
            Self::NotTaken => "not_taken",
            Self::CheapFrames => "cheap_frames",
            Self::Idle => "idle",
            Self::SlowMessage => "slow_message",
            Self::MessageBytes => "message_bytes",
            Self::ConnectionBytes => "connection_bytes",
            Self::LongMessage => "long_message",
            Self::Questions => "questions",
            Self::ReleaseStreams => "release_streams",
            Self::StuckReader => "stuck_reader",
            Self::CutAtStop => "cut_at_stop",
        }
    }
}

/// The counts. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Refusals(Arc<[AtomicU64; Refused::ALL.len()]>);

impl Refusals {
    /// One more.
    pub fn count(&self, refused: Refused) {
        self.0[refused as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// All since the start, in the order of [`Refused::ALL`].
    #[must_use]
    pub fn totals(&self) -> [(Refused, u64); Refused::ALL.len()] {
        Refused::ALL.map(|refused| (refused, self.0[refused as usize].load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_counted_for_itself_under_its_own_name() {
        let refusals = Refusals::default();
        for (times, refused) in (1..).zip(Refused::ALL) {
            (0..times).for_each(|_| refusals.clone().count(refused));
        }
        let mut names = std::collections::BTreeSet::new();
        for (times, (refused, count)) in (1..).zip(refusals.totals()) {
            assert_eq!(count, times, "{refused:?}");
            assert!(names.insert(refused.name()));
        }
    }
}

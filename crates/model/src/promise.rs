//! The promise in words: what is kept of a visitor, how, and until when. It stands beside the numbers of the promise so that
//! nobody who answers questions writes it anew.

/// Something that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// What it is.
    pub what: &'static str,
    /// How it is kept.
    pub how: &'static str,
    /// When it goes.
    pub until: &'static str,
}

/// What is exact, outside the promise.
pub const NOT_COVERED: &str = "The first day on which a site has anything, if nobody configured it, and the first and last day of an \
    imported log are exact: the promise does not cover them.";

/// All that is kept.
pub const RETENTION: [Retention; 5] = [
    Retention {
        what: "events (address, cookie, user agent, page, referrer)",
        how: "in memory only, never on disk and never in a log",
        until: "the end of the call that brought them",
    },
    Retention {
        what: "visitor tags and counts that are not published yet",
        how: "encrypted on disk, under keys of their own for each day, week and month; a tag is a keyed hash",
        until: "their day, week or month is sealed: the key is then destroyed, and what is left on disk cannot be read",
    },
    Retention {
        what: "sums by page, referrer and campaign that are not public yet, without any visitor",
        how: "encrypted on disk, under a key of its own for each quarter",
        until: "their quarter is sealed: the key is then destroyed",
    },
    Retention { what: "releases (counts with noise)", how: "in clear; they are public", until: "forever" },
    Retention {
        what: "how far each producer has sent, and its own bookmark",
        how: "on disk, under a keyed hash of the producer's name; nothing of a visitor",
        until: "the data directory is deleted",
    },
];

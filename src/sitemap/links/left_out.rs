//! What was left out while links were followed, and why: for the log and for `headcount check --fetch`.
//!
//! It is here so that a list of pages is never short in silence. It takes reasons and what the site itself says; nothing of a visitor.

use std::collections::BTreeMap;

use super::traps::{Trap, Traps};

/// The most notes that are kept.
const NOTES_MAX: usize = 10;

/// Why an address did not become a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    Robots,
    Unlisted,
    Hidden,
    NoPage,
    Failed,
    Trap(Trap),
    Limit,
}

impl Reason {
    const fn words(self) -> &'static str {
        match self {
            Self::Robots => "forbidden by robots.txt",
            Self::Unlisted => "noindex",
            Self::Hidden => "nofollow or links_ignore",
            Self::NoPage => "no HTML page",
            Self::Failed => "failed",
            Self::Trap(Trap::Shape) => "too deep a path",
            Self::Trap(Trap::Far) => "too many links away",
            Self::Trap(Trap::SameName) => "the same name again",
            Self::Trap(Trap::Directory) => "in a directory without an end",
            Self::Limit => "beyond a limit",
        }
    }
}

/// All that was left out.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    counts: BTreeMap<Reason, u32>,
    notes: Vec<String>,
    /// Whether something may be missing that will be there another time.
    pub(super) is_partial: bool,
}

impl LeftOut {
    pub(super) fn add(&mut self, reason: Reason, count: u32) {
        if count > 0 {
            let total = self.counts.entry(reason).or_default();
            *total = total.saturating_add(count);
        }
        self.is_partial |= reason == Reason::Failed;
    }

    /// Something that an operator should read: a host that does not answer, a limit.
    pub(super) fn note(&mut self, what: String) {
        if self.notes.len() < NOTES_MAX {
            self.notes.push(what);
        }
    }

    /// As one line; empty if nothing was left out.
    pub(super) fn line(&self, traps: &Traps) -> String {
        let mut parts: Vec<String> =
            self.counts.iter().map(|(reason, count)| format!("{count} {}", reason.words())).collect();
        let (closed, all) = traps.closed();
        if all > 0 {
            let more = if all > closed.len() { format!(" and {} more", all - closed.len()) } else { String::new() };
            parts.push(format!("closed: {}{more}", closed.join(" ")));
        }
        parts.extend(self.notes.iter().cloned());
        parts.join("; ")
    }
}

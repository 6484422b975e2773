//! What became of the records of a request, in counts: all that a sender is told.

use std::{collections::BTreeMap, fmt};

use crate::vault::{Outcome, OutcomeCounts};

/// Why a record was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LeftOut {
    /// It tells of no request.
    NoRequest,
    /// Neither its sender's name nor its host leads to a site.
    NoSite,
    /// The vault rejected it.
    Rejected(Outcome),
}

impl fmt::Display for LeftOut {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::NoRequest => "without a request (neither HTTP attributes nor a log line)",
            Self::NoSite => "without a site (give its name as service.name, or list the host in the configuration)",
            Self::Rejected(Outcome::Late) => "late (their day is published)",
            Self::Rejected(Outcome::Future) => "ahead of the server's clock",
            Self::Rejected(Outcome::TooOld) => "from before 1990",
            Self::Rejected(Outcome::NoVisitor) => "without a client's address",
            Self::Rejected(Outcome::BadTarget) => "without a path or URL that can be read",
            Self::Rejected(_) => "with a status outside 100 to 599",
        })
    }
}

/// The books of one request.
#[derive(Debug, Default)]
pub(super) struct Told(BTreeMap<LeftOut, u64>);

impl Told {
    pub(super) fn left_out(&mut self, why: LeftOut) {
        *self.0.entry(why).or_default() += 1;
    }

    /// Takes in what the vault rejected. What it accepted is told to nobody, nor whether it was beyond a visitor's bound.
    pub(super) fn rejected(&mut self, books: &OutcomeCounts) {
        for (outcome, count, _) in books.close().filter(|(outcome, ..)| !outcome.is_accepted()) {
            *self.0.entry(LeftOut::Rejected(outcome)).or_default() += u64::from(count);
        }
    }

    /// How many were left out.
    pub(super) fn count(&self) -> u64 {
        self.0.values().sum()
    }
}

impl fmt::Display for Told {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (why, count)) in self.0.iter().enumerate() {
            let separator = if index == 0 { "left out: " } else { ", " };
            write!(to, "{separator}{count} {why}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_rejected_is_told_and_only_in_counts() {
        let mut told = Told::default();
        assert_eq!((told.count(), told.to_string()), (0, String::new()));
        told.left_out(LeftOut::NoSite);
        let mut books = OutcomeCounts::open(4);
        for (index, outcome) in (0..).zip([Outcome::BeyondBound, Outcome::Late, Outcome::Late, Outcome::Counted]) {
            books.enter(index, outcome);
        }
        told.rejected(&books);
        assert_eq!(told.count(), 3);
        let text = told.to_string();
        assert!(
            text.starts_with("left out: 1 without a site") && text.ends_with(", 2 late (their day is published)"),
            "{text}"
        );
    }
}

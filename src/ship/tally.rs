//! What became of the lines of one input on this side: each ends in exactly one way.

use std::collections::BTreeMap;

use super::census::Census;
use super::days::Days;
use super::format::Malformed;
use super::judge::Account;

/// How many numbers of malformed lines are kept for each file.
pub const MALFORMED_LINES_SHOWN: usize = 10;

/// What became of the lines of one input on this side.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// Lines read in this run: sent, withheld, malformed, too long, empty ones and directives.
    pub(super) lines: u64,
    pub(super) sent: u64,
    /// Lines that could be read and were not sent, because too many beside them could not.
    pub(super) withheld: u64,
    pub(super) malformed: BTreeMap<Malformed, u64>,
    pub(super) too_long: u64,
    pub(super) empty: u64,
    /// Lines that are no access and not meant to be one: `#Fields`, what a server says about itself.
    pub(super) directives: u64,
    /// 1 where the last line waits for its end.
    pub(super) held_back: u64,
    /// 1 where the next line is ahead of the clock and waits for its time.
    pub(super) ahead: u64,
    /// Lines that earlier runs had sent.
    pub(super) resumed_at_line: u64,
    /// Line numbers, from 1, of the first lines that were malformed or too long.
    pub(super) first_malformed_lines: Vec<u64>,
    /// The name of the format that its lines had, or of what it looks like.
    pub(super) format: &'static str,
    /// How many lines of the whole content were understood, up to the last batch.
    pub(super) account: Account,
    /// What was noticed of the accesses.
    pub(super) census: Census,
    /// Of which days they are.
    pub(super) days: Days,
}

impl Tally {
    /// Every line read ended in exactly one way.
    pub(super) fn is_balanced(&self) -> bool {
        let malformed: u64 = self.malformed.values().sum();
        self.lines == self.sent + self.withheld + malformed + self.too_long + self.empty + self.directives
    }

    /// The number of the next line, from 1.
    pub(super) fn next_number(&self) -> u64 {
        self.resumed_at_line + self.lines + 1
    }

    /// Counts a line that could not be read.
    pub(super) fn add_malformed(&mut self, reason: Malformed, number: u64) {
        *self.malformed.entry(reason).or_default() += 1;
        self.show(number);
    }

    /// Counts a line that is too long.
    pub(super) fn add_too_long(&mut self, number: u64) {
        self.too_long += 1;
        self.show(number);
    }

    fn show(&mut self, number: u64) {
        if self.first_malformed_lines.len() < MALFORMED_LINES_SHOWN {
            self.first_malformed_lines.push(number);
        }
    }
}

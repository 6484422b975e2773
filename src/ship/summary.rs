//! What shipping came to: for each input and in all, as typed numbers that serialise with stable names.
//!
//! It accounts for every line that was read. It holds counts, line numbers, file names and producer names, and never
//! anything that stood in a line.

use std::collections::BTreeMap;
use std::time::Duration;

use headcount_client::Receipt;
use serde::Serialize;

use super::progress::lines_per_second;
use super::published::Publication;
use super::tally::Tally;
use crate::proto::Outcome;

/// Counts by stable name, e.g. "counted" or "no_time".
pub type CountsByName = BTreeMap<String, u64>;

/// What became of one input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FileSummary {
    /// The path as given, or `-`.
    pub file: String,
    /// Who the server knows it as; empty where an input was empty or could not be read.
    pub producer: String,
    /// How many of its lines earlier runs had sent; they were passed over.
    pub resumed_at_line: u64,
    /// Lines read in this run: sent + withheld + malformed + too_long + empty + directives.
    pub lines: u64,
    /// Lines sent as events: accepted + rejected + duplicates.
    pub sent: u64,
    /// Lines that could be read and were not sent, because too many beside them could not.
    pub withheld: u64,
    /// Events that the server counted or left out for a reason that is no fault of the log.
    pub accepted: u64,
    /// Events that the server rejected.
    pub rejected: u64,
    /// Events the server turned out to have already after the connection had broken. They are counted once; which
    /// outcome each had is not known here.
    pub duplicates: u64,
    /// Events by outcome, named as in the protocol without its prefix, in lower case.
    pub outcomes: CountsByName,
    /// Lines that could not be read and were not sent, by the part that was wrong.
    pub malformed: CountsByName,
    /// Lines above 64 KiB, not sent.
    pub too_long: u64,
    /// Empty lines, not sent.
    pub empty: u64,
    /// Lines that are no access and not meant to be one, such as `#Fields`; not sent.
    pub directives: u64,
    /// 1 where the last line has no end yet and waits for the next run.
    pub held_back: u64,
    /// The name of the format that its lines had, such as "combined"; where none could be read, what it looks like.
    pub format: String,
    /// 1 where the next line is ahead of the clock and waits for its time.
    pub ahead: u64,
    /// The numbers, from 1, of the first ten lines that were malformed or too long.
    pub first_malformed_lines: Vec<u64>,
    /// The last batch that is durable.
    pub durable_sequence: u64,
    /// What was or would be sent, by day in UTC.
    pub days: CountsByName,
    /// The earliest and the latest time of these, in milliseconds since 1970.
    #[serde(skip)]
    pub times_unix_ms: Option<(i64, i64)>,
    /// What kept it from being read to its end, or from being understood.
    pub error: Option<String>,
    /// What is wrong with what the server answered: most of it came late or is in the future.
    pub trouble: Option<String>,
    /// What makes numbers wrong although each line can be read: no user agents, one address for all, one's own site as a
    /// referrer.
    pub notes: Vec<String>,
}

/// What shipping came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// The server's mark of how much it has published, for the next run.
    #[serde(skip)]
    pub release_mark: Vec<u8>,
    /// The earliest and the latest time of what was sent, in milliseconds since 1970.
    #[serde(skip)]
    pub times_unix_ms: Option<(i64, i64)>,
    /// Nothing was sent: this is what would be.
    #[serde(rename = "dry_run")]
    pub is_dry: bool,
    /// The site.
    pub site: String,
    /// One for each input, in their order.
    pub files: Vec<FileSummary>,
    /// Lines read in this run.
    pub lines: u64,
    /// Lines sent as events.
    pub sent: u64,
    /// Events accepted.
    pub accepted: u64,
    /// Events rejected.
    pub rejected: u64,
    /// See `FileSummary::duplicates`.
    pub duplicates: u64,
    /// Lines that earlier runs had sent.
    pub already_counted_lines: u64,
    /// Lines that could not be read and were not sent, by the part that was wrong.
    pub malformed: CountsByName,
    /// Lines that were not sent because they were too long.
    pub too_long: u64,
    /// Empty lines.
    pub empty: u64,
    /// Lines that are no access and not meant to be one, such as `#Fields`.
    pub directives: u64,
    /// Events by outcome.
    pub outcomes: CountsByName,
    /// Up to when everything was stated as sent, in milliseconds since 1970; none with `live` or after an error.
    pub complete_through_unix_ms: Option<i64>,
    /// The last day that the server has published, where it says so.
    pub published_through: Option<String>,
    /// When the day after it is published at the latest, in seconds since 1970, where the server says so.
    pub next_due_unix_s: Option<i64>,
    /// Whether all days that were sent and are over are published, where the server says so.
    pub is_published: Option<bool>,
    /// How long it took.
    pub seconds: f64,
    /// Lines read a second.
    pub lines_per_second: u64,
}

impl FileSummary {
    /// An input of which nothing is known yet.
    pub(super) fn new(file: String) -> Self {
        Self { file, ..Self::default() }
    }

    /// Takes in what was read.
    pub(super) fn read(&mut self, tally: &Tally) {
        self.resumed_at_line = tally.resumed_at_line;
        self.lines = tally.lines;
        self.sent = tally.sent;
        self.too_long = tally.too_long;
        self.empty = tally.empty;
        tally.format.clone_into(&mut self.format);
        self.directives = tally.directives;
        self.held_back = tally.held_back;
        self.withheld = tally.withheld;
        self.ahead = tally.ahead;
        self.notes = tally.census.notes();
        self.days = tally.days.by_date();
        self.times_unix_ms = tally.days.range();
        self.first_malformed_lines.clone_from(&tally.first_malformed_lines);
        self.malformed = tally.malformed.iter().map(|(reason, count)| (reason.name().to_owned(), *count)).collect();
    }

    /// Takes in what the server answered.
    pub(super) fn answered(&mut self, receipt: &Receipt) {
        self.accepted = receipt.accepted;
        self.rejected = receipt.rejected;
        self.duplicates = receipt.duplicates;
        for (outcome, count) in &receipt.outcomes {
            *self.outcomes.entry(outcome_name(*outcome)).or_default() += count;
        }
    }

    /// Whether each event that was sent ended in exactly one way.
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        let malformed: u64 = self.malformed.values().sum();
        self.sent == self.accepted + self.rejected + self.duplicates
            && self.lines == self.sent + self.withheld + malformed + self.too_long + self.empty + self.directives
            && self.accepted + self.rejected == self.outcomes.values().sum::<u64>()
    }
}

impl Summary {
    /// Adds up its files.
    pub(super) fn of(site: String, files: Vec<FileSummary>, elapsed: Duration) -> Self {
        let mut summary = Self { site, seconds: elapsed.as_secs_f64(), ..Self::default() };
        for file in &files {
            summary.lines += file.lines;
            summary.sent += file.sent;
            summary.accepted += file.accepted;
            summary.rejected += file.rejected;
            summary.duplicates += file.duplicates;
            summary.already_counted_lines += file.resumed_at_line;
            summary.too_long += file.too_long;
            summary.empty += file.empty;
            summary.directives += file.directives;
            summary.times_unix_ms = range_of_both(summary.times_unix_ms, file.times_unix_ms);
            add_counts(&mut summary.malformed, &file.malformed);
            add_counts(&mut summary.outcomes, &file.outcomes);
        }
        summary.lines_per_second = lines_per_second(summary.lines, elapsed);
        summary.files = files;
        summary
    }

    /// Takes in what the server has published.
    #[must_use]
    pub fn with_publication(mut self, publication: Publication) -> Self {
        self.is_published = Some(publication.is_whole);
        self.next_due_unix_s = (publication.next_due_unix_s > 0).then_some(publication.next_due_unix_s);
        self.published_through = (!publication.last_date.is_empty()).then_some(publication.last_date);
        self
    }

    /// Whether something is wrong that whoever runs this should look at.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.is_damaged() || self.files.iter().any(|file| file.trouble.is_some())
    }

    /// Whether some input could not be read to its end, or was not understood.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.files.iter().any(|file| file.error.is_some())
    }
}

/// The range that holds two.
fn range_of_both(one: Option<(i64, i64)>, other: Option<(i64, i64)>) -> Option<(i64, i64)> {
    match (one, other) {
        (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
        (one, other) => one.or(other),
    }
}

fn add_counts(to: &mut CountsByName, counts: &CountsByName) {
    for (name, count) in counts {
        *to.entry(name.clone()).or_default() += count;
    }
}

/// An outcome's stable name. One that this version does not know is named by its number.
fn outcome_name(outcome: i32) -> String {
    Outcome::try_from(outcome).map_or_else(
        |_| format!("outcome_{outcome}"),
        |known| {
            let name = known.as_str_name();
            name.strip_prefix("OUTCOME_").unwrap_or(name).to_ascii_lowercase()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_stable() {
        assert_eq!(outcome_name(Outcome::NotSuccess.into()), "not_success");
        assert_eq!(outcome_name(Outcome::NotGet.into()), "not_get");
        assert_eq!(outcome_name(99), "outcome_99");
    }

    #[test]
    fn json_has_the_documented_keys() {
        let files = vec![FileSummary::new("a.log".to_owned())];
        let summary = Summary::of("s".to_owned(), files, Duration::from_secs(1));
        let json = serde_json::to_value(&summary).unwrap();
        let keys = |value: &serde_json::Value| {
            let mut keys: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
            keys.sort();
            keys.join(" ")
        };
        assert_eq!(
            keys(&json),
            "accepted already_counted_lines complete_through_unix_ms directives dry_run duplicates empty files is_published lines \
             lines_per_second malformed next_due_unix_s outcomes published_through rejected seconds sent site too_long"
        );
        assert_eq!(
            keys(&json["files"][0]),
            "accepted ahead days directives duplicates durable_sequence empty error file first_malformed_lines format held_back \
             lines malformed notes outcomes producer rejected resumed_at_line sent too_long trouble withheld"
        );
    }
}

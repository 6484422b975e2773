//! Reads a prepared input on its own thread: reads line after line, cuts batches and hands them over through a bounded
//! channel.
//!
//! A batch is cut by what was read alone (lines, bytes), never by time, except where a pipe is being followed: there
//! nobody comes back to the same content. The thread ends when nobody takes its batches any more.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use headcount_client::{Batch, Position};
use tokio::sync::mpsc;

use super::cursor::{Checker, Cursor};
use super::format::{Format, Malformed, Parsed, Parser};
use super::lines::Line;
use super::prepare::{InputError, Prepared};
use super::progress::Meter;
use crate::proto::AccessEvent;

/// A batch ends after this many lines were read for it, sent or not.
pub const BATCH_LINES_MAX: u64 = 1_000;

/// A batch ends once its events are this large, so that it stays well below the 4 MiB a server takes. The largest
/// event is about 17 KiB.
pub const BATCH_BYTES_MAX: usize = 1024 * 1024;

/// How many numbers of malformed lines are kept for each file.
pub const MALFORMED_LINES_SHOWN: usize = 10;

/// What became of the lines of one input on this side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Lines read in this run: sent, malformed, too long, empty ones and directives.
    pub(super) lines: u64,
    pub(super) sent: u64,
    pub(super) malformed: BTreeMap<Malformed, u64>,
    pub(super) too_long: u64,
    pub(super) empty: u64,
    /// Lines that are no access and not meant to be one: `#Fields`, what a server says about itself.
    pub(super) directives: u64,
    /// 1 where the last line waits for its end.
    pub(super) held_back: u64,
    /// Lines that earlier runs had sent.
    pub(super) resumed_at_line: u64,
    /// The name of the format that its lines had, or of what it looks like.
    pub(super) format: &'static str,
    /// Line numbers, from 1, of the first lines that were malformed or too long.
    pub(super) first_malformed_lines: Vec<u64>,
}

impl Tally {
    /// Every line read ended in exactly one way.
    pub(super) fn is_balanced(&self) -> bool {
        let malformed: u64 = self.malformed.values().sum();
        self.lines == self.sent + malformed + self.too_long + self.empty + self.directives
    }
}

/// How an input is read.
#[derive(Clone)]
pub(super) struct ReadOptions {
    pub(super) format: Format,
    /// The content still grows: an unfinished last line waits.
    pub(super) live: bool,
}

/// Reads a prepared input to its end and hands its batches over.
pub(super) struct Reader {
    prepared: Prepared,
    checker: Checker,
    live: bool,
    parser: Parser,
    batches: mpsc::Sender<Batch>,
    meter: Arc<Meter>,
    tally: Tally,
    /// Whether the last line that could be read had referrer and agent.
    last_was_combined: bool,
    /// The last line was taken although it has no line feed.
    line_open: bool,
    batch: Batch,
    batch_lines: u64,
}

impl Reader {
    /// Prepares without reading.
    pub(super) fn new(
        prepared: Prepared,
        options: ReadOptions,
        batches: mpsc::Sender<Batch>,
        meter: Arc<Meter>,
    ) -> Self {
        let checker = Checker::new(&prepared.producer);
        Self {
            prepared,
            checker,
            live: options.live,
            parser: Parser::new(options.format),
            batches,
            meter,
            tally: Tally::default(),
            last_was_combined: false,
            line_open: false,
            batch: Batch::new(),
            batch_lines: 0,
        }
    }

    /// Reads everything after the position that the server keeps. What was counted is told in any case, an error where
    /// the end was not reached.
    pub(super) fn run(mut self, position: &Position) -> (Tally, Option<InputError>) {
        let mut error = self.resume(position).err();
        if error.is_none() {
            error = self.read_lines().err().map(|error| {
                let lines = self.tally.resumed_at_line + self.tally.lines;
                self.prepared.damaged(Some(lines), error)
            });
            self.hand_over();
        }
        self.tally.format = self.parser.seen();
        debug_assert!(self.tally.is_balanced(), "every line ends in exactly one way");
        (self.tally, error)
    }

    /// Goes to where the last run ended, where there was one.
    fn resume(&mut self, position: &Position) -> Result<(), InputError> {
        if position.durable_sequence == 0 || !self.prepared.resumable {
            return Ok(());
        }
        let resumed = self.prepared.resume(&self.checker, &position.cursor)?;
        self.tally.resumed_at_line = resumed.lines;
        self.line_open = resumed.line_open;
        Ok(())
    }

    /// Reads line after line; what is not handed over at the end is left in the batch.
    fn read_lines(&mut self) -> io::Result<()> {
        let follow = self.live && !self.prepared.resumable;
        loop {
            if follow && !self.prepared.lines.is_ready() && !self.hand_over() {
                return Ok(());
            }
            if !self.read_line()? {
                return Ok(());
            }
            let full = self.batch_lines >= BATCH_LINES_MAX || self.batch.encoded_bytes() >= BATCH_BYTES_MAX;
            if full && !self.hand_over() {
                return Ok(());
            }
        }
    }

    /// Takes one line. False at the end.
    fn read_line(&mut self) -> io::Result<bool> {
        let number = self.tally.resumed_at_line + self.tally.lines + 1;
        let parsed = match self.prepared.lines.next_line()? {
            Line::End => return Ok(false),
            Line::Complete([]) => None,
            Line::Complete(line) => Some(self.parser.parse(line).map(|parsed| match parsed {
                Parsed::Access(access) => {
                    self.last_was_combined = access.combined;
                    Some(access.to_event())
                }
                Parsed::Directive => None,
            })),
            Line::TooLong { finished } => {
                self.line_open = !finished;
                self.count_line();
                self.tally.too_long += 1;
                self.show(number);
                return Ok(true);
            }
            Line::Unfinished(_) if self.live => {
                self.tally.held_back = 1;
                return Ok(false);
            }
            Line::Unfinished(line) => {
                let event = line_event(line, &mut self.parser, self.last_was_combined);
                return Ok(self.read_last_line(event, number));
            }
        };
        self.line_open = false;
        self.count_line();
        match parsed {
            None => self.tally.empty += 1,
            Some(Ok(event)) => self.take(event.as_ref()),
            Some(Err(reason)) => self.malformed(reason, number),
        }
        Ok(true)
    }

    /// Takes the last line of a finished content that has no line feed. One that cannot be read is left where it is:
    /// should the content grow after all, the whole line is read again.
    fn read_last_line(&mut self, parsed: Result<Option<AccessEvent>, Malformed>, number: u64) -> bool {
        match parsed {
            Ok(event) => {
                self.prepared.lines.consume_rest();
                self.line_open = true;
                self.count_line();
                self.take(event.as_ref());
                true
            }
            Err(reason) => {
                // Handed over first, because the position of that batch must not cover this line.
                self.hand_over();
                self.tally.lines += 1;
                self.malformed(reason, number);
                false
            }
        }
    }

    fn count_line(&mut self) {
        self.tally.lines += 1;
        self.batch_lines += 1;
    }

    /// Takes a line that could be read; `None` for one that is no access.
    fn take(&mut self, event: Option<&AccessEvent>) {
        if let Some(event) = event {
            self.tally.sent += 1;
            self.batch.add(event);
        } else {
            self.tally.directives += 1;
        }
    }

    fn malformed(&mut self, reason: Malformed, number: u64) {
        *self.tally.malformed.entry(reason).or_default() += 1;
        self.show(number);
    }

    fn show(&mut self, number: u64) {
        if self.tally.first_malformed_lines.len() < MALFORMED_LINES_SHOWN {
            self.tally.first_malformed_lines.push(number);
        }
    }

    /// Hands over the lines since the last batch, if any. False where nobody takes them any more.
    fn hand_over(&mut self) -> bool {
        if self.batch_lines == 0 {
            return true;
        }
        self.meter.add_lines(self.batch_lines);
        let mut batch = std::mem::take(&mut self.batch);
        batch.set_cursor(self.cursor());
        self.batch_lines = 0;
        self.batches.blocking_send(batch).is_ok()
    }

    /// The position after the lines taken so far; empty for what has no position.
    fn cursor(&self) -> Vec<u8> {
        if !self.prepared.resumable {
            return Vec::new();
        }
        let lines = &self.prepared.lines;
        Cursor {
            offset_bytes: lines.offset(),
            lines: self.tally.resumed_at_line + self.tally.lines,
            line_open: self.line_open,
            check: self.checker.check(lines.history()),
        }
        .encode()
    }
}

/// The event of a line without a line feed. A line that seems to be cut (a quote that does not close, or no agent
/// where the lines before had one) counts as malformed.
fn line_event(line: &[u8], parser: &mut Parser, others_combined: bool) -> Result<Option<AccessEvent>, Malformed> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match parser.parse(line)? {
        Parsed::Access(access) if !access.whole || (others_combined && !access.combined) => Err(Malformed::NoAgent),
        Parsed::Access(access) => Ok(Some(access.to_event())),
        Parsed::Directive => Ok(None),
    }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;

//! Reads a prepared input on its own thread: reads line after line, cuts batches and hands them over through a bounded
//! channel.
//!
//! A batch is cut by what was read alone (lines, bytes), never by time, except where a pipe is being followed: there
//! nobody comes back to the same content. Nothing is handed over of a batch that was not understood: the position stays before
//! it. The thread ends when nobody takes its batches any more.

use std::io;
use std::sync::Arc;

use headcount_client::{Batch, Position};
use tokio::sync::mpsc;

use super::cursor::{Checker, Cursor};
use super::format::{Format, Malformed, Parsed, Parser};
use super::judge::{Account, is_broken_request, is_to_wait_for};
use super::lines::Line;
use super::options::ShipOptions;
use super::prepare::{InputError, Prepared};
use super::progress::Meter;
use super::tally::Tally;
use crate::proto::AccessEvent;

/// A batch ends after this many lines were read for it, sent or not.
pub const BATCH_LINES_MAX: u64 = 1_000;

/// A batch ends once its events are this large, so that it stays well below the 4 MiB a server takes. The largest
/// event is about 17 KiB.
pub const BATCH_BYTES_MAX: usize = 1024 * 1024;

/// How an input is read.
#[derive(Clone)]
pub(super) struct ReadOptions {
    pub(super) format: Format,
    /// The content still grows: an unfinished last line waits, and so does one that is ahead of the clock.
    pub(super) live: bool,
    /// Lines that are not understood are passed over, however many.
    pub(super) accept_malformed: bool,
    pub(super) now_unix_ms: i64,
}

impl ReadOptions {
    /// As the options say.
    pub(super) fn of(options: &ShipOptions) -> Self {
        Self {
            format: options.format.clone(),
            live: options.live,
            accept_malformed: options.accept_malformed,
            now_unix_ms: options.now_unix_ms,
        }
    }
}

/// What a line came to.
#[expect(
    clippy::large_enum_variant,
    reason = "one lives for a moment, and nearly all are events: a box would be made for each line"
)]
enum Taken {
    Event(AccessEvent),
    /// Nothing is wrong with it, and it is no access.
    NoAccess,
    /// Why not, and whether it is a line of an access all the same.
    Malformed(Malformed, bool),
    /// It is ahead of the clock.
    Ahead,
}

/// Reads a prepared input to its end and hands its batches over.
pub(super) struct Reader {
    prepared: Prepared,
    checker: Checker,
    options: ReadOptions,
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
    batch_account: Account,
    /// A batch was not understood.
    refused: bool,
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
            parser: Parser::new(options.format.clone()),
            options,
            batches,
            meter,
            tally: Tally::default(),
            last_was_combined: false,
            line_open: false,
            batch: Batch::new(),
            batch_lines: 0,
            batch_account: Account::default(),
            refused: false,
        }
    }

    /// Reads everything after the position that the server keeps. What was counted is told in any case, an error where
    /// the end was not reached, or where too much was not understood.
    pub(super) fn run(mut self, position: &Position) -> (Tally, Option<InputError>) {
        let mut error = self.resume(position).err();
        if error.is_none() {
            error = self.read_lines().err().map(|error| {
                let lines = self.tally.resumed_at_line + self.tally.lines;
                self.prepared.damaged(Some(lines), error)
            });
            self.hand_over();
            self.tally.format = self.parser.seen();
            error = error.or_else(|| self.not_understood());
        }
        debug_assert!(self.tally.is_balanced(), "every line ends in exactly one way");
        (self.tally, error)
    }

    /// Goes to where the last run ended, where there was one.
    fn resume(&mut self, position: &Position) -> Result<(), InputError> {
        if position.durable_sequence == 0 || !self.prepared.resumable {
            return Ok(());
        }
        let resumed = self.prepared.resume(&self.checker, &position.cursor, &mut self.parser)?;
        self.tally.resumed_at_line = resumed.lines;
        self.tally.account = resumed.account;
        self.line_open = resumed.line_open;
        Ok(())
    }

    /// Says that the content was not understood, if so.
    fn not_understood(&self) -> Option<InputError> {
        let account = self.tally.account.and(self.batch_account);
        if self.options.accept_malformed || (!self.refused && account.is_trusted()) {
            return None;
        }
        let account = if self.refused { self.batch_account } else { account };
        let stopped_before = self.refused.then(|| self.tally.next_number() - self.batch_lines);
        Some(InputError::not_understood(account, &self.tally, stopped_before))
    }

    /// Reads line after line; what is not handed over at the end is left in the batch.
    fn read_lines(&mut self) -> io::Result<()> {
        let follow = self.options.live && !self.prepared.resumable;
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
        let number = self.tally.next_number();
        let waits = self.options.live && self.prepared.resumable;
        let (line, is_whole) = match self.prepared.lines.next_line()? {
            Line::End => return Ok(false),
            Line::Complete(line) => (line, true),
            Line::TooLong { finished } => {
                self.line_open = !finished;
                self.count_line();
                self.batch_account.not_understood += 1;
                self.tally.add_too_long(number);
                return Ok(true);
            }
            Line::Unfinished(_) if self.options.live => {
                self.tally.held_back = 1;
                return Ok(false);
            }
            Line::Unfinished(line) => (line, false),
        };
        if line.is_empty() {
            self.count_line();
            self.line_open = false;
            self.tally.empty += 1;
            return Ok(true);
        }
        let others_combined = !is_whole && self.last_was_combined;
        let now_unix_ms = waits.then_some(self.options.now_unix_ms);
        let (taken, is_combined) = take(line, &mut self.parser, is_whole, others_combined, now_unix_ms);
        self.last_was_combined = is_combined.unwrap_or(self.last_was_combined);
        Ok(self.count(taken, is_whole, number))
    }

    /// Counts what a line came to. False where the input ends with it.
    fn count(&mut self, taken: Taken, is_whole: bool, number: u64) -> bool {
        if matches!(taken, Taken::Ahead) {
            self.prepared.lines.put_back();
            self.tally.ahead = 1;
            return false;
        }
        if !is_whole {
            if let Taken::Malformed(reason, _) = taken {
                // Should the content grow after all, the whole line is read again: the position of the batch before it must not
                // cover it.
                self.hand_over();
                self.tally.lines += 1;
                self.batch_account.not_understood += 1;
                self.tally.add_malformed(reason, number);
                return false;
            }
            self.prepared.lines.consume_rest();
        }
        self.line_open = !is_whole;
        self.count_line();
        match taken {
            Taken::Event(event) => {
                self.tally.sent += 1;
                self.batch_account.understood += 1;
                self.tally.census.add(&event);
                self.tally.days.add(event.time_unix_ms);
                self.batch.add(&event);
            }
            Taken::Malformed(reason, is_access) => {
                self.batch_account.understood += u64::from(is_access);
                self.batch_account.not_understood += u64::from(!is_access);
                self.tally.add_malformed(reason, number);
            }
            Taken::NoAccess | Taken::Ahead => self.tally.directives += 1,
        }
        true
    }

    fn count_line(&mut self) {
        self.tally.lines += 1;
        self.batch_lines += 1;
    }

    /// Hands over the lines since the last batch, if any. False where nobody takes them any more, or where they were not
    /// understood.
    fn hand_over(&mut self) -> bool {
        if self.refused || self.batch_lines == 0 {
            return !self.refused;
        }
        if !self.options.accept_malformed && !self.batch_account.may_follow(self.tally.account) {
            self.tally.sent -= self.batch.events();
            self.tally.withheld += self.batch.events();
            self.refused = true;
            return false;
        }
        self.meter.add_lines(self.batch_lines);
        let account = std::mem::take(&mut self.batch_account);
        self.tally.account = self.tally.account.and(account);
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
            account: self.tally.account,
        }
        .encode()
    }
}

/// What a line comes to, and whether it has referrer and agent where it can be read. A line without a line feed that seems to be
/// cut (a quote that does not close, or no agent where the lines before had one) counts as malformed.
fn take(
    line: &[u8],
    parser: &mut Parser,
    is_whole: bool,
    others_combined: bool,
    now_unix_ms: Option<i64>,
) -> (Taken, Option<bool>) {
    let line = if is_whole { line } else { line.strip_suffix(b"\r").unwrap_or(line) };
    match parser.parse(line) {
        Ok(Parsed::Directive) => (Taken::NoAccess, None),
        Ok(Parsed::Access(access)) => {
            if !is_whole && (!access.whole || (others_combined && !access.combined)) {
                return (Taken::Malformed(Malformed::NoAgent, false), None);
            }
            if now_unix_ms.is_some_and(|now_unix_ms| is_to_wait_for(access.time_unix_ms(), now_unix_ms)) {
                return (Taken::Ahead, None);
            }
            (Taken::Event(access.to_event()), Some(access.combined))
        }
        Err(reason) => {
            let is_access = reason == Malformed::NoRequest && is_broken_request(line);
            (Taken::Malformed(reason, is_access), None)
        }
    }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;

//! Reads a prepared input on its own thread: reads line after line, cuts batches and hands them over through a bounded
//! channel.
//!
//! A batch is cut by what was read alone (lines, bytes), never by time, except where a pipe is being followed: there
//! nobody comes back to the same content. Nothing is handed over of a batch that was not understood: the position stays before
//! it. The thread ends when nobody takes its batches any more.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::cursor::{Checker, Cursor};
use super::format::{Malformed, Parsed, Parser};
use super::judge::{Account, is_broken_request, is_to_wait_for};
use super::lane::Lane;
use super::lines::Line;
use super::prepare::{InputError, Prepared};
use super::progress::Meter;
use super::read_options::ReadOptions;
use super::tally::Tally;
use super::watermark::Watermark;
use crate::proto::AccessEvent;

/// A batch ends after this many lines were read for it, sent or not.
pub const BATCH_LINES_MAX: u64 = 1_000;

/// How many sites have room for a whole batch each; more share it.
const LANES_AT_ONCE: usize = 16;

/// How often it is stated what is complete while a log is read.
const STATE_EVERY: Duration = Duration::from_secs(1);

/// A batch ends once its events are this large, so that it stays well below the 4 MiB a server takes. The largest
/// event is about 17 KiB.
pub const BATCH_BYTES_MAX: usize = 1024 * 1024;

/// What a line came to.
#[expect(
    clippy::large_enum_variant,
    reason = "one lives for a moment, and nearly all are events: a box would be made for each line"
)]
enum Taken {
    /// With the site that it is for.
    Event(AccessEvent, usize),
    /// No site has its host.
    UnknownHost,
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
    lanes: Vec<Lane>,
    /// What is complete, where that is stated while it is read.
    watermark: Option<Watermark>,
    stated_at: Instant,
    meter: Arc<Meter>,
    tally: Tally,
    /// Whether the last line that could be read had referrer and agent.
    last_was_combined: bool,
    /// The last line was taken although it has no line feed.
    line_open: bool,
    batch_lines: u64,
    batch_account: Account,
    /// A batch was not understood.
    refused: bool,
    /// The content is not what a position was of.
    changed: Option<InputError>,
}

impl Reader {
    /// Prepares without reading.
    pub(super) fn new(prepared: Prepared, options: ReadOptions, lanes: Vec<Lane>, meter: Arc<Meter>) -> Self {
        let checker = Checker::new(&prepared.producer);
        Self {
            prepared,
            checker,
            parser: Parser::new(options.format.clone()),
            watermark: options.until_unix_ms.filter(|_| lanes.len() == 1).map(Watermark::until),
            stated_at: Instant::now(),
            options,
            lanes,
            meter,
            tally: Tally::default(),
            last_was_combined: false,
            line_open: false,
            batch_lines: 0,
            batch_account: Account::default(),
            refused: false,
            changed: None,
        }
    }

    /// Reads everything after the positions that the server keeps. What was counted is told in any case, an error where
    /// the end was not reached, or where too much was not understood.
    pub(super) fn run(mut self) -> (Tally, Option<InputError>) {
        let mut error = self.resume().err();
        if error.is_none() {
            error = self.read_lines().err().map(|error| {
                let lines = self.tally.resumed_at_line + self.tally.lines;
                self.prepared.damaged(Some(lines), error)
            });
            self.hand_over(true);
            error = error.or_else(|| self.changed.take());
            self.tally.format = self.parser.seen();
            error = error.or_else(|| self.not_understood());
        }
        debug_assert!(self.tally.is_balanced(), "every line ends in exactly one way");
        (self.tally, error)
    }

    /// Goes to where the last run ended, where there was one; for several sites, to where the first of them ended.
    fn resume(&mut self) -> Result<(), InputError> {
        if !self.prepared.resumable {
            return Ok(());
        }
        for lane in &mut self.lanes {
            lane.decode(&self.prepared.producer)?;
        }
        let Some(Some(cursor)) =
            self.lanes.iter().map(|lane| lane.cursor).min_by_key(|cursor| cursor.map(|c| c.offset_bytes))
        else {
            return Ok(());
        };
        let resumed = self.prepared.resume(&self.checker, &cursor, &mut self.parser)?;
        self.tally.resumed_at_line = resumed.lines;
        self.tally.account = resumed.account;
        self.line_open = resumed.line_open;
        Ok(())
    }

    /// Makes sure that the content is the one that other sites' positions are of, as they are passed.
    fn is_changed(&mut self) -> bool {
        let lines = &self.prepared.lines;
        for lane in &mut self.lanes {
            let Some(cursor) = lane.cursor.filter(|cursor| cursor.offset_bytes <= lines.offset()) else { continue };
            lane.cursor = None;
            let is_same = cursor.offset_bytes < lines.offset() || self.checker.check(lines.history()) == cursor.check;
            if !is_same {
                self.changed = Some(self.prepared.not_the_same("differs before", &cursor));
                return true;
            }
        }
        false
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
            if follow && !self.prepared.lines.is_ready() && !self.hand_over(true) {
                return Ok(());
            }
            if !self.read_line()? {
                return Ok(());
            }
            let bytes: usize = self.lanes.iter().map(Lane::encoded_bytes).sum();
            let is_full = bytes >= BATCH_BYTES_MAX * self.lanes.len().min(LANES_AT_ONCE);
            let is_due = is_full || self.batch_lines >= BATCH_LINES_MAX;
            if is_due && (!self.hand_over(is_full) || self.options.stop.load(Ordering::Relaxed)) {
                return Ok(());
            }
        }
    }

    /// Takes one line. False at the end.
    fn read_line(&mut self) -> io::Result<bool> {
        if self.lanes.len() > 1 && self.is_changed() {
            return Ok(false);
        }
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
        let how = How { is_whole, others_combined, waits, options: &self.options };
        let (taken, is_combined) = take(line, &mut self.parser, &how);
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
                self.hand_over(true);
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
            Taken::Event(event, site) => {
                self.batch_account.understood += 1;
                self.take_event(&event, site);
            }
            Taken::UnknownHost => {
                self.batch_account.understood += 1;
                self.tally.unknown_host += 1;
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

    /// Adds an access to the batch of its site, unless an earlier run has sent it.
    fn take_event(&mut self, event: &AccessEvent, site: usize) {
        let lane = &mut self.lanes[site];
        if self.prepared.lines.offset() <= lane.durable_offset {
            self.tally.already_sent += 1;
            return;
        }
        self.tally.sent += 1;
        self.tally.census.add(event);
        self.tally.days.add(event.time_unix_ms);
        if let Some(watermark) = &mut self.watermark {
            watermark.see(event.time_unix_ms);
        }
        lane.add(event);
    }

    /// Hands over the lines since the last batch, if any: of all sites, or of those with a full batch. False where nobody takes
    /// them any more, or where they were not understood.
    fn hand_over(&mut self, all: bool) -> bool {
        if self.refused {
            return false;
        }
        if !self.options.accept_malformed && !self.batch_account.may_follow(self.tally.account) {
            let withheld: u64 = self.lanes.iter().map(Lane::events).sum();
            self.tally.sent -= withheld;
            self.tally.withheld += withheld;
            self.refused = true;
            return false;
        }
        self.meter.add_lines(self.batch_lines);
        let account = std::mem::take(&mut self.batch_account);
        self.tally.account = self.tally.account.and(account);
        let is_new = std::mem::take(&mut self.batch_lines) > 0;
        let (cursor, place) = (self.cursor(), self.prepared.lines.offset());
        let is_only = self.lanes.len() == 1;
        let lag_bytes = if is_only { 0 } else { self.options.lag_bytes };
        let complete = self.complete_unix_ms();
        self.lanes.iter_mut().all(|lane| {
            lane.is_behind |= is_new && place > lane.durable_offset + if lane.events() == 0 { lag_bytes } else { 0 };
            let is_due = lane.is_behind && (all || is_only || lane.events() >= BATCH_LINES_MAX);
            !is_due || lane.hand_over(cursor.clone(), complete)
        })
    }

    /// Up to when all is there, now and then: not at each batch, so that how many lines a day has does not show in when it is
    /// published.
    fn complete_unix_ms(&mut self) -> Option<i64> {
        let watermark = self.watermark.as_mut()?;
        watermark.end_batch();
        if !self.tally.account.is_trusted() || self.stated_at.elapsed() < STATE_EVERY {
            return None;
        }
        self.stated_at = Instant::now();
        watermark.complete_unix_ms()
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

/// How a line is taken.
struct How<'a> {
    /// It has its line feed.
    is_whole: bool,
    /// The lines before had referrer and agent, and this one may be cut.
    others_combined: bool,
    /// It is left where it is ahead of the clock.
    waits: bool,
    options: &'a ReadOptions,
}

/// What a line comes to, and whether it has referrer and agent where it can be read. A line without a line feed that seems to be
/// cut (a quote that does not close, or no agent where the lines before had one) counts as malformed.
fn take(line: &[u8], parser: &mut Parser, how: &How<'_>) -> (Taken, Option<bool>) {
    let line = if how.is_whole { line } else { line.strip_suffix(b"\r").unwrap_or(line) };
    match parser.parse(line) {
        Ok(Parsed::Directive) => (Taken::NoAccess, None),
        Ok(Parsed::Access(access)) => {
            if !how.is_whole && (!access.whole || (how.others_combined && !access.combined)) {
                return (Taken::Malformed(Malformed::NoAgent, false), None);
            }
            if how.waits && is_to_wait_for(access.time_unix_ms(), how.options.now_unix_ms) {
                return (Taken::Ahead, None);
            }
            let combined = Some(access.combined);
            match how.options.site_of(&access) {
                Some(site) => (Taken::Event(how.options.event_of(&access), site), combined),
                None => (Taken::UnknownHost, combined),
            }
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

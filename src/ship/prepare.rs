//! Opens an input, finds out who its producer is, and goes to where the last run ended.
//!
//! The producer is named after the content's first line, so that the name of a file says nothing about what was counted.
//! Before reading goes on, the bytes just before the position are compared with those of the last run.

use std::io;
use std::sync::Arc;

use super::cursor::{Checker, Cursor, CursorError};
use super::format::Parser;
use super::judge::Account;
use super::lines::{Line, Lines};
use super::progress::Meter;
use super::source::{Input, Source};
use super::tally::Tally;

/// How much of the first line's hash makes a producer's name, in hexadecimal digits.
const NAME_DIGITS: usize = 32;

/// Why an input could not be read to its end. The texts never hold content.
#[derive(Debug, thiserror::Error)]
pub(super) enum InputError {
    #[error("cannot be read: {0}")]
    Open(io::Error),
    #[error(
        "cannot be read beyond {line}byte {offset} of its content ({bytes_read} bytes into the {kind}): {error}. \
         Everything before that was sent"
    )]
    Damaged {
        /// "line 7, ", or nothing where lines were not counted yet.
        line: String,
        offset: u64,
        bytes_read: u64,
        kind: &'static str,
        error: io::Error,
    },
    #[error(
        "{how} byte {offset} (line {line}), up to which producer {producer} was counted already: it is not the same \
         file any more, or an older copy of it. Nothing of it was sent. If it is new, give it a name of its own \
         with --producer"
    )]
    NotTheSame {
        /// What is different.
        how: &'static str,
        offset: u64,
        line: u64,
        producer: String,
    },
    #[error("cannot go on as producer {producer}: {error}. Give it a name of its own with --producer")]
    Cursor { producer: String, error: CursorError },
    #[error(
        "is not understood: {bad} of {lines} lines cannot be read{}. It {}. {}Nothing is stated as complete, so that no day is \
         published without what is in them. See --format, and what becomes of a line with --explain LINE; with \
         --accept-malformed such lines are passed over",
        first_line(*.first), seen(.format), stopped(*.stopped_before)
    )]
    NotUnderstood {
        bad: u64,
        lines: u64,
        /// The first line that was not sent, where reading stopped.
        stopped_before: Option<u64>,
        first: Option<u64>,
        format: &'static str,
    },
    #[error("the thread that reads it stopped unexpectedly")]
    Stopped,
}

fn first_line(line: Option<u64>) -> String {
    line.map_or_else(String::new, |line| format!(" (the first is line {line})"))
}

impl InputError {
    /// Of a content of which so much was not understood; where reading stopped, the first line that was not sent.
    pub(super) fn not_understood(account: Account, tally: &Tally, stopped_before: Option<u64>) -> Self {
        Self::NotUnderstood {
            bad: account.not_understood,
            lines: account.understood + account.not_understood,
            stopped_before,
            first: tally.first_malformed_lines.first().copied(),
            format: tally.format,
        }
    }
}

/// The name of a format as the end of a sentence.
fn seen(format: &str) -> String {
    if format.starts_with("looks like") { format.to_owned() } else { format!("was read as: {format}") }
}

fn stopped(line: Option<u64>) -> String {
    line.map_or_else(String::new, |line| format!("Nothing was sent from line {line} on; the next run begins there. "))
}

/// An open input that has a producer.
pub(super) struct Prepared {
    pub(super) lines: Lines<Source>,
    pub(super) producer: String,
    /// Whether a later run can meet the same content again.
    pub(super) resumable: bool,
}

/// Where reading goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Resumed {
    /// Lines that earlier runs took.
    pub(super) lines: u64,
    /// The last of them has no line feed yet.
    pub(super) line_open: bool,
    /// How many of them were understood.
    pub(super) account: Account,
}

/// Opens an input and finds its producer: the name given, or one made of its first line, or a random one for
/// standard input. `None` for an empty input that has no name.
pub(super) fn prepare(
    input: &Input,
    producer: Option<String>,
    meter: &Arc<Meter>,
) -> Result<Option<Prepared>, InputError> {
    let source = Source::open(input, meter).map_err(InputError::Open)?;
    let mut lines = Lines::new(source);
    let producer = match (producer, input) {
        (Some(producer), _) => producer,
        (None, Input::Stdin) => {
            let random = getrandom::u64().map_err(|error| InputError::Open(io::Error::other(error.to_string())))?;
            format!("stdin-{random:016x}")
        }
        (None, Input::File(_)) => {
            let first = lines.peek_first_line().map_err(InputError::Open)?;
            if first.is_empty() {
                return Ok(None);
            }
            let hash = blake3::hash(first).to_hex();
            format!("file-{}", &hash[..NAME_DIGITS])
        }
    };
    Ok(Some(Prepared { lines, producer, resumable: *input != Input::Stdin }))
}

impl Prepared {
    /// Goes to the place that the server keeps with the last durable batch, and makes sure that it is the same
    /// content.
    ///
    /// # Errors
    /// It is not, or it cannot be read up to there.
    pub(super) fn resume(
        &mut self,
        checker: &Checker,
        cursor: &[u8],
        parser: &mut Parser,
    ) -> Result<Resumed, InputError> {
        let cursor =
            Cursor::decode(cursor).map_err(|error| InputError::Cursor { producer: self.producer.clone(), error })?;
        self.learn(cursor.offset_bytes, parser).map_err(|error| self.damaged(None, error))?;
        match self.lines.advance_to(cursor.offset_bytes) {
            Ok(true) => {}
            Ok(false) => return Err(self.not_the_same("ends before", &cursor)),
            Err(error) => return Err(self.damaged(None, error)),
        }
        if checker.check(self.lines.history()) != cursor.check {
            return Err(self.not_the_same("differs before", &cursor));
        }
        if cursor.line_open {
            // What follows the line that was taken without its end belongs to that line.
            self.lines.skip_line().map_err(|error| self.damaged(None, error))?;
        }
        Ok(Resumed { lines: cursor.lines, line_open: cursor.line_open, account: cursor.account })
    }

    /// Shows the parser what lines before a place say about those after it. Content that does not begin with such a line has
    /// none, and is not read for it.
    fn learn(&mut self, offset: u64, parser: &mut Parser) -> io::Result<()> {
        if !Parser::may_be_directive(self.lines.peek_first_line()?) {
            return Ok(());
        }
        while let Some(line) = self.lines.next_line_before(offset)? {
            if let Line::Complete(line) = line {
                parser.learn(line);
            }
        }
        Ok(())
    }

    /// Says where reading failed: after how many lines, if they were counted.
    pub(super) fn damaged(&self, lines: Option<u64>, error: io::Error) -> InputError {
        let source = self.lines.content();
        InputError::Damaged {
            line: lines.map_or_else(String::new, |lines| format!("line {lines}, ")),
            offset: self.lines.offset(),
            bytes_read: source.bytes_read(),
            kind: if source.gzip { "gzip file" } else { "file" },
            error,
        }
    }

    fn not_the_same(&self, how: &'static str, cursor: &Cursor) -> InputError {
        InputError::NotTheSame { how, offset: cursor.offset_bytes, line: cursor.lines, producer: self.producer.clone() }
    }
}

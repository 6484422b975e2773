//! Splits content into lines and knows where each one starts, in bounded memory.
//!
//! A line above the limit is passed over while it is read: neither a long line nor a gigabyte without a line feed makes
//! the buffer grow. The bytes just before the next line stay in the buffer, so that a position can be recognised
//! later (see `cursor`).

use std::io::{self, Read};

/// The longest line that is looked at, in bytes without its line feed.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// How much is asked for in one read, in bytes. Damaged gzip loses at most about this much before the damage.
const READ_BYTES: usize = 32 * 1024;

/// How many bytes before the next line are kept at hand: about two lines.
pub(super) const HISTORY_BYTES: usize = 512;

/// History, one line of the longest kind with its end, and room for a read.
const BUFFER_BYTES: usize = HISTORY_BYTES + LINE_BYTES_MAX + 2 + READ_BYTES;

/// A count in memory as a count in a file or message.
pub(super) fn wide(count: usize) -> u64 {
    // No machine that Rust knows has a longer usize.
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// What lines are read from.
pub(super) trait Content: Read {
    /// Goes to a place in the content without reading up to it. False where that cannot be done.
    ///
    /// # Errors
    /// What the operating system reports.
    fn jump_to(&mut self, offset: u64) -> io::Result<bool>;
}

/// What comes next.
pub(super) enum Line<'a> {
    /// A line with its line feed, here without it (and without a carriage return before it). It is consumed.
    Complete(&'a [u8]),
    /// The content ends within this line. It is not consumed: see `consume_rest`.
    Unfinished(&'a [u8]),
    /// A line above the limit. It is consumed; `finished` tells whether its line feed was there.
    TooLong {
        /// False where the content ended, or could not be read further, within the line.
        finished: bool,
    },
    /// The content ends.
    End,
}

/// The lines of a content.
pub(super) struct Lines<C> {
    content: C,
    buffer: Box<[u8]>,
    /// The next line starts here in `buffer`; up to `HISTORY_BYTES` before it are its history.
    start: usize,
    /// What was read ends here.
    end: usize,
    /// No line feed stands before this.
    searched: usize,
    /// How long the line was that was given out last, with its end.
    taken: usize,
    /// The place in the content of `start`.
    offset: u64,
    ended: bool,
    /// What went wrong while a line above the limit was passed over; told after that line.
    failed: Option<io::Error>,
}

impl<C: Content> Lines<C> {
    /// Lines from the start of the content.
    pub(super) fn new(content: C) -> Self {
        Self {
            content,
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            start: 0,
            end: 0,
            searched: 0,
            taken: 0,
            offset: 0,
            ended: false,
            failed: None,
        }
    }

    /// The place in the content where the next line starts.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Up to `HISTORY_BYTES` bytes of content just before the next line.
    pub(super) fn history(&self) -> &[u8] {
        &self.buffer[self.start.saturating_sub(HISTORY_BYTES)..self.start]
    }

    /// What was read from, e.g. to say where damage is.
    pub(super) fn content(&self) -> &C {
        &self.content
    }

    /// Whether the next line can be given without waiting for more content.
    pub(super) fn is_ready(&mut self) -> bool {
        self.ended || self.failed.is_some() || self.find_line_feed().is_some()
    }

    /// The next line.
    ///
    /// # Errors
    /// Reading failed; the content before that has been given out, save a line that was cut by it.
    pub(super) fn next_line(&mut self) -> io::Result<Line<'_>> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        loop {
            if let Some(line_feed) = self.find_line_feed() {
                return Ok(self.take_line(line_feed));
            }
            if self.end - self.start > LINE_BYTES_MAX + 1 {
                let finished = self.pass_line();
                return Ok(Line::TooLong { finished });
            }
            if self.ended {
                return Ok(self.last_line());
            }
            self.fill()?;
        }
    }

    /// The next line, if it ends at or before a place in the content; else `None`, and nothing is consumed.
    ///
    /// # Errors
    /// As `next_line`.
    pub(super) fn next_line_before(&mut self, offset: u64) -> io::Result<Option<Line<'_>>> {
        loop {
            if let Some(line_feed) = self.find_line_feed() {
                let ends_at = self.offset + wide(line_feed + 1 - self.start);
                return Ok(if ends_at <= offset { Some(self.take_line(line_feed)) } else { None });
            }
            if self.ended || self.offset >= offset {
                return Ok(None);
            }
            if self.end - self.start > LINE_BYTES_MAX + 1 {
                let finished = self.pass_line();
                return Ok(Some(Line::TooLong { finished }));
            }
            self.fill()?;
        }
    }

    /// Consumes what `Line::Unfinished` gave.
    pub(super) fn consume_rest(&mut self) {
        self.consume(self.end - self.start);
    }

    /// Takes back the whole line that was given out last: it comes again. To be called before anything else is.
    pub(super) fn put_back(&mut self) {
        let count = std::mem::take(&mut self.taken);
        self.start -= count;
        self.offset -= wide(count);
        self.searched = self.start;
    }

    /// Consumes up to and including the next line feed, or everything where there is none.
    ///
    /// # Errors
    /// Reading failed.
    pub(super) fn skip_line(&mut self) -> io::Result<()> {
        self.pass_line();
        self.failed.take().map_or(Ok(()), Err)
    }

    /// Goes forward to a place in the content, with its history. False where the content ends before it.
    ///
    /// # Errors
    /// Reading failed before the place was reached.
    pub(super) fn advance_to(&mut self, offset: u64) -> io::Result<bool> {
        let history_offset = offset.saturating_sub(wide(HISTORY_BYTES));
        let buffered_to = self.offset + wide(self.end - self.start);
        if history_offset > buffered_to && self.content.jump_to(history_offset)? {
            (self.start, self.end, self.searched) = (0, 0, 0);
            self.offset = history_offset;
            self.ended = false;
        }
        while self.offset < offset {
            if self.start == self.end {
                if self.ended {
                    return Ok(false);
                }
                self.fill()?;
            }
            let wanted = usize::try_from(offset - self.offset).unwrap_or(usize::MAX);
            self.consume(wanted.min(self.end - self.start));
        }
        Ok(true)
    }

    /// The start of the content up to the first line feed after at least one other byte, in at most
    /// `LINE_BYTES_MAX` bytes, without consuming it. Leading empty lines are left out.
    ///
    /// # Errors
    /// Reading failed before anything could be given.
    pub(super) fn peek_first_line(&mut self) -> io::Result<&[u8]> {
        debug_assert_eq!(self.offset, 0, "only at the start");
        let is_line_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
        loop {
            let read = &self.buffer[self.start..self.end];
            let blank = read.iter().take_while(|byte| is_line_end(byte)).count();
            let length = read[blank..].iter().position(is_line_end);
            if length.is_some() || self.ended || read.len() >= LINE_BYTES_MAX {
                let from = self.start + blank;
                let to = length.map_or(self.end, |length| from + length);
                return Ok(&self.buffer[from..to.min(self.start + LINE_BYTES_MAX).max(from)]);
            }
            self.fill()?;
        }
    }

    /// What is left at the end of the content.
    fn last_line(&mut self) -> Line<'_> {
        match self.end - self.start {
            0 => Line::End,
            1..=LINE_BYTES_MAX => Line::Unfinished(&self.buffer[self.start..self.end]),
            length => {
                self.consume(length);
                Line::TooLong { finished: false }
            }
        }
    }

    /// Gives out the line that ends at `line_feed`.
    fn take_line(&mut self, line_feed: usize) -> Line<'_> {
        let from = self.start;
        let to = if line_feed > from && self.buffer[line_feed - 1] == b'\r' { line_feed - 1 } else { line_feed };
        self.taken = line_feed + 1 - from;
        self.consume(self.taken);
        if to - from > LINE_BYTES_MAX {
            return Line::TooLong { finished: true };
        }
        Line::Complete(&self.buffer[from..to])
    }

    /// Consumes up to and including the next line feed without keeping it. False where there was none.
    fn pass_line(&mut self) -> bool {
        loop {
            if let Some(line_feed) = self.find_line_feed() {
                self.consume(line_feed + 1 - self.start);
                return true;
            }
            self.consume(self.end - self.start);
            if self.ended {
                return false;
            }
            if let Err(error) = self.fill() {
                self.failed = Some(error);
                return false;
            }
        }
    }

    /// The place of the next line feed in the buffer.
    fn find_line_feed(&mut self) -> Option<usize> {
        let unsearched = &self.buffer[self.searched..self.end];
        let found = memchr::memchr(b'\n', unsearched).map(|at| self.searched + at);
        self.searched = found.unwrap_or(self.end);
        found
    }

    /// Moves the start of the next line.
    fn consume(&mut self, count: usize) {
        debug_assert!(count <= self.end - self.start, "only what was read");
        self.start += count;
        self.offset += wide(count);
        self.searched = self.searched.max(self.start);
    }

    /// Reads once more, after making room.
    fn fill(&mut self) -> io::Result<()> {
        if BUFFER_BYTES - self.end < READ_BYTES {
            let keep_from = self.start.saturating_sub(HISTORY_BYTES);
            self.buffer.copy_within(keep_from..self.end, 0);
            self.start -= keep_from;
            self.end -= keep_from;
            self.searched -= keep_from;
        }
        debug_assert!(BUFFER_BYTES - self.end >= READ_BYTES, "a full buffer is passed over first");
        let room = &mut self.buffer[self.end..self.end + READ_BYTES];
        loop {
            match self.content.read(room) {
                Ok(0) => self.ended = true,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            return Ok(());
        }
    }
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;

//! The lines of one day, until they are written in the order of time.
//!
//! Visits overlap, so lines are generated visit by visit into one buffer, sorted by second and then written. What happens
//! after midnight stays for the next day.

use std::io::{self, Write};

use jiff::tz::TimeZone;

use super::lines::Line;
use super::pages::Pages;
use super::tally::{LineKind, Tally};

/// Lines that are not yet written.
#[derive(Debug, Default)]
pub(super) struct DayLines {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

/// The position of a line in the buffer, its time and its kind.
#[derive(Clone, Copy, Debug)]
struct Entry {
    second: i64,
    start: usize,
    end: usize,
    kind: LineKind,
}

impl DayLines {
    /// Adds a line of the usual form.
    pub(super) fn add(&mut self, second: i64, kind: LineKind, line: &Line<'_>, zone: &TimeZone) {
        self.add_with(second, kind, |out| line.write(second, zone, out));
    }

    /// Adds what `write` appends to the buffer as one line.
    pub(super) fn add_with(&mut self, second: i64, kind: LineKind, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        self.entries.push(Entry { second, start, end: self.bytes.len(), kind });
    }

    /// Writes and counts, in the order of time, the lines from before the second `end`; keeps the others.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn write_until(
        &mut self,
        end: i64,
        pages: &Pages,
        tally: &mut Tally,
        out: &mut impl Write,
    ) -> io::Result<()> {
        // A stable sort keeps the order of one visit's lines of the same second.
        self.entries.sort_by_key(|entry| entry.second);
        let due = self.entries.partition_point(|entry| entry.second < end);
        for entry in &self.entries[..due] {
            out.write_all(&self.bytes[entry.start..entry.end])?;
            tally.line(entry.second, entry.kind, |page| &pages.list[page].key).map_err(io::Error::other)?;
        }
        let mut rest = DayLines::default();
        for entry in &self.entries[due..] {
            rest.add_with(entry.second, entry.kind, |bytes| {
                bytes.extend_from_slice(&self.bytes[entry.start..entry.end]);
            });
        }
        // The buffers are reused with their capacity for the next day.
        self.bytes.clear();
        self.bytes.append(&mut rest.bytes);
        self.entries.clear();
        self.entries.append(&mut rest.entries);
        Ok(())
    }
}

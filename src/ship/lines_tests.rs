//! The line reader. A failure is a line that differs from a plain split, a wrong offset or history, or a buffer that
//! would have to grow.

use std::io::{self, Read};

use proptest::prelude::*;

use super::*;

/// Gives its bytes in pieces, then the end or an error.
struct Pieces {
    bytes: Vec<u8>,
    at: usize,
    piece_bytes: usize,
    fails: bool,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = &self.bytes[self.at..];
        let count = rest.len().min(self.piece_bytes).min(buffer.len());
        if count == 0 && self.fails {
            return Err(io::Error::other("damaged"));
        }
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

impl Content for Pieces {
    fn jump_to(&mut self, _offset: u64) -> io::Result<bool> {
        Ok(false)
    }
}

fn lines(bytes: &[u8], piece_bytes: usize, fails: bool) -> Lines<Pieces> {
    let bytes = bytes.to_vec();
    Lines::new(Pieces { bytes, at: 0, piece_bytes, fails })
}

/// What came, as text: the line, "..." and the line without an end, or what else.
fn describe(lines: &mut Lines<Pieces>) -> String {
    match lines.next_line() {
        Ok(Line::Complete(line)) => String::from_utf8_lossy(line).into_owned(),
        Ok(Line::Unfinished(line)) => format!("...{}", String::from_utf8_lossy(line)),
        Ok(Line::TooLong { finished }) => format!("TOO LONG {finished}"),
        Ok(Line::End) => "END".to_owned(),
        Err(error) => format!("ERROR {error}"),
    }
}

#[test]
fn line_ends() {
    let mut lines = lines(b"a\r\n\nb\n\r\nc\r", 3, false);
    let all: Vec<_> = (0..5).map(|_| describe(&mut lines)).collect();
    assert_eq!(all, ["a", "", "b", "", "...c\r"]);
    assert_eq!(lines.offset(), 8);
    lines.consume_rest();
    assert_eq!((describe(&mut lines).as_str(), lines.offset()), ("END", 10));
}

#[test]
fn the_limit_is_exact() {
    for (length, fits) in
        [(LINE_BYTES_MAX, true), (LINE_BYTES_MAX + 1, false), (LINE_BYTES_MAX + 2, false), (1_000_000, false)]
    {
        for end in ["\n", "\r\n", ""] {
            let content = format!("{}{end}x\n", "y".repeat(length));
            let content = if end.is_empty() { &content[..length] } else { &content };
            let mut lines = lines(content.as_bytes(), 10_000, false);
            let first = describe(&mut lines);
            let finished = format!("TOO LONG {}", !end.is_empty());
            assert_eq!(first != finished, fits, "{length} {end:?}");
            assert_eq!(lines.history().len(), if fits && end.is_empty() { 0 } else { HISTORY_BYTES });
            if !end.is_empty() {
                assert_eq!(describe(&mut lines), "x", "{length} {end:?}");
            }
        }
    }
}

#[test]
fn damage_comes_after_what_could_be_read() {
    let mut short = lines(b"a\nb", 100, true);
    assert_eq!([describe(&mut short), describe(&mut short)], ["a", "ERROR damaged"]);
    assert_eq!(short.offset(), 2);
    let mut long = lines(&vec![b'x'; 300_000], 100_000, true);
    assert_eq!([describe(&mut long), describe(&mut long)], ["TOO LONG false", "ERROR damaged"]);
    assert_eq!(long.offset(), 300_000);
}

#[test]
fn the_first_line_is_seen_without_being_taken() {
    for (content, first) in [("a\nb", "a"), ("\r\n\na b\r\nc", "a b"), ("abc", "abc"), ("", ""), ("\n\n", "")] {
        let mut lines = lines(content.as_bytes(), 1, false);
        assert_eq!(lines.peek_first_line().unwrap(), first.as_bytes());
        assert_eq!(lines.offset(), 0);
    }
    let mut long = lines(&vec![b'x'; 300_000], 100_000, false);
    assert_eq!(long.peek_first_line().unwrap().len(), LINE_BYTES_MAX);
    assert_eq!(describe(&mut long), "TOO LONG false");
}

proptest! {
    /// The same lines, offsets and history as a plain split, however the bytes come in and wherever one starts.
    #[test]
    fn agrees_with_a_plain_split(
        parts in proptest::collection::vec(
            prop_oneof![Just(0_usize), 1_usize..400, LINE_BYTES_MAX - 2..LINE_BYTES_MAX + 3],
            0..12,
        ),
        piece_bytes in prop_oneof![1_usize..50, 1_000_usize..100_000],
        start in any::<prop::sample::Index>(),
    ) {
        let mut content = Vec::new();
        for (index, length) in parts.iter().enumerate() {
            content.extend((0..*length).map(|at| b'a' + ((at + index) % 26) as u8));
            content.push(b'\n');
        }
        let mut offset = start.index(content.len() + 1);
        let mut lines = lines(&content, piece_bytes, false);
        prop_assert!(lines.advance_to(wide(offset)).unwrap());
        loop {
            let history_from = offset.saturating_sub(HISTORY_BYTES);
            prop_assert_eq!(lines.offset(), wide(offset));
            prop_assert_eq!(lines.history(), &content[history_from..offset]);
            let Some(length) = content[offset..].iter().position(|byte| *byte == b'\n') else {
                break;
            };
            match lines.next_line().unwrap() {
                Line::Complete(line) => prop_assert_eq!(line, &content[offset..offset + length]),
                Line::TooLong { finished } => prop_assert!(finished && length > LINE_BYTES_MAX),
                Line::Unfinished(_) | Line::End => prop_assert!(false, "more was there"),
            }
            offset += length + 1;
        }
        prop_assert_eq!(describe(&mut lines), "END");
        prop_assert!(!lines.advance_to(wide(content.len()) + 1).unwrap());
    }
}

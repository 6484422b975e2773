//! The reader on its own: where batches are cut, and a pipe that is followed. A failure is a line that waits although
//! nothing more comes, or a batch whose cut depends on time where it must not.

use std::io::{self, Read};
use std::sync::mpsc as std_mpsc;

use super::super::lines::{HISTORY_BYTES, Lines, wide};
use super::super::source::Source;
use super::super::tests::{line, log};
use super::*;

/// A pipe: each read waits for what the test sends.
struct Pipe(std_mpsc::Receiver<Vec<u8>>);

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Ok(bytes) = self.0.recv() else {
            return Ok(0);
        };
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

fn reader(content: impl Read + Send + 'static, live: bool, resumable: bool) -> (Reader, mpsc::Receiver<Batch>) {
    let meter = Arc::new(Meter::default());
    let source = Source::new(content, None, &meter).unwrap();
    let prepared = Prepared { lines: Lines::new(source), producer: "p".to_owned(), resumable };
    let options = ReadOptions { format: Format::Auto, live, accept_malformed: false, now_unix_ms: i64::MAX };
    let (sender, batches) = mpsc::channel(100);
    (Reader::new(prepared, options, sender, meter), batches)
}

#[test]
fn batches_are_cut_by_lines() {
    let content = log(0..2_500).replace("GET /page/7 ", "");
    let (reader, mut batches) = reader(io::Cursor::new(content.into_bytes()), false, true);
    let (tally, error) = reader.run(&Position::default());
    assert!(error.is_none());
    assert_eq!((tally.lines, tally.sent), (2_500, 2_499));
    for (sequence, events) in [(1, 999), (2, 1_000), (3, 500)] {
        let batch = batches.blocking_recv().unwrap();
        assert_eq!(batch.events(), events);
        let cursor = Cursor::decode(batch.cursor()).unwrap();
        assert_eq!(cursor.lines, (sequence * BATCH_LINES_MAX).min(2_500));
    }
    assert!(batches.blocking_recv().is_none());
}

#[test]
fn a_followed_pipe_does_not_wait_for_a_full_batch() {
    let (to_pipe, pipe) = std_mpsc::channel();
    to_pipe.send(b"19".to_vec()).unwrap();
    to_pipe.send(line(0).as_bytes()[2..].to_vec()).unwrap();
    let (reader, mut batches) = reader(Pipe(pipe), true, false);
    let thread = std::thread::spawn(move || reader.run(&Position::default()));
    assert_eq!(batches.blocking_recv().unwrap().events(), 1);
    let half = log(1..4);
    to_pipe.send(half.as_bytes()[..half.len() - 10].to_vec()).unwrap();
    let second = batches.blocking_recv().unwrap();
    assert_eq!((second.events(), second.cursor().len()), (2, 0));
    drop(to_pipe);
    let (tally, error) = thread.join().unwrap();
    assert!(error.is_none());
    assert_eq!((tally.sent, tally.held_back), (3, 1));
}

#[test]
fn a_reader_without_a_taker_ends() {
    let (reader, batches) = reader(io::Cursor::new(log(0..50_000).into_bytes()), false, true);
    drop(batches);
    let (tally, _) = reader.run(&Position::default());
    assert_eq!(tally.lines, BATCH_LINES_MAX);
}

/// A log whose fields are named anew in the middle, read in two runs wherever the first one ended.
#[test]
fn a_log_with_fields_goes_on_with_those_of_the_line_before() {
    const LINES: [&str; 7] = [
        "#Fields: date time c-ip cs-method cs-uri-stem sc-status",
        "2015-05-17 10:05:01 192.0.2.1 GET /one 200",
        "2015-05-17 10:05:02 192.0.2.1 GET /two 200",
        "#Fields: c-ip date time cs-uri-stem sc-status cs-method",
        "192.0.2.1 2015-05-17 10:05:03 /three 200 GET",
        "192.0.2.1 2015-05-17 10:05:04 /four 200 GET",
        "192.0.2.1 2015-05-17 10:05:05 /five 200 GET",
    ];
    for end in ["\n", "\r\n"] {
        for first_lines in 0..LINES.len() {
            let first: String = LINES[..first_lines].iter().map(|line| format!("{line}{end}")).collect();
            let whole: String = LINES.iter().map(|line| format!("{line}{end}")).collect();
            let checker = Checker::new("p");
            let history = &first.as_bytes()[first.len().saturating_sub(HISTORY_BYTES)..];
            let cursor = Cursor {
                offset_bytes: wide(first.len()),
                lines: wide(first_lines),
                line_open: false,
                check: checker.check(history),
                account: Default::default(),
            };
            let position = Position { durable_sequence: 1, cursor: cursor.encode() };
            let (reader, _batches) = reader(io::Cursor::new(whole.into_bytes()), false, true);
            let (tally, error) = reader.run(&position);
            assert!(error.is_none(), "{}", error.map_or_else(String::new, |error| error.to_string()));
            assert!(tally.malformed.is_empty(), "after {first_lines} lines");
            assert_eq!(tally.sent + tally.directives, wide(LINES.len() - first_lines));
        }
    }
}

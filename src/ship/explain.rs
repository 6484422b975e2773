//! The fate of one line: what it was read as, which fields were found, which were cut, and why it is not sent where it is not.
//!
//! What stands in the fields is a visitor's; it is given out only to whoever asked for it by a flag of its own.

use std::io::{self, Write};
use std::sync::Arc;

use super::format::{Format, Parsed, Parser};
use super::lines::{Line, Lines};
use super::print::{grouped, reason_words};
use super::progress::Meter;
use super::source::{Input, Source};
use crate::proto::AccessEvent;

/// The longest user agent and referrer that a server looks at, in bytes.
const LOOKED_AT_BYTES_MAX: usize = 4_096;
/// The longest target that a server takes, in bytes.
const TARGET_BYTES_MAX: usize = 8_192;
/// The longest address and host that a server takes, in bytes.
const NAME_BYTES_MAX: usize = 255;

/// Explains the line with a number, from 1. False where the content has no such line.
///
/// # Errors
/// The input cannot be read up to it, or the text cannot be written.
pub fn explain(
    input: &Input,
    format: &Format,
    number: u64,
    shows_values: bool,
    to: &mut impl Write,
) -> io::Result<bool> {
    let source = Source::open(input, &Arc::new(Meter::default()))?;
    let (mut lines, mut parser) = (Lines::new(source), Parser::new(format.clone()));
    // What came before may say how this line is to be read.
    for _ in 1..number {
        match lines.next_line()? {
            Line::Complete(line) => drop(parser.parse(line)),
            Line::TooLong { .. } => {}
            Line::Unfinished(_) | Line::End => return Ok(false),
        }
    }
    let fate = match lines.next_line()? {
        Line::End => return Ok(false),
        Line::TooLong { .. } => Fate::Not("above 64 KiB (too_long)".to_owned()),
        Line::Complete([]) => Fate::Not("empty line".to_owned()),
        Line::Complete(line) | Line::Unfinished(line) => fate(line, &mut parser),
    };
    writeln!(to, "line {} of {}, read as: {}", grouped(number), input.name(), parser.seen())?;
    match fate {
        Fate::Not(reason) => writeln!(to, "  not sent: {reason}")?,
        Fate::Sent(event) => fields(&event, shows_values, to)?,
    }
    Ok(true)
}

enum Fate {
    Sent(Box<AccessEvent>),
    Not(String),
}

fn fate(line: &[u8], parser: &mut Parser) -> Fate {
    match parser.parse(line) {
        Ok(Parsed::Access(access)) => Fate::Sent(Box::new(access.to_event())),
        Ok(Parsed::Directive) => Fate::Not("no access, and not meant to be one".to_owned()),
        Err(reason) => Fate::Not(format!("{} ({})", reason_words(reason.name()), reason.name())),
    }
}

/// Writes field by field what was found.
fn fields(event: &AccessEvent, shows_values: bool, to: &mut impl Write) -> io::Result<()> {
    writeln!(to, "  sent as an access; what the server counts of it, it says in the summary")?;
    let time = jiff::Timestamp::from_millisecond(event.time_unix_ms).map(|time| time.to_string()).unwrap_or_default();
    let status = if event.status == 0 { String::new() } else { event.status.to_string() };
    let duration = event.response_time_ms.map(|ms| ms.to_string()).unwrap_or_default();
    let bytes = event.response_bytes.map(|bytes| bytes.to_string()).unwrap_or_default();
    let texts: [(&str, &str, usize, bool); 12] = [
        ("time", &time, usize::MAX, false),
        ("address", &event.address, NAME_BYTES_MAX, true),
        ("method", &event.method, usize::MAX, false),
        ("target", &event.target, TARGET_BYTES_MAX, true),
        ("status", &status, usize::MAX, false),
        ("bytes", &bytes, usize::MAX, false),
        ("referrer", &event.referrer, LOOKED_AT_BYTES_MAX - 1, false),
        ("user agent", &event.user_agent, LOOKED_AT_BYTES_MAX - 1, false),
        ("language", &event.accept_language, LOOKED_AT_BYTES_MAX, false),
        ("milliseconds", &duration, usize::MAX, false),
        ("host", &event.host, NAME_BYTES_MAX, true),
        ("cookie", &event.cookie, 512, true),
    ];
    for (name, value, bytes_max, is_refused) in texts {
        let state = match (value.is_empty(), value.len() > bytes_max, is_refused) {
            (true, ..) => "missing".to_owned(),
            (false, false, _) => "found".to_owned(),
            (false, true, false) => "cut: a server looks at no more".to_owned(),
            (false, true, true) => format!("too long: a server takes {bytes_max} bytes"),
        };
        let shown =
            if shows_values && !value.is_empty() { format!("  {}", value.escape_debug()) } else { String::new() };
        writeln!(to, "  {name:<14}{state}{shown}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(content: &str, number: u64, shows_values: bool) -> String {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.log");
        std::fs::write(&path, content).unwrap();
        let mut text = Vec::new();
        let found = explain(&Input::File(path), &Format::Auto, number, shows_values, &mut text).unwrap();
        if found { String::from_utf8(text).unwrap() } else { "no such line".to_owned() }
    }

    #[test]
    fn a_line_is_explained_without_what_it_holds() {
        let line = "192.0.2.7 - - [17/May/2015:10:05:03 +0000] \"GET /canary HTTP/1.1\" 200 5 \"-\" \"agent\"";
        let content = format!("garbage\n{line}\n\n{line}");
        let said = told(&content, 2, false);
        assert!(said.contains("target        found") && said.contains("referrer      missing"), "{said}");
        assert!(!said.contains("canary") && !said.contains("192.0.2") && !said.contains("2015"), "{said}");
        let shown = told(&content, 4, true);
        assert!(shown.contains("/canary") && shown.contains("192.0.2.7") && shown.contains("2015-05-17T10:05:03Z"));
        assert!(told(&content, 1, true).contains("(no_time)"));
        assert!(told(&content, 3, false).contains("empty line"));
        assert_eq!(told(&content, 5, false), "no such line");
        let long = line.replace("agent", &"a".repeat(5_000)).replace("/canary", &"/".repeat(9_000));
        let said = told(&long, 1, false);
        assert!(said.contains("user agent    cut") && said.contains("target        too long"), "{said}");
    }
}

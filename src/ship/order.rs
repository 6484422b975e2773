//! Puts the inputs into the order in which their requests came.
//!
//! A shell gives the newest log first, and which access of a visitor-day is the first decides its entry page and its referrer. The
//! first line that can be read tells; nothing of it is kept.

use std::path::Path;
use std::sync::Arc;

use super::format::{Format, Parsed, Parser};
use super::lines::{Line, Lines};
use super::progress::Meter;
use super::source::{Input, Source};

/// So many lines are tried for a first time.
const LINES_TRIED: usize = 100;

/// An input and the time of its first line, where that is known.
pub(super) type Dated = (Input, Option<i64>);

/// The inputs by their first time. Those of which none can be read come after the others, and standard input last; else the
/// order stays.
pub(super) fn by_first_time(inputs: &[Input], format: &Format) -> Vec<Dated> {
    let mut dated: Vec<Dated> = inputs.iter().map(|input| (input.clone(), first_time_unix_ms(input, format))).collect();
    dated.sort_by_key(|(input, time)| (*input == Input::Stdin, time.is_none(), *time));
    dated
}

/// The time of the first line that can be read. A pipe is not looked into: what is read of it is gone.
fn first_time_unix_ms(input: &Input, format: &Format) -> Option<i64> {
    let Input::File(path) = input else { return None };
    if !is_regular(path) {
        return None;
    }
    let source = Source::open(input, &Arc::new(Meter::default())).ok()?;
    let (mut lines, mut parser) = (Lines::new(source), Parser::new(format.clone()));
    for _ in 0..LINES_TRIED {
        let line = match lines.next_line().ok()? {
            Line::Complete(line) | Line::Unfinished(line) => line,
            Line::TooLong { .. } => continue,
            Line::End => return None,
        };
        if let Ok(Parsed::Access(access)) = parser.parse(line) {
            return Some(access.time_unix_ms());
        }
    }
    None
}

fn is_regular(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_oldest_comes_first() {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &str| {
            fs::write(directory.path().join(name), content).unwrap();
            Input::File(directory.path().join(name))
        };
        let line = |day: u32| format!("192.0.2.1 - - [{day:02}/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5\n");
        let newest = file("access.log", &format!("garbage\n{}", line(19)));
        let (same, again) = (file("a", &line(17)), file("b", &line(17)));
        let (empty, missing) = (file("empty", ""), Input::File("/nonexistent".into()));
        let given = [Input::Stdin, empty.clone(), newest.clone(), again.clone(), same.clone(), missing.clone()];
        let ordered: Vec<Input> = by_first_time(&given, &Format::Auto).into_iter().map(|(input, _)| input).collect();
        assert_eq!(ordered, [again, same, newest, empty, missing, Input::Stdin]);
    }
}

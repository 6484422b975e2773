//! Writes a summary for people. Machines get the JSON of `Summary` itself.

use std::io::{self, Write};

use super::summary::{CountsByName, FileSummary, Summary};

/// Writes the summary as text.
///
/// # Errors
/// What the writer reports.
pub fn print_summary(summary: &Summary, to: &mut impl Write) -> io::Result<()> {
    for file in &summary.files {
        print_file(file, summary.is_dry, to)?;
        writeln!(to)?;
    }
    if summary.files.len() > 1 {
        writeln!(
            to,
            "all {} inputs: {} lines read, {} sent, {} accepted, {} rejected",
            summary.files.len(),
            grouped(summary.lines),
            grouped(summary.sent),
            grouped(summary.accepted),
            grouped(summary.rejected)
        )?;
    }
    writeln!(to, "{:.1} s, {} lines/s", summary.seconds, grouped(summary.lines_per_second))?;
    print_end(summary, to)
}

/// Writes what comes of it: what is stated, and when it is published.
fn print_end(summary: &Summary, to: &mut impl Write) -> io::Result<()> {
    if summary.is_dry {
        return writeln!(
            to,
            "nothing was sent, and no server was asked: days are in UTC, and an earlier run may have sent some of it"
        );
    }
    if summary.complete_through_unix_ms.is_some() {
        writeln!(to, "stated as complete up to now: periods that are over can be published")?;
    } else if summary.has_failed() {
        writeln!(to, "not stated as complete, because of what is wrong above")?;
    }
    let due = summary.next_due_unix_s.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    match (summary.is_published, &summary.published_through) {
        (None, _) => Ok(()),
        (Some(true), Some(date)) => writeln!(to, "published up to {date}"),
        (Some(_), date) => {
            let date = date
                .as_ref()
                .map_or_else(|| "nothing is published yet".to_owned(), |date| format!("published up to {date}"));
            let due = due.map_or_else(
                || {
                    "a day is published some time after its end, at the latest once max_lateness_minutes are over"
                        .to_owned()
                },
                |due| format!("the next day at the latest at {}", due.strftime("%F %H:%M UTC")),
            );
            writeln!(to, "{date}; {due}")
        }
    }
}

/// Writes what became of one input.
fn print_file(file: &FileSummary, is_dry: bool, to: &mut impl Write) -> io::Result<()> {
    if file.producer.is_empty() {
        writeln!(to, "{}", file.file)?;
    } else {
        writeln!(to, "{} as producer {}", file.file, file.producer)?;
    }
    if file.resumed_at_line > 0 {
        print_count(to, file.resumed_at_line, "lines already counted, passed over")?;
    }
    if file.format.is_empty() {
        print_count(to, file.lines, "lines read")?;
    } else {
        print_count(to, file.lines, &format!("lines read (format: {})", file.format))?;
    }
    for (name, count) in &file.malformed {
        print_count(to, *count, &format!("not sent: {} ({name})", reason_words(name)))?;
    }
    if file.too_long > 0 {
        print_count(to, file.too_long, "not sent: line above 64 KiB (too_long)")?;
    }
    if file.empty > 0 {
        print_count(to, file.empty, "not sent: empty line")?;
    }
    if file.directives > 0 {
        print_count(to, file.directives, "not sent: no access, and not meant to be one (#Fields and the like)")?;
    }
    if !file.first_malformed_lines.is_empty() {
        let numbers: Vec<_> = file.first_malformed_lines.iter().map(u64::to_string).collect();
        writeln!(to, "  {:>14}  first of these: line {}", "", numbers.join(", "))?;
    }
    if file.withheld > 0 {
        print_count(to, file.withheld, "not sent: beside too many lines that cannot be read")?;
    }
    print_count(to, file.sent, if is_dry { "would be sent" } else { "sent" })?;
    if is_dry {
        for (date, count) in &file.days {
            print_count(to, *count, &format!("of these: {date}"))?;
        }
        return print_remarks(file, to);
    }
    print_outcomes(&file.outcomes, to)?;
    if file.duplicates > 0 {
        print_count(to, file.duplicates, "of these: durable, but the answer was lost with the connection")?;
    }
    if file.held_back > 0 {
        print_count(to, file.held_back, "line has no end yet and waits for the next run")?;
    }
    if file.ahead > 0 {
        print_count(to, file.ahead, "line is ahead of the clock and waits for a later run")?;
    }
    if !file.producer.is_empty() {
        writeln!(to, "  durable up to batch {}", file.durable_sequence)?;
    }
    print_remarks(file, to)
}

/// Writes what is to be seen to.
fn print_remarks(file: &FileSummary, to: &mut impl Write) -> io::Result<()> {
    for note in &file.notes {
        writeln!(to, "  NOTE: {note}")?;
    }
    for error in file.error.iter().chain(&file.trouble) {
        writeln!(to, "  ERROR: it {error}")?;
    }
    Ok(())
}

/// Writes the outcomes, the counted ones first.
fn print_outcomes(outcomes: &CountsByName, to: &mut impl Write) -> io::Result<()> {
    const COUNTED: &str = "counted";
    let counted = outcomes.iter().filter(|(name, _)| *name == COUNTED);
    let others = outcomes.iter().filter(|(name, _)| *name != COUNTED);
    for (name, count) in counted.chain(others) {
        print_count(to, *count, &format!("of these: {}", outcome_words(name)))?;
    }
    Ok(())
}

fn print_count(to: &mut impl Write, count: u64, what: &str) -> io::Result<()> {
    writeln!(to, "  {:>14}  {what}", grouped(count))
}

/// An outcome in plain words.
fn outcome_words(name: &str) -> &str {
    match name {
        "counted" => "counted",
        "beyond_bound" => "page view beyond what one visitor may add in a day",
        "bot" => "page view by a robot",
        "asset" => "image, script, style sheet or the like",
        "not_get" => "method other than GET",
        "not_success" => "redirect or error",
        "late" => "rejected: its day is sealed already (late)",
        "future" => "rejected: in the future",
        "too_old" => "rejected: before 1990",
        "no_visitor" => "rejected: no usable address",
        "bad_target" => "rejected: target is not a path or URL, or too long",
        "bad_status" => "rejected: status outside 100 to 599",
        other => other,
    }
}

/// A reason for a malformed line in plain words.
pub(super) fn reason_words(name: &str) -> &str {
    match name {
        "no_host" => "no client",
        "no_time" => "no time",
        "bad_time" => "time cannot be read",
        "no_request" => "no \"METHOD target\" in quotes",
        "bad_status" => "no status after the request",
        "bad_size" => "no size after the status",
        "no_agent" => "no user agent, or the line is cut",
        "bad_json" => "not one JSON object",
        "field_count" => "fewer fields than its format names",
        "mismatch" => "not built as the format given says",
        other => other,
    }
}

/// A number with a comma before every three digits.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Outcome;
    use crate::ship::format::Malformed;

    #[test]
    fn numbers() {
        for (count, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")] {
            assert_eq!(grouped(count), text);
        }
    }

    #[test]
    fn every_outcome_and_reason_has_words() {
        for number in 1..100 {
            if let Ok(outcome) = Outcome::try_from(number) {
                let name = outcome.as_str_name()["OUTCOME_".len()..].to_ascii_lowercase();
                assert!(name == "counted" || outcome_words(&name) != name, "{name}");
            }
        }
        for reason in Malformed::ALL {
            assert_ne!(reason_words(reason.name()), reason.name());
        }
    }
}

//! A mail as plain text, for whoever reads no HTML.

use std::fmt::Write as _;

use headcount_model::format::Language;
use unicode_width::UnicodeWidthStr;

use super::letter::{Letter, Part, Row};
use crate::report::cut_middle;

/// Columns of a name.
const NAME_COLUMNS_MAX: usize = 44;

pub(super) fn write(letter: &Letter) -> String {
    let mut text = format!("{}\n{}\n\n", letter.title, letter.period);
    text.push_str(&rows(&letter.figures, ""));
    if !letter.figures.is_empty() {
        text.push('\n');
    }
    let _ = write!(text, "{}\n\n", heading(letter.changes_heading));
    letter.changes.iter().for_each(|of| text.push_str(&part(of, letter.language)));
    let _ = write!(text, "{}\n\n", letter.about_changes);
    letter.notes.iter().for_each(|note| _ = writeln!(text, "- {note}"));
    if !letter.notes.is_empty() {
        text.push('\n');
    }
    letter.tables.iter().for_each(|of| text.push_str(&part(of, letter.language)));
    if let Some((words, url)) = &letter.link {
        let _ = write!(text, "{words}: {url}\n\n");
    }
    // Programs that show mails fold what stands below these dashes.
    let _ = writeln!(text, "-- ");
    letter.foot.iter().for_each(|line| _ = writeln!(text, "{line}"));
    text
}

fn heading(text: &str) -> String {
    format!("{text}\n{}", "=".repeat(text.width()))
}

fn part(of: &Part, language: Language) -> String {
    let [open, close] = if language == Language::Japanese { ["（", "）"] } else { [" (", ")"] };
    format!("{}{open}{}{close}\n{}\n", of.heading, of.counted, rows(&of.rows, "  "))
}

/// Rows with their names and numbers aligned.
fn rows(rows: &[Row], indent: &str) -> String {
    let names: Vec<String> = rows.iter().map(|row| cut_middle(&row.name, NAME_COLUMNS_MAX)).collect();
    let widest = |widths: &mut dyn Iterator<Item = usize>| widths.max().unwrap_or(0);
    let name_columns = widest(&mut names.iter().map(|name| name.width()));
    let number_columns = widest(&mut rows.iter().map(|row| row.number.width()));
    let mut text = String::new();
    for (name, row) in names.iter().zip(rows) {
        let [after_name, before_number] =
            [name_columns - name.width(), number_columns - row.number.width()].map(|columns| " ".repeat(columns));
        let line = format!("{indent}{name}{after_name}  {before_number}{}  {}", row.number, row.remark);
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

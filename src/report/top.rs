//! The breakdowns: pages over the whole width, the others side by side if there is room.
//!
//! It shows keys in the server's order and never adds or sorts anything itself. What has no rows worth a table is a sentence
//! below the tables.

use std::collections::BTreeMap;

use super::{
    render::{Canvas, range_words},
    rows::{Shape, page_list_words, shape},
    table::{Cell, Column, Ink, Line, NO_BREAK, Table as Layout, beside, share_columns, wrap},
    truth::{main_value, of_key, of_other},
    value::{Digits, clean, column, number, truth_column},
};
use crate::proto::{KeySpace, ListTopResponse, Table, TopRow, Value};

/// Columns between two breakdowns side by side.
const GAP: usize = 4;
/// The minimum width of one of several breakdowns side by side, in columns.
const SHARE_COLUMNS_MIN: usize = 42;
/// The same with true values beside the estimates.
const SHARE_WITH_TRUTH_COLUMNS_MIN: usize = 52;
/// Columns of a key below which numbers are shortened instead.
const KEY_COLUMNS_MIN: usize = 16;
/// The name of the empty key, such as no referrer.
const EMPTY_KEY: &str = "(none)";

/// The breakdowns of a report with their headings, in the order in which it shows them.
pub(super) const BREAKDOWNS: [(Table, &str); 18] = [
    (Table::Page, "Pages"),
    (Table::Reader, "Readers"),
    (Table::Entry, "Entry pages"),
    (Table::Referrer, "Referrers"),
    (Table::Campaign, "Campaigns"),
    (Table::Country, "Countries"),
    (Table::Domain, "Domains"),
    (Table::Language, "Languages"),
    (Table::Browser, "Browsers"),
    (Table::Os, "Systems"),
    (Table::Device, "Devices"),
    (Table::Hostname, "Hosts"),
    (Table::Profile, "Hours of the week"),
    (Table::Status, "Visits with errors"),
    (Table::Error, "Errors"),
    (Table::ResponseTime, "Response times"),
    (Table::ResponseSize, "Response sizes"),
    (Table::Bot, "Robots"),
];

/// All breakdowns: pages first and wide, then the rest, then those that are a sentence. `above`: how many keys of a table,
/// by its number, are above the noise.
pub(super) fn sections(tops: &[ListTopResponse], above: &BTreeMap<i32, u64>, canvas: &mut Canvas<'_>) -> Vec<Line> {
    let least = if canvas.truth.is_some() { SHARE_WITH_TRUTH_COLUMNS_MIN } else { SHARE_COLUMNS_MIN };
    let across = ((canvas.width + GAP) / (least + GAP)).clamp(1, 3);
    let share = share_columns(across, GAP, canvas.width);
    let (mut lines, mut blocks, mut sentences) = (Vec::new(), Vec::new(), Vec::new());
    for top in tops {
        let is_page = top.table() == Table::Page;
        match shape(top, above.get(&top.table).copied()) {
            Shape::Sentence(words) => sentences.push(words),
            Shape::Rows(rows, below) if is_page => {
                lines.push(Line::default());
                lines.extend(block(top, &rows, below.as_deref(), canvas.width, canvas));
                lines.extend(page_list_words(top).iter().flat_map(|words| canvas.wrapped(words, 0, Ink::Plain)));
            }
            Shape::Rows(rows, below) => blocks.push(block(top, &rows, below.as_deref(), share, canvas)),
        }
    }
    if !blocks.is_empty() {
        lines.push(Line::default());
        lines.extend(beside(blocks, across, GAP, canvas.width));
    }
    if !sentences.is_empty() {
        lines.push(Line::default());
        lines.extend(sentences.iter().flat_map(|words| canvas.wrapped(words, 2, Ink::Plain)));
    }
    lines
}

/// One breakdown in at most `width` columns.
fn block(
    top: &ListTopResponse,
    rows: &[&TopRow],
    below: Option<&str>,
    width: usize,
    canvas: &mut Canvas<'_>,
) -> Vec<Line> {
    let colour = canvas.colour;
    let mut lines = vec![title(top, width, colour)];
    if rows.is_empty() && top.other.is_none() {
        lines.extend(wrap("No key is published for this range.", width, 0, Ink::Dim, colour));
        return lines;
    }
    let mut table = build(top, rows, Digits::Full, canvas);
    // Keys are cut before numbers are shortened, but not below this.
    let keys = table.columns[0].width();
    if table.natural_width() - keys + keys.min(KEY_COLUMNS_MIN) > width {
        table = build(top, rows, Digits::Short, canvas);
    }
    lines.extend(table.lines(width, colour));
    if let Some(words) = percentile_words(top) {
        lines.extend(wrap(&words, width, 0, Ink::Plain, colour));
    }
    if !top.source.is_empty() {
        lines.extend(wrap(&format!("By {}.", clean(&top.source)), width, 0, Ink::Dim, colour));
    }
    if let Some(words) = below {
        lines.extend(wrap(words, width, 0, Ink::Dim, colour));
    }
    lines
}

/// `50 % below 120 ms, 90 % below 800 ms`; `None` if the table has no bins.
fn percentile_words(top: &ListTopResponse) -> Option<String> {
    let unit = if top.table() == Table::ResponseTime { "ms" } else { "bytes" };
    let one = |p: &crate::proto::Percentile| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "Cast safety: `as` saturates; the value is an edge of a bin or lies between two."
        )]
        let edge = p.value.round() as u64;
        format!("{}{NO_BREAK}% below {}{NO_BREAK}{unit}", p.percent, number(edge, Digits::Full))
    };
    let all: Vec<String> = top.percentiles.iter().map(one).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

fn title(top: &ListTopResponse, width: usize, colour: bool) -> Line {
    let name = table_words(top.table());
    let range = top.scope.as_ref().map_or_else(String::new, |scope| format!("  {}", range_words(scope)));
    let mut line = Line::new(name, Ink::Heading, colour);
    let range = Line::new(&range, Ink::Dim, colour);
    if line.columns + range.columns <= width {
        line.text.push_str(&range.text);
        line.columns += range.columns;
    }
    line
}

fn build(top: &ListTopResponse, rows: &[&TopRow], digits: Digits, canvas: &mut Canvas<'_>) -> Layout {
    let pages = top.table() == Table::Page;
    let key = |text: &str| {
        if text.is_empty() { EMPTY_KEY.to_owned() } else { clean(text) }
    };
    let mut keys: Vec<Cell> = rows.iter().map(|row| Cell::plain(key(&row.key))).collect();
    let mut values: Vec<Option<&Value>> = rows.iter().map(|row| main_value(top, row)).collect();
    let mut truths: Vec<Option<u64>> = Vec::new();
    if let Some(truth) = canvas.truth {
        truths = rows.iter().map(|row| of_key(truth, top, &row.key)).collect();
        truths.push(of_other(truth, top));
    }
    if top.other.is_some() {
        keys.push(Cell::new("(other)", Ink::Dim));
        values.push(top.other.as_ref());
    }
    truths.truncate(values.len());
    let main = column(&values, digits, &mut canvas.notes);
    let mut columns = vec![Column::key("", keys), Column::right(if pages { "views" } else { "visits" }, main)];
    if truths.iter().any(Option::is_some) {
        let cells = truth_column(&values, &truths, digits, &mut canvas.notes);
        columns.push(Column::right("true", cells));
    }
    if pages && rows.iter().any(|row| row.visitors.is_some()) {
        let visitors: Vec<Option<&Value>> = rows.iter().map(|row| row.visitors.as_ref()).collect();
        columns.push(Column::right("visitors", column(&visitors, digits, &mut canvas.notes)));
    }
    Layout { columns, rule_above_row: None }
}

/// A table's name as a heading.
pub(super) fn table_words(table: Table) -> &'static str {
    let words = BREAKDOWNS.into_iter().find(|(known, _)| *known == table).map(|(_, words)| words);
    words.unwrap_or(if table == Table::Site { "Site" } else { "Keys" })
}

/// Which keys of the breakdowns appear, one sentence per kind of key space.
pub(super) fn key_space_words(tops: &[ListTopResponse]) -> Vec<String> {
    let mut texts = Vec::new();
    for (space, words) in [
        (KeySpace::Public, "every key of a public list appears in every period, also with zero."),
        (KeySpace::Open, "a new key appears once its noisy count passes a threshold, and from then on always."),
        (KeySpace::Pages, "the pages that are published."),
        (KeySpace::Mixed, "a public list, and beside it new keys once their noisy count passes a threshold."),
    ] {
        let tables: Vec<&str> =
            tops.iter().filter(|top| top.key_space() == space).map(|top| table_words(top.table())).collect();
        if !tables.is_empty() {
            texts.push(format!("{}: {words}", tables.join(", ")));
        }
    }
    if tops.iter().any(|top| top.other.is_some()) {
        texts.push("(other): what the days and months of the range did not publish under a key, as their total less all published keys. A key \
             that became public within the range may have a part of its count in here; both intervals say how much.".to_owned());
    }
    texts
}

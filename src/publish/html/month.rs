//! The page of a month: its numbers, its days as a chart and as a table, and its breakdowns.

use std::fmt::Write as _;

use jiff::civil::Date;

use super::{
    Report,
    chart::{Point, chart},
    frame::{Page, table},
    number::{bar, change, number, number_or_why},
    site::{files, line},
    site_title,
    words::Words,
};
use crate::{
    proto::{ListTopResponse, TopRow, TrafficChange, TrafficPoint, Value},
    publish::fetch::{SiteData, TableData},
    report::{escaped, is_noise},
    vault::Table,
};

/// Rows of a breakdown, at most; the files have all.
const ROWS_MAX: usize = 20;

/// A month that has days with numbers, or that is published as a whole.
pub(super) struct Month<'a> {
    /// `2026-10`.
    pub name: String,
    /// Its first day.
    pub first: Date,
    /// Its numbers; `None` while it is not over.
    pub point: Option<&'a TrafficPoint>,
    /// By how much they differ from those of the month before.
    pub change: Option<&'a TrafficChange>,
    /// Its days.
    pub days: Vec<&'a TrafficPoint>,
}

impl<'a> Month<'a> {
    /// Visits, visitors and page views.
    pub(super) fn numbers(&self) -> [Option<&'a Value>; 3] {
        let of = |value: fn(&'a TrafficPoint) -> Option<&'a Value>| self.point.and_then(value);
        [of(|point| point.visits.as_ref()), of(|point| point.visitors.as_ref()), of(|point| point.views.as_ref())]
    }
}

/// The months of a site, in order.
pub(super) fn of_site(data: &SiteData) -> Vec<Month<'_>> {
    let mut months: Vec<Month<'_>> = Vec::new();
    for day in &data.days {
        let Ok(first) = day.start.parse::<Date>().map(Date::first_of_month) else { continue };
        if months.last().is_none_or(|month| month.first != first) {
            let at = data.months.iter().position(|month| month.start == first.to_string());
            months.push(Month {
                name: first.strftime("%Y-%m").to_string(),
                first,
                point: at.map(|at| &data.months[at]),
                change: at.and_then(|at| data.changes.get(at)?.as_ref()),
                days: Vec::new(),
            });
        }
        months.last_mut().into_iter().for_each(|month| month.days.push(day));
    }
    months
}

/// The page of one of them.
pub(super) fn page(report: &Report<'_>, words: &Words, months: &[Month<'_>], at: usize) -> String {
    let (data, month) = (report.data, &months[at]);
    let site = escaped(site_title(words, &data.site));
    let mut content = format!(
        "<p class=\"way\"><a href=\"../{file}\">{site}</a>{}{}</p>\n",
        way(words, at.checked_sub(1).and_then(|at| months.get(at)), "‹ ", ""),
        way(words, months.get(at + 1), "", " ›"),
        file = words.file,
    );
    content.push_str(&line(words, data));
    if month.point.is_some() {
        content.push_str(&figures(words, month));
    }
    content.push_str(&days(words, month));
    for table in &data.tables {
        let answer = table.months.iter().find(|answer| is_of(answer, month));
        content.push_str(&answer.map(|answer| breakdown(words, table, answer)).unwrap_or_default());
    }
    content.push_str(&files(words, report, "../../"));
    let title = format!("{}, {}", site_title(words, &data.site), words.month_of(month.first));
    Page { about: report.about, words, title: &title, root: "../../", content }.text()
}

fn way(words: &Words, month: Option<&Month<'_>>, before: &str, after: &str) -> String {
    let Some(month) = month else { return String::new() };
    let rel = if after.is_empty() { "prev" } else { "next" };
    let label = if after.is_empty() { words.earlier } else { words.later };
    format!(
        " <a rel=\"{rel}\" aria-label=\"{label}: {name}\" href=\"../{}/{}\">{before}{name}{after}</a>",
        month.name,
        words.file,
        name = words.month_of(month.first)
    )
}

fn is_of(answer: &ListTopResponse, month: &Month<'_>) -> bool {
    answer.scope.as_ref().is_some_and(|scope| scope.from_date == month.first.to_string())
}

fn figures(words: &Words, month: &Month<'_>) -> String {
    let before = month.first.yesterday().unwrap_or(month.first);
    let changes = month.change.map_or([None; 3], |c| [c.visits.as_ref(), c.visitors.as_ref(), c.views.as_ref()]);
    let labels = [words.visits, words.visitors, words.views];
    let mut text = "<dl class=\"figures\">\n".to_owned();
    for ((label, value), changed) in labels.into_iter().zip(month.numbers()).zip(changes) {
        let _ = writeln!(
            text,
            "<div class=\"figure\"><dt>{label}</dt><dd class=\"large\">{}</dd><dd>{}</dd></div>",
            number_or_why(words, value),
            change(words, changed, before)
        );
    }
    text.push_str("</dl>\n");
    text
}

fn days(words: &Words, month: &Month<'_>) -> String {
    let date = |day: &TrafficPoint| day.start.parse::<Date>().unwrap_or(month.first);
    let points: Vec<Point<'_>> =
        month.days.iter().map(|day| Point { label: date(day).day().to_string(), value: day.visits.as_ref() }).collect();
    let mut text = format!("<h2>{}</h2>\n{}", words.days_heading, chart(words, words.days_heading, &points));
    let mut rows = String::new();
    for day in &month.days {
        let _ = write!(rows, "<tr><th scope=\"row\">{}</th>", words.day_of(date(day)));
        for value in [&day.visits, &day.views] {
            let _ = write!(rows, "<td class=\"right\">{}</td>", number(words, value.as_ref()));
        }
        rows.push_str("</tr>\n");
    }
    text.push_str(&table(words, words.days_heading, &[words.day, words.visits, words.views], &rows));
    text
}

/// The rows that are more than noise, at most [`ROWS_MAX`] of them.
fn breakdown(words: &Words, table_data: &TableData, answer: &ListTopResponse) -> String {
    let is_page = table_data.table == Table::Page;
    let count = |row: &TopRow| if is_page { row.views } else { row.visits };
    let clear: Vec<&TopRow> = answer.rows.iter().filter(|row| !is_noise(count(row).as_ref())).collect();
    let heading = words.table(table_data.table);
    let largest = clear.iter().take(ROWS_MAX).filter_map(|row| Some(count(row)?.high)).max().unwrap_or(0);
    let mut rows = String::new();
    for row in clear.iter().take(ROWS_MAX) {
        rows.push_str(&of_row(words, &escaped(&row.key), is_page, [count(row), row.visitors], largest));
    }
    if let Some(other) = &answer.other {
        rows.push_str(&of_row(words, words.other, is_page, [Some(*other), None], largest));
    }
    let left = answer.rows.len() - clear.len();
    let note = if left > 0 { format!("<p class=\"note\">{left} {}</p>\n", words.noise) } else { String::new() };
    let source = match answer.source.as_str() {
        "" => String::new(),
        source => format!("<p class=\"note\">{}</p>\n", words.source(&escaped(source))),
    };
    if rows.is_empty() {
        return format!("<section><h2>{heading}</h2>\n{note}{source}</section>\n");
    }
    let counted = if is_page { words.views } else { words.visits };
    let columns: &[&str] = if is_page { &[heading, counted, words.visitors, ""] } else { &[heading, counted, ""] };
    format!("<section><h2>{heading}</h2>\n{}{note}{source}</section>\n", table(words, heading, columns, &rows))
}

fn of_row(words: &Words, key: &str, is_page: bool, [count, visitors]: [Option<Value>; 2], largest: i64) -> String {
    let mut row = format!("<tr><th scope=\"row\" class=\"key\">{key}</th>");
    let _ = write!(row, "<td class=\"right\">{}</td>", number(words, count.as_ref()));
    if is_page {
        let text = if visitors.is_some() { number(words, visitors.as_ref()) } else { String::new() };
        let _ = write!(row, "<td class=\"right\">{text}</td>");
    }
    let _ = writeln!(row, "<td class=\"barcell\">{}</td></tr>", bar(count.as_ref(), largest));
    row
}

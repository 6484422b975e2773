//! The mail of one site.

use jiff::civil::Date;

use super::{
    DigestError, Frame, Letter, Period,
    ask::{SiteAnswers, TABLES},
    change::{beyond, is_clear, number, reason_words, told, towards},
    letter::{Part, Row, Towards},
    words::{self, Words},
};
use crate::{
    proto::{Change, ListTopResponse, Missing, Reason, Table, TopRow, Value},
    report::clean,
};
use headcount_model::format::{Digits, percent};

/// The most changes of one table.
const CHANGES_MAX: usize = 10;
/// How many pages are named.
const PAGES: usize = 10;
/// The most missing periods that are named.
const MISSING_MAX: usize = 7;

/// The mail of what the server answered.
pub(super) fn letter(of: &SiteAnswers, period: Period, frame: &Frame) -> Result<Letter, DigestError> {
    let words = words::of(frame.language);
    let first = of.traffic.scope.as_ref().and_then(|scope| scope.from_date.parse::<Date>().ok());
    let first = first.ok_or_else(|| period.nothing_published(&of.site.site))?;
    let title = clean(title(words, of));
    let (name, base) = (words.period(period, first), words.base(period, first));
    let visits = of.traffic.total.as_ref().and_then(|total| total.visits.as_ref());
    let shown = visits.filter(|value| value.estimate.is_some()).map(|value| number(Some(value), words.language));
    let changes: Vec<Part> =
        TABLES.iter().zip(&of.tops).filter_map(|(table, top)| changed(words, *table, top, &of.tops)).collect();
    let about_changes = match (changes.is_empty(), any_figure_changed(of)) {
        (false, _) => words.how_chosen,
        (true, true) => words.no_row_changed,
        (true, false) => words.no_change,
    };
    Ok(Letter {
        language: frame.language,
        subject: words.subject(&title, shown.as_deref(), &name),
        period: words.compared(&name, &base),
        title,
        figures: figures(words, of, &base),
        changes_heading: words.changes,
        about_changes: about_changes.to_owned(),
        changes,
        notes: notes(words, of, frame),
        tables: top_pages(words, of).into_iter().collect(),
        link: frame.dashboard_url.as_ref().map(|url| (words.dashboard.to_owned(), page_of(url, of, period, first))),
        foot: foot(words, frame),
    })
}

/// What stands at the end of every mail.
pub(super) fn foot(words: &Words, frame: &Frame) -> Vec<String> {
    vec![words.promise.to_owned(), words.interval.to_owned(), words.sent_by(&frame.sender)]
}

fn title<'a>(words: &Words, of: &'a SiteAnswers) -> &'a str {
    let titles = &of.site.titles;
    let found = titles.get(words.tag).or_else(|| titles.get("en")).or_else(|| titles.values().min());
    found.unwrap_or(&of.site.site)
}

/// The page of the site's period in the dashboard.
fn page_of(url: &str, of: &SiteAnswers, period: Period, first: Date) -> String {
    let week = first.iso_week_date();
    let period = match period {
        Period::Month => format!("{:04}-{:02}", first.year(), first.month()),
        Period::Week => format!("{:04}-W{:02}", week.year(), week.week()),
    };
    // A site's name has no character that would have to be encoded.
    format!("{url}s/{}/{period}", of.site.site)
}

fn any_figure_changed(of: &SiteAnswers) -> bool {
    let change = of.traffic.change.unwrap_or_default();
    [change.visits, change.visitors, change.views]
        .iter()
        .any(|change| told(change.as_ref()).is_some_and(|c| !c.is_within_noise))
}

fn figures(words: &Words, of: &SiteAnswers, base: &str) -> Vec<Row> {
    let (total, change) = (of.traffic.total.clone().unwrap_or_default(), of.traffic.change.unwrap_or_default());
    let mut rows = vec![
        figure(words, words.visits, total.visits.as_ref(), change.visits.as_ref(), base),
        figure(words, words.visitors, total.visitors.as_ref(), change.visitors.as_ref(), base),
        figure(words, words.views, total.views.as_ref(), change.views.as_ref(), base),
    ];
    if let Some(bounce) = total.bounce_percent {
        let number = percent(bounce, words.language);
        rows.push(Row { name: words.one_page.to_owned(), number, remark: String::new(), towards: Towards::Nowhere });
    }
    rows
}

fn figure(words: &Words, name: &str, value: Option<&Value>, change: Option<&Change>, base: &str) -> Row {
    let (mut remark, mut direction) = (String::new(), Towards::Nowhere);
    if value.and_then(|value| value.estimate).is_none() {
        let why = value.map_or(Reason::Unspecified, |value| value.reason());
        reason_words(why, words.language).clone_into(&mut remark);
    } else if let Some(change) = told(change) {
        (remark, direction) = (change.sentence(base, words.language), towards(&change));
    }
    Row { name: name.to_owned(), number: number(value, words.language), remark, towards: direction }
}

/// The rows of a table that changed beyond the noise, largest change first. All tables of a mail are compared at once.
fn changed(words: &Words, table: Table, top: &ListTopResponse, all: &[ListTopResponse]) -> Option<Part> {
    let compared = all.iter().map(|top| top.rows.len()).sum();
    let mut found: Vec<_> =
        top.rows.iter().filter_map(|row| Some((row, beyond(row.change.as_ref(), compared)?))).collect();
    found.sort_by_key(|(_, change)| std::cmp::Reverse(change.estimate.unsigned_abs()));
    let (heading, counted) = words.table(table);
    let rows = found.into_iter().take(CHANGES_MAX).map(|(row, change)| Row {
        name: key(words, table, row),
        number: number(count(table, row), words.language),
        remark: change.cell(Digits::Full, words.language),
        // More errors are not good news: no colour says so.
        towards: if table == Table::Error { Towards::Nowhere } else { towards(&change) },
    });
    let rows: Vec<Row> = rows.collect();
    (!rows.is_empty()).then(|| Part { heading: heading.to_owned(), counted, rows })
}

fn count(table: Table, row: &TopRow) -> Option<&Value> {
    if table == Table::Page { row.views.as_ref() } else { row.visits.as_ref() }
}

fn key(words: &Words, table: Table, row: &TopRow) -> String {
    if table == Table::Referrer && row.key == "(direct)" { words.direct.to_owned() } else { clean(&row.key) }
}

/// The pages that were viewed most, as far as they stand clear of the noise.
fn top_pages(words: &Words, of: &SiteAnswers) -> Option<Part> {
    let clear = of.tops.first()?.rows.iter().filter(|row| is_clear(row.views.as_ref())).take(PAGES);
    let rows: Vec<Row> = clear
        .map(|row| Row {
            name: clean(&row.key),
            number: number(row.views.as_ref(), words.language),
            remark: String::new(),
            towards: Towards::Nowhere,
        })
        .collect();
    (!rows.is_empty()).then(|| Part { heading: words.top_pages.to_owned(), counted: words.views, rows })
}

fn notes(words: &Words, of: &SiteAnswers, frame: &Frame) -> Vec<String> {
    let named = |missing: &Missing| {
        let when = missing.start.parse().map_or_else(|_| clean(&missing.start), |date| words.day(date));
        words.missing(&when, reason_words(missing.reason(), words.language))
    };
    let missing = &of.traffic.missing;
    let mut notes: Vec<String> = missing.iter().take(MISSING_MAX).map(named).collect();
    if missing.len() > MISSING_MAX {
        notes.push(words.more(missing.len() - MISSING_MAX));
    }
    notes.extend(late(words, &of.site.last_date, of.site.next_due_unix_s, frame));
    notes
}

/// That the day after the last one is late, if it is.
pub(super) fn late(words: &Words, last: &str, due_unix_s: i64, frame: &Frame) -> Option<String> {
    let is_late = due_unix_s > 0 && due_unix_s < frame.now_unix_s;
    let last = last.parse().map_or_else(|_| clean(last), |date| words.day(date));
    is_late.then(|| words.late(&last, reason_words(Reason::NotSealed, words.language)))
}

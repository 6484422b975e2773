//! The report as text: head, traffic, distinct visitors, breakdowns, what is missing, notes and definitions.
//!
//! The same data, width and colours give the same text, byte for byte. It makes no request and reads no clock.

use super::{
    RenderOptions, WIDTH_MIN,
    fetch::{Numbers, ReportData},
    privacy,
    table::{Ink, Line, join, wrap},
    top, traffic,
    truth::{TruthColumns, TruthSummary, summarize},
    value::{Digits, Notes, clean, cut_middle, inline, number, reason_words},
};
use crate::proto::{Missing, PeriodKind, Scope, Site};

/// Dates listed of what is missing before "and ... more".
const MISSING_SHOWN_MAX: usize = 6;

/// The settings and notes shared by all parts of a report.
pub(super) struct Canvas<'a> {
    pub(super) width: usize,
    pub(super) colour: bool,
    pub(super) truth: Option<&'a TruthColumns>,
    pub(super) notes: Notes,
}

impl<'a> Canvas<'a> {
    pub(super) fn new(options: &RenderOptions, truth: Option<&'a TruthColumns>) -> Self {
        let width = options.width.max(WIDTH_MIN);
        Self { width, colour: options.colour, truth, notes: Notes::default() }
    }

    pub(super) fn line(&self, text: &str, ink: Ink) -> Line {
        Line::new(text, ink, self.colour)
    }

    pub(super) fn wrapped(&self, text: &str, indent: usize, ink: Ink) -> Vec<Line> {
        wrap(text, self.width, indent, ink, self.colour)
    }
}

/// Renders the report. With `truth`, the exact numbers are shown beside the estimates, and a summary says how many
/// intervals hold them.
#[must_use]
pub fn render(data: &ReportData, truth: Option<&TruthColumns>, options: &RenderOptions) -> String {
    let mut canvas = Canvas::new(options, truth);
    let mut lines = head(data, &canvas);
    match &data.numbers {
        Some(numbers) => lines.extend(body(numbers, &mut canvas)),
        None => lines.extend(nothing(data, &canvas)),
    }
    if let Some(truth) = truth.filter(|_| data.numbers.is_some()) {
        lines.extend(truth_lines(&summarize(data, truth), &mut canvas));
    }
    if let Some(numbers) = &data.numbers {
        lines.extend(foot(numbers, &canvas));
    }
    join(&lines)
}

fn body(numbers: &Numbers, canvas: &mut Canvas<'_>) -> Vec<Line> {
    let mut lines = traffic::section(&numbers.traffic, canvas);
    lines.extend(traffic::distinct_visitors(numbers, canvas));
    lines.extend(top::sections(&numbers.tops, &numbers.above_noise, canvas));
    lines.extend(missing_lines(numbers, canvas));
    lines
}

fn head(data: &ReportData, canvas: &Canvas<'_>) -> Vec<Line> {
    let scope = data.numbers.as_ref().and_then(|numbers| numbers.traffic.scope.clone());
    let scope = scope.filter(|scope| !scope.site.is_empty()).unwrap_or_else(|| scope_of_site(data.site.as_ref()));
    if scope.site.is_empty() {
        return vec![canvas.line("headcount", Ink::Heading)];
    }
    let mut lines = vec![canvas.line(&cut_middle(&clean(&scope.site), canvas.width), Ink::Heading)];
    let mut about = Vec::new();
    if !scope.from_date.is_empty() {
        about.push(range_words(&scope));
    }
    about.push(format!("time zone {}", clean(&scope.time_zone)));
    lines.extend(canvas.wrapped(&about.join(", "), 0, Ink::Plain));
    if let Some(answer) = &data.privacy {
        lines.extend(canvas.wrapped(&privacy::guarantee_short(answer), 0, Ink::Dim));
    }
    lines
}

fn scope_of_site(site: Option<&Site>) -> Scope {
    site.map_or_else(Scope::default, |site| Scope {
        site: site.site.clone(),
        time_zone: site.time_zone.clone(),
        ..Scope::default()
    })
}

/// A range of dates in words.
pub(super) fn range_words(scope: &Scope) -> String {
    format!("{} to {}", clean(&scope.from_date), clean(&scope.to_date))
}

/// The text if there are no numbers, and what to do about it.
fn nothing(data: &ReportData, canvas: &Canvas<'_>) -> Vec<Line> {
    let text: &[&str] = if data.site.is_none() && data.sites.is_empty() {
        &[
            "No site is configured on this server.",
            "Name one in its configuration file, or send accesses to a server on loopback without a configuration: \
             it creates the site. For example: headcount ship --site example access.log",
        ]
    } else {
        &[
            "Nothing is published yet.",
            "Numbers appear when a day is over in the site's time zone and every producer has stated that it sent \
             everything. An old log is published as soon as it has been sent to its end: headcount ship access.log",
        ]
    };
    let mut lines = Vec::new();
    for paragraph in text {
        lines.push(Line::default());
        lines.extend(canvas.wrapped(paragraph, 0, Ink::Plain));
    }
    let waiting: Vec<String> = data.sites.iter().map(|site| clean(&site.site)).collect();
    if waiting.len() > 1 {
        lines.push(Line::default());
        lines.extend(canvas.wrapped(&format!("Sites: {}", waiting.join(", ")), 7, Ink::Dim));
    }
    lines
}

fn truth_lines(summary: &TruthSummary, canvas: &mut Canvas<'_>) -> Vec<Line> {
    let mut lines = vec![Line::default(), canvas.line("Truth", Ink::Heading)];
    let sentence = format!("{}; about 95 of 100 are expected.", summary.sentence());
    lines.extend(canvas.wrapped(&sentence, 0, Ink::Accent));
    for (kind, periods) in [("month", &summary.months), ("week", &summary.weeks)] {
        for period in periods {
            let published = inline(Some(&period.published), &mut canvas.notes);
            let exact = number(period.exact, Digits::Full);
            let start = clean(&period.start);
            let text = format!("Visitors of the {kind} from {start}: {published}, exactly {exact}.");
            lines.extend(canvas.wrapped(&text, 2, Ink::Plain));
        }
    }
    lines
}

/// Every period without numbers, once, grouped by length and reason.
pub(super) fn missing_lines(numbers: &Numbers, canvas: &Canvas<'_>) -> Vec<Line> {
    let mut groups: Vec<((i32, i32), Vec<String>)> = Vec::new();
    for missing in all_missing(numbers) {
        let key = (missing.kind, missing.reason);
        let at = groups.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        let start = clean(&missing.start);
        if !groups[at].1.contains(&start) {
            groups[at].1.push(start);
        }
    }
    if groups.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::default(), canvas.line("Missing", Ink::Heading)];
    for ((kind, reason), starts) in groups {
        let missing = Missing { kind, start: String::new(), reason };
        let mut dates = starts.iter().take(MISSING_SHOWN_MAX).cloned().collect::<Vec<_>>().join(", ");
        if starts.len() > MISSING_SHOWN_MAX {
            dates.push_str(&format!(" and {} more", starts.len() - MISSING_SHOWN_MAX));
        }
        let count = count_words(starts.len(), kind_word(missing.kind()));
        let text = format!("{count} ({dates}): {}.", reason_words(missing.reason()));
        lines.extend(canvas.wrapped(&text, 2, Ink::Plain));
    }
    lines
}

fn all_missing(numbers: &Numbers) -> impl Iterator<Item = &Missing> {
    numbers.traffic.missing.iter().chain(numbers.tops.iter().flat_map(|top| &top.missing))
}

/// The name of a period's length, singular.
pub(super) fn kind_word(kind: PeriodKind) -> &'static str {
    match kind {
        PeriodKind::Unspecified => "period",
        PeriodKind::Hour => "hour",
        PeriodKind::Day => "day",
        PeriodKind::Week => "week",
        PeriodKind::Month => "month",
        PeriodKind::Quarter => "quarter",
    }
}

/// "1 day", "3 days".
pub(super) fn count_words(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn foot(numbers: &Numbers, canvas: &Canvas<'_>) -> Vec<Line> {
    let mut lines = vec![Line::default(), canvas.line("Notes", Ink::Heading)];
    let interval = "In 445 ± 72 and in 445 (373 to 897) the second part is the 95 % interval: of 100 intervals, 95 hold the true \
                    count. The estimate leans on totals and earlier periods, so it need not be the middle.";
    for note in [vec![interval.to_owned()], canvas.notes.lines()].concat() {
        lines.extend(canvas.wrapped(&note, 2, Ink::Dim));
    }
    for text in definitions(numbers) {
        lines.extend(canvas.wrapped(&text, 2, Ink::Dim));
    }
    lines
}

/// The definitions of all answers without repeats, and which keys appear.
fn definitions(numbers: &Numbers) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    let tops = numbers.tops.iter().flat_map(|top| &top.definitions);
    for definition in numbers.traffic.definitions.iter().chain(tops) {
        let name = definition.metric().as_str_name().trim_start_matches("METRIC_");
        let name = name.to_lowercase().replace('_', " ");
        let text = format!("{name}: {}", clean(&definition.text));
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.extend(top::key_space_words(&numbers.tops));
    texts
}

//! Two questions beside the report of one site: one key over time, and all sites over one period.
//!
//! It asks and lays out the answers; it never adds up or sorts anything itself.

use tonic::transport::Channel;

use super::{
    RenderOptions,
    error::ReportError,
    fetch::{answer, client},
    period::change_cell,
    render::{Canvas, kind_word, range_words},
    table::{Cell, Column, Ink, Line, Table as Layout, join},
    traffic::compared_words,
    value::{Digits, clean, column, cut_middle},
};
use crate::proto::{
    Compare, GetKeySeriesRequest, GetKeySeriesResponse, GetOverviewRequest, GetOverviewResponse, PeriodKind, Reason,
    Table, Value,
};

/// Columns of a site's name and title.
const SITE_COLUMNS_MAX: usize = 32;

/// Which key is asked for. Empty dates are the server's: 30 days up to the last published one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRequest {
    /// The site's name; empty for the first one.
    pub site: String,
    /// The table.
    pub table: Table,
    /// The key, as the report names it.
    pub key: String,
    /// The first and the last local date, each may be empty.
    pub dates: [String; 2],
    /// Day, week or month.
    pub granularity: PeriodKind,
    /// What the range is compared with.
    pub compare: Compare,
}

/// Which sites are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverviewRequest {
    /// The group; empty for all sites.
    pub group: String,
    /// Day, week or month.
    pub period: PeriodKind,
    /// A date of the period; empty for each site's latest.
    pub date: String,
    /// What it is compared with.
    pub compare: Compare,
}

/// Asks for one key over time.
///
/// # Errors
/// As [`mod@super::fetch`].
pub async fn fetch_key(channel: Channel, request: KeyRequest) -> Result<GetKeySeriesResponse, ReportError> {
    let KeyRequest { site, table, key, dates: [from_date, to_date], granularity, compare } = request;
    let (table, granularity, compare) = (table.into(), granularity.into(), compare.into());
    let ask = GetKeySeriesRequest { site, table, key, from_date, to_date, granularity, compare };
    answer("GetKeySeries", client(channel).get_key_series(ask).await)
}

/// Asks for all sites, or those of a group.
///
/// # Errors
/// As [`mod@super::fetch`].
pub async fn fetch_overview(channel: Channel, request: OverviewRequest) -> Result<GetOverviewResponse, ReportError> {
    let OverviewRequest { group, period, date, compare } = request;
    let (period, compare) = (period.into(), compare.into());
    let ask = GetOverviewRequest { group, period, date, compare, weeks: 1, ..GetOverviewRequest::default() };
    answer("GetOverview", client(channel).get_overview(ask).await)
}

/// One key over time as text.
#[must_use]
pub fn render_key(of: &GetKeySeriesResponse, options: &RenderOptions) -> String {
    let mut canvas = Canvas::new(options, None);
    let scope = of.scope.clone().unwrap_or_default();
    let title = format!("{}  {}", clean(&of.key), range_words(&scope));
    let mut lines = vec![canvas.line(&cut_middle(&title, canvas.width), Ink::Heading)];
    let is_compared = of.previous.is_some_and(|previous| previous.estimate.is_some());
    let mut labels: Vec<Cell> = of.points.iter().map(|point| Cell::plain(clean(&point.start))).collect();
    labels.push(Cell::new("total", Ink::Heading));
    let mut values: Vec<Option<&Value>> = of.points.iter().map(|point| point.count.as_ref()).collect();
    values.push(of.total.as_ref());
    if is_compared {
        labels.extend(["compared with", "change"].map(|name| Cell::new(name, Ink::Heading)));
        values.push(of.previous.as_ref());
    }
    let mut counts = column(&values, Digits::Full, &mut canvas.notes);
    if is_compared {
        counts.push(change_cell(of.change.as_ref(), Digits::Full, &mut canvas.notes));
    }
    let metric = if of.table() == Table::Page { "views" } else { "visits" };
    let columns = vec![Column::left(kind_word(of.granularity()), labels), Column::right(metric, counts)];
    let table = Layout { columns, rule_above_row: Some(of.points.len()) };
    lines.extend(table.lines(canvas.width, canvas.colour));
    if let Some(before) = &of.previous_scope {
        let reason = of.previous.as_ref().map_or(Reason::Unspecified, Value::reason);
        lines.extend(canvas.wrapped(&compared_words(before, is_compared, reason), 2, Ink::Plain));
    }
    lines.extend(notes(&canvas));
    join(&lines)
}

/// All sites as text, in the server's order.
#[must_use]
pub fn render_overview(of: &GetOverviewResponse, options: &RenderOptions) -> String {
    let mut canvas = Canvas::new(options, None);
    let title = format!("{} sites by {}", of.sites.len(), kind_word(of.period()));
    let mut lines = vec![canvas.line(&title, Ink::Heading)];
    let name = |title: &str, site: &str| if title.is_empty() { clean(site) } else { clean(title) };
    let names = of.sites.iter().map(|site| Cell::plain(cut_middle(&name(&site.title, &site.site), SITE_COLUMNS_MAX)));
    let names = names.collect();
    let periods = of.sites.iter().map(|site| Cell::new(clean(&site.from_date), Ink::Dim)).collect();
    let values: Vec<Option<&Value>> = of.sites.iter().map(|site| site.visits.as_ref()).collect();
    let visits = column(&values, Digits::Full, &mut canvas.notes);
    let mut columns = vec![Column::left("site", names), Column::left("from", periods), Column::right("visits", visits)];
    if of.sites.iter().any(|site| site.change.is_some()) {
        let values: Vec<Option<&Value>> = of.sites.iter().map(|site| site.previous.as_ref()).collect();
        columns.push(Column::right("previous", column(&values, Digits::Full, &mut canvas.notes)));
        let changes = of.sites.iter().map(|site| change_cell(site.change.as_ref(), Digits::Full, &mut canvas.notes));
        columns.push(Column::right("change", changes.collect()));
    }
    lines.extend(Layout { columns, rule_above_row: None }.lines(canvas.width, canvas.colour));
    let text = "Each site in its own time zone. There is no total: visitors of two sites may be the same person. So many sites are \
                compared at once that the interval of a change is wider here than in the report of one site.";
    lines.extend(canvas.wrapped(text, 2, Ink::Dim));
    lines.extend(notes(&canvas));
    join(&lines)
}

fn notes(canvas: &Canvas<'_>) -> Vec<Line> {
    let found = canvas.notes.lines();
    found.iter().flat_map(|note| canvas.wrapped(note, 3, Ink::Dim)).collect()
}

//! Two short questions: which sites there are, and the largest keys of one table.
//!
//! It asks and lays out the answers; it never adds up or sorts anything itself.

use std::collections::BTreeMap;

use tonic::transport::Channel;

use super::{
    RenderOptions,
    error::ReportError,
    fetch::{Numbers, answer, client},
    render::{Canvas, missing_lines},
    table::{Cell, Column, Ink, Line, Table as Layout, join},
    top::sections,
    value::{Digits, clean, column, cut_middle},
};
use crate::proto::{ListSitesRequest, ListSitesResponse, ListTopRequest, ListTopResponse, Site, Table, Value};

/// Columns of a title.
const TITLE_COLUMNS_MAX: usize = 32;

/// Which keys are asked for. Empty dates are the server's: the latest published month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopRequest {
    /// The site's name; empty for the first one.
    pub site: String,
    /// The table.
    pub table: Table,
    /// The first and the last local date, each may be empty.
    pub dates: [String; 2],
    /// Only keys that hold this.
    pub contains: String,
    /// How many, 1 to 1,000.
    pub rows: u32,
}

/// Asks for the sites.
///
/// # Errors
/// As [`mod@super::fetch`].
pub async fn fetch_sites(channel: Channel) -> Result<ListSitesResponse, ReportError> {
    answer("ListSites", client(channel).list_sites(ListSitesRequest {}).await)
}

/// Asks for the largest keys of a table.
///
/// # Errors
/// As [`mod@super::fetch`].
pub async fn fetch_top(channel: Channel, request: TopRequest) -> Result<ListTopResponse, ReportError> {
    let TopRequest { site, table, dates: [from_date, to_date], contains, rows } = request;
    let (table, page_size) = (table.into(), rows);
    let ask = ListTopRequest { site, table, from_date, to_date, contains, page_size, ..ListTopRequest::default() };
    answer("ListTop", client(channel).list_top(ask).await)
}

/// The sites as text, in the server's order.
#[must_use]
pub fn render_sites(sites: &[Site], options: &RenderOptions) -> String {
    let mut canvas = Canvas::new(options, None);
    if sites.is_empty() {
        return join(&canvas.wrapped(
            "No site is configured on this server, and none has sent anything.",
            0,
            Ink::Plain,
        ));
    }
    let texts = |text: &dyn Fn(&Site) -> String| -> Vec<Cell> {
        sites.iter().map(|site| Cell::plain(clean(&text(site)))).collect()
    };
    let title = |site: &Site| {
        let title = site.titles.get("en").or_else(|| site.titles.values().next());
        cut_middle(title.map_or("", String::as_str), TITLE_COLUMNS_MAX)
    };
    let days = |site: &Site| match (site.first_date.as_str(), site.last_date.as_str()) {
        ("", _) => "nothing yet".to_owned(),
        (first, last) => format!("{first} to {last}"),
    };
    let mut columns = vec![Column::key("site", texts(&|site| site.site.clone()))];
    if sites.iter().any(|site| !site.titles.is_empty()) {
        columns.push(Column::left("title", texts(&title)));
    }
    if sites.iter().any(|site| !site.group.is_empty()) {
        columns.push(Column::left("group", texts(&|site| site.group.clone())));
    }
    columns.push(Column::left("time zone", texts(&|site| site.time_zone.clone())));
    columns.push(Column::left("published", texts(&days)));
    let values: Vec<Option<&Value>> = sites.iter().map(|site| site.last_visits.as_ref()).collect();
    columns.push(Column::right("visits of the last day", column(&values, Digits::Full, &mut canvas.notes)));
    let mut lines = Layout { columns, rule_above_row: None }.lines(canvas.width, canvas.colour);
    lines.extend(notes(&canvas));
    join(&lines)
}

/// The largest keys as text.
#[must_use]
pub fn render_top(top: &ListTopResponse, options: &RenderOptions) -> String {
    let mut canvas = Canvas::new(options, None);
    let numbers = Numbers { tops: vec![top.clone()], ..Numbers::default() };
    let mut lines = sections(&numbers.tops, &BTreeMap::new(), &mut canvas);
    // The first line is empty: it parts sections in a report.
    lines.drain(..1.min(lines.len()));
    lines.extend(missing_lines(&numbers, &canvas));
    lines.extend(notes(&canvas));
    join(&lines)
}

fn notes(canvas: &Canvas<'_>) -> Vec<Line> {
    let found = canvas.notes.lines();
    found.iter().flat_map(|note| canvas.wrapped(note, 3, Ink::Dim)).collect()
}

//! Asks the StatsService for all that is published of a site: its series by day, week and month, and its tables by month.
//!
//! It asks for whole periods, so that every number is one that was published, and never adds any up.

use headcount_client::Link;
use jiff::{ToSpan, civil::Date};

use super::{PublishError, value::reason};
use crate::{
    config::Publication,
    proto::{
        Compare, GetPrivacyRequest, GetPrivacyResponse, GetTrafficRequest, ListSitesRequest, ListTopRequest,
        ListTopResponse, PeriodKind, Reason, Site, TrafficChange, TrafficPoint,
        stats_service_client::StatsServiceClient,
    },
    report::{PAGE_SIZE_MAX, answer, client},
    vault::Table,
};

/// The most pages of keys of a table: as many keys as a server publishes of a site.
const PAGES_MAX: usize = 10_000;

/// All that is published of a site.
pub(super) struct SiteData {
    pub site: Site,
    pub privacy: GetPrivacyResponse,
    /// Every day from the first published one to the last.
    pub days: Vec<TrafficPoint>,
    /// Whole weeks that are published, or that ended by the last day.
    pub weeks: Vec<TrafficPoint>,
    /// Months likewise.
    pub months: Vec<TrafficPoint>,
    /// By how much each month differs from the one before; as many as there are months.
    pub changes: Vec<Option<TrafficChange>>,
    /// In the order in which they are to be shown.
    pub tables: Vec<TableData>,
}

/// A table over whole periods. Each answer has all keys of its period.
pub(super) struct TableData {
    pub table: Table,
    pub months: Vec<ListTopResponse>,
    pub days: Vec<ListTopResponse>,
}

impl SiteData {
    /// The days without numbers, and why.
    pub(super) fn missing(&self) -> Vec<(String, &'static str)> {
        let why =
            |point: &TrafficPoint| point.visits.as_ref().filter(|visits| visits.estimate.is_none()).map(|v| v.reason());
        let days = self.days.iter().filter_map(|point| Some((point.start.clone(), reason(why(point)?))));
        days.collect()
    }

    /// Where the list of countries comes from; empty where there is none.
    pub(super) fn source(&self) -> &str {
        let answers = self.tables.iter().flat_map(|table| &table.months);
        answers.map(|answer| answer.source.as_str()).find(|source| !source.is_empty()).unwrap_or("")
    }
}

/// Asks one server.
pub(super) struct Reader(StatsServiceClient<Link>);

impl Reader {
    pub(super) fn new(channel: Link) -> Self {
        Self(client(channel))
    }

    pub(super) async fn sites(&mut self) -> Result<Vec<Site>, PublishError> {
        Ok(answer("ListSites", self.0.list_sites(ListSitesRequest {}).await)?.sites)
    }

    /// All of a site that has a published day.
    pub(super) async fn site(&mut self, site: &Site, what: &Publication) -> Result<SiteData, PublishError> {
        let ask = GetPrivacyRequest { site: site.site.clone(), ledger_entries: 1, ledger_days: 1 };
        let privacy = answer("GetPrivacy", self.0.get_privacy(ask).await)?;
        let (first, last) = (date(&site.first_date)?, date(&site.last_date)?);
        let days = self.series(site, PeriodKind::Day, first, last).await?;
        let weeks = self.series(site, PeriodKind::Week, first, last).await?;
        let months = self.series(site, PeriodKind::Month, first, last).await?;
        let changes = self.changes(site, &months).await?;
        let mut tables = Vec::new();
        for table in what.tables() {
            let by_month = self.table(site, *table, months.iter().filter(|point| !is_open(point))).await?;
            let of_days = days.iter().filter(|point| what.table_days && !is_open(point));
            let by_day = if table.has_period(crate::calendar::PeriodKind::Day) {
                self.table(site, *table, of_days).await?
            } else {
                Vec::new()
            };
            if by_month.iter().chain(&by_day).any(|answer| !answer.rows.is_empty()) {
                tables.push(TableData { table: *table, months: by_month, days: by_day });
            }
        }
        Ok(SiteData { site: site.clone(), privacy, days, weeks, months, changes, tables })
    }

    /// A series of whole periods, asked for year by year: those that are published, or that ended by the last day.
    async fn series(
        &mut self,
        site: &Site,
        kind: PeriodKind,
        first: Date,
        last: Date,
    ) -> Result<Vec<TrafficPoint>, PublishError> {
        let mut points: Vec<TrafficPoint> = Vec::new();
        for year in first.year()..=last.year() {
            let (from, to) = (first.max(Date::constant(year, 1, 1)), last.min(Date::constant(year, 12, 31)));
            let ask = GetTrafficRequest {
                site: site.site.clone(),
                from_date: from.to_string(),
                to_date: to.to_string(),
                granularity: kind.into(),
                compare: Compare::None.into(),
            };
            let found = answer("GetTraffic", self.0.get_traffic(ask).await)?.points;
            // A week between two years is in both answers.
            let known = points.last().map(|point| point.start.clone()).unwrap_or_default();
            let is_over = |point: &TrafficPoint| !is_open(point) || date(&point.end).is_ok_and(|end| end <= last);
            points.extend(found.into_iter().filter(|point| point.start > known && is_over(point)));
        }
        Ok(points)
    }

    /// What the server says of each month beside the one before.
    async fn changes(
        &mut self,
        site: &Site,
        months: &[TrafficPoint],
    ) -> Result<Vec<Option<TrafficChange>>, PublishError> {
        let mut changes = Vec::new();
        for month in months {
            let ask = GetTrafficRequest {
                site: site.site.clone(),
                from_date: month.start.clone(),
                to_date: month.end.clone(),
                granularity: PeriodKind::Month.into(),
                compare: Compare::Previous.into(),
            };
            changes.push(answer("GetTraffic", self.0.get_traffic(ask).await)?.change);
        }
        Ok(changes)
    }

    /// All keys of a table, period by period.
    async fn table(
        &mut self,
        site: &Site,
        table: Table,
        periods: impl Iterator<Item = &TrafficPoint>,
    ) -> Result<Vec<ListTopResponse>, PublishError> {
        let mut answers = Vec::new();
        for point in periods {
            let ask = ListTopRequest {
                site: site.site.clone(),
                table: table.spec().wire_number,
                from_date: point.start.clone(),
                to_date: point.end.clone(),
                page_size: PAGE_SIZE_MAX,
                ..ListTopRequest::default()
            };
            answers.push(self.all_keys(ask).await?);
        }
        Ok(answers)
    }

    async fn all_keys(&mut self, mut ask: ListTopRequest) -> Result<ListTopResponse, PublishError> {
        let mut all = answer("ListTop", self.0.list_top(ask.clone()).await)?;
        for _ in 0..PAGES_MAX {
            ask.page_token = std::mem::take(&mut all.next_page_token);
            if ask.page_token.is_empty() {
                return Ok(all);
            }
            let more = answer("ListTop", self.0.list_top(ask.clone()).await)?;
            all.rows.extend(more.rows);
            all.next_page_token = more.next_page_token;
        }
        Err(PublishError::Answer(format!("a table of {} has more than {PAGES_MAX} pages of keys", ask.site)))
    }
}

/// Whether a period that is over is not published yet.
fn is_open(point: &TrafficPoint) -> bool {
    point.visits.as_ref().is_some_and(|visits| visits.estimate.is_none() && visits.reason() == Reason::NotSealed)
}

/// The year in whose folder a period lies: that of its first day with data.
pub(super) fn year_of(site: &Site, start: &str) -> String {
    start.max(site.first_date.as_str()).get(..4).unwrap_or_default().to_owned()
}

/// A date of an answer.
fn date(text: &str) -> Result<Date, PublishError> {
    let bad = || PublishError::Answer(format!("{:?} is no date", text.chars().take(40).collect::<String>()));
    let date: Date = text.parse().map_err(|_| bad())?;
    // Far enough from the ends of the calendar for a year's walk.
    date.checked_add(1.year()).map(|_| date).map_err(|_| bad())
}

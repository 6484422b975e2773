//! Asks the StatsService for everything that one report needs.
//!
//! It formats nothing and keeps nothing between calls.

use std::{collections::BTreeMap, time::Duration};

use headcount_client::ServerAddress;
use jiff::{ToSpan, civil::Date};
use tonic::{Status, transport::Channel};

use super::{
    error::{ReportError, chain},
    rows::is_within_noise,
    top::BREAKDOWNS,
};
use crate::proto::{
    Compare, GetPrivacyRequest, GetPrivacyResponse, GetTrafficRequest, GetTrafficResponse, ListSitesRequest,
    ListTopRequest, ListTopResponse, PeriodKind, Site, Table, stats_service_client::StatsServiceClient,
};

/// How long to wait for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// The largest answer accepted, in bytes: some twenty years of hours.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// The most keys that the service gives at once.
pub(crate) const PAGE_SIZE_MAX: u32 = 1_000;

/// Which report is wanted. The server fills in empty names and dates: the first site, the last 30 days, and for the
/// breakdowns the latest published month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRequest {
    /// The site's name; empty for the first one.
    pub site: String,
    /// First local date, `2026-11-01`, or empty.
    pub from_date: String,
    /// Last local date, included, or empty.
    pub to_date: String,
    /// The length of the periods in the traffic table.
    pub granularity: PeriodKind,
    /// How many keys of each breakdown, 1 to 1,000.
    pub top: u32,
    /// What the range is compared with.
    pub compare: Compare,
}

/// All answers that one report shows.
#[derive(Clone, Debug, Default)]
pub struct ReportData {
    /// Every site that the server knows.
    pub sites: Vec<Site>,
    /// The site reported; `None` if the server has no site.
    pub site: Option<Site>,
    /// The guarantee of that site.
    pub privacy: Option<GetPrivacyResponse>,
    /// The numbers; `None` if nothing is published yet.
    pub numbers: Option<Numbers>,
}

/// The published numbers of one site.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    /// The series in the granularity that was asked for.
    pub traffic: GetTrafficResponse,
    /// Whole weeks that touch the range, for their distinct visitors; `None` if the series itself is weekly.
    pub weeks: Option<GetTrafficResponse>,
    /// Whole months that touch the range; `None` if the series itself is monthly.
    pub months: Option<GetTrafficResponse>,
    /// The breakdowns that have something to show, pages first.
    pub tops: Vec<ListTopResponse>,
    /// How many keys of a table, by its number, are above the noise: of all keys, not only of those in `tops`. A table that is
    /// not here was not looked at, because all rows in `tops` are above it or because it has too many keys.
    pub above_noise: BTreeMap<i32, u64>,
}

/// Connects to a server, e.g. `http://127.0.0.1:50051`. Without a scheme it is `http`.
///
/// # Errors
///
/// [`ReportError::Address`] for an address that cannot be used, [`ReportError::Unreachable`] if no server answers.
pub async fn connect(server: &str) -> Result<Channel, ReportError> {
    ServerAddress::parse(server)?
        .endpoint()
        .timeout(ANSWER_TIMEOUT)
        .connect()
        .await
        .map_err(|error| ReportError::Unreachable { server: server.to_owned(), problem: chain(&error) })
}

/// Asks for everything that a report shows.
///
/// "No site" and "nothing published" are answers, not errors. If the request names no date, the breakdowns are those of the
/// latest published month, whose noise is far smaller than that of 30 days added up; otherwise they cover the range of the
/// series.
///
/// # Errors
///
/// [`ReportError::Refused`] with the server's message (an unknown site, a bad date), or
/// [`ReportError::Unreachable`] if the connection breaks.
pub async fn fetch(channel: Channel, mut request: ReportRequest) -> Result<ReportData, ReportError> {
    let mut client = client(channel);
    let listed = client.list_sites(ListSitesRequest {}).await;
    let sites = answer("ListSites", listed)?.sites;
    if sites.is_empty() && request.site.is_empty() {
        return Ok(ReportData::default());
    }
    let ask = GetPrivacyRequest { site: request.site.clone(), ledger_entries: 1, ledger_days: 1 };
    // This also checks the name: the server's message lists the known sites.
    let privacy = answer("GetPrivacy", client.get_privacy(ask).await)?;
    // From here on by name, so that all answers are about the same site.
    request.site.clone_from(&privacy.site);
    let site = sites.iter().find(|site| site.site == privacy.site).cloned();
    let published = site.as_ref().is_some_and(|site| !site.first_date.is_empty());
    let numbers = if published { Some(fetch_numbers(&mut client, &request).await?) } else { None };
    Ok(ReportData { sites, site, privacy: Some(privacy), numbers })
}

/// Asks for the series of a report alone.
///
/// # Errors
///
/// As [`fetch`].
pub async fn fetch_series(channel: Channel, request: &ReportRequest) -> Result<GetTrafficResponse, ReportError> {
    let dates = [request.from_date.clone(), request.to_date.clone()];
    fetch_traffic(&mut client(channel), request, request.granularity, dates).await
}

/// Asks for the guarantee, the mechanisms and the latest `ledger_entries` of the ledger (0: 31; at most 1,000).
///
/// # Errors
///
/// As [`fetch`]; a server without any site refuses with `NOT_FOUND`.
pub async fn fetch_privacy(
    channel: Channel,
    site: String,
    ledger_entries: u32,
) -> Result<GetPrivacyResponse, ReportError> {
    let ask = GetPrivacyRequest { site, ledger_entries, ledger_days: 0 };
    answer("GetPrivacy", client(channel).get_privacy(ask).await)
}

/// A client of the service, for answers of the size that it gives.
pub(crate) fn client(channel: Channel) -> StatsServiceClient<Channel> {
    StatsServiceClient::new(channel).max_decoding_message_size(ANSWER_BYTES_MAX)
}

/// What the service answered to a call.
pub(crate) fn answer<T>(call: &'static str, result: Result<tonic::Response<T>, Status>) -> Result<T, ReportError> {
    match result {
        Ok(response) => Ok(response.into_inner()),
        Err(status) => Err(ReportError::from_status(call, &status)),
    }
}

async fn fetch_numbers(
    client: &mut StatsServiceClient<Channel>,
    request: &ReportRequest,
) -> Result<Numbers, ReportError> {
    let traffic =
        fetch_traffic(client, request, request.granularity, [request.from_date.clone(), request.to_date.clone()])
            .await?;
    let scope = traffic.scope.clone().unwrap_or_default();
    let range = [scope.from_date, scope.to_date];
    let weeks = fetch_whole(client, request, PeriodKind::Week, &range).await?;
    let months = fetch_whole(client, request, PeriodKind::Month, &range).await?;
    let dates_given = !request.from_date.is_empty() || !request.to_date.is_empty();
    let [from_date, to_date] = if dates_given { range } else { [String::new(), String::new()] };
    let (tops, above_noise) = fetch_tops(client, request, [from_date, to_date]).await?;
    Ok(Numbers { traffic, weeks, months, tops, above_noise })
}

/// The breakdowns, and how many of their keys are above the noise.
async fn fetch_tops(
    client: &mut StatsServiceClient<Channel>,
    request: &ReportRequest,
    [from_date, to_date]: [String; 2],
) -> Result<(Vec<ListTopResponse>, BTreeMap<i32, u64>), ReportError> {
    let (mut tops, mut above) = (Vec::with_capacity(BREAKDOWNS.len()), BTreeMap::new());
    for (table, _) in BREAKDOWNS {
        let mut ask = ListTopRequest {
            site: request.site.clone(),
            table: i32::from(table),
            from_date: from_date.clone(),
            to_date: to_date.clone(),
            page_size: request.top,
            ..ListTopRequest::default()
        };
        let top = answer("ListTop", client.list_top(ask.clone()).await)?;
        // Noise may hide rows further down that stand clear of it.
        let has_more = !top.next_page_token.is_empty() && top.keys <= u64::from(PAGE_SIZE_MAX);
        if has_more && top.rows.iter().any(|row| is_within_noise(&top, row)) {
            ask.page_size = PAGE_SIZE_MAX;
            let all = answer("ListTop", client.list_top(ask).await)?;
            let clear = all.rows.iter().filter(|row| !is_within_noise(&all, row)).count();
            above.insert(i32::from(table), clear as u64);
        }
        // A table that this site does not count has nothing to show.
        if table == Table::Page || top.keys > 0 {
            tops.push(top);
        }
    }
    Ok((tops, above))
}

async fn fetch_traffic(
    client: &mut StatsServiceClient<Channel>,
    request: &ReportRequest,
    granularity: PeriodKind,
    [from_date, to_date]: [String; 2],
) -> Result<GetTrafficResponse, ReportError> {
    let (site, compare) = (request.site.clone(), i32::from(request.compare));
    let ask = GetTrafficRequest { site, from_date, to_date, granularity: i32::from(granularity), compare };
    answer("GetTraffic", client.get_traffic(ask).await)
}

/// The whole weeks or months that touch the range, for their distinct visitors; `None` if the series has them.
async fn fetch_whole(
    client: &mut StatsServiceClient<Channel>,
    request: &ReportRequest,
    kind: PeriodKind,
    range: &[String; 2],
) -> Result<Option<GetTrafficResponse>, ReportError> {
    if request.granularity == kind {
        return Ok(None);
    }
    match whole_periods(kind, range) {
        Some(range) => fetch_traffic(client, request, kind, range).await.map(Some),
        None => Ok(None),
    }
}

/// Widens a range to whole weeks (Monday to Sunday) or months. `None` if a date cannot be parsed.
fn whole_periods(kind: PeriodKind, [from, to]: &[String; 2]) -> Option<[String; 2]> {
    let (from, to): (Date, Date) = (from.parse().ok()?, to.parse().ok()?);
    let (from, to) = if kind == PeriodKind::Month {
        (from.first_of_month(), to.last_of_month())
    } else {
        let days_after_monday = |date: Date| i64::from(date.weekday().to_monday_zero_offset());
        let monday = from.checked_sub(days_after_monday(from).days()).ok()?;
        (monday, to.checked_add((6 - days_after_monday(to)).days()).ok()?)
    };
    Some([from.to_string(), to.to_string()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: &str, to: &str) -> [String; 2] {
        [from.to_owned(), to.to_owned()]
    }

    #[test]
    fn a_report_has_every_table_once_but_the_site() {
        let mut shown = BREAKDOWNS.map(|(table, _)| i32::from(table)).to_vec();
        shown.sort_unstable();
        let site = i32::from(Table::Site);
        let all: Vec<i32> = (1..1_000).filter(|n| *n != site && Table::try_from(*n).is_ok()).collect();
        assert_eq!(shown, all);
    }

    #[test]
    fn ranges_widen_to_whole_weeks_and_months() {
        let days = range("2024-02-10", "2024-02-29");
        assert_eq!(whole_periods(PeriodKind::Month, &days), Some(range("2024-02-01", "2024-02-29")));
        assert_eq!(whole_periods(PeriodKind::Week, &days), Some(range("2024-02-05", "2024-03-03")));
        assert_eq!(whole_periods(PeriodKind::Week, &range("", "")), None);
    }
}

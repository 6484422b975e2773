//! Asks the StatsService for what one mail tells, and makes the mail of it.
//!
//! It asks for one whole published period, so that every number is one that was published, and never adds any up.

use headcount_client::Link;
use jiff::{ToSpan, civil::Date};

use super::{DigestError, Frame, Letter, overview, site};
use crate::{
    proto::{
        Compare, GetOverviewRequest, GetOverviewResponse, GetTrafficRequest, GetTrafficResponse, ListSitesRequest,
        ListTopRequest, ListTopResponse, PeriodKind, Site, Table,
    },
    report::{PAGE_SIZE_MAX, answer, client},
};

/// Of what a mail tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One site by its name; empty: the first one.
    Site(String),
    /// All sites of a group by its name; empty: all sites.
    Group(String),
}

/// How long a period is told about. It is the latest one that is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// From Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
}

impl Period {
    fn kind(self) -> PeriodKind {
        match self {
            Self::Week => PeriodKind::Week,
            Self::Month => PeriodKind::Month,
        }
    }

    /// The last day of the period that begins on `first`.
    pub(super) fn last(self, first: Date) -> Date {
        match self {
            Self::Week => first.saturating_add(6.days()),
            Self::Month => first.last_of_month(),
        }
    }

    /// The period before, by its first day.
    pub(super) fn before(self, first: Date) -> Date {
        match self {
            Self::Week => first.saturating_sub(7.days()),
            Self::Month => first.saturating_sub(1.month()),
        }
    }

    pub(super) fn nothing_published(self, of: &str) -> DigestError {
        let (period, hint) = match self {
            Self::Week => ("week", "a week is published after its Sunday, when all logs of it were sent"),
            Self::Month => ("month", "--weekly tells about the latest week"),
        };
        DigestError::NothingPublished { period, of: of.to_owned(), hint }
    }
}

/// What the server answers about a site.
#[derive(Debug, Clone, Default)]
pub(super) struct SiteAnswers {
    pub site: Site,
    pub traffic: GetTrafficResponse,
    /// In the order of [`TABLES`].
    pub tops: Vec<ListTopResponse>,
}

/// The tables whose changes are told.
pub(super) const TABLES: [Table; 4] = [Table::Page, Table::Referrer, Table::Campaign, Table::Error];

/// Asks, and makes the mail.
///
/// # Errors
/// When the server cannot be reached or refuses, or has published no such period.
pub async fn ask(channel: Link, scope: &Scope, period: Period, frame: &Frame) -> Result<Letter, DigestError> {
    match scope {
        Scope::Site(name) => {
            let answers = of_site(channel, name, period).await?;
            site::letter(&answers, period, frame)
        }
        Scope::Group(group) => {
            let answers = of_group(channel, group, period, frame).await?;
            overview::letter(&answers, group, period, frame)
        }
    }
}

async fn of_site(channel: Link, name: &str, period: Period) -> Result<SiteAnswers, DigestError> {
    let mut client = client(channel);
    let sites = answer("ListSites", client.list_sites(ListSitesRequest {}).await)?.sites;
    let found = sites.into_iter().find(|site| name.is_empty() || site.site == name);
    let site = match found {
        Some(site) => site,
        // The server's message lists the known ones.
        None => {
            let ask = GetTrafficRequest { site: name.to_owned(), ..GetTrafficRequest::default() };
            answer("GetTraffic", client.get_traffic(ask).await)?;
            return Err(period.nothing_published("any site"));
        }
    };
    let first = match period {
        Period::Week => &site.last_week,
        Period::Month => &site.last_month,
    };
    let first: Date = first.parse().map_err(|_| period.nothing_published(&site.site))?;
    let [from_date, to_date] = [first, period.last(first)].map(|date| date.to_string());
    let compare = Compare::Previous.into();
    let ask = GetTrafficRequest {
        site: site.site.clone(),
        from_date: from_date.clone(),
        to_date: to_date.clone(),
        granularity: period.kind().into(),
        compare,
    };
    let traffic = answer("GetTraffic", client.get_traffic(ask).await)?;
    let mut tops = Vec::with_capacity(TABLES.len());
    for table in TABLES {
        let ask = ListTopRequest {
            site: site.site.clone(),
            table: table.into(),
            from_date: from_date.clone(),
            to_date: to_date.clone(),
            page_size: PAGE_SIZE_MAX,
            compare,
            ..ListTopRequest::default()
        };
        tops.push(answer("ListTop", client.list_top(ask).await)?);
    }
    Ok(SiteAnswers { site, traffic, tops })
}

async fn of_group(
    channel: Link,
    group: &str,
    period: Period,
    frame: &Frame,
) -> Result<GetOverviewResponse, DigestError> {
    let ask = GetOverviewRequest {
        group: group.to_owned(),
        period: period.kind().into(),
        compare: Compare::Previous.into(),
        weeks: 1,
        language: super::words::of(frame.language).tag.to_owned(),
        ..GetOverviewRequest::default()
    };
    Ok(answer("GetOverview", client(channel).get_overview(ask).await)?)
}

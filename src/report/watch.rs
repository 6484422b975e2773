//! What a server publishes, as it comes: each notice with the visits of its period.

use headcount_model::format::{Digits, Language};
use serde_json::{Value as Json, json};
use tonic::{Streaming, transport::Channel};

use super::{
    error::ReportError,
    fetch::{answer, client},
    json::value,
    render::kind_word,
    value::{clean, reason_words},
    wire::interval,
};
use crate::proto::{GetTrafficRequest, PeriodKind, Value, WatchReleasesRequest, WatchReleasesResponse};

/// The notices of a server.
pub struct Watch {
    channel: Channel,
    notices: Streaming<WatchReleasesResponse>,
}

/// A period that was published.
#[derive(Debug)]
pub struct Notice {
    release: WatchReleasesResponse,
    /// Its visits; none of an hour or a quarter.
    visits: Option<Value>,
}

impl Watch {
    /// Waits for what is published from now on: of one site, or of all where the name is empty.
    ///
    /// # Errors
    /// As [`mod@super::fetch`].
    pub async fn open(channel: Channel, site: &str) -> Result<Self, ReportError> {
        let ask = WatchReleasesRequest { site: site.to_owned(), after_release: None };
        let notices = answer("WatchReleases", client(channel.clone()).watch_releases(ask).await)?;
        Ok(Self { channel, notices })
    }

    /// The next; `None` where the server has ended the stream.
    ///
    /// # Errors
    /// As [`mod@super::fetch`].
    pub async fn next(&mut self) -> Result<Option<Notice>, ReportError> {
        let found = self.notices.message().await;
        let Some(release) = found.map_err(|status| ReportError::from_status("WatchReleases", &status))? else {
            return Ok(None);
        };
        let visits = self.visits(&release).await?;
        Ok(Some(Notice { release, visits }))
    }

    async fn visits(&self, release: &WatchReleasesResponse) -> Result<Option<Value>, ReportError> {
        if !matches!(release.kind(), PeriodKind::Day | PeriodKind::Week | PeriodKind::Month) {
            return Ok(None);
        }
        let (site, start) = (release.site.clone(), release.start.clone());
        let (from_date, to_date, granularity) = (start.clone(), start, release.kind);
        let ask = GetTrafficRequest { site, from_date, to_date, granularity, ..GetTrafficRequest::default() };
        let traffic = answer("GetTraffic", client(self.channel.clone()).get_traffic(ask).await)?;
        Ok(traffic.points.first().and_then(|point| point.visits))
    }
}

impl Notice {
    /// A line of text.
    #[must_use]
    pub fn text(&self) -> String {
        let WatchReleasesResponse { site, start, .. } = &self.release;
        let visits = self.visits.as_ref().map(|visits| match interval(visits) {
            Some(interval) => format!("  {} visits", interval.text(Digits::Full, Language::English)),
            None => format!("  {}", reason_words(visits.reason())),
        });
        let kind = kind_word(self.release.kind());
        format!("{}  {kind:7} {}{}\n", clean(site), clean(start), visits.unwrap_or_default())
    }

    /// The same for programs.
    #[must_use]
    pub fn json(&self) -> Json {
        let WatchReleasesResponse { release, site, start, .. } = &self.release;
        let kind = kind_word(self.release.kind());
        json!({ "release": release, "site": site, "kind": kind, "start": start, "visits": value(self.visits.as_ref()) })
    }
}

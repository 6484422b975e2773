//! Waits until what was sent is published, and says when it will be where that takes longer.
//!
//! It asks what every reader may ask. Where the server does not answer that here, nothing is said.

use std::time::{Duration, Instant};

use headcount_client::ServerAddress;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::summary::Summary;
use crate::proto::{ListSitesRequest, Site, stats_service_client::StatsServiceClient};

/// How often it is asked, at first and at last.
const ASK_EVERY: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(500)];

/// What is known of the days that were sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The last published day; empty where none is.
    pub last_date: String,
    /// When the day after it is published at the latest, in seconds since 1970; 0 where that is not known.
    pub next_due_unix_s: i64,
    /// All days that were sent and are over are published.
    pub is_whole: bool,
}

/// Asks until the days that a run sent are published, at most for `wait`. `None` where the server does not say.
pub async fn published(server: &str, summary: &Summary, now_unix_ms: i64, wait: Duration) -> Option<Publication> {
    let sent = summary.times_unix_ms?;
    let deadline = Instant::now() + wait;
    let channel = ServerAddress::parse(server).ok()?.endpoint().connect().await.ok()?;
    let mut client = StatsServiceClient::new(channel);
    let mut pause = ASK_EVERY[0];
    loop {
        let sites = client.list_sites(ListSitesRequest {}).await.ok()?.into_inner().sites;
        let site = sites.into_iter().find(|site| site.site == summary.site)?;
        let is_whole = is_published(&site, sent, now_unix_ms)?;
        let left = deadline.saturating_duration_since(Instant::now());
        // What is not stated as complete is not published at once.
        if is_whole || left.is_zero() || summary.complete_through_unix_ms.is_none() {
            return Some(Publication { last_date: site.last_date, next_due_unix_s: site.next_due_unix_s, is_whole });
        }
        tokio::time::sleep(pause.min(left)).await;
        pause = (pause * 2).min(ASK_EVERY[1]);
    }
}

/// Whether the days between two instants, as far as they are over, are published.
fn is_published(site: &Site, (first, last): (i64, i64), now_unix_ms: i64) -> Option<bool> {
    let zone = TimeZone::get(&site.time_zone).ok()?;
    let date = |unix_ms: i64| {
        let time = Timestamp::from_millisecond(unix_ms).ok()?;
        Some(time.to_zoned_datetime(zone.clone()).date())
    };
    let yesterday = date(now_unix_ms)?.yesterday().ok()?;
    let (first, last) = (date(first)?, date(last)?.min(yesterday));
    if last < first {
        return Some(false);
    }
    let known = |text: &str| text.parse::<Date>().ok();
    let published = known(&site.first_date).zip(known(&site.last_date));
    Some(published.is_some_and(|(from, to)| from <= first && to >= last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_that_are_over_are_waited_for() {
        let site = |first: &str, last: &str| Site {
            time_zone: "Asia/Tokyo".to_owned(),
            first_date: first.to_owned(),
            last_date: last.to_owned(),
            ..Site::default()
        };
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let sent = (at("2026-11-20T16:00:00Z"), at("2026-11-28T01:00:00Z"));
        let now = at("2026-11-28T02:00:00Z");
        assert_eq!(is_published(&site("2026-11-21", "2026-11-27"), sent, now), Some(true));
        assert_eq!(is_published(&site("2026-11-22", "2026-11-27"), sent, now), Some(false));
        assert_eq!(is_published(&site("2026-11-21", "2026-11-26"), sent, now), Some(false));
        assert_eq!(is_published(&site("", ""), sent, now), Some(false));
        let today = (at("2026-11-27T16:00:00Z"), at("2026-11-28T01:00:00Z"));
        assert_eq!(is_published(&site("2026-11-21", "2026-11-27"), today, now), Some(false));
        assert_eq!(is_published(&Site { time_zone: "Nowhere".to_owned(), ..Site::default() }, sent, now), None);
    }
}

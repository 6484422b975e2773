//! The statistics service: reads questions from requests, has `answers` answer them, and encodes what it gives.

use std::sync::Arc;

use tokio::sync::watch;
use tonic::Status;

use super::{
    convert,
    encoded::{Encoded, EncodedCache},
    releases, status,
};
use crate::{
    answers::{
        Answers,
        cache::Weigh,
        follow::{Follow, Followed, Reader},
        key::KeyQuestion,
        overview::OverviewQuestion,
        privacy::PrivacyQuestion,
        question,
        top::BreakdownQuestion,
        traffic::TrafficQuestion,
    },
    calendar::PeriodKind,
    proto,
    query::{
        AskError,
        overview::{OverviewAsk, weeks},
        range::Compare,
        series::KeyAsk,
        top::{Contains, PageAsk, PageSize, TopAsk, check_table},
        traffic::TrafficAsk,
    },
    units::SiteName,
    vault::{Release, Releases, Table},
};

/// The statistics service.
pub struct Stats {
    answers: Arc<Answers<Releases>>,
    shutdown: watch::Receiver<bool>,
    sites: EncodedCache<()>,
    traffic: EncodedCache<TrafficQuestion>,
    overviews: EncodedCache<OverviewQuestion>,
    tops: EncodedCache<TopQuestion>,
    keys: EncodedCache<KeyQuestion>,
    privacy: EncodedCache<PrivacyQuestion>,
}

/// A page of a breakdown.
#[derive(Clone, PartialEq, Eq, Hash)]
struct TopQuestion {
    breakdown: BreakdownQuestion,
    page: PageAsk,
}

impl Weigh for TopQuestion {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.page.prefix.len() + self.page.contains.bytes() + self.page.token.len()
    }
}

impl Stats {
    /// Sends these answers. Streams end when `shutdown` turns true.
    #[must_use]
    pub fn new(answers: Arc<Answers<Releases>>, shutdown: watch::Receiver<bool>) -> Self {
        Self {
            answers,
            shutdown,
            sites: EncodedCache::new(),
            traffic: EncodedCache::new(),
            overviews: EncodedCache::new(),
            tops: EncodedCache::new(),
            keys: EncodedCache::new(),
            privacy: EncodedCache::new(),
        }
    }

    pub(super) async fn sites(&self) -> Result<Encoded, Status> {
        let answer = self.answers.sites().await.map_err(|e| status::failed(&e))?;
        self.sites.response(&(), answer.stamp(), move || Ok(convert::sites(&answer))).await
    }

    pub(super) async fn overview(&self, request: proto::GetOverviewRequest) -> Result<Encoded, Status> {
        let question = overview_question(request)?;
        let answer = self.answers.overview(&question).await.map_err(|e| status::failed(&e))?;
        self.overviews.response(&question, answer.stamp(), move || Ok(convert::overview(&answer))).await
    }

    pub(super) async fn traffic(&self, request: &proto::GetTrafficRequest) -> Result<Encoded, Status> {
        let question = self.traffic_question(request)?;
        let answer = self.answers.traffic(&question).await.map_err(|e| status::failed(&e))?;
        self.traffic.response(&question, answer.stamp(), move || Ok(convert::traffic(&answer))).await
    }

    pub(super) async fn top(&self, request: proto::ListTopRequest) -> Result<Encoded, Status> {
        let question = self.top_question(request)?;
        let answer = self.answers.breakdown(&question.breakdown).await.map_err(|e| status::failed(&e))?;
        let (stamp, page) = (answer.stamp(), question.page.clone());
        let convert = move || {
            let page = answer.page(&page).map_err(|e| status::unanswered(&e))?;
            Ok(convert::top(&answer, page))
        };
        self.tops.response(&question, stamp, convert).await
    }

    pub(super) async fn key(&self, request: proto::GetKeySeriesRequest) -> Result<Encoded, Status> {
        let question = self.key_question(request)?;
        let answer = self.answers.key(&question).await.map_err(|e| status::failed(&e))?;
        self.keys.response(&question, answer.stamp(), move || Ok(convert::key(&answer))).await
    }

    pub(super) async fn privacy(&self, request: &proto::GetPrivacyRequest) -> Result<Encoded, Status> {
        let site = self.site(&request.site)?;
        let question = PrivacyQuestion::new(site, request.ledger_entries, request.ledger_days).map_err(refused)?;
        let answer = self.answers.privacy(&question).await.map_err(|e| status::failed(&e))?;
        self.privacy.response(&question, answer.stamp(), move || Ok(convert::privacy(&answer))).await
    }

    pub(super) fn watch(
        &self,
        request: &proto::WatchReleasesRequest,
        reader: Reader,
    ) -> Result<Followed<Encoded>, Status> {
        let site = self.site(&request.site)?;
        let after = request.after_release.unwrap_or_else(|| self.answers.latest());
        self.follow((site, Follow::AndNew { after }), reader, |release| Encoded::of(&releases::notice(release)))
    }

    pub(super) fn export(
        &self,
        request: &proto::ExportReleasesRequest,
        reader: Reader,
    ) -> Result<Followed<Encoded>, Status> {
        let site = self.site(&request.site)?;
        let published = Follow::Published { after: request.after_release };
        self.follow((site, published), reader, |release| Encoded::of(&releases::export(release)))
    }

    fn follow(
        &self,
        what: (Option<SiteName>, Follow),
        reader: Reader,
        encode: fn(&Release) -> Encoded,
    ) -> Result<Followed<Encoded>, Status> {
        self.answers.follow(what, reader, self.shutdown.clone(), encode).map_err(|of| status::busy(&of))
    }
}

/// From requests to questions.
impl Stats {
    fn site(&self, text: &str) -> Result<Option<SiteName>, Status> {
        self.answers.named_site(text).map_err(refused)
    }

    fn traffic_question(&self, request: &proto::GetTrafficRequest) -> Result<TrafficQuestion, Status> {
        let site = self.site(&request.site)?;
        let granularity = granularity(request.granularity, "hour (1), day (2), week (3) or month (4)")?;
        let dates = question::dates(&request.from_date, &request.to_date).map_err(refused)?;
        let compare = compare(request.compare, Compare::Previous)?;
        Ok(TrafficQuestion { site, ask: TrafficAsk { dates, granularity, compare } })
    }

    fn top_question(&self, request: proto::ListTopRequest) -> Result<TopQuestion, Status> {
        let site = self.site(&request.site)?;
        let table = table(request.table)?;
        let size = PageSize::new(request.page_size).map_err(refused)?;
        let contains = Contains::new(&request.contains).map_err(refused)?;
        let dates = question::dates(&request.from_date, &request.to_date).map_err(refused)?;
        let compare = compare(request.compare, Compare::None)?;
        let breakdown = BreakdownQuestion { site, ask: TopAsk { table, dates, compare } };
        let page = PageAsk { prefix: request.prefix, contains, size, token: request.page_token };
        Ok(TopQuestion { breakdown, page })
    }

    fn key_question(&self, request: proto::GetKeySeriesRequest) -> Result<KeyQuestion, Status> {
        let site = self.site(&request.site)?;
        let table = table(request.table)?;
        let granularity = granularity(request.granularity, "day (2), week (3) or month (4)")?;
        let dates = question::dates(&request.from_date, &request.to_date).map_err(refused)?;
        let compare = compare(request.compare, Compare::Previous)?;
        Ok(KeyQuestion { site, ask: KeyAsk { table, key: request.key, dates, granularity, compare } })
    }
}

fn overview_question(request: proto::GetOverviewRequest) -> Result<OverviewQuestion, Status> {
    let kind = convert::overview_period(request.period).ok_or_else(|| {
        let what = format!("{} is no period of an overview", request.period);
        status::bad_field("period", &what, "day (2), week (3) or month (4); 0 means month")
    })?;
    let day = question::date("date", &request.date).map_err(refused)?;
    let compare = compare(request.compare, Compare::Previous)?;
    let weeks = weeks(request.weeks).map_err(refused)?;
    let language = OverviewQuestion::language(&request.language).map_err(refused)?;
    Ok(OverviewQuestion { group: request.group, language, ask: OverviewAsk { kind, day, compare, weeks } })
}

fn table(number: i32) -> Result<Table, Status> {
    let table = convert::asked_table(number).ok_or_else(|| {
        let what = format!("{number} is no table");
        status::bad_field("table", &what, &convert::tables_allowed())
    })?;
    check_table(table).map_err(refused)?;
    Ok(table)
}

fn granularity(number: i32, allowed: &str) -> Result<PeriodKind, Status> {
    let what = || format!("{number} is no kind of period");
    convert::granularity(number).ok_or_else(|| status::bad_field("granularity", &what(), allowed))
}

fn compare(number: i32, default: Compare) -> Result<Compare, Status> {
    let what = || format!("{number} is nothing to compare with");
    let allowed = "none (1), previous (2) or year (3)";
    convert::compare(number, default).ok_or_else(|| status::bad_field("compare", &what(), allowed))
}

fn refused(error: AskError) -> Status {
    status::unanswered(&error)
}

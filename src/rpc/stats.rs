//! The statistics service: reads questions from requests, has `answers` answer them, and encodes what it gives.

use tokio::sync::watch;
use tonic::Status;

use super::{
    convert,
    encoded::{Encoded, EncodedCache},
    status,
};
use crate::{
    answers::{
        Answers,
        cache::Weigh,
        follow::{Follow, ReleaseStream},
        privacy::PrivacyQuestion,
        question,
        top::BreakdownQuestion,
        traffic::TrafficQuestion,
    },
    proto,
    query::{
        AskError,
        top::{PageAsk, PageSize, TopAsk, check_table},
        traffic::TrafficAsk,
    },
    units::SiteName,
    vault::Releases,
};

/// The statistics service.
pub struct Stats {
    answers: Answers<Releases>,
    shutdown: watch::Receiver<bool>,
    sites: EncodedCache<()>,
    traffic: EncodedCache<TrafficQuestion>,
    tops: EncodedCache<TopQuestion>,
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
        size_of::<Self>() + self.page.prefix.len() + self.page.token.len()
    }
}

impl Stats {
    /// Answers from these releases. Streams end when `shutdown` turns true.
    #[must_use]
    pub fn new(releases: Releases, shutdown: watch::Receiver<bool>) -> Self {
        Self {
            answers: Answers::new(releases),
            shutdown,
            sites: EncodedCache::new(),
            traffic: EncodedCache::new(),
            tops: EncodedCache::new(),
            privacy: EncodedCache::new(),
        }
    }

    pub(super) async fn sites(&self) -> Result<Encoded, Status> {
        let answer = self.answers.sites().await.map_err(|e| status::failed(&e))?;
        self.sites.response(&(), answer.stamp(), move || Ok(convert::sites(&answer))).await
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

    pub(super) async fn privacy(&self, request: &proto::GetPrivacyRequest) -> Result<Encoded, Status> {
        let site = self.site(&request.site)?;
        let question = PrivacyQuestion::new(site, request.ledger_entries, request.ledger_days).map_err(refused)?;
        let answer = self.answers.privacy(&question).await.map_err(|e| status::failed(&e))?;
        self.privacy.response(&question, answer.stamp(), move || Ok(convert::privacy(&answer))).await
    }

    pub(super) fn watch(&self, request: &proto::WatchReleasesRequest) -> Result<ReleaseStream, Status> {
        let site = self.site(&request.site)?;
        let after = request.after_release.unwrap_or_else(|| self.answers.latest());
        Ok(self.answers.follow(site, Follow::AndNew { after }, self.shutdown.clone()))
    }

    pub(super) fn export(&self, request: &proto::ExportReleasesRequest) -> Result<ReleaseStream, Status> {
        let site = self.site(&request.site)?;
        let published = Follow::Published { after: request.after_release };
        Ok(self.answers.follow(site, published, self.shutdown.clone()))
    }
}

/// From requests to questions.
impl Stats {
    fn site(&self, text: &str) -> Result<Option<SiteName>, Status> {
        self.answers.named_site(text).map_err(refused)
    }

    fn traffic_question(&self, request: &proto::GetTrafficRequest) -> Result<TrafficQuestion, Status> {
        let site = self.site(&request.site)?;
        let granularity = convert::granularity(request.granularity).ok_or_else(|| {
            let what = format!("{} is no kind of period", request.granularity);
            status::bad_field("granularity", &what, "hour (1), day (2), week (3) or month (4)")
        })?;
        let dates = question::dates(&request.from_date, &request.to_date).map_err(refused)?;
        Ok(TrafficQuestion { site, ask: TrafficAsk { dates, granularity } })
    }

    fn top_question(&self, request: proto::ListTopRequest) -> Result<TopQuestion, Status> {
        let site = self.site(&request.site)?;
        let table = convert::asked_table(request.table).ok_or_else(|| {
            let what = format!("{} is no table", request.table);
            status::bad_field("table", &what, &convert::tables_allowed())
        })?;
        check_table(table).map_err(refused)?;
        let size = PageSize::new(request.page_size).map_err(refused)?;
        let dates = question::dates(&request.from_date, &request.to_date).map_err(refused)?;
        let breakdown = BreakdownQuestion { site, ask: TopAsk { table, dates } };
        Ok(TopQuestion { breakdown, page: PageAsk { prefix: request.prefix, size, token: request.page_token } })
    }
}

fn refused(error: AskError) -> Status {
    status::unanswered(&error)
}

//! The statistics service: reads questions from requests, has `answers` answer them, and encodes what it gives.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tonic::{Request, Status};

use super::{
    convert,
    encoded::{Encoded, EncodedCache},
    numbering::{Following, Numbering, is_restricted},
    releases, status,
};
use crate::{
    access::{Access, Deed, Pass, Scope},
    answers::{
        Answers,
        cache::Weigh,
        follow::{Follow, Followed, Reader},
        key::KeyQuestion,
        ordinal::Ordinals,
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
    access: Arc<Access>,
    shutdown: watch::Receiver<bool>,
    sites: EncodedCache<Scope>,
    overviews: EncodedCache<(OverviewQuestion, Scope)>,
    // With whether the reader is restricted to some sites: the numbers of releases are others then.
    traffic: EncodedCache<(TrafficQuestion, bool)>,
    tops: EncodedCache<(TopQuestion, bool)>,
    privacy: EncodedCache<(PrivacyQuestion, bool)>,
    keys: EncodedCache<KeyQuestion>,
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
    /// Sends these answers to whoever may have them. Streams end when `shutdown` turns true.
    #[must_use]
    pub fn new(answers: Arc<Answers<Releases>>, access: Arc<Access>, shutdown: watch::Receiver<bool>) -> Self {
        Self {
            answers,
            access,
            shutdown,
            sites: EncodedCache::new(),
            traffic: EncodedCache::new(),
            overviews: EncodedCache::new(),
            tops: EncodedCache::new(),
            keys: EncodedCache::new(),
            privacy: EncodedCache::new(),
        }
    }

    /// Leave to read, for whoever sent a request.
    pub(super) fn pass<M>(&self, request: &Request<M>) -> Result<Pass, Status> {
        self.access.pass(request.metadata().as_ref(), request.extensions(), Deed::Read).map_err(status::denied)
    }

    pub(super) async fn sites(&self, scope: &Scope) -> Result<Encoded, Status> {
        let answer = self.answers.sites().await.map_err(|e| status::failed(&e))?;
        let seen = scope.clone();
        self.sites.response(scope, answer.stamp(), move || Ok(convert::sites(&answer, &seen))).await
    }

    pub(super) async fn overview(&self, scope: &Scope, request: proto::GetOverviewRequest) -> Result<Encoded, Status> {
        let asked = (overview_question(request)?, scope.clone());
        // For whoever may read some sites alone, groups are those of these sites: they are found among all.
        let all = OverviewQuestion { group: String::new(), ..asked.0.clone() };
        let question = if is_restricted(scope) { &all } else { &asked.0 };
        let answer = self.answers.overview(question).await.map_err(|e| status::failed(&e))?;
        let (stamp, (asked_group, seen)) = (answer.stamp(), (asked.0.group.clone(), scope.clone()));
        let convert = move || {
            let response = convert::overview(&answer, &seen, &asked_group);
            response.ok_or_else(|| status::hidden_group(&asked_group))
        };
        self.overviews.response(&asked, stamp, convert).await
    }

    pub(super) async fn traffic(&self, scope: &Scope, request: &proto::GetTrafficRequest) -> Result<Encoded, Status> {
        let question = self.traffic_question(scope, request)?;
        let answer = self.answers.traffic(&question).await.map_err(|e| status::failed(&e))?;
        let (stamp, is_restricted, answers) = (answer.stamp(), is_restricted(scope), self.answers.clone());
        let convert = move || {
            let numbering = Numbering::new(is_restricted, || answers.ordinals(&answer.site.name));
            let mut response = convert::traffic(&answer);
            numbering.blocks(&mut response.blocks);
            Ok(response)
        };
        self.traffic.response(&(question, is_restricted), stamp, convert).await
    }

    pub(super) async fn top(&self, scope: &Scope, request: proto::ListTopRequest) -> Result<Encoded, Status> {
        let question = self.top_question(scope, request)?;
        let answer = self.answers.breakdown(&question.breakdown).await.map_err(|e| status::failed(&e))?;
        let (stamp, page) = (answer.stamp(), question.page.clone());
        let (is_restricted, answers) = (is_restricted(scope), self.answers.clone());
        let convert = move || {
            let numbering = Numbering::new(is_restricted, || answers.ordinals(&answer.site.name));
            let page = answer.page(&page).map_err(|e| status::unanswered(&e))?;
            let mut response = convert::top(&answer, page);
            numbering.blocks(&mut response.blocks);
            Ok(response)
        };
        self.tops.response(&(question, is_restricted), stamp, convert).await
    }

    pub(super) async fn key(&self, scope: &Scope, request: proto::GetKeySeriesRequest) -> Result<Encoded, Status> {
        let question = self.key_question(scope, request)?;
        let answer = self.answers.key(&question).await.map_err(|e| status::failed(&e))?;
        self.keys.response(&question, answer.stamp(), move || Ok(convert::key(&answer))).await
    }

    pub(super) async fn privacy(&self, scope: &Scope, request: &proto::GetPrivacyRequest) -> Result<Encoded, Status> {
        let site = self.site(scope, &request.site)?;
        let question = PrivacyQuestion::new(site, request.ledger_entries, request.ledger_days).map_err(refused)?;
        let answer = self.answers.privacy(&question).await.map_err(|e| status::failed(&e))?;
        let (stamp, is_restricted, answers) = (answer.stamp(), is_restricted(scope), self.answers.clone());
        let convert = move || {
            let numbering = Numbering::new(is_restricted, || answers.ordinals(&answer.site));
            let mut response = convert::privacy(&answer);
            numbering.privacy(&mut response);
            Ok(response)
        };
        self.privacy.response(&(question, is_restricted), stamp, convert).await
    }

    pub(super) fn watch(
        &self,
        scope: &Scope,
        request: &proto::WatchReleasesRequest,
        reader: Reader,
    ) -> Result<Followed<Encoded>, Status> {
        let (sites, after) = self.followed(scope, &request.site, request.after_release)?;
        let after = after.unwrap_or_else(|| self.answers.latest());
        let encode = |release: &Release, number| Encoded::of(&releases::notice(release, number));
        self.follow(scope, (sites, Follow::AndNew { after }), reader, encode)
    }

    pub(super) fn export(
        &self,
        scope: &Scope,
        request: &proto::ExportReleasesRequest,
        reader: Reader,
    ) -> Result<Followed<Encoded>, Status> {
        let after = Some(request.after_release).filter(|after| *after > 0);
        let (sites, after) = self.followed(scope, &request.site, after)?;
        let published = Follow::Published { after: after.unwrap_or(0) };
        let encode = |release: &Release, number| Encoded::of(&releases::export(release, number));
        self.follow(scope, (sites, published), reader, encode)
    }

    fn follow(
        &self,
        scope: &Scope,
        what: (Option<Vec<SiteName>>, Follow),
        reader: Reader,
        encode: fn(&Release, u64) -> Encoded,
    ) -> Result<Followed<Encoded>, Status> {
        let following = Mutex::new(self.following(scope));
        let make = Arc::new(move |release: &Release| {
            // A panic while it was held ended the stream.
            let number = following.lock().unwrap_or_else(PoisonError::into_inner).number(release)?;
            Some(encode(release, number))
        });
        self.answers.follow(what, reader, self.shutdown.clone(), make).map_err(|of| status::busy(&of))
    }

    /// The numbers of the releases that a reader follows.
    fn following(&self, scope: &Scope) -> Following<impl Fn(&SiteName) -> Ordinals + Send + use<>> {
        let answers = self.answers.clone();
        Following::new(is_restricted(scope).then_some(move |site: &SiteName| answers.ordinals(site)))
    }

    /// The sites whose releases are followed (`None`: all), and the stored number after which.
    fn followed(
        &self,
        scope: &Scope,
        text: &str,
        after: Option<u64>,
    ) -> Result<(Option<Vec<SiteName>>, Option<u64>), Status> {
        let Scope::Only { sites, .. } = scope else {
            return Ok((self.site(scope, text)?.map(|site| vec![site]), after));
        };
        let sites: Vec<SiteName> = match self.site(scope, text)?.filter(|_| !text.is_empty()) {
            Some(site) => vec![site],
            None => sites.iter().cloned().collect(),
        };
        let after = match (after, &sites[..]) {
            (None, _) => None,
            (Some(0), _) => Some(0),
            (Some(ordinal), [site]) => Some(self.answers.ordinals(site).stored_before(ordinal)),
            // A number is one within its site.
            (Some(_), _) => {
                let what = "going on after a release needs one";
                return Err(status::bad_field("site", what, "one of the sites that may be read"));
            }
        };
        Ok((Some(sites), after))
    }
}

/// From requests to questions.
impl Stats {
    fn site(&self, scope: &Scope, text: &str) -> Result<Option<SiteName>, Status> {
        self.answers.named_site(scope, text).map_err(refused)
    }

    fn traffic_question(&self, scope: &Scope, request: &proto::GetTrafficRequest) -> Result<TrafficQuestion, Status> {
        let site = self.site(scope, &request.site)?;
        let granularity = granularity(request.granularity, "hour (1), day (2), week (3) or month (4)")?;
        let dates = question::dates(&request.from_date, &request.to_date).map_err(refused)?;
        let compare = compare(request.compare, Compare::Previous)?;
        Ok(TrafficQuestion { site, ask: TrafficAsk { dates, granularity, compare } })
    }

    fn top_question(&self, scope: &Scope, request: proto::ListTopRequest) -> Result<TopQuestion, Status> {
        let site = self.site(scope, &request.site)?;
        let table = table(request.table)?;
        let size = PageSize::new(request.page_size).map_err(refused)?;
        let contains = Contains::new(&request.contains).map_err(refused)?;
        let dates = question::dates(&request.from_date, &request.to_date).map_err(refused)?;
        let compare = compare(request.compare, Compare::None)?;
        let breakdown = BreakdownQuestion { site, ask: TopAsk { table, dates, compare } };
        let page = PageAsk { prefix: request.prefix, contains, size, token: request.page_token };
        Ok(TopQuestion { breakdown, page })
    }

    fn key_question(&self, scope: &Scope, request: proto::GetKeySeriesRequest) -> Result<KeyQuestion, Status> {
        let site = self.site(scope, &request.site)?;
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

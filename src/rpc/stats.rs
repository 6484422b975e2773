//! The statistics service: takes questions from the wire, has `query` answer them from releases, and sends them back.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::{
    answers::{Answers, Encoded, encoded},
    convert,
    kept::{Kept, Turns, Weigh},
    status,
};
use crate::{
    calendar::{Period, PeriodKind},
    proto,
    query::{
        self, AskError, Source,
        number::Number,
        top::{self, Breakdown, TopAsk},
        traffic::TrafficAsk,
    },
    units::SiteName,
    vault::{Fault, Release, Releases, SiteInfo, Table},
};

/// Releases that wait for a slow reader of a stream.
const RELEASES_IN_FLIGHT_MAX: usize = 4;
/// When a client that was cut off may come again, in seconds.
const RETRY_SECONDS: u64 = 5;
/// Ledger entries where no number is asked for.
const LEDGER_DEFAULT: u32 = 31;
/// The most ledger entries of an answer.
const LEDGER_MAX: u32 = 1_000;

/// Days of which the spending is told where no number is asked for, and the most of them.
const LEDGER_DAYS_DEFAULT: u32 = 7;
const LEDGER_DAYS_MAX: u32 = 400;

/// What a row of a breakdown weighs about, in bytes.
const ROW_BYTES: usize = 160;

/// The statistics service.
pub struct Stats {
    releases: Releases,
    shutdown: watch::Receiver<bool>,
    sites: Kept<Encoded>,
    traffic: Kept<Encoded>,
    tops: Kept<Encoded>,
    breakdowns: Kept<Whole>,
    privacy: Kept<Encoded>,
}

/// A breakdown of which somebody reads page after page.
#[derive(Clone)]
struct Whole(Arc<Breakdown>);

impl Weigh for Whole {
    fn bytes(&self) -> usize {
        self.0.len() * ROW_BYTES
    }
}

impl Stats {
    /// Answers from these releases. Streams end when `shutdown` turns true.
    #[must_use]
    pub fn new(releases: Releases, shutdown: watch::Receiver<bool>) -> Self {
        let turns = Turns::new();
        Self {
            releases,
            shutdown,
            sites: Kept::new(&turns),
            traffic: Kept::new(&turns),
            tops: Kept::new(&turns),
            breakdowns: Kept::new(&turns),
            privacy: Kept::new(&turns),
        }
    }

    /// The site of a stream; `None` means all.
    fn stream_site(&self, name: &str) -> Result<Option<SiteName>, Status> {
        if name.is_empty() { Ok(None) } else { Ok(Some(find_site(&self.releases, name)?.name)) }
    }

    fn latest(&self) -> u64 {
        *self.releases.watch().borrow()
    }
}

fn find_site(releases: &Releases, name: &str) -> Result<SiteInfo, Status> {
    query::find_site(releases, name).map_err(|e| status::unanswered(&e))
}

fn top_ask(request: &proto::ListTopRequest, table: Table) -> TopAsk<'_> {
    TopAsk {
        table,
        from_date: &request.from_date,
        to_date: &request.to_date,
        prefix: &request.prefix,
        page_size: request.page_size,
        page_token: &request.page_token,
    }
}

/// Each site's answer. They are worked out on all cores: of a server that was just started every site has a release to
/// read.
fn site_answers(releases: &Releases, sites: &[SiteInfo]) -> Result<Vec<proto::Site>, Status> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let part = sites.len().div_ceil(cores).max(1);
    std::thread::scope(|scope| {
        let answers = |some: &[SiteInfo]| some.iter().map(|site| site_answer(releases, site)).collect::<Vec<_>>();
        let parts: Vec<_> = sites.chunks(part).map(|some| scope.spawn(move || answers(some))).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap_or_else(|_| vec![Err(status::internal())])).collect()
    })
}

fn site_answer(releases: &Releases, site: &SiteInfo) -> Result<proto::Site, Status> {
    let date = |day: Option<crate::calendar::Day>| day.map(|d| d.to_string()).unwrap_or_default();
    let visits = last_visits(releases, site).map_err(|e| status::unanswered(&e))?;
    Ok(proto::Site {
        site: site.name.to_string(),
        time_zone: site.calendar.zone_name().to_owned(),
        profile: site.profile.clone(),
        first_date: date(site.days.map(|d| d.0)),
        last_date: date(site.days.map(|d| d.1)),
        last_visits: Some(convert::value(&visits)),
        releases: site.releases as u64,
    })
}

fn traffic_answer(
    releases: &Releases,
    request: &proto::GetTrafficRequest,
) -> Result<proto::GetTrafficResponse, Status> {
    let site = find_site(releases, &request.site)?;
    let granularity = convert::granularity(request.granularity).ok_or_else(|| {
        let what = format!("{} is no kind of period", request.granularity);
        status::bad_field("granularity", &what, "hour (1), day (2), week (3) or month (4)")
    })?;
    let ask = TrafficAsk { from_date: &request.from_date, to_date: &request.to_date, granularity };
    let answer = query::traffic::traffic(releases, &site, &ask).map_err(|e| status::unanswered(&e))?;
    Ok(convert::traffic(&site, granularity, releases.bounds(&site.name), &answer))
}

fn privacy_answer(
    releases: &Releases,
    request: &proto::GetPrivacyRequest,
) -> Result<proto::GetPrivacyResponse, Status> {
    let site = find_site(releases, &request.site)?;
    let entries = asked("ledger_entries", "entries", request.ledger_entries, LEDGER_DEFAULT, LEDGER_MAX)?;
    let days = asked("ledger_days", "days", request.ledger_days, LEDGER_DAYS_DEFAULT, LEDGER_DAYS_MAX)?;
    let (terms, later) = releases.terms(&site.name).ok_or_else(status::internal)?;
    let privacy = terms.privacy;
    let rho_nano = privacy.rho_nano();
    let mechanisms = releases.mechanisms(&site.name).unwrap_or_default();
    let [week, month, year] = releases.regulars(&site.name).ok_or_else(status::internal)?;
    Ok(proto::GetPrivacyResponse {
        ledger: ledger(releases, &site, entries as usize).map_err(|e| status::fault(&e))?,
        days: day_ledgers(releases, &site, days).map_err(|e| status::fault(&e))?,
        later: later.iter().map(convert::terms).collect(),
        site: site.name.into(),
        profile: terms.profile,
        epsilon: privacy.epsilon,
        delta: privacy.delta,
        delta_keys: privacy.delta_keys(),
        rho_nano,
        bounds: Some(convert::bounds(privacy.bounds)),
        mechanisms: mechanisms.iter().map(|m| convert::mechanism(m, rho_nano)).collect(),
        retention: retention(),
        epsilon_week: week.epsilon,
        epsilon_month: month.epsilon,
        epsilon_year: year.epsilon,
        delta_week: week.delta,
        delta_month: month.delta,
        delta_year: year.delta,
    })
}

/// How many of something are asked for; 0 asks for as many as is usual.
fn asked(field: &str, what: &str, number: u32, default: u32, most: u32) -> Result<u32, Status> {
    match number {
        0 => Ok(default),
        n if n <= most => Ok(n),
        n => {
            let what = format!("{n} {what} are too many");
            Err(status::bad_field(field, &what, &format!("1 to {most}; 0 means {default}")))
        }
    }
}

/// What each of the latest releases took, the newest first.
fn ledger(releases: &Releases, site: &SiteInfo, entries: usize) -> Result<Vec<proto::LedgerEntry>, Fault> {
    let mut ledger = Vec::new();
    for number in releases.numbers_after(Some(&site.name), 0).into_iter().rev().take(entries) {
        ledger.extend(releases.by_number(number)?.map(|release| convert::ledger_entry(&release)));
    }
    Ok(ledger)
}

/// What was spent of the latest published days, oldest first.
fn day_ledgers(releases: &Releases, site: &SiteInfo, days: u32) -> Result<Vec<proto::DayLedger>, Fault> {
    let Some((first, last)) = site.days else { return Ok(Vec::new()) };
    let from = first.max(last.plus(1 - i32::try_from(days).unwrap_or(i32::MAX)));
    let published = releases.published(&site.name, PeriodKind::Day, from, last);
    let ledgers = published.into_iter().map(|day| releases.day_ledger(&site.name, day.start));
    let found: Result<Vec<_>, Fault> = ledgers.collect();
    Ok(found?.iter().flatten().map(convert::day_ledger).collect())
}

fn last_visits(source: &impl Source, site: &SiteInfo) -> Result<Number, AskError> {
    let Some((_, last)) = site.days else { return Ok(Number::absent(query::number::Why::NotSealed)) };
    let date = Period::day(last).start.to_string();
    let ask = TrafficAsk { from_date: &date, to_date: &date, granularity: PeriodKind::Day };
    Ok(query::traffic::traffic(source, site, &ask)?.total.figures.visits)
}

/// Each method answers with bytes that are ready to be sent.
impl Stats {
    pub(super) async fn list_sites(&self, request: proto::ListSitesRequest) -> Result<Encoded, Status> {
        let releases = self.releases.clone();
        let work_out =
            move || Ok(Encoded::of(&proto::ListSitesResponse { sites: site_answers(&releases, &releases.sites())? }));
        self.sites.answer(&request, self.latest(), work_out).await
    }

    pub(super) async fn get_traffic(&self, request: proto::GetTrafficRequest) -> Result<Encoded, Status> {
        let (releases, asked) = (self.releases.clone(), request.clone());
        let work_out = move || traffic_answer(&releases, &asked).map(|answer| Encoded::of(&answer));
        self.traffic.answer(&request, self.latest(), work_out).await
    }

    pub(super) async fn list_top(&self, request: proto::ListTopRequest) -> Result<Encoded, Status> {
        let site = find_site(&self.releases, &request.site)?;
        let table = convert::asked_table(request.table).ok_or_else(|| {
            let what = format!("{} is no table", request.table);
            status::bad_field("table", &what, &convert::tables_allowed())
        })?;
        top::check(&top_ask(&request, table)).map_err(|e| status::unanswered(&e))?;
        // Whoever reads page after page has one breakdown worked out.
        let whole = self.breakdown(&request, &site, table).await?;
        let (releases, asked) = (self.releases.clone(), request.clone());
        let work_out = move || {
            let page = whole.0.page(&site, &top_ask(&asked, table)).map_err(|e| status::unanswered(&e))?;
            let mut answer = convert::top(&site, table, releases.bounds(&site.name), page);
            if table == Table::Country {
                answer.source = releases.country_sources().join("; ");
            }
            Ok(Encoded::of(&answer))
        };
        self.tops.answer(&request, self.latest(), work_out).await
    }

    async fn breakdown(&self, request: &proto::ListTopRequest, site: &SiteInfo, table: Table) -> Result<Whole, Status> {
        let question = proto::ListTopRequest {
            site: request.site.clone(),
            table: request.table,
            from_date: request.from_date.clone(),
            to_date: request.to_date.clone(),
            ..proto::ListTopRequest::default()
        };
        let (releases, asked, of) = (self.releases.clone(), question.clone(), site.clone());
        let work_out = move || {
            let found = top::breakdown(&releases, &of, &top_ask(&asked, table));
            found.map(|breakdown| Whole(Arc::new(breakdown))).map_err(|e| status::unanswered(&e))
        };
        self.breakdowns.answer(&question, self.latest(), work_out).await
    }

    pub(super) async fn get_privacy(&self, request: proto::GetPrivacyRequest) -> Result<Encoded, Status> {
        let (releases, asked) = (self.releases.clone(), request.clone());
        let work_out = move || privacy_answer(&releases, &asked).map(|answer| Encoded::of(&answer));
        self.privacy.answer(&request, self.latest(), work_out).await
    }

    pub(super) fn watch_releases(&self, request: &proto::WatchReleasesRequest) -> Result<Answers, Status> {
        let site = self.stream_site(&request.site)?;
        let latest = self.releases.watch();
        let after = request.after_release.unwrap_or(*latest.borrow());
        let (flow, answers) = self.flow(site, after);
        tokio::spawn(flow.run(Some(latest), convert::notice));
        Ok(encoded(answers))
    }

    pub(super) fn export_releases(&self, request: &proto::ExportReleasesRequest) -> Result<Answers, Status> {
        let site = self.stream_site(&request.site)?;
        let (flow, answers) = self.flow(site, request.after_release);
        tokio::spawn(flow.run(None, convert::export));
        Ok(encoded(answers))
    }

    fn flow<T: Send + 'static>(
        &self,
        site: Option<SiteName>,
        after: u64,
    ) -> (Flow<T>, ReceiverStream<Result<T, Status>>) {
        let (answers, receiver) = mpsc::channel(RELEASES_IN_FLIGHT_MAX);
        let (releases, shutdown) = (self.releases.clone(), self.shutdown.clone());
        (Flow { releases, site, after, answers, shutdown }, ReceiverStream::new(receiver))
    }
}

/// A stream of releases to one client. Reads one release at a time, and the next only when there is room for it.
struct Flow<T> {
    releases: Releases,
    site: Option<SiteName>,
    after: u64,
    answers: mpsc::Sender<Result<T, Status>>,
    shutdown: watch::Receiver<bool>,
}

/// The client has gone.
struct Gone;

impl<T> Flow<T> {
    /// Sends what there is, and with `latest` also what comes, until the client goes or the server drains.
    async fn run(mut self, latest: Option<watch::Receiver<u64>>, convert: fn(&Release) -> T) {
        let mut shutdown = self.shutdown.clone();
        let answers = self.answers.clone();
        let status = tokio::select! {
            // A sender that is gone also means that the server ends.
            _ = shutdown.wait_for(|stop| *stop) => status::unavailable(RETRY_SECONDS),
            () = answers.closed() => return,
            result = self.send_all(latest, convert) => match result {
                Ok(()) => return,
                Err(status) => status,
            },
        };
        // A client that does not read may miss the reason; it sees the end of the stream.
        let _ = answers.try_send(Err(status));
    }

    async fn send_all(
        &mut self,
        mut latest: Option<watch::Receiver<u64>>,
        convert: fn(&Release) -> T,
    ) -> Result<(), Status> {
        loop {
            // Marked as seen before the look: what comes after it wakes the wait below.
            if let Some(latest) = &mut latest {
                latest.borrow_and_update();
            }
            if let Err(Gone) = self.send_new(convert).await? {
                return Ok(());
            }
            let Some(latest) = &mut latest else { return Ok(()) };
            if latest.changed().await.is_err() {
                return Err(status::unavailable(RETRY_SECONDS));
            }
        }
    }

    async fn send_new(&mut self, convert: fn(&Release) -> T) -> Result<Result<(), Gone>, Status> {
        for number in self.releases.numbers_after(self.site.as_ref(), self.after) {
            let Ok(room) = self.answers.reserve().await else { return Ok(Err(Gone)) };
            let release: Option<Arc<Release>> = self.releases.by_number(number).map_err(|e| status::fault(&e))?;
            // An hour's release goes when its day is published, which then holds the hour.
            if let Some(release) = release {
                room.send(Ok(convert(&release)));
            }
            self.after = number;
        }
        Ok(Ok(()))
    }
}

/// What is kept, how, and until when.
fn retention() -> Vec<proto::Retention> {
    let row = |what: &str, how: &str, until: &str| proto::Retention {
        what: what.to_owned(),
        how: how.to_owned(),
        until: until.to_owned(),
    };
    vec![
        row(
            "events (address, cookie, user agent, page, referrer)",
            "in memory only, never on disk and never in a log",
            "the end of the call that brought them",
        ),
        row(
            "visitor tags and counts that are not published yet",
            "encrypted on disk, under keys of their own for each day, week and month; a tag is a keyed hash",
            "their day, week or month is sealed: the key is then destroyed, and what is left on disk cannot be read",
        ),
        row(
            "sums by page, referrer and campaign that are not public yet, without any visitor",
            "encrypted on disk, under a key of its own for each quarter",
            "their quarter is sealed: the key is then destroyed",
        ),
        row("releases (counts with noise)", "in clear; they are public", "forever"),
        row(
            "how far each producer has sent, and its own bookmark",
            "on disk, under a keyed hash of the producer's name; nothing of a visitor",
            "the data directory is deleted",
        ),
    ]
}

//! Many people look at statistics at the same time.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use headcount::proto::{
    Compare, GetKeySeriesRequest, GetKeySeriesResponse, GetTrafficRequest, GetTrafficResponse, ListSitesRequest,
    ListSitesResponse, ListTopRequest, ListTopResponse, PeriodKind, Table, WatchReleasesRequest, path::stats_service,
    stats_service_client::StatsServiceClient,
};
use prost::{
    Message as _,
    bytes::{Buf, Bytes},
};
use tokio::sync::Notify;
use tonic::{
    Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder},
    codegen::http::uri::PathAndQuery,
    transport::Channel,
};

use super::{DAY_MS, NEW_YEAR_UNIX_MS, day, parcel, serve, waits};
use crate::load::{
    Result,
    client::{Encoded, Stream},
    encode::{Parcel, batches},
    traffic::{Random, Size, Traffic},
};

/// Questions that are under way at the same time.
const PEOPLE: u32 = 100;
/// How long somebody looks at an answer before the next question.
const READS_FOR: Duration = Duration::from_millis(100);
/// How long each kind of question is asked.
const ASKED_FOR: Duration = Duration::from_secs(5);
/// Views that the large site has a day.
const VISITS_A_DAY: u32 = 2_000;
const PAGES: usize = 5_000;

/// What a dashboard asks.
#[derive(Clone, Copy, Debug)]
enum Question {
    YearOfDays,
    TopPagesOfAYear,
    PageOfAYear,
    AllSites,
}

const QUESTIONS: [Question; 4] =
    [Question::YearOfDays, Question::TopPagesOfAYear, Question::PageOfAYear, Question::AllSites];

/// One site with many days, and many with one day.
pub async fn play(sites: u32, days: u32) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let mut server = serve(directory.path(), sites + 3, "standard", "", "")?;
    fill(&server.url(), sites, days).await?;
    // Cold: a server that has just been started answers each question for the first time.
    server.process.kill();
    let config = directory.path().join("headcount.toml");
    let server = crate::load::server::Server::start_with(directory.path(), &config)?;
    let connect = || async { Result::Ok(Channel::from_shared(server.url())?.connect().await?) };
    let mut people = Vec::new();
    for _ in 0..PEOPLE {
        people.push(connect().await?);
    }
    for question in QUESTIONS {
        let asked = Instant::now();
        let answer = ask(&people[0], question.encode(days)).await?;
        println!("dashboard: {question:?} of a server just started: {:.1} ms", asked.elapsed().as_secs_f64() * 1_000.0);
        question.check(answer, sites, days)?;
    }
    for question in QUESTIONS {
        println!("dashboard: {question:?}, {PEOPLE} at a time: {}", waits(crowd(&people, question, days).await?));
    }
    let traffic = Traffic::new(Size::standard(1_000_000, 1));
    let (parcels, _) = batches(&traffic, 1_000);
    // On a thread of its own: nobody who asks waits for it but on the server.
    let (url, stop) = (server.url(), Arc::new(Notify::new()));
    let (until, sent) = (stop.clone(), Arc::new(AtomicU64::new(0)));
    let counter = sent.clone();
    let sender = std::thread::spawn(move || -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            tokio::select! {
                ended = ingest(url, sites, parcels, &counter) => ended,
                () = until.notified() => Ok(()),
            }
        })
    });
    for question in QUESTIONS {
        let (before, begun) = (sent.load(Ordering::Relaxed), Instant::now());
        let waited = waits(crowd(&people, question, days).await?);
        let events_per_second = (sent.load(Ordering::Relaxed) - before) as f64 / begun.elapsed().as_secs_f64();
        println!("dashboard: {question:?}, {PEOPLE} at a time, beside {events_per_second:.0} events/s: {waited}");
    }
    stop.notify_one();
    sender.join().map_err(|_| "the sender's thread ended")?
}

/// Sends everything and waits until it is published.
async fn fill(url: &str, sites: u32, days: u32) -> Result<()> {
    let mut random = Random::new(1);
    let mut stream = Stream::open(url, 16).await?;
    let end = NEW_YEAR_UNIX_MS;
    let begin = end - i64::from(days) * DAY_MS;
    let mut parcels: Vec<Parcel> = Vec::new();
    for number in 0..days {
        let from = begin + i64::from(number) * DAY_MS;
        parcels.push(parcel("site-0", u64::from(number) + 1, day(from, VISITS_A_DAY, PAGES, &mut random), 0));
    }
    parcels.push(parcel("site-0", u64::from(days) + 1, Vec::new(), end));
    for site in 1..sites {
        parcels.push(parcel(&format!("site-{site}"), 1, day(end - DAY_MS, 300, 200, &mut random), end));
    }
    stream.deliver(&parcels, 16).await?;
    let mut waiting: BTreeSet<String> = (1..sites).map(|site| format!("site-{site}")).collect();
    let mut is_whole = false;
    let mut client = StatsServiceClient::connect(url.to_owned()).await?;
    let request = WatchReleasesRequest { site: String::new(), after_release: Some(0) };
    let mut notices = client.watch_releases(request).await?.into_inner();
    while !waiting.is_empty() || !is_whole {
        let notice = notices.message().await?.ok_or("the stream of releases ended")?;
        waiting.remove(&notice.site);
        is_whole |= notice.site == "site-0" && notice.kind() == PeriodKind::Month && notice.start == "2025-12-01";
    }
    Ok(())
}

impl Question {
    /// The method and the question, encoded.
    fn encode(self, days: u32) -> (&'static str, Bytes) {
        let site = || "site-0".to_owned();
        let from_date =
            headcount::calendar::Day::from_number((NEW_YEAR_UNIX_MS / DAY_MS) as i32 - days as i32).to_string();
        let to_date = "2025-12-31".to_owned();
        let (method, bytes) = match self {
            Self::YearOfDays => {
                let granularity = PeriodKind::Day.into();
                let compare = Compare::Previous.into();
                let request = GetTrafficRequest { site: site(), from_date, to_date, granularity, compare };
                (stats_service::GET_TRAFFIC, request.encode_to_vec())
            }
            Self::TopPagesOfAYear => {
                let (table, page_size) = (Table::Page.into(), 100);
                let request =
                    ListTopRequest { site: site(), table, from_date, to_date, page_size, ..ListTopRequest::default() };
                (stats_service::LIST_TOP, request.encode_to_vec())
            }
            Self::PageOfAYear => {
                let (key, compare) = ("/page-0".to_owned(), Compare::Previous.into());
                let (table, granularity) = (Table::Page.into(), PeriodKind::Day.into());
                let request =
                    GetKeySeriesRequest { site: site(), table, key, from_date, to_date, granularity, compare };
                (stats_service::GET_KEY_SERIES, request.encode_to_vec())
            }
            Self::AllSites => (stats_service::LIST_SITES, ListSitesRequest::default().encode_to_vec()),
        };
        (method, bytes.into())
    }

    /// Whether all is there that was asked for.
    fn check(self, answer: Bytes, sites: u32, days: u32) -> Result<()> {
        let (found, expected) = match self {
            Self::YearOfDays => (GetTrafficResponse::decode(answer)?.points.len(), days as usize),
            Self::TopPagesOfAYear => (ListTopResponse::decode(answer)?.rows.len(), 100),
            Self::PageOfAYear => (GetKeySeriesResponse::decode(answer)?.points.len(), days as usize),
            Self::AllSites => (ListSitesResponse::decode(answer)?.sites.len(), sites as usize + 3),
        };
        if found == expected { Ok(()) } else { Err(format!("{self:?}: {found} rows and not {expected}").into()) }
    }
}

/// Asks, and gives the answer as it came: somebody's browser reads it, and not the machine that is measured.
async fn ask(channel: &Channel, (method, question): (&'static str, Bytes)) -> Result<Bytes> {
    let mut grpc = Grpc::new(channel.clone()).max_decoding_message_size(64 << 20);
    grpc.ready().await?;
    let path = PathAndQuery::from_static(method);
    Ok(grpc.unary(Request::new(question), path, AsItCame).await?.into_inner())
}

/// Leaves answers as they are.
struct AsItCame;

impl Codec for AsItCame {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Encoded;
    type Decoder = Self;

    fn encoder(&mut self) -> Encoded {
        Encoded
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Decoder for AsItCame {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, answer: &mut DecodeBuf<'_>) -> std::result::Result<Option<Bytes>, Status> {
        Ok(Some(answer.copy_to_bytes(answer.remaining())))
    }
}

/// Each of them has a connection, and asks again a while after the answer is there; not all at the same moment.
async fn crowd(people: &[Channel], question: Question, days: u32) -> Result<Vec<Duration>> {
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for (number, channel) in (0..).zip(people) {
        let (channel, asked) = (channel.clone(), question.encode(days));
        tasks.spawn(async move {
            let mut waited = Vec::new();
            tokio::time::sleep(READS_FOR * number / PEOPLE).await;
            while begun.elapsed() < ASKED_FOR {
                let at = Instant::now();
                ask(&channel, asked.clone()).await?;
                waited.push(at.elapsed());
                tokio::time::sleep(READS_FOR).await;
            }
            Result::Ok(waited)
        });
    }
    let mut all = Vec::new();
    while let Some(waited) = tasks.join_next().await {
        all.extend(waited??);
    }
    Ok(all)
}

/// Keeps the server busy until it is stopped: the same events for another producer each time.
async fn ingest(url: String, sites: u32, parcels: Vec<Vec<Parcel>>, sent: &AtomicU64) -> Result<()> {
    use headcount::proto::IngestRequest;
    let mut stream = Stream::open(&url, 16).await?;
    for round in 0.. {
        for of_site in &parcels {
            let renamed: Result<Vec<Parcel>> = of_site
                .iter()
                .map(|parcel| {
                    let mut request = IngestRequest::decode(parcel.bytes.clone())?;
                    request.site = format!("site-{sites}");
                    request.producer = format!("{}-{round}", request.site.clone() + &request.producer);
                    Ok(Parcel { bytes: request.encode_to_vec().into(), events: parcel.events })
                })
                .collect();
            let renamed = renamed?;
            stream.deliver(&renamed, 16).await?;
            sent.fetch_add(renamed.iter().map(|parcel| parcel.events).sum(), Ordering::Relaxed);
        }
    }
    Ok(())
}

//! Many people look at statistics at the same time.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use headcount::proto::{
    GetTrafficRequest, ListSitesRequest, ListTopRequest, PeriodKind, Table, WatchReleasesRequest,
    stats_service_client::StatsServiceClient,
};
use tonic::transport::Channel;

use super::{DAY_MS, NEW_YEAR_UNIX_MS, day, parcel, serve, waits};
use crate::load::{
    Result,
    client::Stream,
    encode::{Parcel, batches},
    traffic::{Random, Size, Traffic},
};

/// Questions that are under way at the same time.
const PEOPLE: usize = 100;
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
    AllSites,
}

const QUESTIONS: [Question; 3] = [Question::YearOfDays, Question::TopPagesOfAYear, Question::AllSites];

/// One site with many days, and many with one day.
pub async fn play(sites: u32, days: u32) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let mut server = serve(directory.path(), sites + 3, "standard", "", "")?;
    fill(&server.url(), sites, days).await?;
    // Cold: a server that has just been started answers each question for the first time.
    server.process.kill();
    let config = directory.path().join("headcount.toml");
    let server = crate::load::server::Server::start_with(directory.path(), &config)?;
    let channel = Channel::from_shared(server.url())?.connect().await?;
    for question in QUESTIONS {
        let asked = Instant::now();
        ask(channel.clone(), question, days).await?;
        println!("dashboard: {question:?} of a server just started: {:.1} ms", asked.elapsed().as_secs_f64() * 1_000.0);
    }
    for question in QUESTIONS {
        println!("dashboard: {question:?}, {PEOPLE} at a time: {}", waits(crowd(&channel, question, days).await?));
    }
    let traffic = Traffic::new(Size::standard(1_000_000, 1));
    let (parcels, _) = batches(&traffic, 1_000);
    let sender = tokio::spawn(ingest(server.url(), sites, parcels));
    for question in QUESTIONS {
        let waited = waits(crowd(&channel, question, days).await?);
        println!("dashboard: {question:?}, {PEOPLE} at a time, beside ingest: {waited}");
    }
    sender.abort();
    Ok(())
}

/// Sends everything and waits until it is published.
async fn fill(url: &str, sites: u32, days: u32) -> Result<()> {
    let mut random = Random(1);
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

async fn ask(channel: Channel, question: Question, days: u32) -> Result<()> {
    let mut client = StatsServiceClient::new(channel).max_decoding_message_size(64 << 20);
    let site = || "site-0".to_owned();
    let first = headcount::calendar::Day::from_number((NEW_YEAR_UNIX_MS / DAY_MS) as i32 - days as i32).to_string();
    match question {
        Question::YearOfDays => {
            let request = GetTrafficRequest {
                site: site(),
                from_date: first,
                to_date: "2025-12-31".to_owned(),
                granularity: PeriodKind::Day.into(),
            };
            let points = client.get_traffic(request).await?.into_inner().points.len();
            (points == days as usize).then_some(()).ok_or("points are missing")?;
        }
        Question::TopPagesOfAYear => {
            let request = ListTopRequest {
                site: site(),
                table: Table::Page.into(),
                from_date: first,
                to_date: "2025-12-31".to_owned(),
                page_size: 100,
                ..ListTopRequest::default()
            };
            let rows = client.list_top(request).await?.into_inner().rows.len();
            (rows == 100).then_some(()).ok_or("rows are missing")?;
        }
        Question::AllSites => {
            client.list_sites(ListSitesRequest::default()).await?;
        }
    }
    Ok(())
}

/// Everybody asks again as soon as the answer is there.
async fn crowd(channel: &Channel, question: Question, days: u32) -> Result<Vec<Duration>> {
    let begun = Instant::now();
    let mut people = tokio::task::JoinSet::new();
    for _ in 0..PEOPLE {
        let channel = channel.clone();
        people.spawn(async move {
            let mut waited = Vec::new();
            while begun.elapsed() < ASKED_FOR {
                let asked = Instant::now();
                ask(channel.clone(), question, days).await?;
                waited.push(asked.elapsed());
                // Somebody reads it.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Result::Ok(waited)
        });
    }
    let mut all = Vec::new();
    while let Some(waited) = people.join_next().await {
        all.extend(waited??);
    }
    Ok(all)
}

/// Keeps the server busy until it is stopped: the same events for another producer each time.
async fn ingest(url: String, sites: u32, parcels: Vec<Vec<Parcel>>) -> Result<()> {
    use headcount::proto::IngestRequest;
    use prost::Message as _;
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
            stream.deliver(&renamed?, 16).await?;
        }
    }
    Ok(())
}

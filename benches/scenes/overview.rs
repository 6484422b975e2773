//! The overview of all sites: each with a quarter of days behind it, asked by somebody who comes first in the morning.

use std::{collections::BTreeSet, time::Instant};

use headcount::proto::{
    GetOverviewRequest, GetOverviewResponse, PeriodKind, WatchReleasesRequest, stats_service_client::StatsServiceClient,
};
use prost::Message as _;
use tonic::transport::Channel;

use super::{DAY_MS, NEW_YEAR_UNIX_MS, day, parcel, serve};
use crate::load::{Result, client::Stream, server::Server, traffic::Random};

/// October to December.
const DAYS: i64 = 92;
/// Visits that each site has a day, and its pages.
const VISITS_A_DAY: u32 = 60;
const PAGES: usize = 100;

/// Publishes a quarter of so many sites, and asks a server that was just started, again, and after a release.
pub async fn play(sites: u32) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let labels = "title = { en = \"Embassy of a country\", ja = \"ある国の大使館\" }\ncountry = \"FR\"";
    let mut server = serve(directory.path(), sites, "small", "", labels)?;
    fill(&server.url(), sites).await?;
    server.process.kill();
    let server = Server::start_with(directory.path(), &directory.path().join("headcount.toml"))?;
    let mut client = StatsServiceClient::connect(server.url()).await?.max_decoding_message_size(64 << 20);
    let cpu_ms = || Result::Ok(server.process.usage()?.cpu_seconds * 1_000.0);
    let started = server.process.usage()?;
    println!("overview: a start takes {:.1} s of processor time, {:.0} MiB", started.cpu_seconds, started.peak_mib);
    for when in ["of a server just started", "again"] {
        let before = cpu_ms()?;
        let (milliseconds, answer) = ask(&mut client, sites).await?;
        let (kib, cpu_ms) = (answer.encoded_len() as f64 / 1024.0, cpu_ms()? - before);
        println!(
            "overview: {sites} sites, {when}: {milliseconds:.1} ms ({cpu_ms:.0} ms of processor time), {kib:.1} KiB"
        );
    }
    let other = GetOverviewRequest { period: PeriodKind::Week.into(), ..GetOverviewRequest::default() };
    let begun = Instant::now();
    client.get_overview(other).await?;
    println!("overview: {sites} sites, another period: {:.1} ms", begun.elapsed().as_secs_f64() * 1_000.0);
    let mut stream = Stream::open(&server.url(), 1).await?;
    let events = day(NEW_YEAR_UNIX_MS, VISITS_A_DAY, PAGES, &mut Random::new(2));
    stream.deliver(&[parcel("site-1", DAYS as u64 + 1, events, NEW_YEAR_UNIX_MS + DAY_MS)], 1).await?;
    wait(&mut client, |site, start| site == "site-1" && start == "2026-01-01").await?;
    let (milliseconds, _) = ask(&mut client, sites).await?;
    println!("overview: {sites} sites, after a release of one: {milliseconds:.1} ms");
    Ok(())
}

async fn ask(client: &mut StatsServiceClient<Channel>, sites: u32) -> Result<(f64, GetOverviewResponse)> {
    let begun = Instant::now();
    let answer = client.get_overview(GetOverviewRequest::default()).await?.into_inner();
    let milliseconds = begun.elapsed().as_secs_f64() * 1_000.0;
    let complete = answer.sites.iter().filter(|site| site.from_date == "2025-12-01").count();
    if complete != sites as usize {
        return Err(format!("{complete} of {sites} sites have their month").into());
    }
    Ok((milliseconds, answer))
}

/// Sends a quarter of each site and waits until all months are published.
async fn fill(url: &str, sites: u32) -> Result<()> {
    let mut random = Random::new(1);
    let mut stream = Stream::open(url, 16).await?;
    let begin = NEW_YEAR_UNIX_MS - DAYS * DAY_MS;
    for site in 0..sites {
        let name = format!("site-{site}");
        let mut parcels = Vec::new();
        for number in 0..DAYS {
            let events = day(begin + number * DAY_MS, VISITS_A_DAY, PAGES, &mut random);
            let complete = if number + 1 == DAYS { NEW_YEAR_UNIX_MS } else { 0 };
            parcels.push(parcel(&name, number as u64 + 1, events, complete));
        }
        stream.deliver(&parcels, 16).await?;
    }
    let mut waiting: BTreeSet<String> = (0..sites).map(|site| format!("site-{site}")).collect();
    let mut client = StatsServiceClient::connect(url.to_owned()).await?;
    wait(&mut client, |site, start| {
        if start == "2025-12-01" {
            waiting.remove(site);
        }
        waiting.is_empty()
    })
    .await
}

/// Follows months and days until one of them is what is waited for.
async fn wait(client: &mut StatsServiceClient<Channel>, mut is_it: impl FnMut(&str, &str) -> bool) -> Result<()> {
    let request = WatchReleasesRequest { site: String::new(), after_release: Some(0) };
    let mut notices = client.watch_releases(request).await?.into_inner();
    loop {
        let notice = notices.message().await?.ok_or("the stream of releases ended")?;
        let is_month = notice.kind() == PeriodKind::Month;
        let is_day = notice.kind() == PeriodKind::Day && notice.start.starts_with("2026");
        if (is_month || is_day) && is_it(&notice.site, &notice.start) {
            return Ok(());
        }
    }
}

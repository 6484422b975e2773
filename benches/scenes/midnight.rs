//! A day is over: how long until its numbers are there, and do senders notice?

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use headcount::proto::{PeriodKind, WatchReleasesRequest, stats_service_client::StatsServiceClient};

use super::{DAY_MS, NEW_YEAR_UNIX_MS, day, parcel, parcel_of, serve, view, waits};
use crate::load::{Result, client::Stream, traffic::Random};

/// 250 sites end their day at the same moment, while another one goes on sending.
pub async fn play(sites: u32) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let server = serve(directory.path(), sites + 1, "small", "", "")?;
    let mut random = Random::new(1);
    let mut stream = Stream::open(&server.url(), 64).await?;
    let days: Vec<_> = (0..sites)
        .map(|site| parcel(&format!("site-{site}"), 1, day(NEW_YEAR_UNIX_MS, 300, 200, &mut random), 0))
        .collect();
    for part in days.chunks(64) {
        stream.deliver(part, 64).await?;
    }
    let live = format!("site-{sites}");
    let begun = Instant::now();
    let quiet = send_live(&server.url(), &live, "before", || begun.elapsed() > Duration::from_secs(2)).await?;
    println!("midnight: before it, a batch of 100 every 20 ms waits {}", waits(quiet));

    let is_over = Arc::new(AtomicBool::new(false));
    let (url, over) = (server.url(), is_over.clone());
    let sender =
        tokio::spawn(async move { send_live(&url, &live, "during", move || over.load(Ordering::Relaxed)).await });
    let begun = Instant::now();
    let mut stream = Stream::open(&server.url(), 256).await?;
    let ends: Vec<_> =
        (0..sites).map(|site| parcel(&format!("site-{site}"), 2, Vec::new(), NEW_YEAR_UNIX_MS + DAY_MS)).collect();
    stream.deliver(&ends, 256).await?;
    let mut waiting: BTreeSet<String> = (0..sites).map(|site| format!("site-{site}")).collect();
    let mut client = StatsServiceClient::connect(server.url()).await?;
    let request = WatchReleasesRequest { site: String::new(), after_release: Some(0) };
    let mut notices = client.watch_releases(request).await?.into_inner();
    while !waiting.is_empty() {
        let notice = notices.message().await?.ok_or("the stream of releases ended")?;
        waiting.remove(&notice.site);
    }
    let seconds = begun.elapsed().as_secs_f64();
    is_over.store(true, Ordering::Relaxed);
    let busy = sender.await??;
    println!(
        "midnight: the days of {sites} sites are published after {seconds:.2} s; meanwhile a batch waits {}",
        waits(busy)
    );
    Ok(())
}

/// Sends a batch of 100 events every 20 ms until it is over. How long each waits for its answer.
async fn send_live(url: &str, site: &str, producer: &str, is_over: impl Fn() -> bool) -> Result<Vec<Duration>> {
    let mut stream = Stream::open(url, 1).await?;
    let mut waits = Vec::new();
    for sequence in 1_u32.. {
        if is_over() {
            break;
        }
        let at = NEW_YEAR_UNIX_MS + 5 * DAY_MS;
        let events = (0..100).map(|n| view(at, sequence * 100 + n, n as usize)).collect();
        let batch = parcel_of(producer, site, sequence.into(), events, 0);
        let sent = Instant::now();
        stream.send(&batch).await?;
        stream.answer().await?;
        waits.push(sent.elapsed());
        tokio::time::sleep(Duration::from_millis(20).saturating_sub(sent.elapsed())).await;
    }
    Ok(waits)
}

/// A month with many known pages.
pub async fn month(pages: u32) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let known: Vec<String> = (0..pages).map(|page| format!("\"/page-{page}\"")).collect();
    let server = serve(directory.path(), 1, "standard", "", &format!("pages = [{}]", known.join(", ")))?;
    let mut random = Random::new(1);
    let mut stream = Stream::open(&server.url(), 1).await?;
    // January 2026 begins on a Thursday; its weeks end with February's first day.
    stream.deliver(&[parcel("site-0", 1, day(NEW_YEAR_UNIX_MS, 9_000, pages as usize, &mut random), 0)], 1).await?;
    let mut client = StatsServiceClient::connect(server.url()).await?;
    let request = WatchReleasesRequest { site: String::new(), after_release: Some(0) };
    let mut notices = client.watch_releases(request).await?.into_inner();
    stream.deliver(&[parcel("site-0", 2, Vec::new(), NEW_YEAR_UNIX_MS + 31 * DAY_MS)], 1).await?;
    let mut before = Instant::now();
    loop {
        let notice = notices.message().await?.ok_or("the stream of releases ended")?;
        let took = before.elapsed().as_secs_f64();
        before = Instant::now();
        if matches!(notice.kind(), PeriodKind::Day | PeriodKind::Month) {
            println!("month: {pages} pages, its {} takes {took:.3} s", notice.kind().as_str_name());
        }
        if notice.kind() == PeriodKind::Month {
            return Ok(());
        }
    }
}

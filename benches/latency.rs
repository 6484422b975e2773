//! How long an event waits until it is durable: from the moment at which it should be sent to its answer. Run it as
//! `benches/latency`.
//!
//! Batches are sent at fixed instants, whether or not earlier ones were answered, and each wait counts from its instant:
//! a server that stands still is seen as slow for all that should have been sent in the meantime (coordinated omission).

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a test or benchmark stops at what it did not expect, chooses its numbers and gives nothing to others"
)]

mod command;
mod load;

use std::{
    fs,
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use load::{
    Result,
    client::Stream,
    encode::{self, Parcel},
    server::Server,
    traffic::{Size, Traffic},
};
use serde_json::json;

const USAGE: &str = "\
Usage: benches/latency [--seconds NUMBER] [--only TEXT] [--json FILE] [--help]

Starts a server and measures the wait from send to durable answer at several rates and lengths of batches, and with 500
connections that send single events now and then.

  --seconds NUMBER  of each row [default: 10]
  --only TEXT       only rows whose name has this in it
  --json FILE       writes all figures there
  --help            this text";

/// Events a second, events in a batch.
const ROWS: [(u64, u64); 8] = [
    (1_000, 1),
    (1_000, 100),
    (1_000, 1_000),
    (50_000, 100),
    (50_000, 1_000),
    (300_000, 100),
    (300_000, 1_000),
    (300_000, 10_000),
];
/// Streams that share a rate.
const STREAMS: u64 = 3;
/// Connections that trickle, each with so many single events a second.
const TRICKLES: u64 = 500;
const TRICKLE_EVENTS_PER_SECOND: u64 = 2;

fn main() -> ExitCode {
    command::run("latency", USAGE, parse, |asked| measure(&asked).map(|()| ExitCode::SUCCESS))
}

struct Asked {
    seconds: u64,
    only: String,
    file: Option<PathBuf>,
}

fn parse(mut words: impl Iterator<Item = String>) -> std::result::Result<Option<Asked>, String> {
    let (mut seconds, mut only, mut file) = (10, String::new(), None);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seconds" => {
                let text = words.next().ok_or("--seconds needs a value")?;
                let number = text.parse().ok().filter(|number| (1..=600).contains(number));
                seconds = number.ok_or_else(|| format!("--seconds: {text:?} is no whole number from 1 to 600"))?;
            }
            "--only" => only = words.next().ok_or("--only needs a text")?,
            "--json" => file = Some(words.next().ok_or("--json needs a file")?.into()),
            "--help" | "-h" => return Ok(None),
            // Cargo adds this to every benchmark.
            "--bench" => {}
            _ => return Err(format!("unknown option {word:?}")),
        }
    }
    Ok(Some(Asked { seconds, only, file }))
}

/// One row: what was asked for, and the waits, sorted.
struct Row {
    name: String,
    waits: Vec<Duration>,
    cpu_seconds: f64,
    events: u64,
}

impl Row {
    fn at(&self, share: f64) -> f64 {
        let place = (self.waits.len() as f64 * share) as usize;
        self.waits.get(place.min(self.waits.len() - 1)).map_or(0.0, |wait| wait.as_secs_f64() * 1e3)
    }
}

fn measure(asked: &Asked) -> Result<()> {
    let Asked { seconds, only, file } = asked;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let scratch = tempfile::Builder::new().prefix("latency-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    println!("{:<44} {:>9} {:>9} {:>9} {:>9} {:>9}", "", "p50 ms", "p99 ms", "p999 ms", "max ms", "CPU s/M");
    let of_rate = |(rate, batch)| (format!("{rate} events/s in batches of {batch}"), (rate, batch, STREAMS, *seconds));
    let trickle = (
        format!("{TRICKLES} connections, {TRICKLE_EVENTS_PER_SECOND} single events/s each"),
        (TRICKLES * TRICKLE_EVENTS_PER_SECOND, 1, TRICKLES, *seconds),
    );
    let mut rows = Vec::new();
    for (number, (name, what)) in ROWS.into_iter().map(of_rate).chain([trickle]).enumerate() {
        if name.contains(only) {
            rows.push(told(row(&runtime, &scratch.path().join(number.to_string()), name, what)?));
        }
    }
    if let Some(file) = file {
        let json = |row: &Row| {
            json!({
                "name": row.name,
                "p50_ms": row.at(0.5),
                "p99_ms": row.at(0.99),
                "p999_ms": row.at(0.999),
                "batches": row.waits.len(),
            })
        };
        fs::write(file, serde_json::to_vec_pretty(&rows.iter().map(json).collect::<Vec<_>>())?)?;
    }
    Ok(())
}

fn told(row: Row) -> Row {
    println!(
        "{:<44} {:>9.2} {:>9.2} {:>9.2} {:>9.2} {:>9.2}",
        row.name,
        row.at(0.5),
        row.at(0.99),
        row.at(0.999),
        row.at(1.0),
        row.cpu_seconds * 1e6 / row.events as f64
    );
    row
}

/// `what`: events a second, events in a batch, streams, seconds.
fn row(
    runtime: &tokio::runtime::Runtime,
    directory: &std::path::Path,
    name: String,
    what: (u64, u64, u64, u64),
) -> Result<Row> {
    let (rate, batch, streams, seconds) = what;
    let server = Server::start(directory, 3)?;
    let all = parcels(rate * seconds, batch, streams);
    let before = server.process.usage()?.cpu_seconds;
    let every = Duration::from_secs_f64(batch as f64 * streams as f64 / rate as f64);
    let url = server.url();
    let waits = runtime.block_on(async {
        let mut open = Vec::new();
        for parcels in all {
            open.push((Stream::open(&url, 64).await?, parcels));
        }
        let began = Instant::now() + Duration::from_millis(50);
        let mut tasks = tokio::task::JoinSet::new();
        for (number, (stream, parcels)) in open.into_iter().enumerate() {
            // The streams take turns.
            let first = began + every.mul_f64(number as f64 / streams as f64);
            tasks.spawn(pace(stream, parcels, first, every));
        }
        let mut waits = Vec::new();
        while let Some(part) = tasks.join_next().await {
            waits.extend(part??);
        }
        waits.sort_unstable();
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(waits)
    })?;
    let cpu_seconds = server.process.usage()?.cpu_seconds - before;
    Ok(Row { name, waits, cpu_seconds, events: rate * seconds })
}

/// The batches of each stream; each stream has a site and a producer of its own, as far as there are sites.
fn parcels(events: u64, batch: u64, streams: u64) -> Vec<Vec<Parcel>> {
    let traffic = Traffic::new(Size::standard(events, 1));
    let mut all = traffic.events();
    let per_stream = events.div_ceil(batch * streams);
    let mut out: Vec<Vec<Parcel>> = (0..streams).map(|_| Vec::new()).collect();
    for sequence in 1..=per_stream {
        for (stream, parcels) in out.iter_mut().enumerate() {
            let events: Vec<_> = all.by_ref().take(batch as usize).map(|event| encode::wire_event(&event)).collect();
            if !events.is_empty() {
                parcels.push(encode::batch(stream as u32 % 3, &format!("backend-{stream}"), sequence, events));
            }
        }
    }
    out
}

/// Sends each batch at its instant and takes the answers as they come.
async fn pace(mut stream: Stream, parcels: Vec<Parcel>, first: Instant, every: Duration) -> Result<Vec<Duration>> {
    let due: Vec<Instant> = (0..parcels.len()).map(|number| first + every.mul_f64(number as f64)).collect();
    let (mut sent, mut waits) = (0, Vec::with_capacity(parcels.len()));
    while waits.len() < parcels.len() {
        let next = due.get(sent).copied();
        tokio::select! {
            // A window of the stream's own bounds what is unanswered; what waits for it counts as waiting.
            () = tokio::time::sleep_until(next.unwrap_or(first).into()), if next.is_some() && sent - waits.len() < 60 => {
                stream.send(&parcels[sent]).await?;
                sent += 1;
            }
            answer = stream.answer(), if sent > waits.len() => {
                answer?;
                waits.push(due[waits.len()].elapsed());
            }
        }
    }
    Ok(waits)
}

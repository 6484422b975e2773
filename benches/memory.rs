//! How much memory and disk a server takes as a day grows. Run it as `benches/memory`.
//!
//! Events are made and sent batch by batch, so that the sender needs little memory itself.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a test or benchmark stops at what it did not expect, chooses its numbers and gives nothing to others"
)]

mod load;

use std::{path::Path, process::ExitCode, time::Instant};

use load::{
    Result,
    client::Stream,
    encode,
    process::disk_bytes,
    server::Server,
    traffic::{Size, Traffic},
};

const USAGE: &str = "\
Usage: benches/memory [--large] [--only TEXT] [--help]

Sends days of several sizes to a server of its own each, and prints its largest memory (VmHWM), the disk it takes while
the day is open, and after kill -9 how long the next start takes and with what memory.

  --large      also 100 million events, and 10 million visitors of a day; some minutes
  --only TEXT  only rows whose name has this in it
  --help       this text";

const EVENTS_PER_BATCH: usize = 2_000;
const WINDOW: usize = 16;

/// A day to send.
struct Day {
    name: &'static str,
    is_large: bool,
    size: Size,
}

const fn size(events: u64, sites: u32, pages: u32, visitors: u32) -> Size {
    Size { events, sites, pages, visitors, seed: 1 }
}

const DAYS: [Day; 6] = [
    Day { name: "1 M events, 100,000 visitors, 3 sites", is_large: false, size: size(1_000_000, 3, 5_000, 100_000) },
    Day { name: "2 M events, 100,000 visitors, 3 sites", is_large: false, size: size(2_000_000, 3, 5_000, 100_000) },
    Day { name: "10 M events, 100,000 visitors, 3 sites", is_large: false, size: size(10_000_000, 3, 5_000, 100_000) },
    Day { name: "250 sites with 300 visits each", is_large: false, size: size(225_000, 250, 500, 300) },
    Day { name: "100 M events, 1 M visitors, 3 sites", is_large: true, size: size(100_000_000, 3, 5_000, 1_000_000) },
    Day { name: "30 M events, 10 M visitors, 1 site", is_large: true, size: size(30_000_000, 1, 5_000, 10_000_000) },
];

fn main() -> ExitCode {
    let (mut large, mut only) = (false, String::new());
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--large" => large = true,
            "--only" => only = words.next().unwrap_or_default(),
            "--help" | "-h" => {
                println!("{USAGE}");
                return ExitCode::SUCCESS;
            }
            // Cargo adds this to every benchmark.
            "--bench" => {}
            _ => {
                eprintln!("benches/memory: unknown option {word:?}\n\n{USAGE}");
                return ExitCode::from(2);
            }
        }
    }
    println!(
        "{:<42} {:>10} {:>10} {:>14} {:>12} {:>10} {:>10}",
        "", "peak MiB", "disk MiB", "disk B/event", "events/s", "start s", "start MiB"
    );
    let wanted = DAYS.iter().filter(|day| (large || !day.is_large) && day.name.contains(&only));
    for day in wanted {
        if let Err(error) = send(day) {
            eprintln!("benches/memory: {}: {error}", day.name);
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn send(day: &Day) -> Result<()> {
    let scratch = tempfile::Builder::new().prefix("memory-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let mut server = Server::start(scratch.path(), day.size.sites)?;
    let began = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(stream(day.size, &server.url()))?;
    let (peak, disk) = (server.process.usage()?.peak_mib, disk_bytes(Path::new(&server.data)));
    let events_per_second = day.size.events as f64 / began.elapsed().as_secs_f64();
    server.process.kill();
    let killed = Instant::now();
    let again = Server::start_with(scratch.path(), &scratch.path().join("headcount.toml"))?;
    println!(
        "{:<42} {peak:>10.0} {:>10.0} {:>14.1} {events_per_second:>12.0} {:>10.1} {:>10.0}",
        day.name,
        disk as f64 / (1024.0 * 1024.0),
        disk as f64 / day.size.events as f64,
        killed.elapsed().as_secs_f64(),
        again.process.usage()?.peak_mib
    );
    Ok(())
}

/// One stream with a producer for each site, as a backend that serves many sites has.
async fn stream(size: Size, url: &str) -> Result<()> {
    let traffic = Traffic::new(size);
    let sites = size.sites as usize;
    let (mut open, mut sequences) = (vec![Vec::new(); sites], vec![0; sites]);
    let mut stream = Stream::open(url, WINDOW).await?;
    let mut unanswered = 0;
    let rest = |site: usize, open: &mut Vec<_>, sequence: &mut u64| {
        *sequence += 1;
        encode::batch(site as u32, "backend", *sequence, std::mem::take(open))
    };
    for event in traffic.events() {
        let site = event.site as usize;
        open[site].push(encode::wire_event(&event));
        if open[site].len() == EVENTS_PER_BATCH {
            if unanswered == WINDOW {
                stream.answer().await?;
                unanswered -= 1;
            }
            stream.send(&rest(site, &mut open[site], &mut sequences[site])).await?;
            unanswered += 1;
        }
    }
    for (site, (open, sequence)) in open.iter_mut().zip(&mut sequences).enumerate() {
        stream.send(&rest(site, open, sequence)).await?;
        unanswered += 1;
        while unanswered >= WINDOW {
            stream.answer().await?;
            unanswered -= 1;
        }
    }
    for _ in 0..unanswered {
        stream.answer().await?;
    }
    Ok(())
}

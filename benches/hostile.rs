//! What somebody on the network can do to others: attacks one after the other against a real server on loopback, beside a steady
//! sender of another site. Run it as `benches/hostile`.
//!
//! Each attack runs for some seconds; before it, the steady sender is timed for as long without it. What is bad: the other site's p99 more than
//! twice that of quiet (or 10 ms more where that is below 10), memory more than 256 MiB above that before the attack, a panic, or an
//! acknowledged event that is lost at a kill in the end. Attackers run at a lower priority than the sender: on one machine they
//! would take its processors otherwise, which no limit of a server prevents.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a test or benchmark stops at what it did not expect, chooses its numbers and gives nothing to others"
)]

mod attack;
mod command;
mod load;
mod victim;

use std::{
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use attack::{Attack, Target};
use load::Result;
use rustix::process::{Resource, Rlimit, getrlimit, setpriority_process, setrlimit};
use victim::{Steady, Victim};

/// The site that has been published.
pub const PUBLISHED: &str = "www";

const USAGE: &str = "\
Usage: benches/hostile [--quick] [--only TEXT] [--seconds NUMBER] [--seed NUMBER] [--binary FILE] [--help]

Attacks a server on loopback in some thirty ways, one after the other, and times a steady sender of another site beside each.
Exit code 1: a panic, a lost event, or more memory than allowed.

  --quick           a tenth of each attack, two seconds each, and little that is published
  --only TEXT       only attacks whose name has this in it
  --seconds NUMBER  of each attack [default: 6]
  --seed NUMBER     of what is random in them [default: 1]
  --binary FILE     another headcount than the one built here, to compare
  --help            this text";

/// Memory above that before an attack, in MiB.
const MEMORY_MIB_MAX: f64 = 256.0;
/// How long memory may take to be given back.
const REST: Duration = Duration::from_secs(2);

struct Asked {
    quick: bool,
    only: String,
    seconds: Option<u64>,
    seed: u64,
    binary: PathBuf,
}

fn main() -> ExitCode {
    command::run("hostile", USAGE, parse, |asked| measure(&asked))
}

fn parse(mut words: impl Iterator<Item = String>) -> std::result::Result<Option<Asked>, String> {
    let binary = env!("CARGO_BIN_EXE_headcount").into();
    let mut asked = Asked { quick: false, only: String::new(), seconds: None, seed: 1, binary };
    let number = |word: &str, text: Option<String>| -> std::result::Result<u64, String> {
        let text = text.ok_or(format!("{word} needs a number"))?;
        text.parse().map_err(|_| format!("{word}: {text:?} is no whole number"))
    };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => asked.quick = true,
            "--only" => asked.only = words.next().ok_or("--only needs a text")?,
            "--seconds" => asked.seconds = Some(number("--seconds", words.next())?.clamp(1, 600)),
            "--seed" => asked.seed = number("--seed", words.next())?,
            "--binary" => asked.binary = words.next().ok_or("--binary needs a file")?.into(),
            "--help" | "-h" => return Ok(None),
            // Cargo adds this to every benchmark.
            "--bench" => {}
            _ => return Err(format!("unknown option {word:?}")),
        }
    }
    Ok(Some(asked))
}

/// How one attack went.
struct Row {
    name: &'static str,
    quiet_ms: f64,
    under_ms: f64,
    /// Above that before the attack, in MiB: the most, and when it has ended.
    peak_mib: f64,
    kept_mib: f64,
}

impl Row {
    /// 2 is what is allowed: twice the quiet p99, or 10 ms more where that is below 10.
    fn ratio(&self) -> f64 {
        let (quiet, under) = (self.quiet_ms, self.under_ms);
        if quiet < 10.0 { 1.0 + (under - quiet).max(0.0) / 10.0 } else { under / quiet }
    }

    fn is_within_memory(&self) -> bool {
        self.peak_mib <= MEMORY_MIB_MAX && self.kept_mib <= MEMORY_MIB_MAX
    }
}

fn measure(asked: &Asked) -> Result<ExitCode> {
    let now = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: now.maximum, maximum: now.maximum })?;
    let scratch = tempfile::Builder::new().prefix("hostile-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let (days, pages) = if asked.quick { (8, 300) } else { (90, 3_000) };
    let mut victim = Victim::start(&asked.binary, scratch.path(), pages)?;
    victim.publish(days, pages)?;
    let steady = Steady::start(victim.address());
    settle(&steady)?;
    let seconds = asked.seconds.unwrap_or(if asked.quick { 2 } else { 6 });
    println!("{:<36} {:>10} {:>10} {:>7} {:>10} {:>10}", "", "quiet ms", "p99 ms", "ratio", "peak MiB", "kept MiB");
    let mut rows: Vec<Row> = Vec::new();
    for (number, attack) in (0..).zip(attack::ALL).filter(|(_, attack)| attack.name.contains(&asked.only)) {
        let scale = if asked.quick { 0.1 } else { 1.0 };
        let target = Target { address: victim.address(), scale, seed: asked.seed * 1_000 + number };
        rows.push(told(run(attack, target, &victim, &steady, Duration::from_secs(seconds))?));
        if !victim.is_running() {
            println!("the server has ended: {}", victim.last_words());
            break;
        }
    }
    let acknowledged = steady.stop();
    let (lost, panics) = (victim.lost(acknowledged)?, victim.panics());
    for line in victim.refused() {
        println!("{line}");
    }
    let worst = rows.iter().map(Row::ratio).fold(0.0, f64::max);
    let peak = rows.iter().map(|row| row.peak_mib).fold(0.0, f64::max);
    println!(
        "hostile: {} attacks, worst p99 ratio {worst:.1}, peak {peak:.0} MiB, {panics} panics, {lost} lost",
        rows.len()
    );
    let is_good = panics == 0 && lost == 0 && rows.iter().all(Row::is_within_memory);
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn told(row: Row) -> Row {
    println!(
        "{:<36} {:>10.1} {:>10.1} {:>7.1} {:>10.0} {:>10.0}{}",
        row.name,
        row.quiet_ms,
        row.under_ms,
        row.ratio(),
        row.peak_mib,
        row.kept_mib,
        if row.ratio() > 2.0 || !row.is_within_memory() { "  <--" } else { "" }
    );
    row
}

fn run(attack: &Attack, target: Target, victim: &Victim, steady: &Steady, time: Duration) -> Result<Row> {
    steady.take();
    thread::sleep(time);
    let quiet_ms = p99_ms(steady.take());
    let before = victim.rss_mib();
    let peak = Peak::watch(victim.id());
    let attackers = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .on_thread_start(|| {
            let _ = setpriority_process(None, 10);
        })
        .build()?;
    let running = attackers.spawn((attack.run)(target));
    thread::sleep(time);
    let under_ms = p99_ms(steady.take());
    running.abort();
    attackers.shutdown_background();
    let peak_mib = peak.end() - before;
    thread::sleep(REST);
    Ok(Row { name: attack.name, quiet_ms, under_ms, peak_mib, kept_mib: victim.rss_mib() - before })
}

/// Waits until what was published before holds nobody up any more.
fn settle(steady: &Steady) -> Result<()> {
    for _ in 0..300 {
        thread::sleep(Duration::from_secs(1));
        if p99_ms(steady.take()) < 500.0 {
            return Ok(());
        }
    }
    Err("the server does not come to rest before the attacks".into())
}

fn p99_ms(mut waits: Vec<Duration>) -> f64 {
    waits.sort_unstable();
    let place = waits.len() * 99 / 100;
    // Where nothing was answered at all, it waited for longer than anybody watched.
    waits.get(place).map_or(f64::INFINITY, |wait| wait.as_secs_f64() * 1e3)
}

/// Watches how much memory a process takes.
struct Peak {
    kib: Arc<AtomicU64>,
    ended: Arc<AtomicBool>,
}

impl Peak {
    fn watch(id: u32) -> Self {
        let peak = Self { kib: Arc::default(), ended: Arc::default() };
        let (kib, ended) = (peak.kib.clone(), peak.ended.clone());
        thread::spawn(move || {
            let begun = Instant::now();
            while !ended.load(Ordering::Relaxed) && begun.elapsed() < Duration::from_secs(600) {
                kib.fetch_max((victim::rss_mib(id) * 1024.0) as u64, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(20));
            }
        });
        peak
    }

    fn end(self) -> f64 {
        self.ended.store(true, Ordering::Relaxed);
        self.kib.load(Ordering::Relaxed) as f64 / 1024.0
    }
}

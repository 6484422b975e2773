//! headcount beside Redis, GoAccess and duckdb: the same made-up day, one after the other, several rounds in turn. Run it as
//! `benches/compare`, which installs them first.

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
mod peers;

use std::{
    fs::{self, File},
    io::BufWriter,
    path::{Path, PathBuf},
    process::ExitCode,
};

use load::{
    Result, encode,
    traffic::{Size, Traffic},
};
use peers::{
    Figure, Inputs, files, headcount, redis,
    report::{NAMES, Report},
};

const USAGE: &str = "\
Usage: benches/compare [--events NUMBER] [--rounds NUMBER] [--batch NUMBER] [--window NUMBER] [--seed NUMBER]
                       [--only TEXT] [--json FILE] [--help]

Counts the same made-up day (3 sites, 5,000 pages by Zipf's law, 100,000 visitors) with headcount over gRPC, `headcount ship`,
Redis, GoAccess and duckdb, on this machine, client and server together. What is missing is installed first: Debian
packages where this runs as root, a Python package into target/tools.

  --events NUMBER  of one round [default: 2000000]
  --rounds NUMBER  each has every contender once, in another order [default: 5]
  --batch NUMBER   events in one batch, or in one parcel of commands [default: 1000]
  --window NUMBER  batches or parcels that wait for an answer, on each of the three connections [default: 32]
  --seed NUMBER    other traffic [default: 1]
  --only TEXT      only contenders whose name has this in it
  --json FILE      writes all figures there
  --help           this text";

struct Options {
    events: u64,
    rounds: usize,
    batch: usize,
    window: usize,
    seed: u64,
    only: String,
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    command::run("compare", USAGE, parse, |options| compare(&options).map(|()| ExitCode::SUCCESS))
}

fn parse(mut words: impl Iterator<Item = String>) -> std::result::Result<Option<Options>, String> {
    let (events, rounds, batch, window, seed) = (2_000_000, 5, 1_000, 32, 1);
    let mut options = Options { events, rounds, batch, window, seed, only: String::new(), json: None };
    while let Some(word) = words.next() {
        let mut number = |most: u64| {
            let text = words.next().ok_or_else(|| format!("{word} needs a value"))?;
            let number = text.parse::<u64>().ok().filter(|number| (1..=most).contains(number));
            number.ok_or_else(|| format!("{word}: {text:?} is no whole number from 1 to {most}"))
        };
        match word.as_str() {
            "--events" => options.events = number(20_000_000)?,
            "--rounds" => options.rounds = number(100)? as usize,
            "--batch" => options.batch = number(20_000)? as usize,
            "--window" => options.window = number(64)? as usize,
            "--seed" => options.seed = number(u64::MAX)?,
            "--only" => options.only = words.next().ok_or("--only needs a part of a name")?,
            "--json" => options.json = Some(words.next().ok_or("--json needs a file")?.into()),
            "--help" | "-h" => return Ok(None),
            // Cargo adds this to every benchmark.
            "--bench" => {}
            _ => return Err(format!("unknown option {word:?}")),
        }
    }
    Ok(Some(options))
}

fn compare(options: &Options) -> Result<()> {
    let scratch = tempfile::Builder::new().prefix("compare-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    eprintln!("making {} events", options.events);
    let (inputs, mean_event_bytes) = inputs(options, scratch.path())?;
    let mut report = Report { rounds: Vec::new(), mean_event_bytes, about: about(options) };
    for round in 0..options.rounds {
        let mut figures = [None; NAMES.len()];
        for step in 0..NAMES.len() {
            // Each round begins with another one, so that none always runs on a rested machine.
            let who = (step + round) % NAMES.len();
            if NAMES[who].contains(&options.only) {
                figures[who] = run(who, &inputs)?;
                tell(round, NAMES[who], figures[who].as_ref());
            }
        }
        report.rounds.push(figures);
    }
    print!("{}", report.text());
    if let Some(file) = &options.json {
        fs::write(file, serde_json::to_vec_pretty(&report.json())?)?;
    }
    println!("{}", report.last_line());
    Ok(())
}

fn about(options: &Options) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{} events, batches of {}, {} in flight on each of 3 connections, seed {}, {cores} cores, {} rounds",
        options.events, options.batch, options.window, options.seed, options.rounds
    )
}

fn inputs(options: &Options, scratch: &Path) -> Result<(Inputs, f64)> {
    let size = Size::standard(options.events, options.seed);
    let traffic = Traffic::new(size);
    let (batches, mean) = encode::batches(&traffic, options.batch);
    let (log, table) = (scratch.join("access.log"), scratch.join("table.tsv"));
    encode::log(&traffic, &mut BufWriter::new(File::create(&log)?))?;
    encode::table(&traffic, &mut BufWriter::new(File::create(&table)?))?;
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/duckdb/bin/python");
    let inputs = Inputs {
        size,
        batches,
        commands: encode::commands(&traffic, options.batch),
        log,
        table,
        scratch: scratch.to_owned(),
        window: options.window,
        python: python.exists().then_some(python),
    };
    Ok((inputs, mean))
}

fn run(who: usize, inputs: &Inputs) -> Result<Option<Figure>> {
    match who {
        0 => headcount::stream(inputs).map(Some),
        1 => headcount::ship(inputs).map(Some),
        2 => installed("redis-server", || redis::round(inputs, "everysec")),
        3 => installed("redis-server", || redis::round(inputs, "always")),
        4 => installed("goaccess", || files::goaccess(inputs, true)),
        5 => installed("goaccess", || files::goaccess(inputs, false)),
        _ => files::duckdb(inputs),
    }
}

/// Nothing where the program is not there.
fn installed(program: &str, round: impl FnOnce() -> Result<Figure>) -> Result<Option<Figure>> {
    let there = std::process::Command::new(program).arg("--version").output().is_ok();
    there.then(round).transpose()
}

fn tell(round: usize, name: &str, figure: Option<&Figure>) {
    match figure {
        None => eprintln!("round {}: {name}: not installed", round + 1),
        Some(figure) => eprintln!(
            "round {}: {name}: {:.0} events/s, {:.2} CPU s a million, feeder {:.2}, {:.0} MiB",
            round + 1,
            figure.per_second(),
            figure.cpu_a_million(),
            figure.feeder_a_million(),
            figure.peak_mib
        ),
    }
}

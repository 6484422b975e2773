//! Is what was acknowledged there after every crash, and only once? Kills the real server again and again under load, then
//! breaks a sealing off at each change of the disk that it makes. Run it as `benches/crash`.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a test or benchmark stops at what it did not expect, chooses its numbers and gives nothing to others"
)]

use std::{process::ExitCode, time::Instant};

mod command;
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../tests/it/faults/mod.rs"]
mod faults;
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../tests/it/harness.rs"]
mod harness;

use faults::{
    Dice,
    campaign::{Campaign, Figures},
    scene::Scene,
    sealing::{Break, break_off, measure},
};

const USAGE: &str = "\
Usage: benches/crash [--kills NUMBER] [--seed NUMBER] [--help]

Starts the server on one data directory and lets it die, while three producers send on two connections each: by SIGKILL at
random moments, before any change of the disk, in the middle of a write, between a sync and its answer, while it stops, by a
power failure that leaves only what was synced (or a random half of the rest too), and by a disk that is full, broken or
read-only. What was acknowledged must be there each time. After 50 kills the days are published, with more kills in
the midst of that, and compared with what was sent. Then a sealing is broken off at each change of the disk that it makes.

  --kills NUMBER  kills under load [default: 1000]
  --seed NUMBER   other moments; 1 if it is left out
  --help          this text

Progress goes to the standard error. The last line is `crash: N kills, A acked, L lost, D doubled`: all kills, the batches
acknowledged, and those of them that were missing or counted twice. Exit code 1 if anything was wrong.";

const KILLS_PER_CHAPTER: u64 = 50;

struct Options {
    kills: u64,
    seed: u64,
}

fn main() -> ExitCode {
    command::run("crash", USAGE, parse, |options| Ok::<_, String>(crash(&options)))
}

fn crash(options: &Options) -> ExitCode {
    let began = Instant::now();
    let say = |line: String| eprintln!("{:>5} s  {line}", began.elapsed().as_secs());
    let Some(campaign) = Campaign::new(options.seed) else { return ExitCode::FAILURE };
    let mut figures = campaign.run(options.kills, KILLS_PER_CHAPTER, |figures| say(figures.last_line()));
    seal(options, &mut figures, &say);
    for (way, count) in &figures.by_way {
        println!("{count:>5}  {way}");
    }
    println!("{:>5}  days compared with what was sent", figures.days_checked);
    println!("{:>5}  answers UNAVAILABLE", figures.refused);
    println!("{:>5}  times it neither answered nor stopped after an error of the disk", figures.hung);
    for what in &figures.wrong {
        println!("wrong: {what}");
    }
    println!("{}", figures.last_line());
    if figures.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Breaks a sealing off everywhere: what was in the journal, and what was in checkpoints.
fn seal(options: &Options, figures: &mut Figures, say: &impl Fn(String)) {
    let mut dice = Dice::new(options.seed);
    for ends_well in [false, true] {
        let scene = Scene::new(ends_well);
        let Some(span) = measure(&scene) else { return };
        let mut breaks: Vec<Break> = (1..=span.changes).flat_map(|n| [Break::Before(n), Break::Within(n)]).collect();
        for n in 1..=span.syncs {
            let seed = i64::try_from(dice.below(1 << 40)).expect("a number") + 1;
            breaks.extend([(0, 0), (1, 0), (0, seed), (1, seed)].map(|(names, mixed)| Break::Power(n, names, mixed)));
        }
        say(format!("a sealing is broken off at {} points: {span:?}", breaks.len()));
        for at in breaks {
            let way = match at {
                Break::Power(..) => "a sealing in which the power fails",
                _ => "a sealing that is killed",
            };
            figures.kills += 1;
            *figures.by_way.entry(way).or_default() += 1;
            figures.wrong.extend(break_off(&scene, at).err());
        }
    }
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options = Options { kills: 1000, seed: 1 };
    while let Some(word) = words.next() {
        let mut number = || {
            let text = words.next().ok_or_else(|| format!("{word} needs a value"))?;
            text.parse::<u64>().map_err(|_| format!("{word}: {text:?} is no whole number"))
        };
        match word.as_str() {
            "--kills" => options.kills = number()?,
            "--seed" => options.seed = number()?,
            "--help" | "-h" => return Ok(None),
            // Cargo adds this to every benchmark.
            "--bench" => {}
            _ => return Err(format!("unknown option {word:?}")),
        }
    }
    Ok(Some(options))
}

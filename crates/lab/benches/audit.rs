//! Is the promise kept? Publishes with and without one visitor-day many thousands of times and bounds from below what an
//! attacker learns; then does the same with broken variants, which it must find. Run it as `benches/audit`.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a test or benchmark stops at what it did not expect, chooses its numbers and gives nothing to others"
)]

#[path = "../../../benches/command/mod.rs"]
mod command;

use std::process::ExitCode;

use headcount_lab::audit::{Options, audit};

const USAGE: &str = "\
Usage: benches/audit [--releases NUMBER] [--quick] [--only TEXT] [--seed NUMBER] [--help]

Runs the limiter, the cells, the noise and the choice of keys on a crowd with and without one visitor-day, and says which
epsilon an attacker proves who knows everything else. Every broken variant must be found.

  --releases NUMBER  of each case, half of them with the visitor [default: 100000]
  --quick            only the broken variants that few releases show
  --only TEXT        only the cases whose name has this in it
  --seed NUMBER      other noise; 1 if it is left out
  --help             this text";

fn main() -> ExitCode {
    command::run("audit", USAGE, parse, |options| {
        let began = std::time::Instant::now();
        let report = audit(&options, &mut |line| eprintln!("{:>5} s  {line}", began.elapsed().as_secs()))?;
        print!("{}", report.markdown());
        Ok::<_, Box<dyn std::error::Error>>(if report.passes() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options = Options { only: String::new(), releases: 100_000, system_noise: true, quick: false, seed: 1 };
    while let Some(word) = words.next() {
        let mut number = || {
            let text = words.next().ok_or_else(|| format!("{word} needs a value"))?;
            text.parse::<u64>().map_err(|_| format!("{word}: {text:?} is no whole number"))
        };
        match word.as_str() {
            "--releases" => options.releases = number()?,
            "--seed" => options.seed = number()?,
            "--quick" => options.quick = true,
            "--only" => options.only = words.next().ok_or("--only needs a part of a case's name")?,
            "--help" | "-h" => return Ok(None),
            // Cargo adds this to every benchmark.
            "--bench" => {}
            _ => return Err(format!("unknown option {word:?}")),
        }
    }
    Ok(Some(options))
}

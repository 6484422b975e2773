//! How useful are headcount's releases, beside Wikimedia's published settings? Prints Markdown tables; the last line says
//! how often headcount is better. Run it as `benches/utility`.

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

use std::{path::PathBuf, process::ExitCode};

use headcount_lab::{Options, run};

const USAGE: &str = "\
Usage: benches/utility [--quick] [--seed NUMBER] [--json FILE] [--help]

Publishes made-up months of three sites (300, 10,000 and 1,000,000 visits a day) and, where they are, the shared logs
with headcount and with Wikimedia's settings, and prints how far each is from the truth.

  --quick        only the smaller sites, with few repetitions
  --seed NUMBER  other visitors and other noise; 1 if it is left out
  --json FILE    also writes all rows to a file
  --help         this text";

/// What is asked for on the command line.
struct Asked {
    options: Options,
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    command::run("utility", USAGE, parse, |asked| work(&asked).map(|()| ExitCode::SUCCESS))
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Asked>, String> {
    let mut asked = Asked { options: Options { quick: false, seed: 1 }, json: None };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "--quick" => asked.options.quick = true,
            "--seed" => {
                let text = value()?;
                let number =
                    text.parse().map_err(|_| format!("--seed: {text:?} is no whole number from 0 to 2^64 - 1"))?;
                asked.options.seed = number;
            }
            "--json" => asked.json = Some(value()?.into()),
            "--help" | "-h" => return Ok(None),
            // Cargo adds this to every benchmark.
            "--bench" => {}
            _ => return Err(format!("unknown option {word:?}")),
        }
    }
    Ok(Some(asked))
}

fn work(asked: &Asked) -> Result<(), Box<dyn std::error::Error>> {
    let began = std::time::Instant::now();
    let report = run(&asked.options, &mut |line| eprintln!("{:>5} s  {line}", began.elapsed().as_secs()))?;
    if let Some(path) = &asked.json {
        std::fs::write(path, report.json()?).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    print!("{}", report.markdown());
    Ok(())
}

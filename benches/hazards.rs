//! Does a test fail when a guard is taken out? Takes the guards of `hazards.toml` out of a copy of the sources, one after the
//! other, and runs the test that must fail. Run it as `benches/hazards`.
//!
//! It is here because a page of hazards is worth what its tests are. A guard counts as caught only where the program still
//! compiles without it and the test fails with the words that are expected, not for another reason. The sources themselves are
//! never changed.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test or benchmark stops at what it did not expect and gives nothing to others"
)]

mod command;
#[allow(dead_code, reason = "shared with the test of the list, which uses other parts of it")]
mod guards;

use std::{io, process::ExitCode, time::Instant};

use guards::{
    list::{self, Guard},
    tree::Tree,
    trial::{self, Verdict},
};

const USAGE: &str = "\
Usage: benches/hazards [--only NAME]... [--list] [--help]

Takes each guard that `benches/hazards.toml` lists out of a copy of the working tree, in target/hazards, and runs the test that
must fail then. Before that all of these tests must pass as the sources are. The copy and what was built of it stay for the next
run; the whole of a trial's output is in target/hazards/output.

  --only NAME  this guard, or all guards of the hazards whose name begins so; may be given several times
  --list       the guards and their tests, without running anything
  --help       this text

The last line is `hazards: N guards removed, M caught`. Exit code 1 if a guard was not caught, or is not where the list says.";

struct Options {
    only: Vec<String>,
    lists: bool,
}

fn main() -> ExitCode {
    command::run("hazards", USAGE, parse, |options| run(&options))
}

fn run(options: &Options) -> io::Result<ExitCode> {
    let is_wanted = |guard: &Guard| {
        let is_named = |only: &String| guard.name == *only || guard.hazard.starts_with(only);
        options.only.is_empty() || options.only.iter().any(is_named)
    };
    let guards: Vec<Guard> = list::read().guard.into_iter().filter(is_wanted).collect();
    if guards.is_empty() {
        return Err(io::Error::other(format!("no guard is named {:?}; see --list", options.only)));
    }
    if options.lists {
        for guard in &guards {
            let tests: Vec<String> = guard.tests.iter().map(ToString::to_string).collect();
            println!("{} ({}): {}", guard.name, guard.hazard, tests.join("; "));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let tree = Tree::open()?;
    if let Err(what) = trial::all_pass(&tree, &guards)? {
        return Err(io::Error::other(what));
    }
    let mut caught = 0;
    for guard in &guards {
        let began = Instant::now();
        let verdict = trial::without(&tree, guard)?;
        println!("{verdict}: {} ({}), {} s", guard.name, guard.hazard, began.elapsed().as_secs());
        caught += usize::from(verdict == Verdict::Caught);
    }
    println!("hazards: {} guards removed, {caught} caught", guards.len());
    Ok(if caught == guards.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options = Options { only: Vec::new(), lists: false };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--only" => options.only.push(words.next().ok_or("--only needs the name of a guard or hazard")?),
            "--list" => options.lists = true,
            "--help" | "-h" => return Ok(None),
            _ => return Err(format!("unknown option {word:?}")),
        }
    }
    Ok(Some(options))
}

//! How long people wait: for the numbers of a day that is over, for a dashboard, for the server after a crash. A real server,
//! real questions over gRPC. Run it as `benches/answers`.

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
mod scenes;

use std::process::ExitCode;

use load::Result;

const USAGE: &str = "\
Usage: benches/answers [SCENE ...] [--small] [--help]

Scenes (all of them, unless some are named):
  midnight   250 sites of 300 visits each: from the end of their day to the last release, and how long batches wait meanwhile
  month      a month of 5,000 known pages: how long its release takes
  dashboard  a year of days, top 100 pages of a year, list of 250 sites: 100 at a time, alone and beside ingest
  overview   250 sites with a quarter of days each: the overview of a server just started, and after a release
  recovery   10,000,000 events in the journal: from kill -9 to the first answer

  --small    a tenth of everything, to try it out
  --help     this text";

/// How large the scenes are.
#[derive(Clone, Copy)]
struct Scale(u32);

impl Scale {
    fn of(self, whole: u32) -> u32 {
        (whole / self.0).max(1)
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if words.iter().any(|word| word == "--help") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let scale = Scale(if words.iter().any(|word| word == "--small") { 10 } else { 1 });
    let named: Vec<&str> = words.iter().map(String::as_str).filter(|word| *word != "--small").collect();
    let unknown = named.iter().find(|name| !["midnight", "month", "dashboard", "overview", "recovery"].contains(name));
    if let Some(unknown) = unknown {
        eprintln!("benches/answers: there is no scene {unknown:?}\n\n{USAGE}");
        return ExitCode::from(2);
    }
    match play(&named, scale) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("benches/answers: {error}");
            ExitCode::FAILURE
        }
    }
}

fn play(named: &[&str], scale: Scale) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let is_wanted = |name: &str| named.is_empty() || named.contains(&name);
    if is_wanted("midnight") {
        runtime.block_on(scenes::midnight::play(scale.of(250)))?;
    }
    if is_wanted("month") {
        runtime.block_on(scenes::midnight::month(scale.of(5_000)))?;
    }
    if is_wanted("dashboard") {
        runtime.block_on(scenes::dashboard::play(scale.of(250), scale.of(365)))?;
    }
    if is_wanted("overview") {
        runtime.block_on(scenes::overview::play(scale.of(250)))?;
    }
    if is_wanted("recovery") {
        runtime.block_on(scenes::recovery::play(scale.of(10_000_000)))?;
    }
    Ok(())
}

//! `headcount export`: all published numbers, as files that need no database.

use std::{path::PathBuf, process::ExitCode};

use super::location::Location;
use crate::vault::admin::export;

/// Write everything that is published into files, one per site and month
///
/// The files have the archive's format: one JSON object per line, each with a digest that covers the line before. They
/// hold only what anybody may read. `headcount restore --from` reads them.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  headcount export --to /tmp/statistics
  jq -c 'select(.release) | [.release.period.start, .release.site_numbers.ranks[0].count]' /tmp/statistics/www/2026-11.jsonl

Stop the server first. While it runs, copy its archive directory instead: it holds the same.
Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.")]
pub struct Args {
    /// Where the data are
    #[command(flatten)]
    pub location: Location,
    /// The directory to write into; it must be empty or new
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
}

/// Exports.
pub fn run(args: &Args) -> ExitCode {
    let config = match args.location.config() {
        Ok(config) => config,
        Err(message) => return super::fail("export", &message, 2),
    };
    match export(&config.data, &args.to) {
        Ok(done) => {
            println!("{} releases of {} sites in {}", done.releases, done.sites, args.to.display());
            ExitCode::SUCCESS
        }
        Err(fault) => super::fail("export", &fault.to_string(), 1),
    }
}

//! `headcount restore`: a database from the archive, or from a backup and the archive.

use std::{path::PathBuf, process::ExitCode};

use super::place::Place;
use crate::vault::admin::{Restore, restore};

/// Put a database back from a backup, from the archive of releases, or from both
///
/// Everything that was published comes back with the same numbers. What was counted and not published is in a backup alone,
/// as of when it was taken. A week or month that is open and has days from the archive will be published as a gap, because
/// their exact sums are gone.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
The database is damaged or lost, the archive is there:
  mv headcount-data/db headcount-data/db.damaged
  headcount restore --backup last-backup      (with a backup)
  headcount restore                           (without)

A new machine:
  headcount restore --data DIR --from COPY-OF-THE-ARCHIVE [--backup FILE]

Stop the server first. It can be run again after an error; what is there already is left as it is.
Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.")]
pub struct Args {
    #[command(flatten)]
    pub place: Place,
    /// A copy of an archive, or what `headcount export` wrote, to become this server's archive
    #[arg(long, value_name = "DIR")]
    pub from: Option<PathBuf>,
    /// A backup to begin with
    #[arg(long, value_name = "FILE")]
    pub backup: Option<PathBuf>,
}

/// Restores.
pub fn run(args: Args) -> ExitCode {
    let directories = match args.place.directories() {
        Ok(directories) => directories,
        Err(message) => return super::fail("restore", &message, 2),
    };
    if args.from.is_none() && args.backup.is_none() && !directories.archive.exists() {
        let message = format!(
            "there is no archive in {} to restore from: name a copy with --from, or a backup with --backup",
            directories.archive.display()
        );
        return super::fail("restore", &message, 2);
    }
    match restore(&Restore { directories, from: args.from, backup: args.backup }) {
        Ok(done) => {
            println!(
                "{} releases taken from the archive, {} were there; {} sites",
                done.releases, done.known, done.sites
            );
            for epoch in done.lost {
                println!("{epoch} will be published as a gap: the exact sums of some of its days are gone");
            }
            ExitCode::SUCCESS
        }
        Err(fault) => super::fail("restore", &fault.to_string(), 1),
    }
}

//! `headcount restore`: rebuilds a database from the archive, or from a backup and the archive.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use super::location::Location;
use crate::vault::admin::{Restore, restore};

/// Rebuild a database from a backup, from the archive of releases, or from both
///
/// Everything that was published comes back with the same numbers. What was counted but not published is only in a backup,
/// as of when it was taken. An open week or month with days that come from the archive will be published as a gap, because
/// their exact sums are gone.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
The database is damaged or lost, the archive is there:
  mv headcount-data/db headcount-data/db.damaged
  headcount restore --backup last-backup      (with a backup)
  headcount restore                           (without)

A new machine:
  headcount restore --data DIR --from COPY-OF-THE-ARCHIVE [--backup FILE]

Stop the server first. After an error the command can be run again; what is already there stays as it is.
Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.")]
pub struct Args {
    /// Where the data are
    #[command(flatten)]
    pub location: Location,
    /// A copy of an archive, or what `headcount export` wrote, to become this server's archive
    #[arg(long, value_name = "DIR")]
    pub from: Option<PathBuf>,
    /// A backup to start from
    #[arg(long, value_name = "FILE")]
    pub backup: Option<PathBuf>,
}

/// Restores.
pub fn run(args: Args) -> ExitCode {
    let directories = match args.location.directories() {
        Ok(directories) => directories,
        Err(message) => return super::fail("restore", &message, 2),
    };
    if let Some((message, code)) = without_archive(&args, &directories.archive) {
        return super::fail("restore", &message, code);
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

/// The message and exit code if there is no archive. A backup by itself is not enough: a period that was published after it
/// would be published again, so an administrator has to state that there is none.
fn without_archive(args: &Args, archive: &Path) -> Option<(String, u8)> {
    if args.from.is_some() || archive.exists() {
        return None;
    }
    let archive = archive.display();
    Some(match &args.backup {
        None => (
            format!(
                "there is no archive in {archive} to restore from: name a copy with --from, or a backup with --backup"
            ),
            2,
        ),
        Some(_) => (
            format!(
                "there is no archive in {archive}: name a copy of it with --from. If nothing was published after the \
                 backup, make an empty directory there"
            ),
            1,
        ),
    })
}

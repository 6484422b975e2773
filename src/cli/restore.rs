//! `headcount restore`: rebuilds a database from the archive, or from a backup and the archive.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use super::location::Location;
use crate::vault::admin::{Directories, Restore, restore};

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
  headcount restore --data DIR --backup FILE  (no archive is left)

Without an archive nothing is known of what was published after the backup. If something
was, start the server with --give-up copy: what may have been published becomes gaps.

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
    let config = match args.location.config() {
        Ok(config) => config,
        Err(message) => return super::fail("restore", &message, 2),
    };
    let is_named = args.location.archive.is_some() || config.archive != config.data.join("archive");
    let directories = Directories { data: config.data, keys: config.keys, archive: config.archive };
    if let Some((message, code)) = without_archive(&args, &directories.archive, is_named) {
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
            if done.is_unchecked {
                println!(
                    "there is no archive: whether anything was published after the backup could not be checked. If it was, or \
                     if nobody knows, start with `headcount serve --give-up copy`: what may have been published becomes gaps"
                );
            }
            if done.unknown_releases > 0 {
                println!(
                    "{} more releases are noted in the key directory: restore a newer copy of the archive with --from; where \
                     there is none, the server starts with `headcount serve --give-up copy` only",
                    done.unknown_releases
                );
            }
            ExitCode::SUCCESS
        }
        Err(fault) => super::fail("restore", &fault.to_string(), 1),
    }
}

/// The message and exit code where an archive is needed and not there: it is all that there is to restore from, or it was named.
fn without_archive(args: &Args, archive: &Path, is_named: bool) -> Option<(String, u8)> {
    if args.from.is_some() || archive.exists() {
        return None;
    }
    let archive = archive.display();
    match &args.backup {
        None => Some((
            format!(
                "there is no archive in {archive} to restore from: name a copy with --from, or a backup with --backup"
            ),
            2,
        )),
        Some(_) if is_named => Some((
            format!(
                "there is no archive in {archive}, which the command line or the configuration names: put it there, or name a \
                 copy of it with --from. If none is left, make an empty directory there: what was published after the backup \
                 is then not known"
            ),
            1,
        )),
        Some(_) => None,
    }
}

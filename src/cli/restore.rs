//! `headcount restore`: rebuilds a database from the archive, or from a backup and the archive.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Instant,
};

use super::location::Location;
use crate::{
    clock::SystemClock,
    vault::admin::{Directories, Drilled, Restore, drill, restore},
};

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

Does last night's backup restore? Beside the running server, in a directory that is removed:
  headcount restore --drill --backup last-backup

Stop the server first, but for a drill. After an error the command can be run again; what is already there stays as it is.
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
    /// Try it: restore the backup and a copy of the archive beside the data, check all that is published, and remove it again
    #[arg(long, requires = "backup", conflicts_with = "from")]
    pub drill: bool,
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
    if let Some(backup) = args.backup.as_deref().filter(|_| args.drill) {
        return try_out(&directories, backup);
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

/// Restores into a directory that is removed at the end, and says what came back.
fn try_out(directories: &Directories, backup: &Path) -> ExitCode {
    let began = Instant::now();
    let beside = directories.data.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let scratch = match tempfile::Builder::new().prefix(".headcount-drill-").tempdir_in(beside) {
        Ok(scratch) => scratch,
        Err(error) => {
            return super::fail("restore", &format!("no directory for the drill in {}: {error}", beside.display()), 1);
        }
    };
    match drill(scratch.path(), backup, &directories.archive, Arc::new(SystemClock)) {
        Ok(Drilled { restored, verified }) => {
            let releases = verified.checked.iter().find(|(what, _)| *what == "releases in the database");
            println!(
                "{} published periods came back, {} of them from the archive; {} s",
                releases.map_or(0, |(_, count)| *count),
                restored.releases,
                began.elapsed().as_secs()
            );
            for damage in &verified.damaged {
                println!("DAMAGED: {damage}");
            }
            if verified.damaged.is_empty() {
                println!("the drill succeeded: the backup restores, and nothing of it is damaged");
                return ExitCode::SUCCESS;
            }
            super::fail("restore", "the drill failed: what came back is damaged. Take a new backup", 1)
        }
        Err(fault) => super::fail("restore", &format!("the drill failed: {fault}"), 1),
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

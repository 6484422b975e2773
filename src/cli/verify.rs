//! `headcount verify`: checks that the disk holds what was written.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use super::location::Location;
use crate::{
    clock::SystemClock,
    vault::admin::{self, Verified},
};

/// Check everything that is on the disk, and name what is damaged
///
/// Reads the whole archive, every release, the journal, the open periods (which need their keys) and the privacy ledger.
/// Changes nothing. While the server runs, only the archive is checked.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  headcount verify --data /var/lib/headcount
  headcount verify --backup /backup/headcount-2026-11-24

Exit codes: 0 nothing is damaged, 1 something is damaged, 2 wrong usage or configuration.")]
pub struct Args {
    /// Where the data are
    #[command(flatten)]
    pub location: Location,
    /// Check this backup file instead
    #[arg(long, value_name = "FILE")]
    pub backup: Option<PathBuf>,
}

/// Verifies.
pub fn run(args: &Args) -> ExitCode {
    if let Some(backup) = &args.backup {
        return match admin::check_backup(backup) {
            Ok(bytes) => {
                println!("{}: {bytes} bytes, nothing is damaged", backup.display());
                ExitCode::SUCCESS
            }
            Err(fault) => super::fail("verify", &fault.to_string(), 1),
        };
    }
    let directories = match args.location.directories() {
        Ok(directories) => directories,
        Err(message) => return super::fail("verify", &message, 2),
    };
    match admin::verify(&directories, Arc::new(SystemClock)) {
        Ok(verified) => {
            print!("{}", text(&verified));
            if verified.damaged.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(fault) => super::fail("verify", &fault.to_string(), 1),
    }
}

fn text(verified: &Verified) -> String {
    let checked: Vec<String> = verified.checked.iter().map(|(what, count)| format!("{count} {what}")).collect();
    let mut lines = vec![format!("checked: {}", checked.join(", "))];
    lines.extend(verified.notes.iter().map(|note| format!("note: {note}")));
    lines.extend(verified.damaged.iter().map(|damage| format!("DAMAGED: {damage}")));
    lines.push(match verified.damaged.len() {
        0 => "nothing is damaged".to_owned(),
        1 => "1 thing is damaged".to_owned(),
        n => format!("{n} things are damaged"),
    });
    lines.join("\n") + "\n"
}

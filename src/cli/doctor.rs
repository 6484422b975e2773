//! `headcount doctor`: looks at the machine and the directories, and says what to do. The work is in `crate::doctor`.

use std::{
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
};

use clap::Parser;

use super::{fail, location::Location};
use crate::{
    clock::{Clock as _, SystemClock},
    doctor::{Finding, Level, Machine, Subject, examine},
};

/// Look at the machine, the disk and the directories, and say what to do
///
/// Run it as the user of the server. It changes nothing, and may run beside a server.
#[derive(Clone, Debug, Parser)]
#[command(after_long_help = "\
Examples:
  headcount doctor --config /etc/headcount.toml
  sudo -u headcount headcount doctor --config /etc/headcount/headcount.toml

Each line begins with what was found: \"ok\", \"advice\" (it works; something would be better) or \"bad\" (numbers or privacy may
suffer).

Exit codes: 0 nothing is bad, 1 something is, 2 the configuration or the command line is wrong.")]
pub struct Args {
    #[command(flatten)]
    location: Location,
}

/// Looks and prints.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let config = match args.location.config() {
        Ok(config) => config,
        Err(error) => return fail("doctor", &error, 2),
    };
    let subject = Subject {
        data: config.data.clone(),
        keys: config.keys.clone(),
        archive: config.archive.clone(),
        reserve_bytes: config.free_space_reserve_mib << 20,
    };
    let findings = examine(&subject, &Machine::at(Path::new("/proc")), SystemClock.now_unix_ms());
    match print(&findings) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => fail("doctor", &error.to_string(), 1),
        _ if findings.iter().any(|finding| finding.level == Level::Bad) => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    }
}

fn print(findings: &[Finding]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for finding in findings {
        let level = match finding.level {
            Level::Good => "ok",
            Level::Advice => "advice",
            Level::Bad => "bad",
        };
        writeln!(out, "{level:<8}{:<13}{}", finding.about, finding.what)?;
    }
    out.flush()
}

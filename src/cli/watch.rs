//! `headcount watch`: what a server publishes, as it comes.

use std::process::ExitCode;

use clap::Parser;

use super::server::Server;
use super::{Failed, fail};
use crate::report::{self, Watch};

/// Print each release of a server as it comes
///
/// A line for each period that is published: the site, the period and its visits. It ends with Ctrl-C, or when the server stops.
/// Nothing comes before a period is over; `headcount sites` says when the next day is due at the latest.
#[derive(Clone, Debug, Parser)]
#[command(after_help = "\
Examples:
  headcount watch
  headcount watch --site www --json | jq -r .start

Exit codes: 0 the reader closed the pipe, 1 the output cannot be written, 2 the command line is wrong, \
3 the server cannot be reached, refuses or stopped.")]
pub struct Args {
    /// Only this site
    #[arg(long, value_name = "SITE", default_value = "", hide_default_value = true)]
    pub site: String,

    /// One JSON object a line
    #[arg(long)]
    pub json: bool,

    /// The server that is asked
    #[command(flatten)]
    pub server: Server,
}

/// Prints what comes.
pub async fn run(args: Args) -> ExitCode {
    match watch(&args).await {
        Ok(code) => code,
        Err(Failed { message, code }) => fail("watch", &message, code),
    }
}

async fn watch(args: &Args) -> Result<ExitCode, Failed> {
    let mut watch = Watch::open(args.server.connect().await?, &args.site).await?;
    if !args.json {
        eprintln!("headcount watch: waiting for what is published; Ctrl-C ends it");
    }
    while let Some(notice) = watch.next().await? {
        let line = if args.json { format!("{}\n", notice.json()) } else { notice.text() };
        match report::print_live(&line) {
            Ok(true) => {}
            Ok(false) => return Ok(ExitCode::SUCCESS),
            Err(error) => return Err(Failed { message: format!("cannot write to standard output: {error}"), code: 1 }),
        }
    }
    Err(Failed { message: "the server stopped".to_owned(), code: 3 })
}

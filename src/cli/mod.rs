//! The command line: one file per subcommand, first as typed, then as validated.

pub mod backup;
pub mod check;
pub mod demo;
pub mod digest;
pub mod doctor;
pub mod export;
pub mod form;
pub mod help;
mod location;
pub mod open;
pub mod privacy;
pub mod publish;
pub mod report;
pub mod restore;
pub mod serve;
pub mod shell;
pub mod ship;
pub mod sites;
pub mod top;
mod typed;
pub mod verify;
pub mod watch;
pub mod when;

pub use typed::parse;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::report::ReportError;

/// Web statistics that count heads, never who
///
/// headcount takes accesses from site backends or log files, counts pages and visitors, and publishes numbers from
/// which nobody can be singled out (differential privacy, always on).
#[derive(Parser)]
#[command(
    name = "headcount",
    version,
    propagate_version = true,
    disable_help_subcommand = true,
    after_help = "\
Try it:
  headcount demo                          a month of made-up traffic through the real server
  headcount demo --log access.log         the same with your own log
  headcount serve                         a server on loopback, data in ./headcount-data
  headcount ship --site www access.log    send it a log
  headcount report --site www             read the published numbers
  headcount top pages --last 30d          the most viewed pages
  headcount open                          the same as a page in your browser

Topics: headcount help dates, formats, privacy, exit-codes, environment"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

// Without `Debug`: what was typed may hold mail addresses.
#[derive(Subcommand)]
enum Command {
    Demo(demo::Args),
    Serve(serve::Args),
    Ship(ship::Args),
    Report(report::Args),
    Top(top::Args),
    Sites(sites::Args),
    Watch(watch::Args),
    Open(open::Args),
    Publish(publish::Args),
    Digest(digest::Args),
    Privacy(privacy::Args),
    Check(check::Args),
    Doctor(doctor::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Export(export::Args),
    Verify(verify::Args),
    Completions(shell::Completions),
    #[command(hide = true)]
    Man(shell::Man),
    Help(help::Args),
}

/// Runs the subcommand. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 the server refused or cannot
/// be reached.
pub async fn run(cli: Cli) -> ExitCode {
    match cli.command {
        Command::Demo(args) => demo::run(args).await,
        Command::Serve(args) => serve::run(args).await,
        Command::Ship(args) => ship::run(args).await,
        Command::Report(args) => report::run(args).await,
        Command::Top(args) => top::run(args).await,
        Command::Sites(args) => sites::run(args).await,
        Command::Watch(args) => watch::run(args).await,
        Command::Open(args) => open::run(args).await,
        Command::Publish(args) => publish::run(args).await,
        Command::Digest(args) => digest::run(args).await,
        Command::Privacy(args) => privacy::run(args).await,
        Command::Check(args) => check::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Restore(args) => restore::run(args),
        Command::Export(args) => export::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Completions(args) => shell::completions(&args),
        Command::Man(args) => shell::man(&args),
        Command::Help(args) => help::run(&args),
    }
}

/// Why a subcommand failed, and its exit code.
#[derive(Debug)]
pub struct Failed {
    message: String,
    code: u8,
}

impl From<ReportError> for Failed {
    fn from(error: ReportError) -> Self {
        Self { message: error.to_string(), code: error.exit_code() }
    }
}

/// Prints why a subcommand failed and returns its exit code.
fn fail(command: &str, message: &str, code: u8) -> ExitCode {
    eprintln!("headcount {command}: {message}");
    ExitCode::from(code)
}

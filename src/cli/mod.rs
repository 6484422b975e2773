//! The command line: one file per subcommand, first as typed, then as validated.

pub mod backup;
pub mod check;
pub mod demo;
pub mod digest;
pub mod doctor;
pub mod export;
mod location;
pub mod open;
pub mod privacy;
pub mod publish;
pub mod report;
pub mod restore;
pub mod serve;
mod server;
pub mod ship;
pub mod token;
pub mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Web statistics that count heads, never who
///
/// headcount takes accesses from site backends or log files, counts pages and visitors, and publishes numbers from
/// which nobody can be singled out (differential privacy, always on).
#[derive(Parser)]
#[command(
    name = "headcount",
    version,
    propagate_version = true,
    after_help = "\
Try it:
  headcount demo                          a month of made-up traffic through the real server
  headcount demo --log access.log         the same with your own log
  headcount serve                         a server on loopback, data in ./headcount-data
  headcount ship --site www access.log    send it a log
  headcount report --site www             read the published numbers
  headcount open                          the same as a page in your browser"
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
    Open(open::Args),
    Publish(publish::Args),
    Digest(digest::Args),
    Privacy(privacy::Args),
    Check(check::Args),
    Token(token::Args),
    Doctor(doctor::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Export(export::Args),
    Verify(verify::Args),
}

/// Runs the subcommand. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 the server refused or cannot
/// be reached.
pub async fn run(cli: Cli) -> ExitCode {
    match cli.command {
        Command::Demo(args) => demo::run(args).await,
        Command::Serve(args) => serve::run(args).await,
        Command::Ship(args) => ship::run(args).await,
        Command::Report(args) => report::run(args).await,
        Command::Open(args) => open::run(args).await,
        Command::Publish(args) => publish::run(args).await,
        Command::Digest(args) => digest::run(args).await,
        Command::Privacy(args) => privacy::run(args).await,
        Command::Check(args) => check::run(&args),
        Command::Token(args) => token::run(args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Restore(args) => restore::run(args),
        Command::Export(args) => export::run(&args),
        Command::Verify(args) => verify::run(&args),
    }
}

/// Prints why a subcommand failed and returns its exit code.
fn fail(command: &str, message: &str, code: u8) -> ExitCode {
    eprintln!("headcount {command}: {message}");
    ExitCode::from(code)
}

//! What every benchmark does with its command line: options, help, and how it ended.

use std::{env, fmt::Display, iter::Skip, process::ExitCode};

/// The words after the program's name.
pub type Words = Skip<env::Args>;

/// Reads the options and works. No options: the help was asked for. Exit codes: 1 failed, 2 wrong usage, else what the work
/// gives.
pub fn run<T, E: Display>(
    name: &str,
    usage: &str,
    parse: impl FnOnce(Words) -> Result<Option<T>, String>,
    work: impl FnOnce(T) -> Result<ExitCode, E>,
) -> ExitCode {
    match parse(env::args().skip(1)) {
        Ok(Some(options)) => work(options).unwrap_or_else(|error| {
            eprintln!("benches/{name}: {error}");
            ExitCode::FAILURE
        }),
        Ok(None) => {
            println!("{usage}");
            ExitCode::SUCCESS
        }
        Err(what) => {
            eprintln!("benches/{name}: {what}\n\n{usage}");
            ExitCode::from(2)
        }
    }
}

//! The `headcount` binary: parses the command line and runs it.

use std::process::ExitCode;

use clap::Parser;
use headcount::cli::{Cli, run};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run(cli)),
        Err(error) => {
            eprintln!("headcount: cannot start: {error}");
            ExitCode::FAILURE
        }
    }
}

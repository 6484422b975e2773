//! The `headcount` binary: parses the command line and runs it.

use std::process::ExitCode;

use headcount::cli::{parse, run};

fn main() -> ExitCode {
    let cli = parse();
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run(cli)),
        Err(error) => {
            eprintln!("headcount: cannot start: {error}");
            ExitCode::FAILURE
        }
    }
}

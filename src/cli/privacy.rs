//! `headcount privacy`: what a server promises its visitors, in words and numbers.
//!
//! It asks a running server and prints the answer, which anybody may ask for.

use std::process::ExitCode;

use clap::Parser;

use super::{report::printed, server::Server};
use crate::{
    proto::GetPrivacyResponse,
    report::{self, RenderOptions, ReportError},
};

/// Print what is promised to visitors and what has been spent of it
///
/// Shows the guarantee in one sentence, how much one visitor can add to the numbers, how much noise each table gets, what
/// a visitor who comes every day risks, what is kept and until when, and what the latest releases took from the privacy
/// budget.
#[derive(Clone, Debug, Parser)]
#[command(after_long_help = "\
Examples:
  headcount privacy
  headcount privacy --site www.example.jp --ledger 100
  headcount privacy --json | jq .epsilon

Exit codes: 0 printed (also when the reader closed the pipe), 1 the output cannot be written, \
2 the command line is wrong, 3 the server cannot be reached or refuses.")]
pub struct Args {
    /// The site; by default the first one by name
    #[arg(long, value_name = "SITE", default_value = "", hide_default_value = true)]
    pub site: String,

    /// The server that is asked
    #[command(flatten)]
    pub server: Server,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,

    /// How many of the latest ledger entries to show, 1 to 1,000
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub ledger: u32,
}

/// Prints the privacy page.
pub async fn run(args: Args) -> ExitCode {
    let json = args.json;
    match fetch(args).await {
        Ok(answer) => {
            let text = if json {
                format!("{:#}\n", report::privacy_json(&answer))
            } else {
                report::render_privacy(&answer, &RenderOptions::for_stdout())
            };
            printed("headcount privacy", &text)
        }
        Err(error) => {
            eprintln!("headcount privacy: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

async fn fetch(args: Args) -> Result<GetPrivacyResponse, ReportError> {
    let channel = args.server.connect().await?;
    report::fetch_privacy(channel, args.site, args.ledger).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_is_limited_to_what_the_server_gives() {
        let parse = |n: &str| Args::try_parse_from(["privacy", "--ledger", n]);
        assert!(parse("1000").is_ok());
        assert_eq!(parse("1001").expect_err("refused").exit_code(), 2);
    }
}

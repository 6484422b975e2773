//! `headcount report`: published statistics as text for a terminal, or as JSON.
//!
//! It asks a running server and prints the answers; it never touches the store.

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use jiff::civil::Date;

use crate::{
    proto::PeriodKind,
    report::{self, RenderOptions, ReportData, ReportError, ReportRequest},
};

/// Print the published statistics of a site
///
/// Asks a running `headcount serve` for visits, visitors and views, the pages and referrers, and the browsers,
/// systems, devices and languages of the visitors, and prints them for a terminal.
///
/// Every number carries noise that hides any one visitor's day, so each is shown as an estimate with its 95 % interval:
/// "1,234 ± 56" means that the true count is most likely between 1,178 and 1,290; where the estimate is not in the
/// middle, both ends stand there, as in "445 (373 to 897)". "~0" marks numbers that may be noise alone; in breakdowns
/// these are left out and counted. "—" marks numbers that do not exist, with the reason below.
///
/// Asking again gives the same numbers and costs no privacy.
#[derive(Clone, Debug, Parser)]
#[command(after_long_help = "\
Examples:
  headcount report
  headcount report --site www.example.jp --from 2026-10-01 --to 2026-10-31
  headcount report --granularity month --from 2025-01-01 --to 2025-12-31 --top 50
  headcount report --json | jq '.traffic.total.visits.estimate'

Exit codes: 0 printed (also when the reader closed the pipe), 1 the output cannot be written, \
2 the command line is wrong, 3 the server cannot be reached or refuses.")]
pub struct Args {
    /// The site to report; by default the first one by name
    #[arg(long, value_name = "SITE", default_value = "", hide_default_value = true)]
    pub site: String,

    /// First local date, for example 2026-11-01 [default: 30 days up to the last date]
    #[arg(long, value_name = "DATE")]
    pub from: Option<Date>,

    /// Last local date, included [default: the last published day]
    ///
    /// Without any date, the breakdowns cover the latest published month: a month is published as a whole, so its
    /// noise is far smaller than that of its days added up.
    #[arg(long, value_name = "DATE")]
    pub to: Option<Date>,

    /// The length of the periods in the traffic table
    #[arg(long, value_enum, default_value_t = Granularity::Day)]
    pub granularity: Granularity,

    /// The server's address
    #[arg(long, value_name = "URL", env = "HEADCOUNT_SERVER", default_value = report::DEFAULT_SERVER)]
    pub server: String,

    /// Print one JSON object with every answer instead of text
    #[arg(long)]
    pub json: bool,

    /// How many keys of each breakdown to show, 1 to 1,000
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub top: u32,
}

/// The length of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Granularity {
    /// Hours of local time
    Hour,
    /// Days of local time
    Day,
    /// Weeks from Monday to Sunday
    Week,
    /// Calendar months
    Month,
}

impl From<Granularity> for PeriodKind {
    fn from(granularity: Granularity) -> Self {
        match granularity {
            Granularity::Hour => Self::Hour,
            Granularity::Day => Self::Day,
            Granularity::Week => Self::Week,
            Granularity::Month => Self::Month,
        }
    }
}

/// Prints the report.
pub async fn run(args: Args) -> ExitCode {
    let (server, json) = (args.server.clone(), args.json);
    let request = match meant(args) {
        Ok(request) => request,
        Err(problem) => {
            eprintln!("headcount report: {problem}");
            return ExitCode::from(2);
        }
    };
    match fetch(&server, request).await {
        Ok(data) => {
            let text = if json {
                format!("{:#}\n", report::report_json(&data))
            } else {
                report::render(&data, None, &RenderOptions::for_stdout())
            };
            printed("headcount report", &text)
        }
        Err(error) => {
            eprintln!("headcount report: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

/// Prints the text and returns an exit code; `command` starts the message of a failure.
pub(super) fn printed(command: &str, text: &str) -> ExitCode {
    match report::print(text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{command}: cannot write to standard output: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn fetch(server: &str, request: ReportRequest) -> Result<ReportData, ReportError> {
    let channel = report::connect(server).await?;
    report::fetch(channel, request).await
}

/// The request from the typed arguments.
fn meant(args: Args) -> Result<ReportRequest, String> {
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from > to
    {
        return Err(format!("--from {from} is after --to {to}; both are included, so --from may be at most {to}"));
    }
    let date = |date: Option<Date>| date.map_or_else(String::new, |date| date.to_string());
    Ok(ReportRequest {
        site: args.site,
        from_date: date(args.from),
        to_date: date(args.to),
        granularity: args.granularity.into(),
        top: args.top,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Args, clap::Error> {
        Args::try_parse_from([&["report"], words].concat())
    }

    #[test]
    fn nothing_typed_means_the_latest_of_the_first_site() {
        let request = parse(&[]).map(meant);
        let expected = ReportRequest {
            site: String::new(),
            from_date: String::new(),
            to_date: String::new(),
            granularity: PeriodKind::Day,
            top: 10,
        };
        assert_eq!(request.expect("parses"), Ok(expected));
    }

    #[test]
    fn wrong_dates_and_numbers_are_usage_errors() {
        for words in [["--from", "2026-13-01"], ["--top", "0"], ["--top", "1001"], ["--granularity", "year"]] {
            assert_eq!(parse(&words).expect_err("refused").exit_code(), 2, "{words:?}");
        }
        let swapped = parse(&["--from", "2026-11-02", "--to", "2026-11-01"]).expect("parses");
        assert!(meant(swapped).expect_err("refused").contains("at most 2026-11-01"));
    }
}

//! `headcount report`: published statistics as text for a terminal, or as JSON.
//!
//! It asks a running server and prints the answers; it never touches the store.

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use jiff::civil::Date;

use super::server::Trust;
use crate::{
    proto::{self, PeriodKind},
    report::{self, KeyRequest, OverviewRequest, RenderOptions, ReportData, ReportError, ReportRequest},
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
  headcount report --compare year --from 2026-10-01 --to 2026-10-31
  headcount report --key /en/visa/ --granularity week --from 2026-07-01
  headcount report --overview --group europe
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

    /// The length of the periods [default: day; of an overview: month]
    #[arg(long, value_enum)]
    pub granularity: Option<Granularity>,

    /// Instead of the report: one key of --table over time, for example /en/visa/
    #[arg(long, value_name = "KEY", conflicts_with_all = ["overview", "top"])]
    pub key: Option<String>,

    /// The table of --key, by its name in the report's JSON (`page`, `referrer`, `country` and others)
    #[arg(long, value_name = "TABLE", default_value = "page", requires = "key", value_parser = table)]
    pub table: proto::Table,

    /// Instead of the report: all sites, each over its latest month (or --granularity, or the period of --to)
    #[arg(long, conflicts_with_all = ["site", "from", "top"])]
    pub overview: bool,

    /// The sites of this group alone
    #[arg(long, value_name = "GROUP", default_value = "", hide_default_value = true, requires = "overview")]
    pub group: String,

    /// What the range is compared with
    ///
    /// A difference that the noise alone may have made is "within the noise", whatever the two estimates are.
    #[arg(long, value_enum, default_value_t = Compare::Previous)]
    pub compare: Compare,

    /// The server's address
    #[arg(long, value_name = "URL", env = "HEADCOUNT_SERVER", default_value = report::DEFAULT_SERVER)]
    pub server: String,

    /// How the server lets this in
    #[command(flatten)]
    pub trust: Trust,

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

/// What a range is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Compare {
    /// The range just before; for a whole month or year, the one before
    Previous,
    /// The same dates a year before; for a whole week, the week 52 weeks before
    Year,
    /// Nothing
    None,
}

impl From<Compare> for proto::Compare {
    fn from(compare: Compare) -> Self {
        match compare {
            Compare::Previous => Self::Previous,
            Compare::Year => Self::Year,
            Compare::None => Self::None,
        }
    }
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

/// The table of a name.
fn table(name: &str) -> Result<proto::Table, String> {
    let known = || (2..).map_while(|n| proto::Table::try_from(n).ok());
    let named = |table: &proto::Table| table.as_str_name().trim_start_matches("TABLE_").to_lowercase();
    known().find(|table| named(table) == name).ok_or_else(|| {
        let names: Vec<String> = known().map(|table| named(&table)).collect();
        format!("there is no such table; allowed: {}", names.join(", "))
    })
}

/// Prints the report.
pub async fn run(args: Args) -> ExitCode {
    let server = args.server.clone();
    let trust = args.trust.clone();
    let question = match meant(args) {
        Ok(question) => question,
        Err(problem) => {
            eprintln!("headcount report: {problem}");
            return ExitCode::from(2);
        }
    };
    match question.ask(&server, &trust).await {
        Ok(text) => printed("headcount report", &text),
        Err(error) => {
            eprintln!("headcount report: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

/// What is asked for, and whether as JSON.
#[derive(Debug, PartialEq, Eq)]
struct Question {
    of: Of,
    json: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Of {
    Site(ReportRequest),
    Key(KeyRequest),
    Overview(OverviewRequest),
}

impl Question {
    /// The answer as text.
    async fn ask(self, server: &str, trust: &Trust) -> Result<String, ReportError> {
        let channel = report::connect(server, &trust.asking(server)?).await?;
        let (json, options) = (self.json, RenderOptions::for_stdout());
        let as_json = |json: serde_json::Value| format!("{json:#}\n");
        Ok(match self.of {
            Of::Site(request) => {
                let data: ReportData = report::fetch(channel, request).await?;
                if json { as_json(report::report_json(&data)) } else { report::render(&data, None, &options) }
            }
            Of::Key(request) => {
                let answer = report::fetch_key(channel, request).await?;
                if json { as_json(report::key_json(&answer)) } else { report::render_key(&answer, &options) }
            }
            Of::Overview(request) => {
                let answer = report::fetch_overview(channel, request).await?;
                if json { as_json(report::overview_json(&answer)) } else { report::render_overview(&answer, &options) }
            }
        })
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

/// The question from the typed arguments.
fn meant(args: Args) -> Result<Question, String> {
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from > to
    {
        return Err(format!("--from {from} is after --to {to}; both are included, so --from may be at most {to}"));
    }
    let date = |date: Option<Date>| date.map_or_else(String::new, |date| date.to_string());
    let (from_date, to_date, compare) = (date(args.from), date(args.to), args.compare.into());
    let kind = |default: Granularity| PeriodKind::from(args.granularity.unwrap_or(default));
    let of = match args.key {
        _ if args.overview => {
            let (group, period) = (args.group, kind(Granularity::Month));
            Of::Overview(OverviewRequest { group, period, date: to_date, compare })
        }
        Some(key) => {
            let (dates, granularity) = ([from_date, to_date], kind(Granularity::Day));
            Of::Key(KeyRequest { site: args.site, table: args.table, key, dates, granularity, compare })
        }
        None => {
            let (site, granularity, top) = (args.site, kind(Granularity::Day), args.top);
            Of::Site(ReportRequest { site, from_date, to_date, granularity, top, compare })
        }
    };
    Ok(Question { of, json: args.json })
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
            compare: proto::Compare::Previous,
        };
        assert_eq!(request.expect("parses"), Ok(Question { of: Of::Site(expected), json: false }));
    }

    #[test]
    fn a_key_or_all_sites_are_asked_for_instead() {
        let of = |words: &[&str]| meant(parse(words).expect("parses")).expect("means something").of;
        let Of::Key(key) = of(&["--key", "FR", "--table", "country", "--granularity", "week", "--compare", "none"])
        else {
            panic!("a key")
        };
        assert_eq!(
            (key.table, key.granularity, key.compare),
            (proto::Table::Country, PeriodKind::Week, proto::Compare::None)
        );
        let Of::Overview(all) = of(&["--overview", "--group", "europe", "--to", "2026-10-31"]) else { panic!("all") };
        assert_eq!((all.group.as_str(), all.period, all.date.as_str()), ("europe", PeriodKind::Month, "2026-10-31"));
        for words in [
            &["--group", "europe"][..],
            &["--table", "page"],
            &["--key", "/", "--table", "site"],
            &["--key", "/", "--overview"],
            &["--overview", "--site", "www"],
            &["--compare", "yesterday"],
        ] {
            assert_eq!(parse(words).expect_err("refused").exit_code(), 2, "{words:?}");
        }
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

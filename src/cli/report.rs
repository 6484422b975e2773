//! `headcount report`: published statistics as text for a terminal, or as JSON.
//!
//! It asks a running server and prints the answers; it never touches the store.

use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use super::{
    Failed,
    form::{Form, finish, json, rows},
    server::Server,
    when::{When, Word},
};
use crate::{
    files,
    proto::{self, PeriodKind},
    publish,
    report::{self, KeyRequest, Link, OverviewRequest, RenderOptions, ReportData, ReportError, ReportRequest},
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
/// Without any date it is the 30 days up to the last published one, and in the breakdowns the latest published month: a
/// month is published as a whole, so its noise is far smaller than that of its days added up.
///
/// Asking again gives the same numbers and costs no privacy.
#[derive(Clone, Debug, Parser)]
#[command(after_long_help = "\
Examples:
  headcount report
  headcount report --site www.example.jp --from 2026-10-01 --to 2026-10-31
  headcount report --last 90d --granularity week
  headcount report --granularity month --period 2025 --top 50
  headcount report --compare year --from 2026-10-01 --to 2026-10-31
  headcount report --key /en/visa/ --granularity week --from 2026-07-01
  headcount report --overview --group europe --period last-week
  headcount report --last 1y --format csv > year.csv
  headcount report --json | jq '.traffic.total.visits.estimate'

Exit codes: 0 printed (also when the reader closed the pipe), 1 the output cannot be written, \
2 the command line is wrong, 3 the server cannot be reached or refuses.")]
pub struct Args {
    /// The site to report; by default the first one by name
    #[arg(long, value_name = "SITE", default_value = "", hide_default_value = true)]
    pub site: String,

    /// The days
    #[command(flatten)]
    pub when: When,

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
    #[arg(long, conflicts_with_all = ["site", "from", "last", "top"])]
    pub overview: bool,

    /// The sites of this group alone
    #[arg(long, value_name = "GROUP", default_value = "", hide_default_value = true, requires = "overview")]
    pub group: String,

    /// What the range is compared with
    ///
    /// A difference that the noise alone may have made is "within the noise", whatever the two estimates are.
    #[arg(long, value_enum, default_value_t = Compare::Previous)]
    pub compare: Compare,

    /// The server that is asked
    #[command(flatten)]
    pub server: Server,

    /// The form of the output; csv has the series alone
    #[arg(long, value_enum, default_value_t)]
    pub format: Form,

    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
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

/// The table of a name, as the report's JSON or as files and people have it.
pub(super) fn table(name: &str) -> Result<proto::Table, String> {
    let known = || (2..).map_while(|n| proto::Table::try_from(n).ok());
    let of_table = |table: &proto::Table| table.as_str_name().trim_start_matches("TABLE_").to_lowercase();
    let of_file = files::named(name).map(|table| table.name().replace('-', "_"));
    known().find(|table| of_table(table) == name || of_file.as_ref() == Some(&of_table(table))).ok_or_else(|| {
        let names: Vec<String> = known().map(|table| of_table(&table)).collect();
        format!("there is no such table; allowed: {}", names.join(", "))
    })
}

/// Prints the report.
pub async fn run(args: Args) -> ExitCode {
    finish("report", ask(args).await)
}

async fn ask(args: Args) -> Result<String, Failed> {
    let channel = args.server.connect().await?;
    let dates = args.when.dates(&channel, &args.site).await?;
    Ok(meant(args, dates).ask(channel).await?)
}

/// What is asked for, and in which form.
#[derive(Debug, PartialEq, Eq)]
struct Question {
    of: Of,
    form: Form,
}

#[derive(Debug, PartialEq, Eq)]
enum Of {
    Site(ReportRequest),
    Key(KeyRequest),
    Overview(OverviewRequest),
}

impl Question {
    /// The answer as text.
    async fn ask(self, channel: Link) -> Result<String, ReportError> {
        let (form, options) = (self.form, RenderOptions::for_stdout());
        Ok(match self.of {
            Of::Site(request) if form == Form::Csv => {
                let answer = report::fetch_series(channel, &request).await?;
                rows(&publish::traffic_sheet(&answer))
            }
            Of::Site(request) => {
                let data: ReportData = report::fetch(channel, request).await?;
                if form == Form::Json {
                    json(&report::report_json(&data))
                } else {
                    report::render(&data, None, &options)
                }
            }
            Of::Key(request) => {
                let answer = report::fetch_key(channel, request).await?;
                match form {
                    Form::Table => report::render_key(&answer, &options),
                    Form::Csv => rows(&publish::key_sheet(&answer)),
                    Form::Json => json(&report::key_json(&answer)),
                }
            }
            Of::Overview(request) => {
                let answer = report::fetch_overview(channel, request).await?;
                match form {
                    Form::Table => report::render_overview(&answer, &options),
                    Form::Csv => rows(&publish::overview_sheet(&answer)),
                    Form::Json => json(&report::overview_json(&answer)),
                }
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

/// The question from the typed arguments and the dates that they mean.
fn meant(args: Args, [from_date, to_date]: [String; 2]) -> Question {
    let compare = args.compare.into();
    let kind = |default: Granularity| PeriodKind::from(args.granularity.unwrap_or(default));
    let of = match args.key {
        _ if args.overview => {
            let of_period = args.when.period.map_or(Granularity::Month, Word::granularity);
            let (group, period) = (args.group, kind(of_period));
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
    Question { of, form: if args.json { Form::Json } else { args.format } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Args, clap::Error> {
        Args::try_parse_from([&["report"], words].concat())
    }

    #[test]
    fn nothing_typed_means_the_latest_of_the_first_site() {
        let request = parse(&[]).map(|args| meant(args, Default::default()));
        let expected = ReportRequest {
            site: String::new(),
            from_date: String::new(),
            to_date: String::new(),
            granularity: PeriodKind::Day,
            top: 10,
            compare: proto::Compare::Previous,
        };
        assert_eq!(request.expect("parses"), Question { of: Of::Site(expected), form: Form::Table });
    }

    #[test]
    fn a_key_or_all_sites_are_asked_for_instead() {
        let dates = || [String::new(), "2026-10-31".to_owned()];
        let of = |words: &[&str]| meant(parse(words).expect("parses"), dates()).of;
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
        for words in [["--last", "0d"], ["--period", "today"], ["--format", "xml"]] {
            assert_eq!(parse(&words).expect_err("refused").exit_code(), 2, "{words:?}");
        }
        let table = |name: &str| parse(&["--key", "/", "--table", name]).expect("parses").table;
        assert_eq!(
            (table("page"), table("pages"), table("response-times")),
            (proto::Table::Page, proto::Table::Page, proto::Table::ResponseTime)
        );
    }
}

//! `headcount top`: the largest keys of one table.

use std::process::ExitCode;

use clap::Parser;

use super::server::Server;
use super::{
    Failed,
    form::{Form, finish, json, rows},
    report::table,
    when::When,
};
use crate::{
    proto, publish,
    report::{self, TopRequest},
};

/// Print the largest of one table: pages, referrers, countries ...
///
/// Numbers that may be noise alone are left out and counted. Without any date it is the latest published month.
#[derive(Clone, Debug, Parser)]
#[command(after_help = "\
Examples:
  headcount top
  headcount top pages --last 30d
  headcount top referrers --site www --period last-month
  headcount top pages --contains visa --format csv > visa.csv

Exit codes: 0 printed, 1 the output cannot be written, 2 the command line is wrong, 3 the server cannot be reached or refuses.")]
pub struct Args {
    /// The table: pages, entries, referrers, campaigns, countries, domains, languages, browsers, systems, devices, hosts,
    /// hours-of-week, error-classes, errors, response-times, response-sizes or robots
    #[arg(value_name = "TABLE", default_value = "pages", value_parser = table)]
    pub table: proto::Table,

    /// The site; by default the first one by name
    #[arg(long, value_name = "SITE", default_value = "", hide_default_value = true)]
    pub site: String,

    /// The days
    #[command(flatten)]
    pub when: When,

    /// Only keys that hold this text, whatever its case
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub contains: String,

    /// How many to show, 1 to 1,000
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,

    /// The form of the output
    #[arg(long, value_enum, default_value_t)]
    pub format: Form,

    /// The server that is asked
    #[command(flatten)]
    pub server: Server,
}

/// Prints the list.
pub async fn run(args: Args) -> ExitCode {
    finish("top", ask(&args).await)
}

async fn ask(args: &Args) -> Result<String, Failed> {
    let channel = args.server.connect().await?;
    let dates = args.when.dates(&channel, &args.site).await?;
    let request = TopRequest {
        site: args.site.clone(),
        table: args.table,
        dates,
        contains: args.contains.clone(),
        rows: args.limit,
    };
    let answer = report::fetch_top(channel, request).await?;
    Ok(match args.format {
        Form::Table => report::render_top(&answer, &report::RenderOptions::for_stdout()),
        Form::Csv => rows(&publish::top_sheet(&answer)),
        Form::Json => json(&report::top_json(&answer)),
    })
}

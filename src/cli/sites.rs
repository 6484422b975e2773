//! `headcount sites`: the sites of a server, with what is published of each.

use std::process::ExitCode;

use clap::Parser;

use super::server::Server;
use super::{
    Failed,
    form::{Form, finish, json, rows},
};
use crate::{publish, report};

/// List the sites of a server
///
/// For each its title, group and time zone, the first and the last published day, and the visits of the last one.
#[derive(Clone, Debug, Parser)]
#[command(after_help = "\
Examples:
  headcount sites
  headcount sites --format csv > sites.csv

Exit codes: 0 printed, 1 the output cannot be written, 2 the command line is wrong, 3 the server cannot be reached or refuses.")]
pub struct Args {
    /// The form of the output
    #[arg(long, value_enum, default_value_t)]
    pub format: Form,

    /// The server that is asked
    #[command(flatten)]
    pub server: Server,
}

/// Prints the sites.
pub async fn run(args: Args) -> ExitCode {
    finish("sites", ask(&args).await)
}

async fn ask(args: &Args) -> Result<String, Failed> {
    let answer = report::fetch_sites(args.server.connect().await?).await?;
    Ok(match args.format {
        Form::Table => report::render_sites(&answer.sites, &report::RenderOptions::for_stdout()),
        Form::Csv => rows(&publish::sites_sheet(&answer.sites)),
        Form::Json => json(&report::sites_json(&answer.sites)),
    })
}

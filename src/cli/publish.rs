//! `headcount publish`: the public report and open data, as files.

use std::{io::IsTerminal as _, path::PathBuf, process::ExitCode};

use indicatif::{ProgressBar, ProgressStyle};

use super::server::Server;
use crate::{
    config::{self, Publication},
    publish::{self, Options, Progress, PublishError, Written},
    units::SiteName,
    vault::Table,
};

/// How many files that are no longer part of it a message names.
const LEFT_LISTED_MAX: usize = 5;

/// Write the public report and open data into a directory that any web server can show
///
/// Asks a running `headcount serve` and writes what is published of each site: visits, page views and visitors by day, week
/// and month, and the breakdowns by month, as CSV and JSON; a README in English and Japanese with the parameters, caveats
/// and gaps; `datapackage.json` (Frictionless) and `dcat.jsonld` (DCAT) for data portals.
///
/// Only numbers that the server answers to anybody are written. Every number has noise that hides any one visitor's day,
/// and stands with its 95 % interval. Which sites and tables are written is yours to choose: `[publish]` in the configuration, or
/// the options below. By default it is every site, and the tables of what visitors read, where they came from and what they
/// used; errors, response times and robots only if they are named.
///
/// Run it as often as you like, for example every night: only files whose content changed are written, each at once as
/// a whole, and the same numbers give the same bytes. Places of files never change.
#[derive(clap::Args, Clone, Debug)]
#[command(after_long_help = "\
Examples:
  headcount publish --out /var/www/statistics
  headcount publish --out public --sites www,embassy-fr --tables page,country,language
  headcount publish --out /var/www/statistics --config /etc/headcount.toml

In the configuration:
  [publish]
  sites = [\"www\"]                  # default: all
  tables = [\"page\", \"country\"]     # default: all but status, error, response-time, response-size, bot, hostname
  title = \"Web statistics of the ministry\"
  title_ja = \"ウェブサイト利用統計\"
  publisher = \"Ministry of Examples\"
  licence = \"CC-BY-4.0\"            # or CC0-1.0, ODC-BY-1.0, PDL-1.0, or an address
  url = \"https://www.example.jp/statistics/\"

Exit codes: 0 written, 1 a file cannot be written, 2 the command line or the configuration is wrong, \
3 the server cannot be reached, refuses, or has published nothing yet.")]
pub struct Args {
    /// The directory to write into; it is made if it is not there
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// The configuration file, for its section `[publish]`
    #[arg(long, value_name = "FILE", env = "HEADCOUNT_CONFIG")]
    pub config: Option<PathBuf>,

    /// The server that is asked
    #[command(flatten)]
    pub server: Server,

    /// Only these sites, with commas between; overrides the configuration
    #[arg(long, value_name = "SITES", value_delimiter = ',', value_parser = site)]
    pub sites: Vec<SiteName>,

    /// Only these tables, with commas between; overrides the configuration
    #[arg(long, value_name = "TABLES", value_delimiter = ',', value_parser = Publication::table)]
    pub tables: Vec<Table>,

    /// Write tables by day too; without it, by month alone
    ///
    /// A day of a small site is mostly noise in a table, and a month says much more.
    #[arg(long)]
    pub table_days: bool,

    /// Remove files that an earlier run wrote and that are no longer part of it
    ///
    /// Files that headcount did not write are never touched.
    #[arg(long)]
    pub prune: bool,
}

fn site(text: &str) -> Result<SiteName, String> {
    SiteName::new(text).map_err(|error| error.to_string())
}

/// Publishes.
pub async fn run(args: Args) -> ExitCode {
    let publication = match meant(&args) {
        Ok(publication) => publication,
        Err(message) => return super::fail("publish", &message, 2),
    };
    match write(&args, &publication).await {
        Ok(written) => {
            eprint!("{}", summary(&written, &args));
            ExitCode::SUCCESS
        }
        Err(error) => super::fail("publish", &error.to_string(), error.exit_code()),
    }
}

/// The configuration, overridden by what was typed.
fn meant(args: &Args) -> Result<Publication, String> {
    let config = args.config.as_ref().map(|path| config::load(path).map_err(|error| error.to_string())).transpose()?;
    let mut publication = config.map(|config| config.publish).unwrap_or_default();
    if !args.sites.is_empty() {
        publication.sites.clone_from(&args.sites);
    }
    if !args.tables.is_empty() {
        publication.tables.clone_from(&args.tables);
    }
    publication.table_days |= args.table_days;
    Ok(publication)
}

async fn write(args: &Args, publication: &Publication) -> Result<Written, PublishError> {
    let channel = args.server.connect().await?;
    let bar = if std::io::stderr().is_terminal() { ProgressBar::no_length() } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len} sites  {msg}") {
        bar.set_style(style);
    }
    let seen = |progress: Progress<'_>| {
        bar.set_length(progress.all as u64);
        bar.set_position(progress.done as u64);
        bar.set_message(progress.site.to_owned());
    };
    let written = publish::publish(channel, publication, Options { out: &args.out, prune: args.prune }, seen).await;
    bar.finish_and_clear();
    written
}

/// What was done, in a line or two.
fn summary(written: &Written, args: &Args) -> String {
    let Written { changed, unchanged, removed, left, bytes } = written;
    let all = changed + unchanged;
    let mut text = format!(
        "{all} files, {} KiB, in {}: {changed} written, {unchanged} unchanged",
        bytes.div_ceil(1_024),
        args.out.display()
    );
    if *removed > 0 {
        text.push_str(&format!(", {removed} removed"));
    }
    text.push('\n');
    if !left.is_empty() {
        let named = left.iter().take(LEFT_LISTED_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if left.len() > LEFT_LISTED_MAX { ", ..." } else { "" };
        text.push_str(&format!(
            "{} files of an earlier run are no longer part of it and are still there ({named}{more}); --prune removes them\n",
            left.len()
        ));
    }
    text
}

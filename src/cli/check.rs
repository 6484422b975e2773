//! `headcount check`: validates a configuration and prints what it means.
//!
//! It is here so that a mistake is found before a server is restarted.
//!
//! It never opens the data directory, binds a socket or changes anything. It uses the network with `--fetch` only.

mod warnings;

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    ops::ControlFlow,
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;

use crate::{
    config::{self, Config, SiteConfig, SitemapConfig, WebConfig},
    serve::name_of,
    sitemap::{Limits, LinkLimits, Links, together},
    units::MS_PER_MINUTE,
};

/// The most requests to a site, so that it takes minutes and not hours.
const REQUESTS_MAX: u32 = 500;

/// Check a configuration and print what it means
///
/// Reads the file, the HEADCOUNT_SECTION__KEY environment variables (HEADCOUNT_SERVER__LISTEN sets server.listen) and
/// the sitemaps, and prints what a server would do with them. Nothing is started and no file is written. A sitemap that
/// is a URL is fetched, and links are followed, with --fetch only: at most 500 requests a site.
///
/// Without a file it prints the defaults.
#[derive(Clone, Debug, Parser)]
#[command(after_long_help = "\
Examples:
  headcount check --config /etc/headcount.toml
  headcount check --config /etc/headcount.toml --fetch
  HEADCOUNT_PRIVACY__EPSILON=1 headcount check --config headcount.toml

Exit codes: 0 the configuration is right (also when the reader closed the pipe), \
1 the output cannot be written or a site gives no pages, 2 the configuration or the command line is wrong.")]
pub struct Args {
    /// The configuration file
    #[arg(long, value_name = "FILE", env = "HEADCOUNT_CONFIG")]
    pub config: Option<PathBuf>,
    /// Fetch the sitemaps that are URLs and follow links now, and print how many pages there are
    #[arg(long)]
    pub fetch: bool,
    /// With --fetch: print the pages, too
    #[arg(long, requires = "fetch")]
    pub pages: bool,
}

/// Checks and prints.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let read = match &args.config {
        Some(file) => config::load(file),
        None => config::load_environment(),
    };
    let config = match read {
        Ok(config) => config,
        Err(error) => {
            eprintln!("headcount check: {error}");
            return ExitCode::from(2);
        }
    };
    let printed = io::stdout().lock().write_all(meaning(&config).as_bytes());
    match printed.and_then(|()| if args.fetch { fetch(&config, args.pages) } else { Ok(true) }) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("headcount check: the output cannot be written: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Asks the sites for their pages and prints how many there are. Returns whether all gave some.
fn fetch(config: &Config, prints_pages: bool) -> io::Result<bool> {
    let mut has_all = true;
    for site in &config.sites {
        let found = match (&site.sitemap, &site.links) {
            (Some(settings), _) if settings.sitemap.is_remote() => fetched(site, settings),
            (None, Some(links)) => followed(site, links),
            _ => continue,
        };
        match found {
            Ok((what, pages)) => {
                writeln!(io::stdout(), "{what}")?;
                for page in pages.iter().filter(|_| prints_pages) {
                    writeln!(io::stdout(), "{:<12}{}: {page}", "page", site.name)?;
                }
            }
            Err(error) => {
                eprintln!("headcount check: site {}: {error}", site.name);
                has_all = false;
            }
        }
    }
    Ok(has_all)
}

/// What a sitemap has, in words, and its pages.
fn fetched(site: &SiteConfig, settings: &SitemapConfig) -> Result<(String, Vec<String>), String> {
    let found = settings.sitemap.read(Limits::default()).map_err(|error| error.to_string())?;
    let count = found.len();
    let known = together(&settings.listed, found)?;
    let text = format!("{}: {count} pages; {} known pages with the list", site.name, known.len());
    Ok((format!("{:<12}{text}", "fetched"), known))
}

/// What following links finds, in words, and the pages.
fn followed(site: &SiteConfig, links: &Links) -> Result<(String, Vec<String>), String> {
    let limits = LinkLimits { requests: REQUESTS_MAX, ..LinkLimits::default() };
    let found = links.follow(limits, &*name_of(links), &mut |_| ControlFlow::Continue(()))?;
    let sitemaps =
        if found.sitemaps > 0 { format!(", {} sitemaps of robots.txt", found.sitemaps) } else { String::new() };
    let left_out = if found.left_out.is_empty() { String::new() } else { format!("; left out: {}", found.left_out) };
    let text = format!("{}: {} pages, {} requests{sitemaps}{left_out}", site.name, found.pages.len(), found.requests);
    Ok((format!("{:<12}{text}", "followed"), found.pages))
}

/// Where published numbers are read, in words.
fn web(config: &WebConfig) -> String {
    match config.listen {
        None => "off: no page, no JSON".to_owned(),
        Some(listen) if config.hosts.is_empty() => listen.to_string(),
        Some(listen) => format!("{listen}, also asked as {}", config.hosts.join(", ")),
    }
}

/// What a configuration means, in lines of text.
#[must_use]
pub fn meaning(config: &Config) -> String {
    let mut out = String::from("The configuration is right.\n");
    let mut line = |name: &str, text: String| {
        // Writing to a string never fails.
        let _ = writeln!(out, "{name:<12}{text}");
    };
    line("listen", format!("{} (loopback only)", config.listen));
    line("web", web(&config.web));
    line("data", config.data.display().to_string());
    line("keys", keys(config));
    line("archive", archive(config));
    line("journal", format!("a checkpoint begins after {} MiB", config.journal_mib));
    line("free space", format!("nothing is accepted below {} MiB", config.free_space_reserve_mib));
    line(
        "privacy",
        format!("epsilon {} and delta {:e} for one visitor's day on one site", config.epsilon, config.delta),
    );
    line(
        "bounds",
        format!(
            "a visitor's day counts at most {} views, {} of one page",
            config.views_per_visitor_day, config.views_per_page
        ),
    );
    line("seal", format!("periods wait {} minutes for late data", config.max_lateness_ms / MS_PER_MINUTE));
    if config.sites.is_empty() {
        line("sites", "none".to_owned());
    }
    for site in &config.sites {
        line("site", site_line(site));
        for warning in warnings::of(site) {
            line("warning", warning);
        }
        if let Some(settings) = &site.sitemap {
            line("sitemap", sitemap_line(site, settings));
        }
        if let Some(links) = &site.links {
            let name = &site.name;
            line("links", format!("{name}: followed from {links} at the start and every day (try it with --fetch)"));
        }
    }
    out
}

fn keys(config: &Config) -> String {
    let note = if config.keys.starts_with(&config.data) {
        " (inside data: a copy of the data directory holds its keys too; keep them out of backups)"
    } else {
        ""
    };
    format!("{}{note}", config.keys.display())
}

fn archive(config: &Config) -> String {
    let note = if config.archive.starts_with(&config.data) && config.keys.starts_with(&config.data) {
        " (inside data like the keys: an older copy of the data directory that is put back cannot be recognised; keep it elsewhere)"
    } else {
        ""
    };
    format!("{}{note}", config.archive.display())
}

fn site_line(site: &SiteConfig) -> String {
    let hosts = if site.hosts.is_empty() { "any host".to_owned() } else { site.hosts.join(" ") };
    let query = if site.query_allow.is_empty() {
        "queries dropped".to_owned()
    } else {
        format!("query parameters kept: {}", site.query_allow.join(" "))
    };
    let views = site
        .bounds
        .map(|b| format!(", at most {} views of a visitor's day", b.views_per_visitor_day))
        .unwrap_or_default();
    format!(
        "{}: {hosts}; {}; profile {} ({:.2} % of the budget shared{views}); {} known pages; {query}",
        site.name,
        site.calendar.zone_name(),
        site.profile,
        f64::from(site.shares.sum()) / 100.0,
        site.pages.len(),
    )
}

fn sitemap_line(site: &SiteConfig, settings: &SitemapConfig) -> String {
    let SitemapConfig { sitemap, refresh_minutes, .. } = settings;
    let verb = if sitemap.is_remote() { "fetched" } else { "read" };
    let try_it = if sitemap.is_remote() { " (try it with --fetch)" } else { "" };
    let name = &site.name;
    format!("{name}: {} is {verb} at the start and every {refresh_minutes} minutes{try_it}", sitemap.source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_applies_without_a_file() {
        let text = meaning(&Config::default());
        assert_eq!(
            text,
            "\
The configuration is right.
listen      127.0.0.1:50051 (loopback only)
web         127.0.0.1:4680
data        ./headcount-data
keys        ./headcount-data/keys (inside data: a copy of the data directory holds its keys too; keep them out of backups)
archive     ./headcount-data/archive (inside data like the keys: an older copy of the data directory that is put back cannot be recognised; keep it elsewhere)
journal     a checkpoint begins after 64 MiB
free space  nothing is accepted below 64 MiB
privacy     epsilon 3 and delta 1e-7 for one visitor's day on one site
bounds      a visitor's day counts at most 8 views, 2 of one page
seal        periods wait 1440 minutes for late data
sites       none
"
        );
    }
}

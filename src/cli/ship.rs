//! `headcount ship`: sends access logs to a server.
//!
//! Turns what was typed into options and prints the summary. The work is in `crate::ship`.

use std::io::{self, IsTerminal as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use clap::ValueEnum;

use super::server::Trust;
use crate::config;
use crate::ship::{
    Format, Input, OwnNames, ProducerSecret, ShipError, ShipOptions, SitesByHost, StateError, Summary, TrustedProxies,
    dry_run, explain, keep_mark, known_mark, load_secret, passing_secret, print_summary, published, ship,
};

/// Something is wrong with an input or with what the server made of it; the rest was shipped.
pub(super) const EXIT_TROUBLE: u8 = 1;
/// Wrong usage; nothing was shipped.
pub(super) const EXIT_USAGE: u8 = 2;
/// The server refused or could not be reached.
const EXIT_SERVER: u8 = 3;

const EXAMPLES: &str = "\
Examples:
  Ship last year's logs, compressed or not. Periods that are over are published at once:
    headcount ship --site www /var/log/nginx/access.log*

  Every few minutes from cron or a timer, for the log that is being written. Each run
  goes on where the last one ended, and an unfinished last line waits for the next run.
  Name the rotated log too, so that its last lines are not missed:
    headcount ship --site www --live access.log.1 access.log

  One process for all logs of a web server, for systemd or a container; quote patterns:
    headcount ship --site www --follow '/var/log/nginx/*.log'

  Follow a log through a pipe:
    tail -n 0 -F access.log | headcount ship --site www --live -

What is shipped twice is counted once: a log is known by its first line, so a rotated,
renamed or compressed copy is the same log, and one that grew is read from where it
ended. Only a pipe has no memory: standard input is counted every time. The server knows
a log again by the secret in the state file, so every run of a log needs the same one:
run ship as one user, and take the file along where logs move to another machine.

Before the first time, look what would be sent of a log, and what becomes of a line of it:
    headcount ship --site www --dry-run access.log
    headcount ship --site www --explain 7 access.log

Exit codes:
  0  everything was shipped
  1  look at what is said: an input could not be read to its end or was not understood, or
     most of what was sent came late or is in the future; the rest was shipped
  2  wrong usage; nothing was shipped
  3  the server refused or could not be reached; run the same command again to go on";

/// Send access logs (nginx, Apache, Caddy, IIS, load balancers and others; plain or compressed) to a server
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The site the logs belong to, as the server names it
    #[arg(long, value_name = "SITE", required_unless_present = "by_host")]
    pub site: Option<String>,

    /// Send each line to the site whose `hosts` name the virtual host that the line tells; see --config
    ///
    /// Lines of hosts that no site has are counted and not sent. Each site has its own position in each log.
    #[arg(long, conflicts_with_all = ["site", "producer"], requires = "config")]
    pub by_host: bool,

    /// The server's configuration, or a copy of its sites and their hosts, for --by-host
    #[arg(long, value_name = "FILE", env = "HEADCOUNT_CONFIG")]
    pub config: Option<PathBuf>,

    /// Where the log's client is this proxy, take who asked from X-Forwarded-For, Forwarded or X-Real-IP; repeatable
    ///
    /// It is the last address there that is no trusted proxy. An address, a network (192.0.2.0/24), private or loopback.
    #[arg(long, value_name = "NETWORK")]
    pub trusted_proxy: Vec<String>,

    /// The server's ingest address
    #[arg(long, value_name = "URL", env = "HEADCOUNT_SERVER", default_value = "http://127.0.0.1:50051")]
    pub server: String,

    /// How the server lets this in
    #[command(flatten)]
    pub trust: Trust,

    /// The name under which the server remembers how far this log was sent
    ///
    /// By default the name is derived from the log's first line. Needed only if two different logs of a site start with
    /// the very same line. For one FILE at a time.
    #[arg(long, value_name = "NAME")]
    pub producer: Option<String>,

    /// The file with the secret by which the server knows this sender; made at the first run [default:
    /// $XDG_STATE_HOME/headcount/ship or ~/.local/state/headcount/ship; for root /var/lib/headcount-ship/ship]
    ///
    /// One file for all logs of all sites. Whoever has it is told how far they were sent. Where it is lost, logs that the
    /// server counted in part begin anew and are counted again in days that are not published.
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,

    /// The logs are still being written: keep an unfinished last line for the next run, and do not state that
    /// everything was sent
    ///
    /// Without --live the logs count as finished, and the server may publish every period that is over.
    #[arg(long)]
    pub live: bool,

    /// Pass over lines that are not understood, however many, and let the inputs count as complete
    ///
    /// Without it an input of which nothing, or more than one line in a hundred, was not understood is a failure (exit code 1),
    /// and nothing is stated as complete: a day must not be published without what could not be read.
    #[arg(long)]
    pub accept_malformed: bool,

    /// Follow the logs until stopped: read what comes, also over rotations, and state by the clock what is complete
    ///
    /// Each FILE is a name or a pattern in quotes ('/var/log/nginx/*.log'); new files that match are taken in. A server that cannot be
    /// reached is tried again for ever. On SIGTERM what was read is sent, and the next run goes on there.
    #[arg(long, conflicts_with_all = ["dry_run", "explain", "live", "producer", "json"])]
    pub follow: bool,

    /// Read and tell what would be sent and what would not, and why; no server is asked
    #[arg(long, conflicts_with = "explain")]
    pub dry_run: bool,

    /// Tell the fate of this line of one FILE, field by field; no server is asked
    #[arg(long, value_name = "LINE", value_parser = clap::value_parser!(u64).range(1..))]
    pub explain: Option<u64>,

    /// With --explain, show what stands in the fields, which is a visitor's: on a terminal, or always
    #[arg(long, value_name = "WHEN", requires = "explain", num_args = 0..=1, default_missing_value = "terminal")]
    pub show_values: Option<ShowValues>,

    /// Wait this long until the days that are over are published; longer waits are told
    #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = clap::value_parser!(u64).range(0..=86_400))]
    pub wait: u64,

    /// Say nothing unless something is wrong
    #[arg(long, short)]
    pub quiet: bool,

    /// Print the summary as one JSON object
    #[arg(long)]
    pub json: bool,

    /// The format of the lines: a name, or the string that nginx's log_format or Apache's LogFormat has
    ///
    /// auto decides line by line. Names: common, combined, vhost_combined, json, caddy, traefik, w3c, iis, cloudfront, alb, elb,
    /// s3, haproxy, envoy, bunny.
    #[arg(long, value_name = "FORMAT", default_value = "auto", hide_default_value = true, value_parser = Format::parse)]
    pub format: Format,

    /// What the fields of JSON lines are called, where auto does not know them: time=ts,address=ip,...
    ///
    /// Meanings: time, date, clock, address, method, target, path, query, request, status, bytes, referrer, agent, host,
    /// forwarded, language, cookie, seconds, milliseconds, microseconds, nanoseconds. A name in an object is written with dots.
    #[arg(long, value_name = "MEANING=NAME,...", conflicts_with = "format", value_parser = OwnNames::parse)]
    pub fields: Option<OwnNames>,

    /// How long to retry while the server cannot be reached or accepts nothing
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(0..=86_400))]
    pub retry_for: u64,

    /// The logs to send; - reads standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

/// Where values are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ShowValues {
    /// Where standard output is a terminal
    Terminal,
    /// Also into a file or a pipe
    Always,
}

impl Args {
    /// The options, with the secret of the state file, at an instant in milliseconds since 1970.
    ///
    /// # Errors
    /// What was typed is no network, or the configuration cannot be read.
    pub fn into_options(self, secret: ProducerSecret, now_unix_ms: i64) -> Result<ShipOptions, String> {
        let by_host = if self.by_host { Some(Arc::new(sites_by_host(self.config.as_deref())?)) } else { None };
        let mut proxies = TrustedProxies::default();
        for network in &self.trusted_proxy {
            proxies.trust(network).map_err(|error| format!("--trusted-proxy {error}"))?;
        }
        let site = self.site.unwrap_or_default();
        let inputs =
            self.files.into_iter().map(|path| if path.as_os_str() == "-" { Input::Stdin } else { Input::File(path) });
        Ok(ShipOptions {
            by_host,
            proxies,
            producer: self.producer,
            live: self.live,
            accept_malformed: self.accept_malformed,
            format: self.fields.map_or(self.format, Format::Json),
            retry_for: Duration::from_secs(self.retry_for),
            show_progress: !self.quiet,
            ..ShipOptions::new(&site, &self.server, secret, inputs.collect(), now_unix_ms)
        })
    }
}

/// The hosts of the sites of a configuration.
fn sites_by_host(config: Option<&Path>) -> Result<SitesByHost, String> {
    let path = config.ok_or("--by-host needs --config FILE")?;
    let config = config::load(path).map_err(|error| error.to_string())?;
    let mut sites = SitesByHost::default();
    for site in &config.sites {
        sites.add(site.name.as_str(), site.hosts.iter().map(String::as_str));
    }
    Ok(sites)
}

/// Ships and prints the summary on standard output, errors on standard error.
pub async fn run(args: Args) -> ExitCode {
    if let Some(line) = args.explain {
        return run_explain(args, line);
    }
    if args.follow {
        return super::follow::run(args).await;
    }
    let (json, quiet) = (args.json, args.quiet);
    let shipped = if args.dry_run { run_dry(args).await } else { run_ship(args).await };
    let summary = match shipped {
        Ok(summary) => summary,
        Err((error, code)) => {
            complain(&error);
            return ExitCode::from(code);
        }
    };
    for file in &summary.files {
        for error in file.error.iter().chain(&file.trouble) {
            complain(&format!("{} {error}", file.file));
        }
    }
    if (!quiet || summary.has_failed())
        && let Err(error) = print(&summary, json)
        // A reader that closed the pipe is not a failure.
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        complain(&format!("the summary could not be written: {error}"));
    }
    if summary.has_failed() { ExitCode::from(EXIT_TROUBLE) } else { ExitCode::SUCCESS }
}

/// Ships, and waits for what is published.
async fn run_ship(args: Args) -> Result<Summary, (String, u8)> {
    let now_unix_ms = SystemClock.now_unix_ms();
    let wait = Duration::from_secs(args.wait);
    let (options, state) = sending(args, now_unix_ms).map_err(|error| (error, EXIT_USAGE))?;
    let server = options.server.clone();
    let summary = ship(options).await.map_err(told)?;
    if !summary.release_mark.is_empty() {
        keep_mark(&state, &server, &summary.release_mark);
    }
    let publication = published(&server, &summary, now_unix_ms, wait).await;
    Ok(match publication {
        Some(publication) => summary.with_publication(publication),
        None => summary,
    })
}

/// The options of sending, with what the server is shown and what it said last, and where the state is.
pub(super) fn sending(args: Args, now_unix_ms: i64) -> Result<(ShipOptions, PathBuf), String> {
    let (state, secret) = sender(args.state.as_deref()).map_err(|error| error.to_string())?;
    let credentials = args.trust.credentials(&args.server)?;
    let options = args.into_options(secret, now_unix_ms)?;
    let release_mark = known_mark(&state, &options.server);
    Ok((ShipOptions { credentials, release_mark, ..options }, state))
}

/// Reads and sends nothing.
async fn run_dry(args: Args) -> Result<Summary, (String, u8)> {
    let secret = passing_secret().map_err(|error| (error.to_string(), EXIT_TROUBLE))?;
    let options = args.into_options(secret, SystemClock.now_unix_ms()).map_err(|error| (error, EXIT_USAGE))?;
    dry_run(options).await.map_err(told)
}

/// An error and its exit code.
pub(super) fn told(error: ShipError) -> (String, u8) {
    let code = if matches!(error, ShipError::Usage(_)) { EXIT_USAGE } else { EXIT_SERVER };
    (error.to_string(), code)
}

/// Tells the fate of one line.
fn run_explain(args: Args, line: u64) -> ExitCode {
    let shows_values = match args.show_values {
        None => false,
        Some(ShowValues::Always) => true,
        Some(ShowValues::Terminal) => io::stdout().is_terminal(),
    };
    let format = args.fields.clone().map_or_else(|| args.format.clone(), Format::Json);
    let [file] = &args.files[..] else {
        complain(&format!("--explain is for one FILE, and {} are named", args.files.len()));
        return ExitCode::from(EXIT_USAGE);
    };
    let input = if file.as_os_str() == "-" { Input::Stdin } else { Input::File(file.clone()) };
    match explain(&input, &format, line, shows_values, &mut io::stdout().lock()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            complain(&format!("{} has no whole line {line}", input.name()));
            ExitCode::from(EXIT_USAGE)
        }
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{} cannot be read: {error}", input.name()));
            ExitCode::from(EXIT_TROUBLE)
        }
    }
}

/// The state file that was named, or the one that is this user's, and the secret in it.
fn sender(named: Option<&Path>) -> Result<(PathBuf, ProducerSecret), StateError> {
    let state = named.map(Path::to_owned).or_else(default_state).ok_or(StateError::Nowhere)?;
    let secret = load_secret(&state)?;
    Ok((state, secret))
}

/// Where this user's state file is. Root has one place, whatever its environment says: a log that is shipped by hand and from
/// cron is one log.
fn default_state() -> Option<PathBuf> {
    #[allow(clippy::disallowed_methods, reason = "the command line reads the environment")]
    let directory = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if let Some(state) = directory("XDG_STATE_HOME") {
        return Some(state.join("headcount/ship"));
    }
    if std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) {
        return Some(PathBuf::from("/var/lib/headcount-ship/ship"));
    }
    Some(directory("HOME")?.join(".local/state/headcount/ship"))
}

/// Writes the summary as text or JSON.
fn print(summary: &Summary, json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        serde_json::to_writer(&mut out, summary)?;
        writeln!(out)?;
    } else {
        print_summary(summary, &mut out)?;
    }
    out.flush()
}

/// Prints what is wrong. If standard error is closed, nobody can be told.
pub(super) fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "headcount: {text}");
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn what_is_typed_is_meant() {
        let typed = ["ship", "--site", "www", "--live", "--format", "common", "a.log", "-"];
        let secret = ProducerSecret::new([7; 32]).unwrap();
        let options = Command::try_parse_from(typed).unwrap().args.into_options(secret, 7).unwrap();
        assert_eq!(options.inputs, [Input::File("a.log".into()), Input::Stdin]);
        assert_eq!(options.server, "http://127.0.0.1:50051");
        assert_eq!(options.format, Format::Common);
        assert_eq!(options.retry_for, Duration::from_secs(60));
        assert_eq!(options.now_unix_ms, 7);
        assert!(options.live && options.producer.is_none());
    }

    #[test]
    fn what_is_missing_is_told() {
        assert!(Command::try_parse_from(["ship", "--site", "www"]).is_err());
        assert!(Command::try_parse_from(["ship", "a.log"]).is_err());
        assert!(Command::try_parse_from(["ship", "--site", "w", "--format", "x", "a"]).is_err());
    }
}

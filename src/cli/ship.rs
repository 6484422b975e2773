//! `headcount ship`: sends access logs to a server.
//!
//! Turns what was typed into options and prints the summary. The work is in `crate::ship`.

use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::ValueEnum;
use headcount_client::Credentials;

use super::server::Trust;
use crate::clock::{Clock, SystemClock};

use crate::ship::{
    Format, Input, ProducerSecret, ShipError, ShipOptions, StateError, Summary, keep_mark, known_mark, load_secret,
    print_summary, ship,
};

/// An input could not be read to its end; the rest was shipped.
const EXIT_DAMAGED: u8 = 1;
/// Wrong usage; nothing was shipped.
const EXIT_USAGE: u8 = 2;
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

  Follow a log through a pipe:
    tail -n 0 -F access.log | headcount ship --site www --live -

What is shipped twice is counted once: a log is known by its first line, so a rotated,
renamed or compressed copy is the same log, and one that grew is read from where it
ended. Only a pipe has no memory: standard input is counted every time. The server knows
a log again by the secret in the state file, so every run of a log needs the same one:
run ship as one user, and take the file along where logs move to another machine.

Exit codes:
  0  everything was shipped
  1  an input could not be read to its end; the rest was shipped
  2  wrong usage; nothing was shipped
  3  the server refused or could not be reached; run the same command again to go on";

/// Send access logs (Apache or nginx, common or combined format, plain or gzip) to a server
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The site the logs belong to, as the server names it
    #[arg(long, value_name = "SITE")]
    pub site: String,

    /// The server's ingest address
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:50051")]
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

    /// Print the summary as one JSON object
    #[arg(long)]
    pub json: bool,

    /// The format of the lines; auto decides line by line
    #[arg(long, value_enum, default_value_t = FormatName::Auto)]
    pub format: FormatName,

    /// How long to retry while the server cannot be reached or accepts nothing
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(0..=86_400))]
    pub retry_for: u64,

    /// The logs to send; - reads standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

/// A format as typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FormatName {
    /// Combined if a line has referrer and user agent, else common
    Auto,
    /// Host, user, time, request, status and size; the rest of a line is ignored
    Common,
    /// Referrer and user agent too; a line without them is malformed
    Combined,
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Auto => Self::Auto,
            FormatName::Common => Self::Common,
            FormatName::Combined => Self::Combined,
        }
    }
}

impl Args {
    /// The options, with the secret of the state file, at an instant in milliseconds since 1970.
    #[must_use]
    pub fn into_options(self, secret: ProducerSecret, now_unix_ms: i64) -> ShipOptions {
        let inputs =
            self.files.into_iter().map(|path| if path.as_os_str() == "-" { Input::Stdin } else { Input::File(path) });
        ShipOptions {
            site: self.site,
            server: self.server,
            credentials: Credentials::default(),
            secret,
            release_mark: Vec::new(),
            producer: self.producer,
            live: self.live,
            format: self.format.into(),
            inputs: inputs.collect(),
            retry_for: Duration::from_secs(self.retry_for),
            now_unix_ms,
            show_progress: true,
        }
    }
}

/// Ships and prints the summary on standard output, errors on standard error.
pub async fn run(args: Args) -> ExitCode {
    let json = args.json;
    let now_unix_ms = SystemClock.now_unix_ms();
    let (state, secret) = match sender(args.state.as_deref()) {
        Ok(sender) => sender,
        Err(error) => {
            complain(&error.to_string());
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let credentials = match args.trust.credentials(&args.server) {
        Ok(credentials) => credentials,
        Err(problem) => {
            complain(&problem);
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let options = ShipOptions { credentials, ..args.into_options(secret, now_unix_ms) };
    let server = options.server.clone();
    let release_mark = known_mark(&state, &server);
    let summary = match ship(ShipOptions { release_mark, ..options }).await {
        Ok(summary) => summary,
        Err(error) => {
            complain(&error.to_string());
            return ExitCode::from(match error {
                ShipError::Usage(_) => EXIT_USAGE,
                _ => EXIT_SERVER,
            });
        }
    };
    if !summary.release_mark.is_empty() {
        keep_mark(&state, &server, &summary.release_mark);
    }
    for file in &summary.files {
        if let Some(error) = &file.error {
            complain(&format!("{} {error}", file.file));
        }
    }
    if let Err(error) = print(&summary, json)
        // A reader that closed the pipe is not a failure.
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        complain(&format!("the summary could not be written: {error}"));
    }
    if summary.is_damaged() {
        return ExitCode::from(EXIT_DAMAGED);
    }
    ExitCode::SUCCESS
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
fn complain(text: &str) {
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
        let options = Command::try_parse_from(typed).unwrap().args.into_options(secret, 7);
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

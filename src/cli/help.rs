//! `headcount help`: the help of a command, and pages about what several commands have in common.

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser};

use super::{Cli, fail, report::printed};

/// Print the help of a command, or of a topic: dates, formats, privacy, exit-codes, environment
#[derive(Clone, Debug, Parser)]
pub struct Args {
    /// A command, or dates, formats, privacy, exit-codes or environment
    #[arg(value_name = "COMMAND|TOPIC")]
    pub about: Option<String>,
}

/// The topics with their texts.
const TOPICS: [(&str, &str); 5] = [
    ("dates", DATES),
    ("formats", FORMATS),
    ("privacy", PRIVACY),
    ("exit-codes", EXIT_CODES),
    ("environment", ENVIRONMENT),
];

const DATES: &str = "\
Dates are local to the site: yesterday in Tokyo is not yesterday in Paris.

  --period yesterday       the day before today; also last-week, last-month, last-year
  --period 2026-10-15      a day; also 2026-W42 (a week, Monday to Sunday), 2026-10 (a month), 2026 (a year)
  --last 30d               so much up to the last published day; also 4w, 6m, 1y
  --from 2026-10-01 --to 2026-10-15    both included; each takes all of the above, as its first or its last day

Without a date it is the latest: 30 days up to the last published one, and for lists the latest published month.

Today is no answer. A day is published when it is over and everybody who sends has said that they are done; then its numbers are
final, for everybody, and cost no privacy however often they are asked for. `headcount sites` shows the last published day, and
`headcount watch` waits for the next. A whole month or week is published once more as a whole, with less noise than its days added up.
";

const FORMATS: &str = "\
What commands that read print (--format):
  table   text for a terminal; colours only on a terminal, and not if NO_COLOR is set
  csv     rows with the columns of the files under /data/: UTF-8, each number with low, high, standard_error, or a reason
  json    every answer of the server, with stable names

What `headcount ship` reads: it tells the format of a log by its lines, and which it sees; `headcount ship --help` lists them.
Compressed files are read as they are. `headcount ship --dry-run FILE` says what would be counted, and sends nothing.

Other ways to the same numbers: JSON over HTTP and gRPC (docs/API.md), files at http://127.0.0.1:4680/data/ of a running server,
`headcount publish` for a web site, `headcount digest` for a mail, `headcount export` for all of it without a server.
";

const PRIVACY: &str = "\
Every number carries noise, drawn once when its period is published, so that nobody can tell from all numbers together whether one
visitor was there on a day (differential privacy). It cannot be switched off.

  1,234 ± 56       most likely between 1,178 and 1,290: of 100 such intervals, 95 hold the true count
  ~0               may be noise alone
  within the noise the difference of two numbers may be noise alone: it is not called a change

Addresses, cookies and times of single visits are never written to a disk in clear, and the keys that join a visitor's accesses are
destroyed when the period is published. `headcount privacy` shows what is promised, what is kept until when, and what was spent;
docs/PRIVACY.md has the mathematics and the limits.
";

const EXIT_CODES: &str = "\
  0  done; also when the reader of the output closed the pipe
  1  something failed here: a file cannot be written, an input was not understood, a check found something bad
  2  the command line or the configuration is wrong; nothing was done
  3  the server cannot be reached or refuses; the same command may work later

Each command's --help says what its codes mean in particular.
";

const ENVIRONMENT: &str = "\
  HEADCOUNT_SERVER         the address of the server for all commands that ask or send (--server); http:// may be left out
  HEADCOUNT_CONFIG         the configuration file (--config)
  HEADCOUNT_SECTION__KEY   one setting of the configuration, e.g. HEADCOUNT_SERVER__LISTEN for server.listen
  NO_COLOR                 no colours
";

/// Prints the help.
pub fn run(args: &Args) -> ExitCode {
    let mut root = Cli::command();
    root.build();
    let Some(about) = &args.about else {
        return printed("headcount help", &root.render_long_help().to_string());
    };
    if let Some((_, text)) = TOPICS.iter().find(|(name, _)| name == about) {
        return printed("headcount help", text);
    }
    if let Some(command) = root.find_subcommand_mut(about) {
        return printed("headcount help", &command.render_long_help().to_string());
    }
    let commands = root.get_subcommands().filter(|command| !command.is_hide_set()).map(|command| command.get_name());
    let topics = TOPICS.iter().map(|(name, _)| *name);
    let allowed: Vec<&str> = commands.chain(topics).collect();
    fail("help", &format!("there is no such command or topic; allowed: {}", allowed.join(", ")), 2)
}

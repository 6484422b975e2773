//! `headcount digest`: the mail of a week or a month.
//!
//! Addresses are taken as text and read later, so that no message of the command line repeats one.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, ValueEnum};
use headcount_model::{
    clock::{Clock as _, SystemClock},
    format,
};

use super::{fail, report::printed, server::Server};
use crate::{
    config::{self, MailConfig},
    digest::{self, DigestError, Frame, Letter, Period, Recipients, Scope},
};

/// Mail the numbers of the latest week or month, with what changed first
///
/// Asks a running `headcount serve` for the latest published week or month of a site, and sends one mail to each recipient, as text and
/// HTML: visits, visitors and page views, each with its change in words; the pages, referrers, campaigns and errors that changed by
/// more than the noise; the most viewed pages; and what is missing, with the reason. Nothing within the noise is called a change.
///
/// With --group or --all it is one mail about all sites of the group.
///
/// A mail loads no image, runs no script and follows nobody. Recipients do not see each other. The mail server is in the
/// configuration; --print shows the mail without sending it and needs none.
#[derive(Clone, Parser)]
#[command(after_long_help = "\
Examples:
  headcount digest --site www --print
  headcount digest --site www --monthly --language ja --print html > mail.html
  headcount digest --site www --to editor@example.jp --config /etc/headcount.toml
  headcount digest --group europe --to-file /etc/headcount/europe.txt --config /etc/headcount.toml

From cron, every Tuesday at 07:00, when the week up to Sunday is published:
  0 7 * * 2  headcount digest --site www --to-file /etc/headcount/editors.txt --config /etc/headcount.toml

In the configuration:
  [mail]
  server = \"smtp.example.jp\"
  from = \"Web statistics <statistics@example.jp>\"
  user = \"statistics\"                         # leave out both if the server asks for no login
  password_file = \"/etc/headcount/mail-password\"   # chmod 600
  dashboard_url = \"https://stats.example.jp/\"  # for a link

Other users of this machine can see what was typed: use --to-file where the addresses are nobody's business.

Exit codes: 0 sent or printed, 1 the output cannot be written, 2 the command line, the configuration or a file of it is wrong, \
3 the server or the mail server cannot be reached or refuses, or no such period is published yet.")]
pub struct Args {
    /// The site; by default the first one by name
    #[arg(long, value_name = "SITE", default_value = "", hide_default_value = true, conflicts_with_all = ["group", "all"])]
    pub site: String,

    /// All sites of this group in one mail
    #[arg(long, value_name = "GROUP", conflicts_with = "all")]
    pub group: Option<String>,

    /// All sites in one mail
    #[arg(long)]
    pub all: bool,

    /// About the latest published week (the default)
    #[arg(long, conflicts_with = "monthly")]
    pub weekly: bool,

    /// About the latest published month
    #[arg(long)]
    pub monthly: bool,

    /// Who gets it; each gets a mail of their own
    #[arg(long, value_name = "ADDRESS", num_args = 1.., value_delimiter = ',', conflicts_with = "print")]
    pub to: Vec<String>,

    /// A file of recipients, one a line; lines that begin with # are left out
    #[arg(long, value_name = "FILE", conflicts_with = "print")]
    pub to_file: Option<PathBuf>,

    /// Print the mail instead of sending it
    #[arg(long, value_name = "FORM", value_enum, num_args = 0..=1, default_missing_value = "text")]
    pub print: Option<Form>,

    /// The language of the mail
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub language: Language,

    /// The configuration file, for its section `[mail]`
    #[arg(long, value_name = "FILE", env = "HEADCOUNT_CONFIG")]
    pub config: Option<PathBuf>,

    /// The server that is asked
    #[command(flatten)]
    pub server: Server,
}

/// In which form a mail is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Plain text
    Text,
    /// A page of HTML
    Html,
}

/// The language of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// English
    En,
    /// Japanese
    Ja,
}

/// Sends or prints the mail.
pub async fn run(args: Args) -> ExitCode {
    let mail = match mail(&args) {
        Ok(mail) => mail,
        Err(message) => return fail("digest", &message, 2),
    };
    match args.print {
        Some(form) => match letter(&args, &mail).await {
            Ok(letter) => printed("headcount digest", &if form == Form::Html { letter.html() } else { letter.plain() }),
            Err(error) => fail("digest", &error.to_string(), error.exit_code()),
        },
        None => deliver(&args, mail).await,
    }
}

/// The section `[mail]`.
fn mail(args: &Args) -> Result<MailConfig, String> {
    let config = args.config.as_ref().map(|path| config::load(path).map_err(|error| error.to_string())).transpose()?;
    Ok(config.map(|config| config.mail).unwrap_or_default())
}

async fn letter(args: &Args, mail: &MailConfig) -> Result<Letter, DigestError> {
    let frame = Frame {
        language: match args.language {
            Language::En => format::Language::English,
            Language::Ja => format::Language::Japanese,
        },
        dashboard_url: mail.dashboard_url.clone(),
        sender: sender(args, mail),
        now_unix_s: SystemClock.now_unix_ms().div_euclid(1_000),
    };
    let scope = match &args.group {
        Some(group) => Scope::Group(group.clone()),
        None if args.all => Scope::Group(String::new()),
        None => Scope::Site(args.site.clone()),
    };
    let period = if args.monthly { Period::Month } else { Period::Week };
    let channel = args.server.connect().await?;
    digest::ask(channel, &scope, period, &frame).await
}

/// The name under which readers know the server: the dashboard's host, else the sender's domain, else where it was asked.
fn sender(args: &Args, mail: &MailConfig) -> String {
    let host = |url: &str| {
        url.split_once("://").map_or(url, |(_, rest)| rest).split('/').next().unwrap_or_default().to_owned()
    };
    let domain = mail.relay.as_ref().map(|relay| relay.from.email.domain().to_owned());
    mail.dashboard_url.as_deref().map(host).or(domain).unwrap_or_else(|| host(&args.server.url))
}

async fn deliver(args: &Args, mail: MailConfig) -> ExitCode {
    if args.to.is_empty() && args.to_file.is_none() {
        return fail(
            "digest",
            "nobody to send it to; name --to ADDRESS or --to-file FILE, or look at it with --print",
            2,
        );
    }
    // All that may be wrong here is found before anybody is asked.
    let recipients = match Recipients::new(&args.to, args.to_file.as_deref()) {
        Ok(recipients) => recipients,
        Err(error) => return fail("digest", &error.to_string(), error.exit_code()),
    };
    let letter = match letter(args, &mail).await {
        Ok(letter) => letter,
        Err(error) => return fail("digest", &error.to_string(), error.exit_code()),
    };
    let Some(relay) = mail.relay else {
        return fail(
            "digest",
            "no mail server is configured; set `server` and `from` in `[mail]` and name the file with --config",
            2,
        );
    };
    let count = recipients.count();
    let sending = move || digest::send(&letter, &relay, mail.unsubscribe.as_deref(), &recipients);
    match tokio::task::spawn_blocking(sending).await {
        Ok(Ok(())) => {
            eprintln!("headcount digest: sent to {count} recipient{}", if count == 1 { "" } else { "s" });
            ExitCode::SUCCESS
        }
        Ok(Err(error)) => fail("digest", &error.to_string(), error.exit_code()),
        Err(_) => fail("digest", "sending stopped in the middle; this is a fault of headcount", 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Args, clap::Error> {
        Args::try_parse_from([&["digest"], words].concat())
    }

    #[test]
    fn one_scope_one_period_and_one_way_out() {
        let args = parse(&["--to", "a@a.jp", "b@a.jp,c@a.jp", "--site", "www"]).ok().unwrap();
        assert_eq!((args.to.len(), args.site.as_str(), args.print), (3, "www", None));
        assert_eq!(parse(&["--print"]).ok().unwrap().print, Some(Form::Text));
        assert_eq!(parse(&["--print", "html", "--monthly"]).ok().unwrap().print, Some(Form::Html));
        for words in [
            &["--site", "www", "--all"][..],
            &["--group", "europe", "--all"],
            &["--weekly", "--monthly"],
            &["--print", "--to", "canary@a.jp"],
            &["--print", "pdf"],
            &["--language", "fr"],
        ] {
            let error = parse(words).err().unwrap();
            assert!(error.exit_code() == 2 && !error.to_string().contains("canary"), "{words:?}: {error}");
        }
    }

    #[test]
    fn a_reader_knows_the_server_by_its_name() {
        let args = parse(&["--print"]).ok().unwrap();
        let mut mail = MailConfig::default();
        assert_eq!(sender(&args, &mail), "127.0.0.1:50051");
        mail.dashboard_url = Some("https://stats.example.jp/a/".to_owned());
        assert_eq!(sender(&args, &mail), "stats.example.jp");
    }
}

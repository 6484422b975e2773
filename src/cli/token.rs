//! `headcount token`: gives tokens, lists them, exchanges them and takes them back.

use std::{io::Write, process::ExitCode};

use super::location::Location;
use crate::{
    access::{
        file::{FileFault, TokenFile},
        record::{Before, Date, NOTE_BYTES_MAX, Record, Role, Standing},
        token::Token,
    },
    clock::{Clock, SystemClock},
    config::Config,
    units::SiteName,
};

/// The longest time for which an exchanged token may go on, in hours.
const OVERLAP_HOURS_MAX: u16 = 720;

/// Give, list, exchange and take back the tokens with which programs and people are let in
///
/// From the first token on, a server answers nobody without one, except readers of sites that its configuration calls
/// `public = true`. It reads changes within a second, without a restart.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  headcount token add --role ingest --site www --note \"log shipper of www\" > /etc/headcount/www.token
  headcount token add --role read --group europe --expires 2027-03-31
  headcount token add --role admin
  headcount token list
  headcount token rotate 3f9a2c1e
  headcount token revoke 3f9a2c1e

A token is printed once, on standard output; the server keeps a digest of it.
Exit codes: 0 done, 1 the file of tokens cannot be used, 2 wrong usage or configuration.")]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand, Debug)]
enum Action {
    /// Give a new token; it is printed once
    Add(AddArgs),
    /// List all tokens: id, role, sites, standing and the day of the last use, never the token
    List(ListArgs),
    /// Take a token back: within a second it does nothing more
    Revoke(OneArgs),
    /// Exchange a token for a new one; the old one goes on for a while
    Rotate(RotateArgs),
}

/// What a new token may do.
#[derive(clap::Args, Debug)]
struct AddArgs {
    #[command(flatten)]
    location: Location,
    /// What it is for
    #[arg(long, value_enum)]
    role: Role,
    /// A site that it is about; may be repeated
    #[arg(long, value_name = "SITE", value_parser = site_name)]
    site: Vec<SiteName>,
    /// A group of sites that it is about; may be repeated
    #[arg(long, value_name = "GROUP")]
    group: Vec<String>,
    /// It is about all sites, also those that come later
    #[arg(long, conflicts_with_all = ["site", "group"])]
    all: bool,
    /// The last day on which it is good, in UTC
    #[arg(long, value_name = "YYYY-MM-DD")]
    expires: Option<Date>,
    /// Whom it is for; shown in the list
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    note: String,
}

/// Where the tokens are.
#[derive(clap::Args, Debug)]
struct ListArgs {
    #[command(flatten)]
    location: Location,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// One token.
#[derive(clap::Args, Debug)]
struct OneArgs {
    #[command(flatten)]
    location: Location,
    /// Its id, as the list shows it
    id: String,
}

/// One token, and how long the old one goes on.
#[derive(clap::Args, Debug)]
struct RotateArgs {
    #[command(flatten)]
    one: OneArgs,
    /// How long the old one goes on, in hours; 0 ends it at once
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u16).range(0..=i64::from(OVERLAP_HOURS_MAX)))]
    overlap_hours: u16,
    /// The last day on which the new one is good, in UTC [default: that of the old one]
    #[arg(long, value_name = "YYYY-MM-DD")]
    expires: Option<Date>,
}

fn site_name(text: &str) -> Result<SiteName, String> {
    SiteName::new(text).map_err(|error| error.to_string())
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    File(#[from] FileFault),
    #[error("{0}")]
    Usage(String),
    #[error("the system has no random bits: {0}")]
    Random(#[from] getrandom::Error),
}

/// Changes or lists tokens.
pub fn run(args: Args) -> ExitCode {
    let done = match args.action {
        Action::Add(args) => add(args),
        Action::List(args) => list(&args),
        Action::Revoke(args) => revoke(&args),
        Action::Rotate(args) => rotate(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => super::fail("token", &fault.to_string(), if matches!(fault, Fault::Usage(_)) { 2 } else { 1 }),
    }
}

fn open(location: &Location) -> Result<(Config, TokenFile), Fault> {
    let config = location.config().map_err(Fault::Usage)?;
    let file = TokenFile::new(config.tokens.clone());
    Ok((config, file))
}

fn today() -> Date {
    Date::at(SystemClock.now_unix_ms())
}

/// A line on standard output; whoever does not read on is none of ours.
fn print(line: &str) {
    let _ = writeln!(anstream::stdout(), "{line}");
}

/// Shows a token, the only time.
fn show(token: &Token, id: &str) {
    print(token.reveal());
    anstream::eprintln!(
        "headcount token: this is the only time that {id} is shown; keep it where its holder alone can read it"
    );
}

fn add(args: AddArgs) -> Result<(), Fault> {
    let (config, file) = open(&args.location)?;
    let is_about_all = args.all || args.role == Role::Admin;
    if is_about_all && !(args.site.is_empty() && args.group.is_empty()) {
        return Err(Fault::Usage(
            "a token of the role admin is about all sites; leave out --site and --group".to_owned(),
        ));
    }
    if !is_about_all && args.site.is_empty() && args.group.is_empty() {
        return Err(Fault::Usage("say what the token is about: --site SITE, --group GROUP or --all".to_owned()));
    }
    check_named(&config, args.location.config.is_some(), &args)?;
    check_expiry(args.expires)?;
    if args.note.len() > NOTE_BYTES_MAX || args.note.chars().any(char::is_control) {
        return Err(Fault::Usage(format!("--note: allowed are {NOTE_BYTES_MAX} bytes of text on one line")));
    }
    let token = Token::new(args.role)?;
    let id = file.change(|records| {
        let id = new_id(records)?;
        records.push(Record {
            id: id.clone(),
            role: args.role,
            all: is_about_all,
            sites: args.site,
            groups: args.group,
            note: args.note,
            digest: token.digest().to_string(),
            created: today(),
            expires: args.expires,
            revoked: None,
            before: None,
        });
        Ok::<_, Fault>(id)
    })?;
    show(&token, &id);
    Ok(())
}

/// Names that the configuration does not know are mistyped. Without a configuration any site may come.
fn check_named(config: &Config, is_configured: bool, args: &AddArgs) -> Result<(), Fault> {
    if let Some(group) = args.group.iter().find(|group| !config.groups.iter().any(|known| known.name == **group)) {
        let known: Vec<&str> = config.groups.iter().map(|group| group.name.as_str()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(Fault::Usage(format!(
            "--group {group:?}: the configuration names no such group; its groups: {known}"
        )));
    }
    let unknown = args.site.iter().find(|site| !config.sites.iter().any(|known| known.name == **site));
    match unknown.filter(|_| is_configured) {
        Some(site) => Err(Fault::Usage(format!("--site {site}: the configuration names no such site"))),
        None => Ok(()),
    }
}

fn check_expiry(expires: Option<Date>) -> Result<(), Fault> {
    match expires.filter(|last| *last < today()) {
        Some(last) => Err(Fault::Usage(format!("--expires {last} is over; allowed: today ({}) or later", today()))),
        None => Ok(()),
    }
}

/// An id that none of them has.
fn new_id(records: &[Record]) -> Result<String, getrandom::Error> {
    loop {
        let id = format!("{:08x}", getrandom::u32()?);
        if !records.iter().any(|record| record.id == id) {
            return Ok(id);
        }
    }
}

fn find<'r>(records: &'r mut [Record], id: &str) -> Result<&'r mut Record, Fault> {
    let found = records.iter_mut().find(|record| record.id == id);
    found.ok_or_else(|| Fault::Usage(format!("there is no token {id:?}; `headcount token list` shows all")))
}

fn revoke(args: &OneArgs) -> Result<(), Fault> {
    let (_, file) = open(&args.location)?;
    file.change(|records| {
        let record = find(records, &args.id)?;
        record.revoked = record.revoked.or(Some(today()));
        record.before = None;
        Ok::<_, Fault>(())
    })?;
    anstream::eprintln!("headcount token: {} is revoked", args.id);
    Ok(())
}

fn rotate(args: &RotateArgs) -> Result<(), Fault> {
    let (_, file) = open(&args.one.location)?;
    check_expiry(args.expires)?;
    let now_unix_ms = SystemClock.now_unix_ms();
    let token = file.change(|records| {
        let record = find(records, &args.one.id)?;
        match record.standing(now_unix_ms) {
            Standing::Revoked(day) => {
                return Err(Fault::Usage(format!("{} was revoked on {day}; give a new token instead", record.id)));
            }
            Standing::Expired(day) if args.expires.is_none() => {
                let what = format!("{} was good until {day}; say until when the new one is: --expires", record.id);
                return Err(Fault::Usage(what));
            }
            _ => {}
        }
        let token = Token::new(record.role)?;
        let digest = std::mem::replace(&mut record.digest, token.digest().to_string());
        let until_unix_s = now_unix_ms / 1_000 + i64::from(args.overlap_hours) * 3_600;
        record.before = (args.overlap_hours > 0).then_some(Before { digest, until_unix_s });
        record.expires = args.expires.or(record.expires);
        Ok(token)
    })?;
    show(&token, &args.one.id);
    Ok(())
}

fn list(args: &ListArgs) -> Result<(), Fault> {
    let (_, file) = open(&args.location)?;
    let (records, used) = (file.read()?, file.last_used());
    let now_unix_ms = SystemClock.now_unix_ms();
    let rows = records.iter().map(|record| {
        let standing = match record.standing(now_unix_ms) {
            Standing::Good => "good".to_owned(),
            Standing::Expired(day) => format!("expired {day}"),
            Standing::Revoked(day) => format!("revoked {day}"),
        };
        let day = |day: Option<Date>| day.map_or_else(|| "-".to_owned(), |day| day.to_string());
        let last_used = day(used.get(&record.id).copied());
        [
            ("id", record.id.clone()),
            ("role", record.role.name().to_owned()),
            ("sites", record.reach()),
            ("created", record.created.to_string()),
            ("expires", day(record.expires)),
            ("last_used", last_used),
            ("standing", standing),
            ("note", record.note.clone()),
        ]
    });
    let rows: Vec<_> = rows.collect();
    if args.json {
        let objects: Vec<serde_json::Map<String, serde_json::Value>> = rows
            .into_iter()
            .map(|row| row.into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect())
            .collect();
        print(&serde_json::Value::from_iter(objects).to_string());
        return Ok(());
    }
    if rows.is_empty() {
        print("There are no tokens: a server on loopback answers anybody. `headcount token add` gives one.");
    }
    for row in rows {
        let [id, role, sites, _, expires, last_used, standing, note] = row.map(|(_, text)| text);
        print(&format!(
            "{id}  {role:<6}  {standing:<18}  expires {expires:<10}  used {last_used:<10}  {sites}  {note}"
        ));
    }
    Ok(())
}

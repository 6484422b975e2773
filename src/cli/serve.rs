//! `headcount serve`: the server.

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use super::location::Location;
use crate::{
    access::{
        Access, TokenRule,
        decide::Rules,
        file::{FileFault, TokenFile},
    },
    calendar::{Calendar, Day},
    clock::SystemClock,
    config::{self, Config, SiteConfig, SitemapConfig},
    receive,
    serve::{self, Certificate, Followed, Known, Listeners, Reading, Security, Told, Watched},
    sitemap::Sitemap,
    telemetry,
    units::{MS_PER_DAY, SiteName},
    vault::{Bounds, Limits, Options, Privacy, SitePolicy, SiteSettings},
};

/// The site whose pages `--sitemap` names where none is typed.
const SITE_DEFAULT: &str = "www";
/// How often links are followed.
const LINKS_REFRESH: Duration = Duration::from_secs(24 * 60 * 60);

/// Run the server: takes accesses and serves statistics, over gRPC, as JSON and as a page
///
/// Without a configuration it listens on loopback, keeps its data in ./headcount-data, and accepts any site name. Events
/// are taken on --listen; --web carries published numbers only.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  headcount serve
  headcount serve --config headcount.toml
  headcount serve --site www --sitemap https://www.example.jp/sitemap.xml
  headcount serve --data /var/lib/headcount --keys /run/headcount/keys

Stop it with Ctrl-C or SIGTERM: what was acknowledged is on the disk, and what has begun is finished, for ten seconds at most.
A second one ends it at once and loses nothing that was acknowledged. SIGHUP reads sitemaps again.
Exit codes: 0 stopped as asked, 1 cannot go on, 2 wrong usage or configuration.")]
pub struct Args {
    /// Where the data are
    #[command(flatten)]
    pub location: Location,
    /// The loopback address to listen on [default: 127.0.0.1:50051]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// The address on which the page and its data are read, or "off" [default: 127.0.0.1:4680]
    #[arg(long, value_name = "ADDRESS:PORT|off")]
    pub web: Option<String>,
    /// Without a configuration: the time zone in which days begin and end
    #[arg(long, value_name = "ZONE", default_value = "UTC", conflicts_with = "config")]
    pub time_zone: String,
    /// The sitemap of the only site: a file, or a URL on one of its hosts; sitemap.xml, an index, or a list of URLs
    ///
    /// Its pages have a row in every report from the first day on. Without a configuration it is --site's; a configuration of
    /// several sites names a sitemap for each.
    #[arg(long, value_name = "FILE-OR-URL")]
    pub sitemap: Option<String>,
    /// Without a configuration: the site whose pages --sitemap names [default: www]
    #[arg(long, value_name = "SITE", requires = "sitemap", conflicts_with = "config")]
    pub site: Option<String>,
    /// Give up what is lost, as the error says: SITE/PERIOD (its key), producers (their key), copy (newer data)
    ///
    /// SITE/PERIOD, e.g. www/day-2026-11-24: what an open period has counted. producers: what is known of who sent what.
    /// copy: the data are an older copy of what was here, and what may have been published since becomes gaps.
    #[arg(long, value_name = "WHAT")]
    pub give_up: Vec<String>,
    /// The date is right: go on publishing although the clock is more than 7 days ahead of the last time known
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub accept_clock: Option<jiff::civil::Date>,
    /// Log every release
    #[arg(long, short)]
    pub verbose: bool,
    /// How the log is written: for people, or one JSON object a line
    #[arg(long, value_enum, value_name = "FORM", default_value = "text", env = "HEADCOUNT_LOG")]
    pub log: telemetry::Form,
}

/// Runs the server until it is told to stop.
pub async fn run(args: Args) -> ExitCode {
    telemetry::init(if args.verbose { tracing::Level::DEBUG } else { tracing::Level::INFO }, args.log);
    let (config, welcome) = match resolve(&args) {
        Ok(resolved) => resolved,
        Err(message) => return fail(&message, 2),
    };
    telemetry::starting(&in_force(&args, &config));
    let listeners = match listeners(&config).await {
        Ok(listeners) => listeners,
        Err(message) => return fail(&message, 1),
    };
    let (told, signals) = serve::signals();
    if let Err(error) = follow_signals(told) {
        return fail(&format!("cannot wait for signals: {error}"), 1);
    }
    if matches!(welcome, SitePolicy::Any(_)) {
        eprintln!(
            "headcount: no configuration, so any site name is accepted; only programs on this machine can reach {}",
            listeners.events.local_addr().unwrap_or(config.listen)
        );
    }
    if config.keys.starts_with(&config.data) && config.archive.starts_with(&config.data) {
        telemetry::copies_are_unnoticed(&config.data);
    }
    let mut options = options(&config, welcome, args.give_up);
    options.accepted_clock_unix_ms = args.accept_clock.map(end_everywhere);
    let clock = Arc::new(SystemClock);
    let access = match Access::open(TokenFile::new(config.tokens.clone()), rules(&config), clock.clone()) {
        Ok(access) => access,
        Err(error @ FileFault::Io { .. }) => return fail(&error.to_string(), 1),
        Err(error) => return fail(&error.to_string(), 2),
    };
    let receiving = receive::Settings::of(&options.sites, config.cookie.clone());
    match serve::run(listeners, options, known(&config), receiving, access, clock, signals).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string(), 1),
    }
}

fn in_force<'a>(args: &'a Args, config: &'a Config) -> telemetry::InForce<'a> {
    telemetry::InForce {
        config: args.location.config.as_deref(),
        data: &config.data,
        keys: &config.keys,
        archive: &config.archive,
        sites: config.sites.len(),
        epsilon: config.epsilon,
        delta: config.delta,
    }
}

fn fail(message: &str, code: u8) -> ExitCode {
    eprintln!("headcount: {message}");
    ExitCode::from(code)
}

/// The configuration, overridden by what was typed.
fn resolve(args: &Args) -> Result<(Config, SitePolicy), String> {
    let mut config = args.location.config()?;
    let site_policy = match &args.location.config {
        Some(_) => SitePolicy::Configured,
        None => {
            let zone = &args.time_zone;
            let calendar = Calendar::new(zone).map_err(|_| {
                format!("--time-zone {zone:?} is not a time zone: write an IANA name such as Asia/Tokyo")
            })?;
            SitePolicy::Any(calendar)
        }
    };
    if let Some(text) = &args.sitemap {
        list_pages(&mut config, &site_policy, text, args.site.as_deref())?;
    }
    if let Some(listen) = args.listen {
        if !listen.ip().is_loopback() && !config.tls.allows_network() {
            return Err(format!("--listen {listen} is not a loopback address; {}", config::NETWORK_ADVICE));
        }
        config.listen = listen;
    }
    if let Some(text) = &args.web {
        config.web.listen = config::web_listen(text).map_err(|what| format!("--web {what}"))?;
    }
    Ok((config, site_policy))
}

/// Gives the only site the list of its pages that was typed.
fn list_pages(config: &mut Config, site_policy: &SitePolicy, text: &str, site: Option<&str>) -> Result<(), String> {
    let problem = |what: String| format!("--sitemap: {what}");
    if let SitePolicy::Any(calendar) = site_policy {
        let name = SiteName::new(site.unwrap_or(SITE_DEFAULT)).map_err(|error| format!("--site: {error}"))?;
        config.sites.push(SiteConfig::plain(name, calendar.clone()));
    }
    let [site] = &mut config.sites[..] else {
        let sites = config.sites.len();
        return Err(problem(format!("the configuration has {sites} sites; write `sitemap` for each of them instead")));
    };
    if site.sitemap.is_some() {
        let name = &site.name;
        return Err(problem(format!("the configuration names a sitemap of {name} already; keep one of the two")));
    }
    let sitemap =
        if site.hosts.is_empty() { Sitemap::typed(text) } else { Sitemap::named(text, Path::new(""), &site.hosts) };
    site.list_pages(sitemap.map_err(problem)?).map_err(problem)
}

/// What is listened on.
async fn listeners(config: &Config) -> Result<Listeners, String> {
    let events = bind(config.listen, "--listen").await?;
    let readers = match config.web.listen {
        Some(address) => Some(Reading { listener: bind(address, "--web").await?, hosts: config.web.hosts.clone() }),
        None => None,
    };
    let monitor = match config.monitor {
        Some(address) => Some(bind(address, "monitor.listen").await?),
        None => None,
    };
    Ok(Listeners { events, readers, monitor, security: security(config)? })
}

/// How connections are protected. Over a network events are taken with a token alone.
fn security(config: &Config) -> Result<Security, String> {
    let open = |(certificate, key): (PathBuf, PathBuf)| Certificate::open(certificate, key);
    let certificate = config.tls.files.clone().map(open).transpose().map_err(|fault| format!("tls: {fault}"))?;
    let is_local = config.listen.ip().is_loopback() || config.tls.is_behind_proxy;
    let events_tokens = if is_local { TokenRule::OnceGiven } else { TokenRule::Always };
    Ok(Security { certificate, events_tokens, is_behind_proxy: config.tls.is_behind_proxy })
}

/// `flag` chooses another address.
async fn bind(address: SocketAddr, flag: &str) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!("{address} is in use, perhaps by another headcount: stop it, or choose another port with {flag}")
        }
        _ => format!("cannot listen on {address}: {error}"),
    })
}

/// Stops at SIGINT or SIGTERM: the first lets what has begun finish, the second ends the process at once. SIGHUP reads files again.
pub(super) fn follow_signals(told: Told) -> io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        let mut is_stopping = false;
        loop {
            let is_stop = tokio::select! {
                _ = interrupt.recv() => true,
                _ = terminate.recv() => true,
                _ = hang_up.recv() => false,
            };
            match (is_stop, is_stopping) {
                (false, false) => {
                    telemetry::reloading();
                    told.reload();
                }
                (false, true) => {}
                (true, false) => told.stop(),
                (true, true) => {
                    telemetry::stopping_at_once();
                    // As safe as a crash, which is safe at every moment: what was acknowledged is on the disk.
                    std::process::exit(0);
                }
            }
            is_stopping |= is_stop;
        }
    });
    Ok(())
}

/// When a date is over in every time zone, in milliseconds since 1970.
fn end_everywhere(date: jiff::civil::Date) -> i64 {
    (i64::from(Day::from_date(date).number()) + 2) * MS_PER_DAY
}

/// The options with which the vault is opened.
pub(super) fn options(config: &Config, site_policy: SitePolicy, give_up: Vec<String>) -> Options {
    let site = |site: &config::SiteConfig| SiteSettings {
        name: site.name.clone(),
        calendar: site.calendar.clone(),
        hosts: site.hosts.clone(),
        profile: site.profile.clone(),
        shares: site.shares,
        bounds: site.bounds,
        tables: site.tables,
        known_pages: site.pages.clone(),
        // From the configuration alone: what was found, and when, must not decide how a day is counted.
        has_page_list: site.sitemap.is_some() || site.links.is_some() || !site.pages.is_empty(),
        query_allow: site.query_allow.clone(),
        is_configured: true,
        label: site.label.clone(),
    };
    let bounds = Bounds { views_per_visitor_day: config.views_per_visitor_day, views_per_page: config.views_per_page };
    Options {
        data: config.data.clone(),
        keys: config.keys.clone(),
        archive: config.archive.clone(),
        journal_mib: config.journal_mib,
        limits: Limits::default(),
        reserve_mib: config.free_space_reserve_mib,
        privacy: Privacy::new(config.epsilon, config.delta, bounds),
        sites: config.sites.iter().map(site).collect(),
        groups: config.groups.clone(),
        countries: config.countries.clone(),
        site_policy,
        max_lateness_ms: config.max_lateness_ms,
        accepted_clock_unix_ms: None,
        give_up,
    }
}

/// What the configuration says of who may read which site.
fn rules(config: &Config) -> Rules {
    let grouped = config.sites.iter().filter(|site| !site.label.group.is_empty());
    let public = config.sites.iter().filter(|site| site.is_public);
    Rules {
        groups: grouped.map(|site| (site.name.clone(), site.label.group.clone())).collect(),
        public: Arc::new(public.map(|site| site.name.clone()).collect()),
    }
}

/// The sitemaps that the server reads regularly.
fn sitemaps(config: &Config) -> Vec<Watched> {
    let watched = |site: &config::SiteConfig| {
        let SitemapConfig { sitemap, refresh_minutes, listed } = site.sitemap.clone()?;
        Some(Watched {
            site: site.name.clone(),
            // A local file was read with the configuration.
            is_read: !sitemap.is_remote(),
            sitemap,
            listed,
            refresh: Duration::from_secs(60 * u64::from(refresh_minutes)),
        })
    };
    config.sites.iter().filter_map(watched).collect()
}

/// Where known pages come from.
fn known(config: &Config) -> Known {
    let followed = |site: &config::SiteConfig| {
        let (site, links, listed) = (site.name.clone(), site.links.clone()?, site.pages.clone());
        Some(Followed { site, links, listed, refresh: LINKS_REFRESH })
    };
    Known { sitemaps: sitemaps(config), links: config.sites.iter().filter_map(followed).collect() }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn the_terms_of_a_site_follow_from_its_configuration_alone() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("headcount.toml");
        let has_page_list = |keys: &str| {
            std::fs::write(&file, format!("[[site]]\nname = \"a\"\n{keys}")).unwrap();
            options(&config::load(&file).unwrap(), SitePolicy::Configured, Vec::new()).sites[0].has_page_list
        };
        // Nobody was asked yet, and nothing was found.
        assert!(has_page_list("hosts = [\"a.test\"]\n") && has_page_list("pages = [\"/\"]\n"));
        assert!(!has_page_list("hosts = [\"a.test\"]\nlinks = false\n"));
        assert!(!has_page_list("hosts = [\"*.a.test\"]\n") && !has_page_list(""));
    }

    #[derive(Parser)]
    struct Typed {
        #[command(flatten)]
        args: Args,
    }

    fn resolved(words: &[&str]) -> Result<Config, String> {
        let typed = Typed::try_parse_from([&["serve"], words].concat()).map_err(|error| error.to_string())?;
        resolve(&typed.args).map(|(config, _)| config)
    }

    #[test]
    fn a_typed_sitemap_names_the_pages_of_the_only_site() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let file = directory.path().join(name);
            std::fs::write(&file, text).unwrap();
            file.to_str().unwrap().to_owned()
        };
        let list = write("list.txt", "https://www.a.jp/\nhttps://www.a.jp/visa\n");
        let config = resolved(&["--sitemap", &list]).unwrap();
        assert_eq!((config.sites[0].name.as_str(), config.sites[0].pages.len()), ("www", 2));
        let config = resolved(&["--sitemap", "https://www.a.jp/sitemap.xml", "--site", "a"]).unwrap();
        assert_eq!((config.sites[0].name.as_str(), sitemaps(&config).len()), ("a", 1));
        assert!(config.sites[0].hosts.is_empty() && config.sites[0].pages.is_empty());

        let one = write("one.toml", "[[site]]\nname = \"a\"\nhosts = [\"www.a.jp\"]\npages = [\"/x\"]\n");
        assert_eq!(resolved(&["--config", &one, "--sitemap", &list]).unwrap().sites[0].pages, ["/x", "/", "/visa"]);
        let refused = |words: &[&str]| resolved(words).expect_err("refused");
        assert!(refused(&["--config", &one, "--sitemap", "https://b.jp/s.xml"]).contains("is not one of the site"));
        let two = write("two.toml", "[[site]]\nname = \"a\"\n[[site]]\nname = \"b\"\n");
        assert!(refused(&["--config", &two, "--sitemap", &list]).contains("has 2 sites"));
        assert!(refused(&["--sitemap", "/no/such/file"]).starts_with("--sitemap: /no/such/file"));
        assert!(refused(&["--site", "a"]).contains("--sitemap"));
    }
}

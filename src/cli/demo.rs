//! `headcount demo`: everything in one command. Logs are generated (or taken), shipped through the real gRPC ingest into a
//! real server with a new data directory, sealed, and read back as any user would read them.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use headcount_client::{Credentials, Link};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_stream::StreamExt;

use super::serve::{follow_signals, options};
use crate::{
    access::Access,
    calendar::{Calendar, Day},
    clock::{Clock, SystemClock},
    config::{self, Config, SiteConfig},
    demo::{self, DemoSite, Plan, labels, names},
    proto::{self, WatchReleasesRequest, stats_service_client::StatsServiceClient},
    receive,
    report::{self, RenderOptions, ReportRequest, TruthColumns, TruthDay},
    serve::{self, Listeners, Reading, Security, ServeError, Signals},
    ship::{self, Input, ProducerSecret, ShipOptions, Summary},
    sitemap::{Limits, Sitemap, together},
    telemetry,
    units::SiteName,
    vault::{Shares, SitePolicy, TableSet},
};

/// After this long without a new release, everything that can be sealed is assumed to be sealed.
const QUIET: Duration = Duration::from_secs(8);
/// How many keys of each table are shown.
const TOP: u32 = 10;
const WIDTH: usize = 110;

/// See it work: a month of made-up traffic, or your own log, through the real server
///
/// Starts a server on loopback with a new temporary data directory, generates the access logs of a month (a ministry's
/// main site and three embassies), ships them over gRPC, publishes them and prints the published numbers beside the true
/// ones, which are known here. Then it keeps serving until Ctrl-C.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Use this access log instead of made-up traffic; may be given several times
    #[arg(long = "log", value_name = "FILE")]
    pub logs: Vec<PathBuf>,
    /// The sitemap of --log's site: a file or a URL; without a value the made-up main site's own pages
    #[arg(long, value_name = "FILE-OR-URL", num_args = 0..=1, default_missing_value = "")]
    pub sitemap: Option<String>,
    /// The address on which the page and its data are read, or "off" [default: 127.0.0.1:4680]
    #[arg(long, value_name = "ADDRESS:PORT|off")]
    pub web: Option<String>,
    /// Exit after the report
    #[arg(long)]
    pub exit: bool,
    /// Seed of the made-up traffic: the same seed gives the same logs
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The time zone in which the days of --log begin and end
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub time_zone: String,
}

type Failure = Box<dyn Error + Send + Sync>;

/// A site to show: its settings, its logs, and for made-up traffic the truth.
struct Show {
    site: SiteConfig,
    logs: Vec<PathBuf>,
    truth: Option<TruthColumns>,
}

/// Runs the demo.
pub async fn run(args: Args) -> ExitCode {
    telemetry::init(tracing::Level::WARN, telemetry::Form::Text);
    match show(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("headcount: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn show(args: Args) -> Result<(), Failure> {
    let started = Instant::now();
    let directory = tempfile::Builder::new().prefix("headcount-demo-").tempdir()?;
    let mut shows = if args.logs.is_empty() { invented(directory.path(), &args)? } else { own(&args)? };
    list_pages(&mut shows, &args).await?;
    let (told, signals) = serve::signals();
    follow_signals(told.clone())?;
    let Started { address, page, mut server } = start(directory.path(), &shows, &args, signals).await?;
    println!("The server listens on {address}; its data is in {}\n", directory.path().display());
    let (channel, releases) = tokio::select! {
        published = publish(&shows, &address) => published?,
        // Its error says more than the client's.
        ended = &mut server => return Ok(ended??),
    };
    println!("\n{releases} releases published {:.1} seconds after the start\n", started.elapsed().as_secs_f64());
    print_reports(&shows, channel).await?;
    print_hints(&address, page.as_deref(), &shows);
    if args.exit {
        told.stop();
    } else {
        println!("\nServing until Ctrl-C.");
    }
    Ok(server.await??)
}

/// Ships the logs and waits until they are published.
async fn publish(shows: &[Show], address: &str) -> Result<(Link, u64), Failure> {
    let channel = connect(address).await?;
    let now_unix_ms = SystemClock.now_unix_ms();
    let secret = ship::passing_secret()?;
    for show in shows {
        let options = ship_options(show, address, secret.clone(), now_unix_ms);
        let summary = ship::ship(options).await?;
        println!("{}", shipped(show, &summary));
    }
    let sites = shows.iter().map(|show| show.site.name.to_string()).collect();
    Ok((channel.clone(), wait_until_sealed(channel, sites).await?))
}

/// A month of a ministry and three embassies, the last whole one before today.
fn invented(directory: &Path, args: &Args) -> Result<Vec<Show>, Failure> {
    let today = Calendar::new("UTC")?.day_at(SystemClock.now_unix_ms());
    let month = Day::month_start(today.month_start().plus(-1));
    let logs = directory.join("logs");
    std::fs::create_dir(&logs)?;
    let sites = demo::write_logs(&logs, &Plan::month(month.date(), args.seed))?;
    println!("Made-up traffic of {}, written as access logs:", month.date().strftime("%B %Y"));
    let are_all_listed = args.sitemap.as_deref() == Some("");
    sites.into_iter().map(|site| invented_site(site, are_all_listed)).collect()
}

fn invented_site(site: DemoSite, are_all_listed: bool) -> Result<Show, Failure> {
    let is_main = site.name == "www";
    println!("  {:10} {:>7} lines", site.name, site.truth.lines.total());
    let profile = if is_main { "standard" } else { "small" };
    // The embassies have a sitemap, so their pages are known and need no threshold; the main site has one only if asked.
    let pages = site.truth.counts.pages.values().flat_map(|pages| pages.keys().cloned());
    let config = SiteConfig {
        is_public: false,
        name: SiteName::new(&site.name)?,
        hosts: vec![site.host.clone()],
        calendar: Calendar::new(&site.time_zone)?,
        profile: profile.to_owned(),
        shares: Shares::named(profile).unwrap_or(Shares::STANDARD),
        // Those of the exact numbers that are shown beside.
        bounds: None,
        pages: if is_main && !are_all_listed { Vec::new() } else { pages.collect() },
        sitemap: None,
        links: None,
        query_allow: Vec::new(),
        tables: TableSet::without_sources(),
        label: labels::label(&site.name),
    };
    Ok(Show { site: config, logs: vec![site.file.clone()], truth: Some(truth(&site)) })
}

fn own(args: &Args) -> Result<Vec<Show>, Failure> {
    let calendar = Calendar::new(&args.time_zone).map_err(|_| {
        format!("--time-zone {:?} is not a time zone: write an IANA name such as Asia/Tokyo", args.time_zone)
    })?;
    let site = SiteConfig::plain(SiteName::new("www")?, calendar);
    Ok(vec![Show { site, logs: args.logs.clone(), truth: None }])
}

/// Reads the list of pages that was typed, for the site of the logs or the made-up main site.
async fn list_pages(shows: &mut [Show], args: &Args) -> Result<(), Failure> {
    let Some(text) = args.sitemap.clone() else { return Ok(()) };
    if text.is_empty() {
        let is_own = !args.logs.is_empty();
        return if is_own { Err("--sitemap needs a file or a URL where --log is given".into()) } else { Ok(()) };
    }
    let read = move || {
        let sitemap = Sitemap::typed(&text)?;
        sitemap.read(Limits::default()).map_err(|error| error.to_string())
    };
    let pages = tokio::task::spawn_blocking(read).await?.map_err(|what| format!("--sitemap: {what}"))?;
    if let Some(main) = shows.iter_mut().find(|show| show.site.name.as_str() == "www") {
        main.site.pages = together(&[], pages)?;
        println!("{} pages of {} are listed", main.site.pages.len(), main.site.name);
    }
    Ok(())
}

/// The exact numbers under the names that are published.
fn truth(site: &DemoSite) -> TruthColumns {
    let counts = &site.truth.counts;
    let day = |d: &demo::truth::DayTruth| TruthDay { visits: d.visits, visitors: d.visitors, views: d.bounded_views };
    let pages = counts.pages.values().flatten().map(|(key, page)| (key.clone(), page.bounded_views)).collect();
    let renamed = |map: &BTreeMap<&'static str, u64>, name: fn(&str) -> &str| {
        let mut out = BTreeMap::new();
        for (key, count) in map {
            *out.entry(name(key).to_owned()).or_default() += count;
        }
        out
    };
    let tables = [
        (proto::Table::Page, pages),
        (proto::Table::Referrer, renamed(&site.truth.referrers, names::referrer)),
        (proto::Table::Browser, renamed(&site.truth.browsers, names::browser)),
        (proto::Table::Os, renamed(&site.truth.systems, names::system)),
        (proto::Table::Device, renamed(&site.truth.devices, |name| name)),
    ];
    TruthColumns {
        days: counts.days.iter().map(|(date, d)| (date.to_string(), day(d))).collect(),
        tables: tables.into_iter().map(|(table, keys)| (table as i32, keys)).collect(),
        month_visitors: counts.months.iter().map(|(date, n)| (date.to_string(), *n)).collect(),
        week_visitors: counts.weeks.iter().map(|(date, n)| (date.to_string(), *n)).collect(),
    }
}

/// A running server.
struct Started {
    address: String,
    /// The URL of the page, where it is served.
    page: Option<String>,
    server: JoinHandle<Result<(), ServeError>>,
}

async fn start(directory: &Path, shows: &[Show], args: &Args, signals: Signals) -> Result<Started, Failure> {
    let usual = Config::default();
    let listener = bind(usual.listen).await?;
    let address = listener.local_addr()?.to_string();
    let web = match &args.web {
        Some(text) => config::web_listen(text).map_err(|what| format!("--web {what}"))?,
        None => usual.web.listen,
    };
    let reading = match web {
        Some(address) => Some(Reading { listener: bind(address).await?, hosts: Vec::new() }),
        None => None,
    };
    let page = reading.as_ref().map(|reading| reading.listener.local_addr()).transpose()?.map(serve::url);
    let is_invented = shows.iter().any(|show| show.truth.is_some());
    let config = Config {
        sites: shows.iter().map(|show| show.site.clone()).collect(),
        groups: if is_invented { labels::groups() } else { Vec::new() },
        ..Config::of_directory(directory.join("data"))
    };
    let options = options(&config, SitePolicy::Configured, Vec::new());
    let (known, receiving) = (serve::Known::default(), receive::Settings::default());
    let listeners = Listeners { events: listener, readers: reading, monitor: None, security: Security::default() };
    let server = tokio::spawn({
        let clock = Arc::new(SystemClock);
        serve::run(listeners, options, known, receiving, Access::without_tokens(clock.clone()), clock, signals)
    });
    Ok(Started { address, page, server })
}

/// Listens there, or on a free port where that one is in use.
async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(_in_use) => Ok(TcpListener::bind((address.ip(), 0)).await?),
    }
}

/// The listener is bound already; the server answers as soon as the vault is open.
async fn connect(address: &str) -> Result<Link, Failure> {
    Ok(report::connect(&format!("http://{address}"), &Credentials::default()).await?)
}

fn ship_options(show: &Show, address: &str, secret: ProducerSecret, now_unix_ms: i64) -> ShipOptions {
    let inputs = show.logs.iter().cloned().map(Input::File).collect();
    let (retry_for, server) = (Duration::from_secs(30), format!("http://{address}"));
    let options = ShipOptions::new(show.site.name.as_str(), &server, secret, inputs, now_unix_ms);
    // It shows what can be read of any log, and tells how much that is.
    ShipOptions { retry_for, show_progress: true, accept_malformed: true, ..options }
}

/// The outcomes of a site's lines, in one line.
fn shipped(show: &Show, summary: &Summary) -> String {
    let mut ends: BTreeMap<&str, u64> = BTreeMap::new();
    for file in &summary.files {
        for (name, count) in &file.outcomes {
            *ends.entry(name).or_default() += count;
        }
        *ends.entry("malformed").or_default() += file.malformed.values().sum::<u64>() + file.too_long;
    }
    let ends: Vec<String> =
        ends.iter().filter(|(_, n)| **n > 0).map(|(name, n)| format!("{} {n}", name.replace('_', " "))).collect();
    let mut line = format!("Shipped {}: {} lines, of which {}", show.site.name, summary.lines, ends.join(", "));
    for error in summary.files.iter().filter_map(|file| file.error.as_ref()) {
        line.push_str(&format!("\n  {error}"));
    }
    line
}

/// Waits for the month's release of every site, or until nothing more is published. Returns the number of releases.
async fn wait_until_sealed(channel: Link, mut sites: BTreeSet<String>) -> Result<u64, Failure> {
    let request = WatchReleasesRequest { site: String::new(), after_release: Some(0) };
    let mut notices = StatsServiceClient::new(channel).watch_releases(request).await?.into_inner();
    let mut last = 0;
    while !sites.is_empty() {
        let Ok(Some(notice)) = tokio::time::timeout(QUIET, notices.next()).await else { break };
        let notice = notice?;
        last = notice.release;
        if notice.kind() == proto::PeriodKind::Month {
            sites.remove(&notice.site);
        }
    }
    Ok(last)
}

/// The first two sites in full, the others in a sentence.
async fn print_reports(shows: &[Show], channel: Link) -> Result<(), Failure> {
    let (width, colour) = (WIDTH, RenderOptions::for_stdout().colour);
    let main_site_first = |show: &&Show| show.site.name.as_str() != "www";
    let mut ordered: Vec<&Show> = shows.iter().collect();
    ordered.sort_by_key(main_site_first);
    for (place, show) in ordered.into_iter().enumerate() {
        let request = ReportRequest {
            site: show.site.name.to_string(),
            // Without dates: the last 30 days, and breakdowns of the latest month, which has less noise.
            from_date: show.truth.as_ref().and_then(|t| t.days.keys().next().cloned()).unwrap_or_default(),
            to_date: show.truth.as_ref().and_then(|t| t.days.keys().next_back().cloned()).unwrap_or_default(),
            granularity: proto::PeriodKind::Day,
            top: TOP,
            compare: proto::Compare::Previous,
        };
        let data = report::fetch(channel.clone(), request).await?;
        if place < 2 {
            report::print(&report::render(&data, show.truth.as_ref(), &RenderOptions { width, colour }))?;
        } else if let Some(truth) = &show.truth {
            println!("{}: {}", show.site.name, report::summarize(&data, truth).sentence());
        }
        println!();
    }
    Ok(())
}

fn print_hints(address: &str, page: Option<&str>, shows: &[Show]) {
    let site = shows.last().map_or("www", |show| show.site.name.as_str());
    if let Some(page) = page {
        println!(
            "The page with these numbers: {page}
The same as JSON:
  curl '{page}headcount.v1.StatsService/GetTraffic?site={site}&granularity=PERIOD_KIND_WEEK'\n"
        );
    }
    println!(
        "Try, in another terminal:
  headcount report --server http://{address} --site {site}
  headcount privacy --server http://{address} --site {site}
  grpcurl -plaintext {address} list
  grpcurl -plaintext {address} headcount.v1.StatsService/ListSites
  grpcurl -plaintext -d '{{\"site\":\"{site}\",\"granularity\":\"PERIOD_KIND_WEEK\"}}' {address} headcount.v1.StatsService/GetTraffic
  grpcurl -plaintext -d '{{\"site\":\"{site}\",\"table\":\"TABLE_PAGE\",\"page_size\":5}}' {address} headcount.v1.StatsService/ListTop"
    );
}

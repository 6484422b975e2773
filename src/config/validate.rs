//! From what is written to what it means: fills in defaults, checks ranges, resolves names.
//!
//! It is here so that nobody needs to check a [`Config`] again. It takes [`Raw`] and the directory of the file, to which
//! the paths of sitemaps are relative.
//!
//! It never creates a directory and never binds a socket.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fmt::Display,
    net::SocketAddr,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use super::{
    Config, Problem, SITES_MAX, SiteConfig, SitemapConfig,
    labels::{groups, label},
    mail::mail,
    pages::{links, listed, pages, refresh_minutes},
    publish::publication,
    raw::{Bounds, Geo, Privacy, ProfileShares, Raw, Seal, Server, Site},
    web::web,
};
use crate::{
    calendar::Calendar,
    sitemap::Sitemap,
    text::{nearest, shown},
    units::{MS_PER_MINUTE, SiteName},
    vault::{self, Shares, SiteGroup, Table, TableSet, check_countries},
};

/// The built-in profiles.
const PROFILES: [&str; 3] = ["small", "standard", "busy"];
/// The whole budget, in basis points.
const SHARES_SUM_MAX: i64 = 10_000;
/// The longest journal, in MiB: 4 GiB take minutes to read at the start.
const JOURNAL_MIB_MAX: i64 = 4_096;
/// The largest reserve of free space, in MiB (1 TiB).
const RESERVE_MIB_MAX: i64 = 1 << 20;
/// The longest host name, in bytes (RFC 1035, section 2.3.4, without the final dot).
const HOST_BYTES_MAX: usize = 253;
/// The longest part of a host name between two dots, in bytes.
const HOST_LABEL_BYTES_MAX: usize = 63;
/// The longest name of a query parameter, in bytes, and the most of them.
const PARAMETER_BYTES_MAX: usize = 64;
const PARAMETERS_MAX: usize = 32;
/// What a written configuration means.
pub(super) fn validate(raw: Raw, base: &Path) -> Result<Config, Problem> {
    let mut config = Config::default();
    // Off for the server is off for all of its sites.
    let may_follow = raw.server.links.unwrap_or(true);
    server(raw.server, &mut config)?;
    config.web = web(raw.web)?;
    privacy(&raw.privacy, &mut config)?;
    bounds(&raw.bounds, &mut config)?;
    seal(&raw.seal, &mut config)?;
    geo(raw.geo, base, &mut config)?;
    config.publish = publication(raw.publish)?;
    config.mail = mail(raw.mail, base)?;
    let profiles = profiles(raw.profiles)?;
    config.groups = groups(raw.group)?;
    if raw.site.len() > SITES_MAX {
        let what = format!("{} sites; allowed: at most {SITES_MAX}", raw.site.len());
        return Err(Problem::new(&["site"], what));
    }
    for (index, raw_site) in raw.site.into_iter().enumerate() {
        let at = At(index.to_string());
        let known = Known { profiles: &profiles, groups: &config.groups };
        let mut made = site(raw_site, &at, &known, base, may_follow)?;
        made.bounds = bounds_of_profile(&made.profile, &raw.bounds, config.views_per_page);
        if config.countries.is_empty() {
            made.tables = made.tables.without(Table::Country);
        }
        unique(&made, &config.sites, &at)?;
        config.sites.push(made);
    }
    Ok(config)
}

/// The path of one site in the file.
pub(super) struct At(String);

impl At {
    pub(super) fn problem(&self, key: &[&str], what: impl Into<String>) -> Problem {
        let mut path = vec!["site", self.0.as_str()];
        path.extend_from_slice(key);
        Problem::new(&path, what)
    }
}

/// The value, if it is in the range.
pub(super) fn within<T: PartialOrd + Display>(
    path: [&str; 2],
    value: T,
    range: &RangeInclusive<T>,
) -> Result<T, Problem> {
    if range.contains(&value) {
        return Ok(value);
    }
    let (low, high) = (range.start(), range.end());
    Err(Problem::new(&path, format!("{value} is out of range; allowed: {low} to {high}")))
}

/// As [`within`], for very small numbers, which messages show as 1e-7.
fn within_small(path: [&str; 2], value: f64, range: &RangeInclusive<f64>) -> Result<f64, Problem> {
    if range.contains(&value) {
        return Ok(value);
    }
    let (low, high) = (range.start(), range.end());
    Err(Problem::new(&path, format!("{value:e} is out of range; allowed: {low:e} to {high:e}")))
}

fn directory(key: &str, text: &str) -> Result<PathBuf, Problem> {
    if text.is_empty() || text.contains('\0') {
        let what = format!("{} is not a directory; allowed: a path", shown(text));
        return Err(Problem::new(&["server", key], what));
    }
    Ok(PathBuf::from(text))
}

fn server(raw: Server, config: &mut Config) -> Result<(), Problem> {
    if let Some(text) = raw.listen {
        config.listen = listen(&text)?;
    }
    if let Some(text) = raw.data {
        config.data = directory("data", &text)?;
    }
    config.keys = within_data("keys", raw.keys, &config.data)?;
    config.archive = within_data("archive", raw.archive, &config.data)?;
    if let Some(mib) = raw.journal_mib {
        config.journal_mib = within(["server", "journal_mib"], mib, &(1..=JOURNAL_MIB_MAX))?.unsigned_abs();
    }
    if let Some(mib) = raw.free_space_reserve_mib {
        let mib = within(["server", "free_space_reserve_mib"], mib, &(0..=RESERVE_MIB_MAX))?;
        config.free_space_reserve_mib = mib.unsigned_abs();
    }
    Ok(())
}

/// A directory other than the data directory; inside it if none is named.
fn within_data(key: &str, text: Option<String>, data: &Path) -> Result<PathBuf, Problem> {
    let path = match text {
        Some(text) => directory(key, &text)?,
        None => data.join(key),
    };
    if path == data {
        let what = format!(
            "{} is the data directory itself; allowed: another directory, also one inside it",
            shown(&path.to_string_lossy())
        );
        return Err(Problem::new(&["server", key], what));
    }
    Ok(path)
}

fn listen(text: &str) -> Result<SocketAddr, Problem> {
    let path = ["server", "listen"];
    let address: SocketAddr = text.parse().map_err(|_| {
        let allowed = "allowed: an IP address with a port, such as \"127.0.0.1:50051\" or \"[::1]:50051\"";
        Problem::new(&path, format!("{} is not an address to listen on; {allowed}", shown(text)))
    })?;
    if !address.ip().is_loopback() {
        let advice =
            "TLS and tokens are not built in yet; put a reverse proxy with TLS in front and keep headcount on loopback";
        let what = format!("{} is not loopback; {advice} (127.0.0.1 or [::1])", shown(text));
        return Err(Problem::new(&path, what));
    }
    Ok(address)
}

fn privacy(raw: &Privacy, config: &mut Config) -> Result<(), Problem> {
    if let Some(epsilon) = raw.epsilon {
        config.epsilon = within(["privacy", "epsilon"], epsilon, &(0.01..=10.0))?;
    }
    if let Some(delta) = raw.delta {
        config.delta = within_small(["privacy", "delta"], delta, &(1e-15..=1e-4))?;
    }
    Ok(())
}

fn bounds(raw: &Bounds, config: &mut Config) -> Result<(), Problem> {
    let day_default = i64::from(config.views_per_visitor_day);
    let day_path = ["bounds", "views_per_visitor_day"];
    let day = within(day_path, raw.views_per_visitor_day.unwrap_or(day_default), &(1..=10))?;
    // A small bound for the day lowers the default for a page: only a value that was written can be a mistake.
    let page_default = i64::from(config.views_per_page).min(day);
    let page = raw.views_per_page.unwrap_or(page_default);
    let page = within(["bounds", "views_per_page"], page, &(1..=day)).map_err(|mut problem| {
        problem.what.push_str(" (views_per_visitor_day)");
        problem
    })?;
    // Both are at most 10 here, so the conversions cannot fail.
    config.views_per_visitor_day = u8::try_from(day).unwrap_or(u8::MAX);
    config.views_per_page = u8::try_from(page).unwrap_or(u8::MAX);
    Ok(())
}

/// The bounds of a site's profile, where the file leaves a visitor's day to it and it differs from what all sites have.
fn bounds_of_profile(profile: &str, raw: &Bounds, views_per_page: u8) -> Option<vault::Bounds> {
    let bounds = vault::Bounds::of_profile(profile);
    let differs = bounds.views_per_visitor_day != vault::Bounds::default().views_per_visitor_day;
    let views_per_page = views_per_page.min(bounds.views_per_visitor_day);
    (differs && raw.views_per_visitor_day.is_none()).then_some(vault::Bounds { views_per_page, ..bounds })
}

fn seal(raw: &Seal, config: &mut Config) -> Result<(), Problem> {
    if let Some(minutes) = raw.max_lateness_minutes {
        let minutes = within(["seal", "max_lateness_minutes"], minutes, &(0..=43_200))?;
        config.max_lateness_ms = minutes * MS_PER_MINUTE;
    }
    Ok(())
}

fn geo(raw: Geo, base: &Path, config: &mut Config) -> Result<(), Problem> {
    config.countries = raw.countries.iter().map(|file| base.join(file)).collect();
    check_countries(&config.countries).map_err(|fault| Problem::new(&["geo", "countries"], fault.to_string()))?;
    Ok(())
}

fn profiles(raw: BTreeMap<String, ProfileShares>) -> Result<BTreeMap<String, Shares>, Problem> {
    let mut made = BTreeMap::new();
    for (name, raw_shares) in raw {
        if Shares::named(&name).is_some() {
            let what = format!("{name:?} is a built-in profile; allowed: another name");
            return Err(Problem::new(&["profiles", &name], what));
        }
        let shares = shares(&name, &raw_shares)?;
        made.insert(name, shares);
    }
    Ok(made)
}

fn shares(name: &str, raw: &ProfileShares) -> Result<Shares, Problem> {
    let mut sum: i64 = 0;
    let mut share = |key: &str, value: i64, least: i64| {
        let in_range = (least..=SHARES_SUM_MAX).contains(&value);
        let converted = value.try_into().ok().filter(|_| in_range);
        sum += value.clamp(0, SHARES_SUM_MAX);
        converted.ok_or_else(|| {
            let what = format!("{value} is out of range; allowed: {least} to {SHARES_SUM_MAX} basis points");
            Problem::new(&["profiles", name, key], what)
        })
    };
    // Without a share of their own pages have no weeks.
    let week_pages = share("week_pages", raw.week_pages, 0)?;
    let mut one = |key, value| share(key, value, 1);
    let shares = Shares {
        hour: one("hour", raw.hour)?,
        day_site: one("day_site", raw.day_site)?,
        day_pages: one("day_pages", raw.day_pages)?,
        day_attributes: one("day_attributes", raw.day_attributes)?,
        week_site: one("week_site", raw.week_site)?,
        week_pages,
        month_site: one("month_site", raw.month_site)?,
        month_pages: one("month_pages", raw.month_pages)?,
        month_attributes: one("month_attributes", raw.month_attributes)?,
        selection: one("selection", raw.selection)?,
        month_selection: 0,
    };
    if sum > SHARES_SUM_MAX {
        let what = format!("the shares add up to {sum} basis points; allowed: at most {SHARES_SUM_MAX}");
        return Err(Problem::new(&["profiles", name], what));
    }
    Ok(shares)
}

/// What the sites may name.
struct Known<'k> {
    profiles: &'k BTreeMap<String, Shares>,
    groups: &'k [SiteGroup],
}

fn site(mut raw: Site, at: &At, known: &Known<'_>, base: &Path, may_follow: bool) -> Result<SiteConfig, Problem> {
    let name = SiteName::new(&raw.name)
        .map_err(|error| at.problem(&["name"], format!("{} is not allowed: {error}", shown(&raw.name))))?;
    let label = label(&mut raw, known.groups, at)?;
    let hosts = hosts(&raw.hosts, at)?;
    let links = links(&mut raw, &hosts, may_follow, at)?;
    let zone = raw.time_zone.as_deref().unwrap_or("UTC");
    let calendar = Calendar::new(zone).map_err(|_| {
        let what = format!("{} is not a time zone; allowed: an IANA name such as \"Asia/Tokyo\"", shown(zone));
        at.problem(&["time_zone"], what)
    })?;
    let profile = raw.profile.unwrap_or_else(|| "standard".to_owned());
    let shares = profile_shares(&profile, known.profiles, at)?;
    parameters(&raw.query_allow, at)?;
    let tables = tables(&raw.skip_tables, raw.client_domains, at)?;
    let listed = listed(raw.pages, at)?;
    let refresh_minutes = refresh_minutes(raw.sitemap_refresh_minutes, raw.sitemap.is_some(), at)?;
    let sitemap = raw.sitemap.map(|text| Sitemap::named(&text, base, &hosts)).transpose();
    let sitemap = sitemap.map_err(|what| at.problem(&["sitemap"], what))?;
    let pages = pages(&listed, sitemap.as_ref(), at)?;
    let sitemap = sitemap.map(|sitemap| SitemapConfig { sitemap, refresh_minutes, listed });
    let query_allow = raw.query_allow;
    let bounds = None;
    Ok(SiteConfig { name, hosts, calendar, profile, shares, bounds, pages, sitemap, links, query_allow, tables, label })
}

fn profile_shares(name: &str, profiles: &BTreeMap<String, Shares>, at: &At) -> Result<Shares, Problem> {
    if let Some(shares) = Shares::named(name).or_else(|| profiles.get(name).copied()) {
        return Ok(shares);
    }
    let known = || PROFILES.into_iter().chain(profiles.keys().map(String::as_str));
    let hint = nearest(name, known()).map(|near| format!(" did you mean {near:?}?")).unwrap_or_default();
    let all: Vec<&str> = known().collect();
    let what = format!("{} is not a profile;{hint} allowed: {}", shown(name), all.join(", "));
    Err(at.problem(&["profile"], what))
}

/// All tables but those that are skipped, and domains only where host names are sent.
fn tables(skip: &[String], client_domains: bool, at: &At) -> Result<TableSet, Problem> {
    let mut tables = TableSet::all();
    if !client_domains {
        tables = tables.without(Table::Domain);
    }
    for (index, name) in skip.iter().enumerate() {
        let known = || Table::attributes().map(Table::name);
        let Some(table) = Table::attributes().find(|table| table.name() == name) else {
            let hint = nearest(name, known()).map(|near| format!(" did you mean {near:?}?")).unwrap_or_default();
            let all: Vec<&str> = known().collect();
            let what =
                format!("{} is not a table that can be left out;{hint} allowed: {}", shown(name), all.join(", "));
            return Err(at.problem(&["skip_tables", &index.to_string()], what));
        };
        tables = tables.without(table);
    }
    Ok(tables)
}

fn hosts(raw: &[String], at: &At) -> Result<Vec<String>, Problem> {
    let mut made: Vec<String> = Vec::with_capacity(raw.len());
    for (index, text) in raw.iter().enumerate() {
        let host = text.to_ascii_lowercase();
        let what = if !is_host(&host) {
            "is not a host name; allowed: a name without scheme, port or path, such as \"www.example.jp\" or \
             \"*.example.jp\" (other scripts in their xn-- form)"
        } else if made.contains(&host) {
            "is there twice; allowed: once"
        } else {
            made.push(host);
            continue;
        };
        return Err(at.problem(&["hosts", &index.to_string()], format!("{} {what}", shown(text))));
    }
    Ok(made)
}

pub(super) fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let length_allowed = (1..=HOST_LABEL_BYTES_MAX).contains(&label.len());
        length_allowed && label.bytes().all(allowed) && !label.starts_with('-') && !label.ends_with('-')
    };
    host.len() <= HOST_BYTES_MAX && host.strip_prefix("*.").unwrap_or(host).split('.').all(is_label)
}

fn parameters(names: &[String], at: &At) -> Result<(), Problem> {
    if names.len() > PARAMETERS_MAX {
        let what = format!("{} parameters; allowed: at most {PARAMETERS_MAX}", names.len());
        return Err(at.problem(&["query_allow"], what));
    }
    for (index, name) in names.iter().enumerate() {
        let odd = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '&' | '=' | '?' | '#' | '%');
        if name.is_empty() || name.len() > PARAMETER_BYTES_MAX || name.contains(odd) {
            let what = format!(
                "{} is not the name of a query parameter; allowed: 1 to {PARAMETER_BYTES_MAX} bytes, decoded, without spaces and & = ? # %",
                shown(name)
            );
            return Err(at.problem(&["query_allow", &index.to_string()], what));
        }
    }
    Ok(())
}

/// Refuses a name or host of an earlier site: an access must belong to exactly one.
fn unique(made: &SiteConfig, earlier: &[SiteConfig], at: &At) -> Result<(), Problem> {
    if earlier.iter().any(|site| site.name == made.name) {
        let what = format!("\"{}\" is the name of an earlier site; allowed: a name of its own", made.name);
        return Err(at.problem(&["name"], what));
    }
    let mut owners = BTreeMap::new();
    for site in earlier {
        owners.extend(site.hosts.iter().map(|host| (host.as_str(), &site.name)));
    }
    for (index, host) in made.hosts.iter().enumerate() {
        if let Entry::Occupied(owner) = owners.entry(host) {
            let what = format!("\"{host}\" belongs to the site \"{}\" already; allowed: one site a host", owner.get());
            return Err(at.problem(&["hosts", &index.to_string()], what));
        }
    }
    Ok(())
}

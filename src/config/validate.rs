//! From what is written to what it means: fills in defaults, checks ranges, resolves names.
//!
//! It is here so that nobody needs to check a [`Config`] again. It takes [`Raw`] and the directory of the file, to which
//! the paths of sitemaps are relative.
//!
//! It never creates a directory and never binds a socket.

use std::{
    collections::BTreeMap,
    fmt::Display,
    net::SocketAddr,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use super::{
    Config, NETWORK_ADVICE, Problem, SITES_MAX, TOKENS_FILE, TlsConfig,
    labels::groups,
    mail::mail,
    monitor::monitor,
    publish::publication,
    raw::{Bounds, Geo, Privacy, ProfileShares, Raw, Seal, Server},
    receive::cookie,
    site::{Known, site, unique},
    tls::tls,
    web::web,
};
use crate::{
    text::shown,
    units::MS_PER_MINUTE,
    vault::{self, Shares, Table, check_countries},
};

/// The whole budget, in basis points.
const SHARES_SUM_MAX: i64 = 10_000;
/// The longest journal, in MiB: 4 GiB take minutes to read at the start.
const JOURNAL_MIB_MAX: i64 = 4_096;
/// The largest reserve of free space, in MiB (1 TiB).
const RESERVE_MIB_MAX: i64 = 1 << 20;

/// What a written configuration means.
pub(super) fn validate(raw: Raw, base: &Path) -> Result<Config, Problem> {
    let mut config = Config::default();
    // Off for the server is off for all of its sites.
    let may_follow = raw.server.links.unwrap_or(true);
    config.tls = tls(raw.tls, base)?;
    server(raw.server, &mut config)?;
    config.web = web(raw.web)?;
    config.monitor = monitor(raw.monitor)?;
    privacy(&raw.privacy, &mut config)?;
    bounds(&raw.bounds, &mut config)?;
    seal(&raw.seal, &mut config)?;
    geo(raw.geo, base, &mut config)?;
    config.cookie = cookie(raw.receive)?;
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
        config.listen = listen(&text, &config.tls)?;
    }
    if let Some(text) = raw.data {
        config.data = directory("data", &text)?;
    }
    config.keys = within_data("keys", raw.keys, &config.data)?;
    config.archive = within_data("archive", raw.archive, &config.data)?;
    config.tokens = match raw.tokens {
        Some(text) => directory("tokens", &text)?,
        None => config.data.join(TOKENS_FILE),
    };
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

fn listen(text: &str, tls: &TlsConfig) -> Result<SocketAddr, Problem> {
    let path = ["server", "listen"];
    let address: SocketAddr = text.parse().map_err(|_| {
        let allowed = "allowed: an IP address with a port, such as \"127.0.0.1:50051\" or \"[::1]:50051\"";
        Problem::new(&path, format!("{} is not an address to listen on; {allowed}", shown(text)))
    })?;
    if !address.ip().is_loopback() && !tls.allows_network() {
        let what = format!("{} is not loopback; {NETWORK_ADVICE}", shown(text));
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

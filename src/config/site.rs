//! What one site of a configuration means: its name, hosts, time zone, profile, tables and pages.
//!
//! It is here because a site has more settings than all else together. It never looks at another site but to refuse a name or host
//! that is taken.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    path::Path,
};

use super::{
    Problem, SiteConfig, SitemapConfig,
    labels::label,
    pages::{links, listed, pages, refresh_minutes},
    raw::Site,
    validate::At,
};
use crate::{
    calendar::Calendar,
    sitemap::Sitemap,
    text::{nearest, shown},
    units::SiteName,
    vault::{Shares, SiteGroup, Table, TableSet},
};

/// The built-in profiles.
const PROFILES: [&str; 3] = ["small", "standard", "busy"];
/// The longest host name, in bytes (RFC 1035, section 2.3.4, without the final dot).
const HOST_BYTES_MAX: usize = 253;
/// The longest part of a host name between two dots, in bytes.
const HOST_LABEL_BYTES_MAX: usize = 63;
/// The longest name of a query parameter, in bytes, and the most of them.
const PARAMETER_BYTES_MAX: usize = 64;
const PARAMETERS_MAX: usize = 32;

/// What the sites may name.
pub(super) struct Known<'k> {
    pub(super) profiles: &'k BTreeMap<String, Shares>,
    pub(super) groups: &'k [SiteGroup],
}

pub(super) fn site(
    mut raw: Site,
    at: &At,
    known: &Known<'_>,
    base: &Path,
    may_follow: bool,
) -> Result<SiteConfig, Problem> {
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
    Ok(SiteConfig {
        name,
        is_public: raw.public,
        hosts,
        calendar,
        profile,
        shares,
        bounds: None,
        pages,
        sitemap,
        links,
        query_allow: raw.query_allow,
        tables,
        label,
    })
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
pub(super) fn unique(made: &SiteConfig, earlier: &[SiteConfig], at: &At) -> Result<(), Problem> {
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

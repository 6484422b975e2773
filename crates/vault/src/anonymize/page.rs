//! The page of an access: the request target brought into one form, without personal data.
//!
//! It is here so that equal pages are one row, and so that an address, a number or a token in a URL never becomes a
//! key that is stored. It takes the target as the web server saw it and writes at most [`PAGE_BYTES_MAX`] bytes.
//! The form is a fixed point: normalising a normalised page changes nothing.
//!
//! It never keeps scheme, host, fragment or a query parameter that the site did not allow, and never panics.
//!
//! # The form
//! A segment (the text between two `/`) is decoded once and encoded again. Encoded stay: `%`, `/`, `?`, `#`, space,
//! quotes, brackets that HTML gives a meaning, controls and other invisible characters, and bytes that are no UTF-8.
//! All else is plain text, so `/%E3%81%82` and `/あ` are one page.

mod form;
mod kind;
mod plain;
mod query;
mod scrub;
#[cfg(test)]
mod tests;

pub(super) use form::is_invisible;
use form::resolve;
use kind::{asks_for_feed, kind_of};
use plain::is_plain;
pub(super) use plain::is_plain_text;
use query::{append_query, shorten};
pub(super) use scrub::{Context, scrub};

/// The longest page that is ever written, in bytes.
pub(crate) const PAGE_BYTES_MAX: usize = 512;
/// The longest target that is accepted, in bytes (the protocol's limit).
pub(crate) const TARGET_BYTES_MAX: usize = 8192;
/// Ends a page that was cut.
const ELLIPSIS: char = '…';

/// What an operator may say about a site's pages.
pub(crate) struct PageRules {
    /// File names that mean their directory: `/a/index.html` is `/a/`. Compared without regard to ASCII case.
    pub index_files: Vec<String>,
    /// Query parameters that choose a page, by their decoded name (`id`, `lang`). All others are dropped.
    pub query_allow: Vec<String>,
}

impl Default for PageRules {
    fn default() -> Self {
        let index_files = [
            "index.html",
            "index.htm",
            "index.php",
            "index.shtml",
            "index.xhtml",
            "index.jsp",
            "index.asp",
            "index.aspx",
            "index.cgi",
            "default.html",
            "default.htm",
            "default.asp",
            "default.aspx",
        ];
        Self { index_files: index_files.map(String::from).to_vec(), query_allow: Vec::new() }
    }
}

/// What a target points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Something a person reads.
    Page,
    /// A style sheet, script, image or font: what a browser loads with a page.
    Part,
    /// The icon of a site, which robots and link previews ask for too.
    Icon,
    /// Another thing that belongs to a page and is none: a sound, a film, a source map.
    Asset,
    /// What only robots and monitors of robots ask for.
    RobotsTxt,
    /// What other machines read: a feed, a sitemap, a manifest, data, a health check.
    Machine,
}

/// The target is empty, too long, holds control characters, or is neither a path nor an http(s) URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadTarget;

/// Writes the normalised page of `target` into `out` (cleared first; its memory is used again), without personal data.
///
/// A plain path that needs no change costs no allocation.
///
/// # Errors
/// [`BadTarget`]; `out` is then empty.
pub(crate) fn normalize(target: &str, rules: &PageRules, out: &mut String) -> Result<Target, BadTarget> {
    named(target, rules, |_| false, out)
}

/// The same, but that a page which is public keeps the name that it has in its list. `is_public` is asked for a name only where
/// something in it looks personal; it must not follow from what visitors do.
///
/// # Errors
/// [`BadTarget`]; `out` is then empty.
pub(crate) fn named(
    target: &str,
    rules: &PageRules,
    is_public: impl Fn(&str) -> bool,
    out: &mut String,
) -> Result<Target, BadTarget> {
    out.clear();
    // What is plain has no query, no fragment and no control character: most targets need no other look.
    if target.len() <= PAGE_BYTES_MAX && is_plain(target) {
        out.push_str(target);
        drop_index_file(out, rules);
        return Ok(kind_of(out));
    }
    let (path, query) = split(target)?;
    if is_plain(path) {
        out.push_str(path);
        drop_index_file(out, rules);
        let kind = kind_of(out);
        finish(path, query, rules, is_public, out);
        return Ok(of_query(kind, query));
    }
    let mut resolved = String::with_capacity(path.len() + 1);
    resolve(path, &mut resolved);
    drop_index_file(&mut resolved, rules);
    scrub_path(&resolved, out);
    if *out != resolved && resolved.len() <= PAGE_BYTES_MAX && is_public(&resolved) {
        out.clone_from(&resolved);
    }
    finish(&resolved, query, rules, is_public, out);
    Ok(of_query(kind_of(&resolved), query))
}

/// A page that is asked for in the form of a feed is none.
fn of_query(kind: Target, query: &str) -> Target {
    if kind == Target::Page && asks_for_feed(query) { Target::Machine } else { kind }
}

/// Appends the query to a scrubbed path, or cuts the path. `resolved`: the path before it was scrubbed.
fn finish(resolved: &str, query: &str, rules: &PageRules, is_public: impl Fn(&str) -> bool, out: &mut String) {
    if out.len() > PAGE_BYTES_MAX {
        return shorten(out);
    }
    if query.is_empty() || rules.query_allow.is_empty() {
        return;
    }
    let path_bytes = out.len();
    append_query(query, rules, true, out);
    if out.len() == path_bytes {
        return;
    }
    let mut whole = resolved.to_owned();
    drop_index_file(&mut whole, rules);
    append_query(query, rules, false, &mut whole);
    if whole != *out && whole.len() <= PAGE_BYTES_MAX && is_public(&whole) {
        *out = whole;
    }
}

/// Writes the page of a target that stands in a sitemap or a list as it is there, in the one form that all names have. What
/// is too long for a name is scrubbed and cut.
///
/// # Errors
/// [`BadTarget`]; `out` is then empty.
pub(crate) fn listed(target: &str, rules: &PageRules, out: &mut String) -> Result<Target, BadTarget> {
    named(target, rules, |_| true, out)
}

/// The name under which a page that the site's own links lead to is counted; `None` if it is no page. Its numbers stay as they
/// are; a link that holds a token, a mail address or a name is scrubbed. Nothing of a visitor goes in or comes out.
#[must_use]
pub fn page_name(target: &str, query_allow: &[String]) -> Option<String> {
    let rules = PageRules { query_allow: query_allow.to_vec(), ..PageRules::default() };
    let (mut name, mut as_it_is) = (String::new(), String::new());
    let is_page = matches!(normalize(target, &rules, &mut name), Ok(Target::Page));
    let is_private = ["{email}", "{name}", "{token}", "{uuid}"].iter().any(|label| name.contains(label));
    if !is_private && listed(target, &rules, &mut as_it_is).is_ok() {
        name = as_it_is;
    }
    is_page.then_some(name)
}

/// What in a page of a list looks personal, as the page would be without the list; `None` where nothing does.
#[must_use]
pub fn scrubbed_page(target: &str, query_allow: &[String]) -> Option<String> {
    let rules = PageRules { query_allow: query_allow.to_vec(), ..PageRules::default() };
    let (mut scrubbed, mut as_it_is) = (String::new(), String::new());
    let found = normalize(target, &rules, &mut scrubbed).and_then(|_| listed(target, &rules, &mut as_it_is));
    (found.is_ok() && scrubbed != as_it_is).then_some(scrubbed)
}

/// What replaces the value of a query parameter whatever it is, because its name says that it is personal.
#[must_use]
pub fn personal_parameter(name: &str) -> Option<&'static str> {
    match Context::of_parameter(name) {
        Context::Whole(label) => Some(label),
        _ => None,
    }
}

/// Path and query of a target without its origin and fragment.
fn split(target: &str) -> Result<(&str, &str), BadTarget> {
    if target.is_empty() || target.len() > TARGET_BYTES_MAX || target.bytes().any(|b| b.is_ascii_control()) {
        return Err(BadTarget);
    }
    let local = strip_origin(target).ok_or(BadTarget)?;
    let local = &local[..fragment_start(local)];
    Ok(local.split_once('?').unwrap_or((local, "")))
}

/// Where the fragment starts. The sign within an HTML entity (`&#64;`) starts none.
fn fragment_start(local: &str) -> usize {
    const ENTITY_BYTES_MAX: usize = 8;
    let is_entity = |at: usize| {
        let after = &local.as_bytes()[at + 1..local.len().min(at + 1 + ENTITY_BYTES_MAX)];
        let digits = after.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
        local[..at].ends_with('&') && digits > 0 && after.get(digits) == Some(&b';')
    };
    memchr::memchr_iter(b'#', local.as_bytes()).find(|&at| !is_entity(at)).unwrap_or(local.len())
}

/// Writes a path in canonical form with every segment scrubbed. What a segment says of the next one is read from what is written.
fn scrub_path(path: &str, out: &mut String) {
    let mut context = Context::Unknown;
    for segment in path.split('/').skip(1) {
        out.push('/');
        let start = out.len();
        scrub(segment, context, out);
        context = Context::after_segment(&out[start..], context);
    }
}

/// Path and query of a target: what comes after `http://host`, or all of it where it starts with `/`.
fn strip_origin(target: &str) -> Option<&str> {
    if target.starts_with('/') {
        return Some(target);
    }
    let after = ["http://", "https://"].iter().find_map(|scheme| {
        let head = target.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then(|| &target[scheme.len()..])
    })?;
    let host_bytes = after.find(['/', '?', '#']).unwrap_or(after.len());
    (host_bytes > 0).then(|| &after[host_bytes..])
}

fn drop_index_file(path: &mut String, rules: &PageRules) {
    let name_at = memchr::memrchr(b'/', path.as_bytes()).map_or(0, |slash| slash + 1);
    let name = &path[name_at..];
    // Its length tells most names from all of these.
    if rules.index_files.iter().any(|file| file.len() == name.len() && file.eq_ignore_ascii_case(name)) {
        path.truncate(name_at);
    }
}

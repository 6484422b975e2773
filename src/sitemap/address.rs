//! URLs of a site: which may be fetched, where a redirect leads, and which page a URL names.
//!
//! It is here so that the rule "only the site's own hosts" is in one place. Addresses are parsed by the code that connects
//! to them, so that both see the same host.
//!
//! It never fetches.

use std::fmt;

use ureq::http::Uri;

use crate::text::{nearest, shown};

/// The longest URL, in bytes. The format of sitemaps allows 2,048 characters.
pub(super) const URL_BYTES_MAX: usize = 8_192;

/// A URL that may be fetched: `http` or `https`, on a host of the site, without a user name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Uri);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Address {
    /// Whether a text is a URL, not a file name.
    pub(super) fn is_url(text: &str) -> bool {
        text.contains("://")
    }

    /// The host of a URL in lower case; `None` where the text is none.
    pub(super) fn host_of(text: &str) -> Option<String> {
        let uri = text.parse::<Uri>().ok().filter(|_| Self::is_url(text))?;
        uri.host().map(str::to_ascii_lowercase)
    }

    /// Reads a URL.
    ///
    /// # Errors
    /// When it is not a URL, or its host is not one of the site's.
    pub(super) fn parse(text: &str, hosts: &[String]) -> Result<Self, String> {
        let is_plain = text.len() <= URL_BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_graphic());
        let uri = is_plain.then(|| text.parse::<Uri>().ok()).flatten();
        let uri = uri.filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")));
        let Some((uri, authority)) = uri.and_then(|uri| uri.authority().cloned().map(|authority| (uri, authority)))
        else {
            let shape = "allowed: https:// or http:// with a host and a path, without spaces, other scripts encoded";
            return Err(format!("{} is not a URL that can be fetched; {shape}", shown(text)));
        };
        if authority.as_str().contains('@') {
            // The text is not repeated: it may hold a password.
            return Err("the URL has a user name or a password; allowed: a URL without them".to_owned());
        }
        if hosts.is_empty() {
            let what = "is on the network and the site has no hosts; allowed: a URL on a host that `hosts` names";
            return Err(format!("{} {what}", shown(text)));
        }
        of_site(&authority.host().to_ascii_lowercase(), hosts)?;
        Ok(Self(uri))
    }

    /// Resolves the reference in a redirect or an index: a URL, or a path on the same host.
    ///
    /// # Errors
    /// When it leads to another site or from `https` to `http`.
    pub(super) fn follow(&self, reference: &str, hosts: &[String]) -> Result<Self, String> {
        let (scheme, authority) = (self.scheme(), self.0.authority().map_or("", |authority| authority.as_str()));
        let text = if reference.starts_with("//") {
            format!("{scheme}:{reference}")
        } else if reference.starts_with('/') {
            format!("{scheme}://{authority}{reference}")
        } else if Self::is_url(reference) {
            reference.to_owned()
        } else {
            let folder = self.0.path().rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{scheme}://{authority}{folder}/{reference}")
        };
        let next = Self::parse(&text, hosts)?;
        if scheme == "https" && next.scheme() != "https" {
            return Err(format!("{} leaves https; allowed: https once it has begun", shown(&text)));
        }
        Ok(next)
    }

    fn scheme(&self) -> &str {
        self.0.scheme_str().unwrap_or_default()
    }
}

/// The path and query of a URL, which is the page that it names. Without `hosts` every host is taken.
pub(super) fn page_of(url: &str, hosts: &[String]) -> Result<String, String> {
    let is_scheme = |scheme: &&str| scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let rest = url.split_once("://").filter(|(scheme, _)| is_scheme(scheme)).map(|(_, rest)| rest);
    let odd = |c: char| c.is_control() || c.is_whitespace();
    let Some(rest) = rest.filter(|_| url.len() <= URL_BYTES_MAX && !url.contains(odd)) else {
        let shape = "allowed: http:// or https:// with a host and a path, without spaces";
        return Err(format!("{} is not the URL of a page; {shape}, at most {URL_BYTES_MAX} bytes", shown(url)));
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let host = authority.split(':').next().unwrap_or_default().to_ascii_lowercase();
    if !hosts.is_empty() {
        of_site(&host, hosts)?;
    }
    // "https://host" and "https://host?x" mean the path "/".
    Ok(if target.starts_with('/') { target.to_owned() } else { format!("/{target}") })
}

/// Refuses a host that is not one of the site.
fn of_site(host: &str, hosts: &[String]) -> Result<(), String> {
    if hosts.iter().any(|pattern| covers(pattern, host)) {
        return Ok(());
    }
    let hint = nearest(host, hosts.iter().map(String::as_str)).map(|near| format!(" (near {near:?})"));
    let advice = "add it to the site's hosts or take the URL out";
    Err(format!("the host {}{} is not one of the site; {advice}", shown(host), hint.unwrap_or_default()))
}

/// Whether a pattern covers a host: the same name, or for `*.x` a name below `x`.
fn covers(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(below) => host.strip_suffix(below).is_some_and(|label| !label.is_empty()),
        None => pattern == host,
    }
}

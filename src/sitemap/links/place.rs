//! A place on the web: a reference from a page resolved to a host, a path and a query (RFC 3986, section 5).
//!
//! It is here so that every address that is asked for was built in one file. References are taken as browsers take them: a
//! backslash is a slash, other scripts are encoded in UTF-8.
//!
//! It never keeps a fragment, and is never a URL with a user name or another scheme than http and https.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// The longest URL that is followed, in bytes: many wait at a time.
const URL_BYTES_MAX: usize = 2_048;
/// What is encoded where a reference has it in plain.
const ENCODED: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'{').add(b'}').add(b'|').add(b'^');

/// A host with its port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Host {
    /// In lower case.
    pub(super) name: String,
    /// `None`: the port that the scheme implies.
    pub(super) port: Option<u16>,
}

/// A URL taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) is_https: bool,
    pub(super) host: Host,
    /// Begins with `/`, without dot segments.
    path: String,
    query: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", origin(self.is_https, &self.host), self.target())
    }
}

/// `https://host:port`
pub(super) fn origin(is_https: bool, host: &Host) -> String {
    let scheme = if is_https { "https" } else { "http" };
    let port = host.port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("{scheme}://{}{port}", host.name)
}

impl Place {
    /// The first page of a host.
    pub(super) fn front(name: &str) -> Self {
        let host = Host { name: name.to_owned(), port: None };
        Self { is_https: true, host, path: "/".to_owned(), query: None }
    }

    /// Reads a whole URL.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = cleaned(text)?;
        let (scheme, rest) = text.split_once(':')?;
        let is_https = scheme.eq_ignore_ascii_case("https");
        if !is_https && !scheme.eq_ignore_ascii_case("http") {
            return None;
        }
        Self::of_authority(is_https, rest.strip_prefix("//")?)
    }

    /// What a reference on this page means. `None`: nothing that can be asked for over http.
    pub(super) fn resolve(&self, reference: &str) -> Option<Self> {
        let text = cleaned(reference)?;
        if let Some(rest) = text.strip_prefix("//") {
            return Self::of_authority(self.is_https, rest);
        }
        if has_scheme(&text) {
            return Self::parse(&text);
        }
        let (path, query) = split(&text);
        let path = match path {
            "" if query.is_none() => return Some(self.clone()),
            "" => self.path.clone(),
            whole if whole.starts_with('/') => without_dots(whole),
            part => {
                let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
                without_dots(&format!("{folder}/{part}"))
            }
        };
        Some(Self { path, query, ..self.clone() })
    }

    /// From what follows `//`.
    fn of_authority(is_https: bool, rest: &str) -> Option<Self> {
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (name, port) = match authority.split_once(':') {
            Some((name, "")) => (name, None),
            Some((name, port)) => (name, Some(port.parse::<u16>().ok()?)),
            None => (authority, None),
        };
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        if name.is_empty() || !name.bytes().all(is_letter) {
            return None;
        }
        let implied = if is_https { 443 } else { 80 };
        let host = Host { name: name.to_ascii_lowercase(), port: port.filter(|&port| port != implied) };
        let (path, query) = split(target);
        Some(Self { is_https, host, path: without_dots(path), query })
    }

    /// Path and query.
    pub(super) fn target(&self) -> String {
        let query = self.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}{query}", self.path)
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The same without the query parameters that are not in the list.
    pub(super) fn with_parameters(mut self, allowed: &[String]) -> Self {
        let is_kept = |pair: &&str| {
            let name = pair.split('=').next().unwrap_or_default().replace('+', "%20");
            let name = percent_decode_str(&name).decode_utf8_lossy();
            allowed.iter().any(|allowed| *allowed == name)
        };
        let kept: Vec<&str> = self.query.iter().flat_map(|query| query.split('&')).filter(is_kept).collect();
        self.query = (!kept.is_empty()).then(|| kept.join("&"));
        self
    }

    /// The same over the scheme by which its host answers.
    pub(super) fn over(mut self, is_https: bool) -> Self {
        self.is_https = is_https;
        self
    }
}

/// Without spaces around it, line ends within and fragment; encoded. `None` if it is too long.
fn cleaned(reference: &str) -> Option<String> {
    let text = reference.trim_matches(|c: char| c.is_ascii_whitespace() || c.is_ascii_control());
    let text = text.split('#').next().unwrap_or_default().replace(['\t', '\n', '\r'], "");
    let (path, query) = text.split_at(text.find('?').unwrap_or(text.len()));
    let text = format!("{}{query}", path.replace('\\', "/"));
    let text = utf8_percent_encode(&text, ENCODED).to_string();
    (text.len() <= URL_BYTES_MAX).then_some(text)
}

/// Whether a reference begins with the name of a scheme.
fn has_scheme(text: &str) -> bool {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.bytes().all(is_letter)
}

/// Path and query of a target.
fn split(target: &str) -> (&str, Option<String>) {
    match target.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (target, None),
    }
}

/// A path without `.` and `..`, never above the root.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut is_folder = false;
    for segment in path.strip_prefix('/').unwrap_or(path).split('/') {
        let plain = segment.replace("%2e", ".").replace("%2E", ".");
        is_folder = matches!(plain.as_str(), "." | "..");
        match plain.as_str() {
            "." => {}
            ".." => _ = kept.pop(),
            _ => kept.push(segment),
        }
    }
    if is_folder {
        kept.push("");
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(base: &str, reference: &str) -> String {
        let place = Place::parse(base).unwrap().resolve(reference);
        place.map_or_else(|| "nothing".to_owned(), |place| place.to_string())
    }

    #[test]
    fn references_mean_what_browsers_take_them_for() {
        let base = "https://www.site.test/a/b.html?q=1";
        for (reference, meant) in [
            ("c.html", "https://www.site.test/a/c.html"),
            ("../c/./d/..", "https://www.site.test/c/"),
            ("../../../x", "https://www.site.test/x"),
            ("/x#part", "https://www.site.test/x"),
            ("?q=2", "https://www.site.test/a/b.html?q=2"),
            ("#part", "https://www.site.test/a/b.html?q=1"),
            ("", "https://www.site.test/a/b.html?q=1"),
            ("//Other.test", "https://other.test/"),
            ("HTTP://other.test:80/x", "http://other.test/x"),
            ("http://other.test:443/x", "http://other.test:443/x"),
            (" /ビザ/\n", "https://www.site.test/%E3%83%93%E3%82%B6/"),
            ("\\a\\b c", "https://www.site.test/a/b%20c"),
            ("https://www.site.test?x", "https://www.site.test/?x"),
            ("/a//b/", "https://www.site.test/a//b/"),
            ("mailto:me@site.test", "nothing"),
            ("javascript:void(0)", "nothing"),
            ("https://me@www.site.test/", "nothing"),
            ("https:/x", "nothing"),
            ("https://[::1]/", "nothing"),
            ("https://site.test:99999/", "nothing"),
        ] {
            assert_eq!(resolved(base, reference), meant, "{reference}");
        }
    }

    #[test]
    fn only_allowed_parameters_stay() {
        let kept = |text: &str| {
            let place = Place::parse(text).unwrap().with_parameters(&["id".to_owned(), "a b".to_owned()]);
            place.target()
        };
        assert_eq!(kept("http://a.test/?x=1&id=2&y"), "/?id=2");
        assert_eq!(kept("http://a.test/?a+b=1&i%64=3"), "/?a+b=1&i%64=3");
        assert_eq!(kept("http://a.test/x?y"), "/x");
    }
}

//! The visitor cookie: 128 random bits, read by nobody but the site, for a month at most.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE};
use http::{HeaderMap, HeaderValue};

/// How long a browser keeps it: thirty days from the first page on, not from the last.
const SECONDS_MAX: u32 = 30 * 24 * 3_600;
/// Its length in hexadecimal digits.
const DIGITS: usize = 32;

/// Whether the browser asks not to be followed: Global Privacy Control, or Do Not Track.
pub(crate) fn is_unwanted(headers: &HeaderMap) -> bool {
    ["sec-gpc", "dnt"].iter().any(|name| headers.get(*name).is_some_and(|value| value == "1"))
}

/// The value of the cookie in a request, where it is one that was given here.
pub(crate) fn of_request<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let value = pairs.find(|(key, _)| *key == name)?.1;
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (value.len() == DIGITS && value.bytes().all(is_digit)).then_some(value)
}

/// A new value; none where the system has no random bits.
pub(crate) fn random() -> Option<String> {
    let mut bits = [0; DIGITS / 2];
    getrandom::fill(&mut bits).ok()?;
    Some(
        bits.iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .filter_map(|digit| char::from_digit(digit.into(), 16))
            .collect(),
    )
}

/// What sets it.
pub(crate) fn set(name: &str, value: &str) -> Option<HeaderValue> {
    let text = format!("{name}={value}; Max-Age={SECONDS_MAX}; Path=/; HttpOnly; Secure; SameSite=Lax");
    HeaderValue::try_from(text).ok()
}

/// Whether an answer is a page that only its browser gets: what caches share must set no cookie, or many would have the same.
pub(crate) fn may_be_set_by(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    let kind = text(CONTENT_TYPE).to_ascii_lowercase();
    let caching = text(CACHE_CONTROL).to_ascii_lowercase();
    let is_page = kind.starts_with("text/html") || kind.starts_with("application/xhtml+xml");
    is_page && !caching.contains("public") && !caching.contains("s-maxage")
}

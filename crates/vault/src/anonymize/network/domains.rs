//! The domain category of a client's host name: its generic or country domain, or a second level that says more (`ac.jp`
//! is a Japanese university, `go.jp` the government).
//!
//! It is here because a host name tells who somebody is, and its public suffix does not. Only names that are listed here
//! ever leave this file.

use headcount_model::keys::{COUNTRY_DOMAINS, DOMAINS, GENERIC_DOMAINS, SECOND_DOMAINS, SUFFIX_BYTES_MAX};

/// The longest host name, in bytes (RFC 1035, section 2.3.4).
const HOST_BYTES_MAX: usize = 255;
const OTHER: usize = DOMAINS.len() - 2;
const UNKNOWN: usize = DOMAINS.len() - 1;

/// The position in [`DOMAINS`] of the longest listed suffix of a client's host name. An address, no name and what is no
/// host name give "(unknown)". Allocates nothing.
pub(crate) fn domain(client_host: &str) -> u16 {
    let host = client_host.trim();
    let host = host.strip_suffix('.').unwrap_or(host);
    let found = if is_host_name(host) { suffix(host).unwrap_or(OTHER) } else { UNKNOWN };
    u16::try_from(found).unwrap_or(u16::MAX)
}

/// Labels of letters, digits, hyphens and underscores with dots between them; the last label is no number. So it is no
/// address: those end in a number (IPv4) or have a colon (IPv6).
fn is_host_name(host: &str) -> bool {
    if host.is_empty() || host.len() > HOST_BYTES_MAX || host == "-" {
        return false;
    }
    let (mut at_start, mut only_digits) = (true, true);
    for byte in host.bytes() {
        match byte {
            b'.' if at_start => return false,
            b'.' => (at_start, only_digits) = (true, true),
            b'0'..=b'9' => at_start = false,
            b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_' | 0x80.. => (at_start, only_digits) = (false, false),
            _ => return false,
        }
    }
    !at_start && !only_digits
}

/// The index of the longest listed suffix.
fn suffix(host: &str) -> Option<usize> {
    let top_at = host.rfind('.').map_or(0, |dot| dot + 1);
    let second_at = host[..top_at.saturating_sub(1)].rfind('.').map_or(0, |dot| dot + 1);
    let mut buffer = [0; SUFFIX_BYTES_MAX];
    let second = lower(&host[second_at..], &mut buffer).and_then(|name| SECOND_DOMAINS.binary_search(&name).ok());
    if let Some(index) = second {
        return Some(GENERIC_DOMAINS.len() + COUNTRY_DOMAINS.len() + index);
    }
    let top = lower(&host[top_at..], &mut buffer)?;
    let country = || COUNTRY_DOMAINS.binary_search(&top).ok().map(|index| GENERIC_DOMAINS.len() + index);
    GENERIC_DOMAINS.binary_search(&top).ok().or_else(country)
}

/// A name in lower case; `None` where it is longer than any entry.
fn lower<'b>(name: &str, buffer: &'b mut [u8; SUFFIX_BYTES_MAX]) -> Option<&'b str> {
    let lower = buffer.get_mut(..name.len())?;
    lower.copy_from_slice(name.as_bytes());
    lower.make_ascii_lowercase();
    std::str::from_utf8(lower).ok()
}

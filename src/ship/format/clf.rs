//! Reads one line of an Apache or nginx access log, common or combined, into an event of the protocol.
//!
//! `host ident user [time] "request" status bytes "referrer" "agent" ...`
//!
//! It is lax where servers differ (spaces in a target, quotes that were not escaped, fields before the host, more
//! fields at the end) and strict where a wrong guess would count the wrong thing. It copies nothing until a line is
//! known to be good, and never says what a line held: a reason is all that leaves it.

use std::borrow::Cow;

use super::access::Access;
use super::{Format, Malformed};
use crate::ship::time::bracketed_time_unix_ms;

/// Reads a line without its line feed.
///
/// # Errors
/// The first part that could not be read.
pub(super) fn parse<'a>(line: &'a [u8], format: &Format) -> Result<Access<'a>, Malformed> {
    let (host, time_unix_ms, after_time) = host_and_time(line)?;
    let (request, status, after_status) = request_and_status(&line[after_time..])?;
    let (method, target) = method_and_target(request).ok_or(Malformed::NoRequest)?;
    let (bytes, after_size) = size(after_status).ok_or(Malformed::BadSize)?;
    let mut access = Access::new(time_unix_ms, status);
    access.address = Cow::Borrowed(host);
    access.method = Cow::Borrowed(method);
    access.target = Cow::Borrowed(target);
    access.bytes = bytes;
    access.escaped = true;
    if *format != Format::Common {
        if let Some(((referrer, _), (agent, closed))) = two_quoted(after_size) {
            access.referrer = Cow::Borrowed(referrer);
            access.agent = Cow::Borrowed(agent);
            access.combined = true;
            access.whole = closed;
        } else if *format == Format::Combined {
            return Err(Malformed::NoAgent);
        } else {
            // A quote that opens and does not close tells that the line was cut.
            access.whole = trim_spaces(after_size).first() != Some(&b'"');
        }
    }
    Ok(access)
}

/// The host, the time and the place after the closing bracket.
fn host_and_time(line: &[u8]) -> Result<(&[u8], i64, usize), Malformed> {
    let mut reason = Malformed::NoTime;
    let mut from = 0;
    // A user name may hold a bracket: the first bracket that opens a time counts.
    while let Some(found) = find(&line[from..], b'[') {
        let bracket = from + found;
        from = bracket + 1;
        if let Some((time_unix_ms, length)) = bracketed_time_unix_ms(&line[from..]) {
            let host = host(&line[..bracket]).ok_or(Malformed::NoHost)?;
            return Ok((host, time_unix_ms, from + length));
        }
        reason = Malformed::BadTime;
    }
    Err(reason)
}

/// The client among the fields before the time, normally `host ident user`.
///
/// Where no user logged in, the last field is `-` and the client is the third from the end. That is also true when
/// something stands before it, such as the virtual host or a syslog prefix. A user name may hold spaces, so with one
/// the client is counted from the front, after a virtual host written as `name:port`.
fn host(before_time: &[u8]) -> Option<&[u8]> {
    let mut words = before_time.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
    let mut from_end = words.clone().rev();
    if from_end.next() == Some(b"-")
        && let Some(host) = from_end.nth(1)
    {
        return Some(host);
    }
    let first = words.next()?;
    match words.next() {
        Some(second) if is_name_and_port(first) && is_address(second) => Some(second),
        _ => Some(first),
    }
}

/// Whether a field is `name:port`, as Apache writes the virtual host.
fn is_name_and_port(field: &[u8]) -> bool {
    let mut parts = field.split(|&byte| byte == b':');
    let (name, port, more) = (parts.next(), parts.next(), parts.next());
    more.is_none()
        && name.is_some_and(|name| !name.is_empty())
        && port.is_some_and(|port| !port.is_empty() && port.iter().all(u8::is_ascii_digit))
}

/// Whether a field is an IP address; an ident never is.
fn is_address(field: &[u8]) -> bool {
    std::str::from_utf8(field).is_ok_and(|field| field.parse::<std::net::IpAddr>().is_ok())
}

/// The quoted request, the status and what follows it.
///
/// A quote ends the request only where a status follows, because not every server escapes quotes; escaped quotes are
/// tried last, because not every server escapes backslashes.
fn request_and_status(text: &[u8]) -> Result<(&[u8], u32, &[u8]), Malformed> {
    let text = trim_spaces(text);
    if text.first() != Some(&b'"') {
        return Err(Malformed::NoRequest);
    }
    let text = &text[1..];
    let mut reason = Malformed::NoRequest;
    for take_escaped in [false, true] {
        let mut from = 0;
        while let Some(end) = closing_quote(text, from, take_escaped) {
            if let Some((status, rest)) = status(&text[end + 1..]) {
                return Ok((&text[..end], status, rest));
            }
            reason = Malformed::BadStatus;
            from = end + 1;
        }
    }
    Err(reason)
}

/// The place of the next quote, where `take_escaped` says whether one after a backslash counts.
fn closing_quote(text: &[u8], from: usize, take_escaped: bool) -> Option<usize> {
    let mut at = from;
    while at < text.len() {
        match text[at] {
            b'"' => return Some(at),
            b'\\' if !take_escaped => at += 2,
            _ => at += 1,
        }
    }
    None
}

/// A status of three digits after a space, and what follows it. 000 is none: to the protocol 0 means 200.
fn status(text: &[u8]) -> Option<(u32, &[u8])> {
    let digits = match text {
        [b' ', digits @ ..] => digits,
        _ => return None,
    };
    let (code, rest) = digits.split_at_checked(3)?;
    if !matches!(rest.first(), None | Some(b' ')) || !code.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = code.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
    (value > 0).then_some((value, rest))
}

/// The size of the answer in bytes, where it is not `-`, and what follows it.
fn size(text: &[u8]) -> Option<(Option<u64>, &[u8])> {
    let text = trim_spaces(text);
    let length = find(text, b' ').unwrap_or(text.len());
    let (field, rest) = text.split_at(length);
    let is_size = field == b"-" || (!field.is_empty() && field.iter().all(u8::is_ascii_digit));
    // More digits than a size has are no reason to lose the line.
    let bytes = std::str::from_utf8(field).ok().and_then(|digits| digits.parse().ok());
    is_size.then_some((bytes, rest))
}

/// Method and target: the first word, and the rest without a last word that starts with `HTTP/`.
fn method_and_target(request: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = find(request, b' ')?;
    let method = &request[..space];
    let rest = trim_spaces(&request[space..]);
    let target = match rest.iter().rposition(|&byte| byte == b' ') {
        Some(last) if rest[last + 1..].starts_with(b"HTTP/") => &rest[..last],
        None if rest.starts_with(b"HTTP/") => b"",
        _ => rest,
    };
    let end = target.iter().rposition(|&byte| byte != b' ').map_or(0, |last| last + 1);
    (!method.is_empty() && end > 0).then_some((method, &target[..end]))
}

/// A quoted text and whether its closing quote is there.
type Quoted<'a> = (&'a [u8], bool);

/// Two quoted fields at the start of `text`. Only the second may miss its closing quote.
fn two_quoted(text: &[u8]) -> Option<(Quoted<'_>, Quoted<'_>)> {
    let (first, rest) = quoted(text)?;
    let (second, _) = quoted(rest)?;
    Some((first, second))
}

/// One quoted field after spaces, and what follows it.
fn quoted(text: &[u8]) -> Option<(Quoted<'_>, &[u8])> {
    let text = trim_spaces(text);
    if text.first() != Some(&b'"') {
        return None;
    }
    let text = &text[1..];
    Some(match closing_quote(text, 0, false) {
        Some(end) => ((&text[..end], true), &text[end + 1..]),
        None => ((text, false), b""),
    })
}

/// Without the spaces at the start.
fn trim_spaces(text: &[u8]) -> &[u8] {
    let spaces = text.iter().take_while(|&&byte| byte == b' ').count();
    &text[spaces..]
}

/// The place of the first such byte.
fn find(text: &[u8], byte: u8) -> Option<usize> {
    text.iter().position(|&other| other == byte)
}

#[cfg(test)]
#[path = "clf_tests.rs"]
mod tests;

//! Reads one line of an Apache or nginx access log, common or combined, into an event of the protocol.
//!
//! `host ident user [time] "request" status bytes "referrer" "agent" ...`
//!
//! It is lax where servers differ (spaces in a target, quotes that were not escaped, fields before the host, more
//! fields at the end) and strict where a wrong guess would count the wrong thing. It copies nothing until a line is
//! known to be good, and never says what a line held: a reason is all that leaves it.

use std::borrow::Cow;

use super::access::Access;
use super::client::{Client, client};
use super::tokens::{is_blank, trim_blanks};
use super::{Format, Malformed, tail};
use crate::ship::any_time::any_time_unix_ms;
use crate::ship::time::bracketed_time_unix_ms;
use crate::ship::units::{Unit, duration_ms};

/// Reads a line without its line feed, from which prefixes were taken off.
///
/// # Errors
/// The first part that could not be read.
pub(super) fn parse<'a>(line: &'a [u8], format: &Format) -> Result<Access<'a>, Malformed> {
    let (client, time_unix_ms, after_time) = client_and_time(line)?;
    let (after_took, took) = parenthesised(&line[after_time..]);
    let (request, status, after_status) = request_and_status(after_took)?;
    let (method, target) = method_and_target(request).ok_or(Malformed::NoRequest)?;
    let (bytes, after_size) = size(after_status).ok_or(Malformed::BadSize)?;
    let mut access = Access::new(time_unix_ms, status);
    access.address = Cow::Borrowed(client.address);
    access.virtual_host = Cow::Borrowed(client.virtual_host);
    access.method = Cow::Borrowed(method);
    access.target = Cow::Borrowed(target);
    access.bytes = bytes;
    access.response_time_ms = took;
    access.escaped = true;
    if *format != Format::Common {
        let found = tail::read(after_size, &mut access);
        if !found && *format == Format::Combined {
            return Err(Malformed::NoAgent);
        }
    }
    Ok(access)
}

/// The client, the time and the place after the closing bracket.
fn client_and_time(line: &[u8]) -> Result<(Client<'_>, i64, usize), Malformed> {
    let mut reason = Malformed::NoTime;
    let mut from = 0;
    // A user name may hold a bracket: the first bracket that opens a time counts.
    while let Some(found) = memchr::memchr(b'[', &line[from..]) {
        let bracket = from + found;
        from = bracket + 1;
        let time = bracketed_time_unix_ms(&line[from..]).or_else(|| other_bracketed_time(&line[from..]));
        if let Some((time_unix_ms, length)) = time {
            let client = client(&line[..bracket]).ok_or(Malformed::NoHost)?;
            return Ok((client, time_unix_ms, from + length));
        }
        reason = Malformed::BadTime;
    }
    Err(reason)
}

/// A time in another form than Apache's, up to and with the closing bracket. One without a date is none.
fn other_bracketed_time(text: &[u8]) -> Option<(i64, usize)> {
    const TIME_BYTES_MAX: usize = 48;
    let end = memchr::memchr(b']', &text[..text.len().min(TIME_BYTES_MAX)])?;
    Some((any_time_unix_ms(&text[..end])?, end + 1))
}

/// `(0 s)` before the request, as Gandi writes how long the answer took; and what follows it.
fn parenthesised(text: &[u8]) -> (&[u8], Option<u32>) {
    let trimmed = trim_blanks(text);
    let inside = trimmed.strip_prefix(b"(").and_then(|inside| Some((inside, memchr::memchr(b')', inside)?)));
    inside.map_or((text, None), |(inside, end)| (&inside[end + 1..], duration_ms(&inside[..end], Unit::Seconds)))
}

/// The quoted request, the status and what follows it.
///
/// A quote ends the request only where a status follows, because not every server escapes quotes; escaped quotes are
/// tried last, because not every server escapes backslashes.
fn request_and_status(text: &[u8]) -> Result<(&[u8], u32, &[u8]), Malformed> {
    let text = trim_blanks(text);
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
pub(super) fn closing_quote(text: &[u8], from: usize, take_escaped: bool) -> Option<usize> {
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
        [b' ' | b'\t', digits @ ..] => digits,
        _ => return None,
    };
    let (code, rest) = digits.split_at_checked(3)?;
    if !matches!(rest.first(), None | Some(b' ' | b'\t')) || !code.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = code.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
    (value > 0).then_some((value, rest))
}

/// The size of the answer in bytes, where it is not `-`, and what follows it.
fn size(text: &[u8]) -> Option<(Option<u64>, &[u8])> {
    let text = trim_blanks(text);
    let length = text.iter().position(|byte| is_blank(*byte)).unwrap_or(text.len());
    let (field, rest) = text.split_at(length);
    let is_size = field == b"-" || (!field.is_empty() && field.iter().all(u8::is_ascii_digit));
    // More digits than a size has are no reason to lose the line.
    let bytes = std::str::from_utf8(field).ok().and_then(|digits| digits.parse().ok());
    is_size.then_some((bytes, rest))
}

/// Method and target: the first word, and the rest without a last word that starts with `HTTP/`.
pub(super) fn method_and_target(request: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = memchr::memchr(b' ', request)?;
    let method = &request[..space];
    let rest = trim_blanks(&request[space..]);
    let target = match rest.iter().rposition(|&byte| byte == b' ') {
        Some(last) if rest[last + 1..].starts_with(b"HTTP/") => &rest[..last],
        None if rest.starts_with(b"HTTP/") => b"",
        _ => rest,
    };
    let end = target.iter().rposition(|&byte| byte != b' ').map_or(0, |last| last + 1);
    (!method.is_empty() && end > 0).then_some((method, &target[..end]))
}

#[cfg(test)]
#[path = "clf_tests.rs"]
mod tests;

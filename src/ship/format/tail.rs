//! Reads what follows the size in a common log line: normally `"referrer" "agent"`, and what servers and administrators add
//! to it: durations, forwarded addresses, cookies.
//!
//! What stands behind has no names. Only what leaves no doubt is read: a list of IP addresses in quotes, and a number of
//! seconds with three digits behind the point, which is how nginx and those after it write a duration.

use std::borrow::Cow;

use super::access::Access;
use super::clf::closing_quote;
use super::client::is_address;
use super::layouts::header_role;
use super::role::Role;
use super::tokens::trim_blanks;
use crate::ship::units::{Unit, duration_ms};

/// How many bare fields may stand between the size and the referrer.
const BETWEEN_MAX: usize = 3;

/// How many fields behind the agent are looked at.
const BEHIND_MAX: usize = 40;

/// Reads referrer, agent and what follows them. False where there are none; a quote that does not close then tells that the
/// line was cut.
pub(super) fn read<'a>(text: &'a [u8], access: &mut Access<'a>) -> bool {
    let Some((referrer, agent, rest)) = referrer_and_agent(text, access) else {
        access.whole = trim_blanks(text).first() != Some(&b'"');
        return false;
    };
    access.combined = true;
    access.whole = rest.is_some();
    access.referrer = Cow::Borrowed(referrer);
    access.agent = Cow::Borrowed(agent);
    let rest = rest.unwrap_or_default();
    if !rest.is_empty() {
        read_behind(rest, access, referrer.is_empty() && agent.is_empty());
    }
    true
}

/// Referrer, agent and what follows; `None` in place of that where the agent's quote does not close.
type Found<'a> = (&'a [u8], &'a [u8], Option<&'a [u8]>);

/// Two texts in quotes, behind a few bare fields at most.
fn referrer_and_agent<'a>(text: &'a [u8], access: &mut Access<'a>) -> Option<Found<'a>> {
    let mut text = trim_blanks(text);
    for _ in 0..BETWEEN_MAX {
        if text.first() == Some(&b'"') {
            break;
        }
        let end = text.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(text.len());
        set_duration(&text[..end], access);
        text = trim_blanks(&text[end..]);
    }
    let (referrer, rest) = quoted(text)?;
    let (agent, rest) = quoted(trim_blanks(rest?))?;
    Some((referrer, agent, rest))
}

/// One text in quotes, and what follows it; `None` there where its quote does not close.
fn quoted(text: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let text = text.strip_prefix(b"\"")?;
    Some(match closing_quote(text, 0, false) {
        Some(end) => (&text[..end], Some(&text[end + 1..])),
        None => (text, None),
    })
}

/// Reads what stands behind the agent. `nothing_before`: both texts were empty, as HAProxy writes them where it has captured
/// the headers behind.
fn read_behind<'a>(text: &'a [u8], access: &mut Access<'a>, nothing_before: bool) {
    let mut rest = trim_blanks(text);
    for _ in 0..BEHIND_MAX {
        if rest.is_empty() {
            return;
        }
        if let Some((value, after)) = quoted(rest) {
            set_quoted(value, access, nothing_before);
            rest = trim_blanks(after.unwrap_or_default());
        } else {
            let end = rest.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(rest.len());
            set_duration(&rest[..end], access);
            rest = trim_blanks(&rest[end..]);
        }
    }
}

/// A text in quotes behind the agent.
fn set_quoted<'a>(value: &'a [u8], access: &mut Access<'a>, nothing_before: bool) {
    if access.forwarded.is_empty() && value.split(|byte| *byte == b',').all(|part| is_address(part.trim_ascii())) {
        access.forwarded = Cow::Borrowed(value);
    } else if nothing_before {
        let field = match header_role(value) {
            Role::Agent => &mut access.agent,
            Role::Referrer => &mut access.referrer,
            Role::Host => &mut access.virtual_host,
            _ => return,
        };
        if field.is_empty() {
            *field = Cow::Borrowed(value);
        }
    } else {
        set_duration(value, access);
    }
}

/// The duration that a field may be: `0.123`, `rt=0.123`, `12ms`.
fn set_duration(field: &[u8], access: &mut Access<'_>) {
    if access.response_time_ms.is_some() || field.len() > 32 {
        return;
    }
    let named = [&b"rt="[..], b"request_time=", b"reqtime="].iter().find_map(|name| field.strip_prefix(*name));
    let value = named.unwrap_or(field);
    let point = value.len().checked_sub(4).filter(|at| value[*at] == b'.');
    let in_seconds =
        point.is_some_and(|at| at > 0 && value.iter().enumerate().all(|(i, b)| i == at || b.is_ascii_digit()));
    if in_seconds || named.is_some() || value.ends_with(b"ms") {
        access.response_time_ms = duration_ms(value, Unit::Seconds);
    }
}

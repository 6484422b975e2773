//! Reads formats whose fields stand in a fixed order: load balancers of AWS, S3, Envoy, HAProxy, Bunny.
//!
//! A line is taken for one of them by its first fields, which no other format has in these places.

use std::borrow::Cow;

use super::Malformed;
use super::access::Access;
use super::draft::Draft;
use super::role::Role;
use super::role::Role::{
    Address, Agent, Bytes, Forwarded, Host, Ignore, Milliseconds, Referrer, Request, Seconds, Status, Target, Time,
};
use super::seen::Kind;
use super::tokens::{Token, Tokens};
use crate::ship::any_time::any_time_unix_ms;

/// The order of the fields of a format. What stands after those that are named is not looked at.
type Layout = &'static [Role];

/// `type time elb client:port target:port times... elb_status target_status received sent "request" "agent" ...`
const APPLICATION_LOAD_BALANCER: Layout =
    &[Ignore, Time, Ignore, Address, Ignore, Seconds, Seconds, Seconds, Status, Ignore, Ignore, Bytes, Request, Agent];

/// The same without the type.
const CLASSIC_LOAD_BALANCER: Layout =
    &[Time, Ignore, Address, Ignore, Seconds, Seconds, Seconds, Status, Ignore, Ignore, Bytes, Request, Agent];

/// `owner bucket [time] address requester id operation key "request" status error bytes size total turnaround "referrer" "agent"
/// version host-id signature cipher authentication host ...`
const S3: Layout = &[
    Ignore,
    Ignore,
    Time,
    Address,
    Ignore,
    Ignore,
    Ignore,
    Ignore,
    Request,
    Status,
    Ignore,
    Bytes,
    Ignore,
    Milliseconds,
    Ignore,
    Referrer,
    Agent,
    Ignore,
    Ignore,
    Ignore,
    Ignore,
    Ignore,
    Host,
];

/// `[time] "request" status flags received sent duration upstream "forwarded" "agent" "id" "authority" "upstream host"`
const ENVOY: Layout =
    &[Time, Request, Status, Ignore, Ignore, Bytes, Milliseconds, Ignore, Forwarded, Agent, Ignore, Host, Ignore];

/// Envoy's with more in between and behind: `... flags details termination "failure" received sent ...`
const ISTIO: Layout = &[
    Time,
    Request,
    Status,
    Ignore,
    Ignore,
    Ignore,
    Ignore,
    Ignore,
    Bytes,
    Milliseconds,
    Ignore,
    Forwarded,
    Agent,
    Ignore,
    Host,
    Ignore,
    Ignore,
    Ignore,
    Ignore,
    Address,
    Ignore,
    Ignore,
];

/// `cache|status|time|bytes|zone|address|referrer|url|edge|agent|id|country`
const BUNNY: Layout = &[Ignore, Status, Time, Bytes, Ignore, Address, Referrer, Target, Ignore, Agent];

/// What a line in one of these formats is; `None` where it is about a connection without a request.
type Found<'a> = Option<(Access<'a>, Kind)>;

/// Reads a line of one of these formats; `None` where it is of none.
pub(super) fn parse(line: &[u8]) -> Option<Result<Found<'_>, Malformed>> {
    if line.iter().filter(|byte| **byte == b'|').count() >= 9 && !line.contains(&b'[') {
        return bunny(line);
    }
    let mut tokens = Tokens::new(line);
    let (first, second, third) = (tokens.next()?, tokens.next()?, tokens.next()?);
    let (layout, kind) = if first.opened_by == b'[' && second.opened_by == b'"' && is_time(first) {
        envoy(line)
    } else if third.opened_by == b'[' && is_time(third) && first.opened_by == 0 {
        (S3, Kind::S3)
    } else if second.opened_by == b'[' && is_time(second) && has_port(first.text) {
        return Some(haproxy(line));
    } else if matches!(first.text, b"http" | b"https" | b"h2" | b"grpcs" | b"ws" | b"wss") && is_time(second) {
        (APPLICATION_LOAD_BALANCER, Kind::ApplicationLoadBalancer)
    } else if is_time(first) && first.opened_by == 0 && tokens.next().is_some() && has_port(third.text) {
        (CLASSIC_LOAD_BALANCER, Kind::ClassicLoadBalancer)
    } else {
        return None;
    };
    Some(ordered(Tokens::new(line).map(|token| token.text), layout, kind))
}

/// Reads fields that stand in an order.
fn ordered<'a>(fields: impl Iterator<Item = &'a [u8]>, layout: Layout, kind: Kind) -> Result<Found<'a>, Malformed> {
    let mut draft = Draft::default();
    let mut count = 0;
    for (role, text) in layout.iter().zip(fields) {
        draft.set((*role, 0), Cow::Borrowed(text));
        count += 1;
    }
    // What stands last came later, and older lines end before it.
    let needed =
        layout.iter().rposition(|role| matches!(role, Request | Target | Status | Agent)).map_or(0, |at| at + 1);
    if count < needed && kind != Kind::ClassicLoadBalancer {
        return Err(Malformed::FieldCount);
    }
    let mut access = draft.finish()?;
    access.escaped = true;
    Ok(Some((access, kind)))
}

/// Which of Envoy's two orders a line has: Istio's has a text in quotes where the other counts bytes.
fn envoy(line: &[u8]) -> (Layout, Kind) {
    let istio = Tokens::new(line).nth(6).is_some_and(|token| token.opened_by == b'"');
    if istio { (ISTIO, Kind::Istio) } else { (ENVOY, Kind::Envoy) }
}

fn bunny(line: &[u8]) -> Option<Result<Found<'_>, Malformed>> {
    let status = line.split(|byte| *byte == b'|').nth(1)?;
    let is_status = status.len() == 3 && status.iter().all(u8::is_ascii_digit);
    is_status.then(|| ordered(line.split(|byte| *byte == b'|'), BUNNY, Kind::Bunny))
}

/// `client:port [time] frontend backend/server times status bytes ... {captured} {captured} "request"`; what has no request is
/// of a connection.
fn haproxy(line: &[u8]) -> Result<Found<'_>, Malformed> {
    let mut draft = Draft::default();
    let mut captured = true;
    for (at, token) in Tokens::new(line).enumerate() {
        let role = match (at, token.opened_by) {
            (0, _) => Address,
            (1, _) => Time,
            (5, _) => Status,
            (6, _) => Bytes,
            (4, _) => {
                set_total_time(&mut draft, token.text);
                Ignore
            }
            (_, b'{') if captured => {
                set_captured(&mut draft, token.text);
                // The second group is of the answer.
                captured = false;
                Ignore
            }
            (8.., b'"') => Request,
            _ => Ignore,
        };
        draft.set((role, 0), Cow::Borrowed(token.text));
    }
    if draft.get(Request).is_none() {
        return Ok(None);
    }
    let mut access = draft.finish()?;
    access.escaped = false;
    Ok(Some((access, Kind::HaProxy)))
}

/// The last of `TR/Tw/Tc/Tr/Ta` is the whole time; a `+` before it says that the log was written before the end.
fn set_total_time<'a>(draft: &mut Draft<'a>, times: &'a [u8]) {
    let total = times.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    draft.set((Milliseconds, 0), Cow::Borrowed(total.strip_prefix(b"+").unwrap_or(total)));
}

/// Headers that were captured, `{host|agent|referrer}` in the order of the configuration: told apart by what they look like.
fn set_captured<'a>(draft: &mut Draft<'a>, headers: &'a [u8]) {
    for value in headers.split(|byte| *byte == b'|').filter(|value| !value.is_empty()) {
        let role = header_role(value);
        if draft.get(role).is_none() {
            draft.set((role, 0), Cow::Borrowed(value));
        }
    }
}

/// What header a value is likely to be of.
pub(super) fn header_role(value: &[u8]) -> Role {
    let is_list_of_ips = || {
        let text = std::str::from_utf8(value).unwrap_or_default();
        text.split(',').all(|part| part.trim().parse::<std::net::IpAddr>().is_ok())
    };
    if value.starts_with(b"http://") || value.starts_with(b"https://") {
        Referrer
    } else if value.contains(&b'/') && !value.starts_with(b"/") && !value.contains(&b';')
        || value.starts_with(b"Mozilla")
    {
        Agent
    } else if is_list_of_ips() {
        Forwarded
    } else if value.contains(&b'.')
        && value.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':'))
    {
        Host
    } else {
        Ignore
    }
}

/// Whether a field is a time.
fn is_time(token: Token<'_>) -> bool {
    token.text.len() >= 19 && any_time_unix_ms(token.text).is_some()
}

/// Whether a field is `address:port`.
fn has_port(text: &[u8]) -> bool {
    let Some(colon) = text.iter().rposition(|byte| *byte == b':') else { return false };
    let (address, port) = (&text[..colon], &text[colon + 1..]);
    !address.is_empty() && !port.is_empty() && port.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
#[path = "layouts_tests.rs"]
mod tests;

//! Finds what a request was among the attributes of a log record: by the semantic conventions of OpenTelemetry, those of
//! years ago too, and by the names that proxies use in their logs.
//!
//! Of several attributes that say the same, the one whose name stands first in the list counts. Texts are taken out of the
//! record, not copied.

use super::{
    access::{CLIENT_GONE, cookie},
    generated::common::{AnyValue, KeyValue, any_value::Value},
};
use crate::proto::AccessEvent;

/// What an attribute says of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
enum Field {
    Address,
    Agent,
    Method,
    Target,
    Path,
    Query,
    Status,
    Host,
    Referrer,
    Language,
    Cookies,
    Seconds,
    Milliseconds,
    Nanoseconds,
    Bytes,
}

const FIELDS: usize = Field::Bytes as usize + 1;

/// Names of attributes, the one that counts first above the others of its field.
const NAMES: &[(&str, Field)] = &[
    ("client.address", Field::Address),
    ("http.client_ip", Field::Address),
    ("client.socket.address", Field::Address),
    ("source.address", Field::Address),
    ("network.peer.address", Field::Address),
    ("net.sock.peer.addr", Field::Address),
    ("user_agent.original", Field::Agent),
    ("http.user_agent", Field::Agent),
    ("http.request.header.user-agent", Field::Agent),
    ("http.request.method_original", Field::Method),
    ("http.request.method", Field::Method),
    ("http.method", Field::Method),
    ("http.target", Field::Target),
    ("url.original", Field::Target),
    ("url.full", Field::Target),
    ("http.url", Field::Target),
    ("url.path", Field::Path),
    ("url.query", Field::Query),
    ("http.response.status_code", Field::Status),
    ("http.status_code", Field::Status),
    ("http.request.header.:authority", Field::Host),
    ("http.request.header.host", Field::Host),
    ("http.host", Field::Host),
    ("url.domain", Field::Host),
    ("server.address", Field::Host),
    ("http.server_name", Field::Host),
    ("net.host.name", Field::Host),
    ("http.request.header.referer", Field::Referrer),
    ("http.request.header.referrer", Field::Referrer),
    ("http.request.referrer", Field::Referrer),
    ("http.referer", Field::Referrer),
    ("http.request.header.accept-language", Field::Language),
    ("http.request.header.cookie", Field::Cookies),
    ("http.server.request.duration", Field::Seconds),
    ("http.server.duration", Field::Milliseconds),
    ("duration_ms", Field::Milliseconds),
    ("event.duration", Field::Nanoseconds),
    ("http.response.body.size", Field::Bytes),
    ("http.response.body.bytes", Field::Bytes),
    ("http.response_content_length", Field::Bytes),
    ("http.response.size", Field::Bytes),
];

/// The attributes of a record that say something of a request.
#[derive(Default)]
pub(super) struct Fields<'r>([Option<(usize, &'r mut Value)>; FIELDS]);

impl<'r> Fields<'r> {
    /// Finds them.
    pub(super) fn of(attributes: impl IntoIterator<Item = &'r mut KeyValue>) -> Self {
        let mut fields = Self::default();
        for KeyValue { key, value } in attributes {
            let Some(rank) = NAMES.iter().position(|(name, _)| name == key) else { continue };
            let place = &mut fields.0[NAMES[rank].1 as usize];
            let Some(value) = value.as_mut().and_then(|value| value.value.as_mut()) else { continue };
            if place.as_ref().is_none_or(|(known, _)| rank < *known) {
                *place = Some((rank, value));
            }
        }
        fields
    }

    /// The event, where they tell of a request; its time is not among them. `cookie_name`: the visitor cookie.
    pub(super) fn into_event(mut self, cookie_name: Option<&str>) -> Option<AccessEvent> {
        let target = self.target()?;
        let milliseconds = self.milliseconds();
        let cookies = zeroize::Zeroizing::new(self.text(Field::Cookies));
        Some(AccessEvent {
            address: self.text(Field::Address),
            cookie: cookie(&cookies, cookie_name).to_owned(),
            user_agent: self.text(Field::Agent),
            method: self.text(Field::Method),
            target,
            status: self.status(),
            referrer: self.text(Field::Referrer),
            accept_language: self.text(Field::Language),
            response_time_ms: milliseconds,
            response_bytes: self.number(Field::Bytes).and_then(whole),
            host: self.text(Field::Host),
            ..AccessEvent::default()
        })
    }

    /// What was asked for: as a whole, or of path and query. Only that makes a request of a record.
    fn target(&mut self) -> Option<String> {
        let mut target = self.text(Field::Path);
        if target.is_empty() {
            target = self.text(Field::Target);
        } else {
            let query = zeroize::Zeroizing::new(self.text(Field::Query));
            if !query.is_empty() {
                // In one piece, so that no part of it is left in memory that was given back.
                target = [&target, "?", query.trim_start_matches('?')].concat();
            }
        }
        (!target.is_empty()).then_some(target)
    }

    /// 0 where there is none; a proxy that writes 0 gave no answer.
    fn status(&mut self) -> u32 {
        let number = self.number(Field::Status);
        match number.and_then(whole) {
            None if number.is_some() => u32::MAX,
            None => 0,
            Some(0) => CLIENT_GONE,
            Some(status) => u32::try_from(status).unwrap_or(u32::MAX),
        }
    }

    fn milliseconds(&mut self) -> Option<u32> {
        let seconds = self.number(Field::Seconds).map(|seconds| seconds * 1e3);
        let given = seconds.or_else(|| self.number(Field::Milliseconds));
        let given = given.or_else(|| self.number(Field::Nanoseconds).map(|nanos| nanos / 1e6));
        given.and_then(whole).and_then(|milliseconds| u32::try_from(milliseconds).ok())
    }

    /// The text of a field, taken out of the record; empty where there is none or it is `-`.
    fn text(&mut self, field: Field) -> String {
        let text = self.0[field as usize].as_mut().map(|(_, value)| taken(value)).unwrap_or_default();
        if text == "-" { String::new() } else { text }
    }

    fn number(&self, field: Field) -> Option<f64> {
        match &*self.0[field as usize].as_ref()?.1 {
            #[expect(clippy::cast_precision_loss, reason = "Cast safety: sizes and times are far below 2^53.")]
            Value::IntValue(number) => Some(*number as f64),
            Value::DoubleValue(number) => Some(*number),
            Value::StringValue(text) => text.trim().parse().ok(),
            _ => None,
        }
    }
}

/// The text of a value. Headers come as a list of their values.
pub(super) fn taken(value: &mut Value) -> String {
    match value {
        Value::StringValue(text) => std::mem::take(text),
        Value::IntValue(number) => number.to_string(),
        Value::ArrayValue(list) => match list.values.first_mut() {
            Some(AnyValue { value: Some(Value::StringValue(text)) }) => std::mem::take(text),
            _ => String::new(),
        },
        _ => String::new(),
    }
}

/// A number without its fraction, where it is one that can be counted.
fn whole(number: f64) -> Option<u64> {
    const MAX: f64 = 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "Cast safety: within 0 and 2^53; the fraction is to be cut."
    )]
    (0.0..=MAX).contains(&number).then_some(number as u64)
}

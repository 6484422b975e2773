//! Reads one log record of OpenTelemetry: its attributes, or a body that is a map of such, or a line of an access log.

use super::{
    access::Access,
    fields::{Fields, taken},
    generated::{
        common::{AnyValue, any_value::Value},
        logs::LogRecord,
    },
};
use crate::{proto::AccessEvent, ship};

/// The access that a record tells of; none where it tells of something else.
pub(super) fn access(mut record: LogRecord, cookie_name: Option<&str>) -> Option<Access> {
    let time_unix_ms = time_unix_ms(&record);
    let LogRecord { body, attributes, .. } = &mut record;
    let body = body.as_mut().and_then(|body| body.value.as_mut());
    let (entries, line) = match body {
        Some(Value::KvlistValue(map)) => (&mut map.values[..], None),
        body => (&mut [][..], body),
    };
    let fields = Fields::of(attributes.iter_mut().chain(entries));
    let event = match fields.into_event(cookie_name) {
        Some(event) => AccessEvent { time_unix_ms, ..event },
        None => {
            let line = zeroize::Zeroizing::new(taken(line?));
            // A line has a time of its own.
            ship::read_line(line.trim_end_matches(['\r', '\n']).as_bytes())?
        }
    };
    Some(Access::new(event))
}

/// When it happened; else when it was seen; 0, which is now, where it says neither.
fn time_unix_ms(record: &LogRecord) -> i64 {
    let nanos = match record.time_unix_nano {
        0 => record.observed_time_unix_nano,
        nanos => nanos,
    };
    // At most 2^64 / 10^6.
    i64::try_from(nanos / 1_000_000).unwrap_or(i64::MAX)
}

/// What a sender calls itself, where that can be a site's name: `service.name`, else the `log_name` of Envoy.
pub(super) fn names(attributes: &[super::generated::common::KeyValue]) -> impl Iterator<Item = &str> {
    ["service.name", "log_name"].into_iter().filter_map(|name| {
        let attribute = attributes.iter().find(|attribute| attribute.key == name)?;
        match attribute.value.as_ref() {
            Some(AnyValue { value: Some(Value::StringValue(text)) }) => Some(text.as_str()),
            _ => None,
        }
    })
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;

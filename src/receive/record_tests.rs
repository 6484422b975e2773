//! Records as real senders make them, and records that tell of no request.

use super::*;
use crate::receive::generated::common::{ArrayValue, KeyValue, KeyValueList};

fn text(text: &str) -> AnyValue {
    AnyValue { value: Some(Value::StringValue(text.to_owned())) }
}

fn pair(key: &str, value: AnyValue) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(value) }
}

fn list(one: &str) -> AnyValue {
    AnyValue { value: Some(Value::ArrayValue(ArrayValue { values: vec![text(one)] })) }
}

fn int(number: i64) -> AnyValue {
    AnyValue { value: Some(Value::IntValue(number)) }
}

fn double(number: f64) -> AnyValue {
    AnyValue { value: Some(Value::DoubleValue(number)) }
}

fn record(attributes: Vec<KeyValue>) -> LogRecord {
    LogRecord { time_unix_nano: 1_700_000_000_123_456_789, attributes, ..LogRecord::default() }
}

fn expected() -> AccessEvent {
    AccessEvent {
        time_unix_ms: 1_700_000_000_123,
        address: "192.0.2.1".to_owned(),
        cookie: "id".to_owned(),
        user_agent: "Firefox".to_owned(),
        method: "GET".to_owned(),
        target: "/news?x=1".to_owned(),
        status: 200,
        referrer: "https://search.example/".to_owned(),
        accept_language: "ja".to_owned(),
        response_time_ms: Some(1_500),
        response_bytes: Some(512),
        host: "www.example.jp".to_owned(),
        ..AccessEvent::default()
    }
}

fn conventional() -> Vec<KeyValue> {
    vec![
        pair("network.peer.address", text("10.0.0.1")),
        pair("client.address", text("192.0.2.1")),
        pair("user_agent.original", text("Firefox")),
        pair("http.request.method", text("GET")),
        pair("url.path", text("/news")),
        pair("url.query", text("x=1")),
        pair("http.response.status_code", int(200)),
        pair("server.address", text("www.example.jp")),
        pair("http.request.header.referer", list("https://search.example/")),
        pair("http.request.header.accept-language", list("ja")),
        pair("http.request.header.cookie", list("a=b; v=id")),
        pair("http.server.request.duration", double(1.5)),
        pair("http.response.body.size", int(512)),
    ]
}

#[test]
fn the_semantic_conventions_are_read() {
    assert!(access(record(conventional()), Some("v")).unwrap().is(&expected()));
    // Also from a body that is a map.
    let body = AnyValue { value: Some(Value::KvlistValue(KeyValueList { values: conventional() })) };
    let mapped = LogRecord { body: Some(body), ..record(Vec::new()) };
    assert!(access(mapped, Some("v")).unwrap().is(&expected()));
}

#[test]
fn the_names_of_years_ago_are_read() {
    let old = vec![
        pair("http.client_ip", text("192.0.2.1")),
        pair("http.user_agent", text("Firefox")),
        pair("http.method", text("GET")),
        pair("http.target", text("/news?x=1")),
        pair("http.status_code", text("200")),
        pair("http.host", text("www.example.jp")),
        pair("http.request.header.referer", text("https://search.example/")),
        pair("http.request.header.accept-language", text("ja")),
        pair("http.request.header.cookie", text("v=id")),
        pair("http.server.duration", double(1500.9)),
        pair("http.response_content_length", text("512")),
    ];
    assert!(access(record(old), Some("v")).unwrap().is(&expected()));
}

#[test]
fn a_line_in_the_body_is_read_with_its_own_time() {
    let line = "192.0.2.1 - - [17/May/2015:10:05:03 +0000] \"GET /news HTTP/1.1\" 200 512 \"-\" \"Firefox\"\n";
    let read = access(LogRecord { body: Some(text(line)), ..record(Vec::new()) }, None).unwrap();
    let expected = AccessEvent {
        time_unix_ms: 1_431_857_103_000,
        address: "192.0.2.1".to_owned(),
        method: "GET".to_owned(),
        target: "/news".to_owned(),
        status: 200,
        user_agent: "Firefox".to_owned(),
        response_bytes: Some(512),
        ..AccessEvent::default()
    };
    assert!(read.is(&expected));
}

#[test]
fn what_is_no_request_is_left_out() {
    let no_body = record(vec![pair("http.request.method", text("GET"))]);
    assert!(access(no_body, None).is_none());
    let other = LogRecord { body: Some(text("worker started")), ..record(Vec::new()) };
    assert!(access(other, None).is_none());
    let empty = LogRecord { body: Some(AnyValue::default()), ..record(vec![pair("url.path", AnyValue::default())]) };
    assert!(access(empty, None).is_none());
}

#[test]
fn odd_values_end_as_they_should() {
    let with = |key: &str, value: AnyValue| {
        let mut attributes = vec![pair("url.path", text("/"))];
        attributes.push(pair(key, value));
        access(record(attributes), None).unwrap()
    };
    let plain = || AccessEvent { time_unix_ms: 1_700_000_000_123, target: "/".to_owned(), ..AccessEvent::default() };
    // Nothing was answered; no status; one that the vault refuses.
    assert!(with("http.response.status_code", int(0)).is(&AccessEvent { status: 499, ..plain() }));
    assert!(with("http.response.status_code", text("-")).is(&plain()));
    assert!(with("http.response.status_code", int(-1)).is(&AccessEvent { status: u32::MAX, ..plain() }));
    // Times and sizes that cannot be are left away.
    for value in [double(f64::NAN), double(-1.0), double(f64::INFINITY), text("soon")] {
        assert!(with("http.server.request.duration", value).is(&plain()));
    }
    assert!(with("user_agent.original", text("-")).is(&plain()));
    // Without a time it is seen now.
    let unseen = LogRecord { attributes: vec![pair("url.path", text("/"))], ..LogRecord::default() };
    assert!(access(unseen, None).unwrap().is(&AccessEvent { time_unix_ms: 0, ..plain() }));
}

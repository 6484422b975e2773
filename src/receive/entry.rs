//! Reads one entry of Envoy's access log.

use std::collections::HashMap;

use super::{
    access::{Access, CLIENT_GONE, cookie},
    generated::{
        accesslog::{AccessLogCommon, HttpAccessLogEntry},
        core::{Address, RequestMethod},
    },
};
use crate::proto::AccessEvent;

/// The access that an entry tells of; none where its request still lasts: another entry follows at its end.
pub(super) fn access(entry: HttpAccessLogEntry, cookie_name: Option<&str>) -> Option<Access> {
    let mut common = entry.common_properties.unwrap_or_default();
    if common.intermediate_log_entry {
        return None;
    }
    let mut request = entry.request.unwrap_or_default();
    let response = entry.response.unwrap_or_default();
    let cookies = zeroize::Zeroizing::new(header(&mut request.request_headers, "cookie"));
    let mut target = std::mem::take(&mut request.original_path);
    if target.is_empty() {
        target = std::mem::take(&mut request.path);
    }
    Some(Access::new(AccessEvent {
        time_unix_ms: time_unix_ms(&common),
        address: address(&mut common),
        cookie: cookie(&cookies, cookie_name).to_owned(),
        user_agent: std::mem::take(&mut request.user_agent),
        method: method(request.request_method()).to_owned(),
        target,
        // Without an answer Envoy says 0, or nothing.
        status: response.response_code.filter(|code| *code > 0).unwrap_or(CLIENT_GONE),
        referrer: std::mem::take(&mut request.referer),
        accept_language: header(&mut request.request_headers, "accept-language"),
        response_time_ms: common.duration.or(common.time_to_last_downstream_tx_byte).and_then(milliseconds),
        response_bytes: Some(response.response_body_bytes),
        host: std::mem::take(&mut request.authority),
        ..AccessEvent::default()
    }))
}

/// The client as Envoy's own rules for proxies have it, else who was connected.
fn address(common: &mut AccessLogCommon) -> String {
    let text = |address: Option<&mut Address>| {
        let socket = address.and_then(|address| address.socket_address.as_mut());
        socket.map(|socket| std::mem::take(&mut socket.address)).filter(|text| !text.is_empty())
    };
    let remote = text(common.downstream_remote_address.as_mut());
    remote.or_else(|| text(common.downstream_direct_remote_address.as_mut())).unwrap_or_default()
}

/// A header that Envoy was told to send, taken out.
fn header(headers: &mut HashMap<String, String>, name: &str) -> String {
    headers.get_mut(name).map(std::mem::take).unwrap_or_default()
}

fn time_unix_ms(common: &AccessLogCommon) -> i64 {
    common
        .start_time
        .as_ref()
        .map_or(0, |time| time.seconds.saturating_mul(1_000).saturating_add(i64::from(time.nanos / 1_000_000)))
}

fn milliseconds(duration: prost_types::Duration) -> Option<u32> {
    let whole = duration.seconds.checked_mul(1_000)?;
    u32::try_from(whole.checked_add(i64::from(duration.nanos / 1_000_000))?).ok()
}

/// A method that has no name there is none that reads a page.
fn method(method: RequestMethod) -> &'static str {
    match method {
        RequestMethod::MethodUnspecified => "OTHER",
        named => named.as_str_name(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receive::generated::{
        accesslog::{HttpRequestProperties, HttpResponseProperties},
        core::SocketAddress,
    };

    fn at(address: &str) -> Option<Address> {
        Some(Address { socket_address: Some(SocketAddress { address: address.to_owned() }) })
    }

    fn entry(request: HttpRequestProperties, common: AccessLogCommon, code: Option<u32>) -> HttpAccessLogEntry {
        let response = HttpResponseProperties { response_code: code, response_body_bytes: 7 };
        HttpAccessLogEntry { common_properties: Some(common), request: Some(request), response: Some(response) }
    }

    #[test]
    fn an_entry_becomes_an_access() {
        let mut request = HttpRequestProperties::default();
        request.request_method = RequestMethod::Get.into();
        request.path = "/rewritten".to_owned();
        request.original_path = "/news?x=1".to_owned();
        request.authority = "www.example.jp".to_owned();
        request.request_headers.insert("cookie".to_owned(), "a=b; v=id".to_owned());
        request.request_headers.insert("accept-language".to_owned(), "ja".to_owned());
        let common = AccessLogCommon {
            downstream_remote_address: at("192.0.2.1"),
            downstream_direct_remote_address: at("10.0.0.1"),
            start_time: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 123_456_789 }),
            duration: Some(prost_types::Duration { seconds: 1, nanos: 5_000_000 }),
            ..AccessLogCommon::default()
        };
        let access = access(entry(request, common, Some(200)), Some("v")).unwrap();
        assert_eq!(access.host(), "www.example.jp");
        let expected = AccessEvent {
            time_unix_ms: 1_700_000_000_123,
            address: "192.0.2.1".to_owned(),
            cookie: "id".to_owned(),
            method: "GET".to_owned(),
            target: "/news?x=1".to_owned(),
            status: 200,
            accept_language: "ja".to_owned(),
            response_time_ms: Some(1_005),
            response_bytes: Some(7),
            host: "www.example.jp".to_owned(),
            ..AccessEvent::default()
        };
        assert!(access.is(&expected));
    }

    #[test]
    fn a_client_that_went_away_got_no_page_and_a_method_without_a_name_is_not_get() {
        let common = AccessLogCommon { downstream_direct_remote_address: at("10.0.0.1"), ..AccessLogCommon::default() };
        let gone = access(entry(HttpRequestProperties::default(), common, Some(0)), None).unwrap();
        let expected = AccessEvent {
            address: "10.0.0.1".to_owned(),
            method: "OTHER".to_owned(),
            status: 499,
            response_bytes: Some(7),
            ..AccessEvent::default()
        };
        assert!(gone.is(&expected));
        let lasting = AccessLogCommon { intermediate_log_entry: true, ..AccessLogCommon::default() };
        assert!(access(entry(HttpRequestProperties::default(), lasting, Some(200)), None).is_none());
    }
}

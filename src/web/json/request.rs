//! From an HTTP request to the request message of a method.
//!
//! - POST: the body is the message as JSON; an empty body is an empty message.
//! - GET with `message`: the message as JSON in the address, as Connect clients send it (`?connect=v1&encoding=json&message=...`).
//! - GET without `message`: each parameter is a field (`?site=www&table=TABLE_REFERRER`).

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::{
    HeaderMap, Method, Request, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use percent_encoding::percent_decode_str;
use prost::bytes::Bytes;
use prost_reflect::{DynamicMessage, MessageDescriptor, MethodDescriptor};
use serde_json::Value as Json;
use tonic::Code;

use super::{fault::Fault, fields};
use crate::text::shown;

/// Parameters that a GET with a message may have beside it.
pub(super) const BESIDE_MESSAGE: [&str; 5] = ["message", "encoding", "base64", "compression", "connect"];
/// The most parameters.
const QUERY_PARAMETERS_MAX: usize = 64;
/// Base64 as it stands in addresses, with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The request message. `is_read_only`: whether GET may call the method.
pub(super) fn read(
    method: &MethodDescriptor,
    is_read_only: bool,
    request: &Request<Bytes>,
) -> Result<DynamicMessage, Fault> {
    version(request.headers())?;
    let of = method.input();
    match *request.method() {
        Method::POST => posted(&of, request),
        Method::GET | Method::HEAD if is_read_only => asked(&of, request.uri().query().unwrap_or_default()),
        _ => {
            let allow = if is_read_only { "GET, HEAD, POST" } else { "POST" };
            let text = format!("{} cannot be called with {}; allowed: {allow}", method.name(), request.method());
            Err(Fault::method(text, allow))
        }
    }
}

/// Refuses a version of the Connect protocol that is not known. Requests need not name one: curl does not.
fn version(headers: &HeaderMap) -> Result<(), Fault> {
    match headers.get("connect-protocol-version") {
        Some(value) if value != "1" => {
            let what = format!("{} is not known", shown(&String::from_utf8_lossy(value.as_bytes())));
            Err(Fault::bad("Connect-Protocol-Version", &what, "1"))
        }
        _ => Ok(()),
    }
}

fn posted(of: &MessageDescriptor, request: &Request<Bytes>) -> Result<DynamicMessage, Fault> {
    let unsupported = |text: String| Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::InvalidArgument, text);
    let header =
        |name| request.headers().get(name).map(|value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()));
    let kind = header(CONTENT_TYPE).unwrap_or_default();
    if !is_json(&kind) {
        let text = format!(
            "the content type {} is not taken; allowed: application/json, and application/grpc-web or application/grpc with their \
             own clients. With curl: -H 'Content-Type: application/json'",
            shown(&kind)
        );
        return Err(unsupported(text));
    }
    if let Some(coding) = header(CONTENT_ENCODING).filter(|coding| coding != "identity") {
        return Err(unsupported(format!("a body in the coding {} is not taken; send it as it is", shown(&coding))));
    }
    if request.body().is_empty() {
        return Ok(DynamicMessage::new(of.clone()));
    }
    parsed(of, request.body())
}

/// Whether a content type is JSON in UTF-8.
fn is_json(kind: &str) -> bool {
    let mut parts = kind.split(';').map(str::trim);
    let is_utf8 =
        |part: &str| part.eq_ignore_ascii_case("charset=utf-8") || part.eq_ignore_ascii_case("charset=\"utf-8\"");
    parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json")) && parts.all(is_utf8)
}

fn parsed(of: &MessageDescriptor, bytes: &[u8]) -> Result<DynamicMessage, Fault> {
    let broken = |what: String| Fault::bad("message", &what, "a JSON object such as {\"site\":\"www\"}");
    match serde_json::from_slice(bytes) {
        Ok(Json::Object(object)) => fields::message(of, object),
        Ok(other) => Err(broken(format!("{} is JSON, but no object", fields::as_written(&other)))),
        Err(error) => Err(broken(format!("this is no JSON: {error}"))),
    }
}

/// The message of a GET.
fn asked(of: &MessageDescriptor, query: &str) -> Result<DynamicMessage, Fault> {
    let pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .take(QUERY_PARAMETERS_MAX + 1)
        .map(pair)
        .collect::<Result<_, _>>()?;
    if pairs.len() > QUERY_PARAMETERS_MAX {
        return Err(Fault::bad("parameters", "there are too many", &format!("at most {QUERY_PARAMETERS_MAX}")));
    }
    let is_connect = pairs.iter().any(|(name, _)| name == "message" || name == "connect");
    if is_connect { in_address(of, &pairs) } else { fields::of_parameters(of, &pairs) }
}

/// The message as a Connect client puts it into the address.
fn in_address(of: &MessageDescriptor, pairs: &[(String, String)]) -> Result<DynamicMessage, Fault> {
    for (at, (name, value)) in pairs.iter().enumerate() {
        if pairs[..at].iter().any(|(earlier, _)| earlier == name) {
            return Err(Fault::bad(name, "it is given twice", "once"));
        }
        let allowed: &[&str] = match name.as_str() {
            "encoding" => &["json"],
            "compression" => &["", "identity"],
            "connect" => &["v1"],
            "base64" => &["0", "1"],
            "message" => continue,
            _ => {
                let what = format!("{} cannot stand beside a message", shown(name));
                return Err(Fault::bad("parameters", &what, &BESIDE_MESSAGE.join(", ")));
            }
        };
        if !allowed.contains(&value.as_str()) {
            return Err(Fault::bad(name, &format!("{} is not known", shown(value)), &allowed.join(" ")));
        }
    }
    let of_name = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let text = of_name("message").unwrap_or_default();
    let bytes = if of_name("base64") == Some("1") {
        BASE64
            .decode(text)
            .map_err(|_| Fault::bad("message", &format!("{} is no base64", shown(text)), "URL-safe base64"))?
    } else {
        text.as_bytes().to_vec()
    };
    if bytes.is_empty() { Ok(DynamicMessage::new(of.clone())) } else { parsed(of, &bytes) }
}

/// A parameter, decoded.
fn pair(text: &str) -> Result<(String, String), Fault> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    Ok((decoded(name)?, decoded(value)?))
}

fn decoded(text: &str) -> Result<String, Fault> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().map(std::borrow::Cow::into_owned);
    decoded.map_err(|_| Fault::bad("parameters", &format!("{} is no UTF-8", shown(text)), "percent-encoded UTF-8"))
}

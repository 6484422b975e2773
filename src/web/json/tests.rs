//! From HTTP requests to request messages, and from faults to responses.
//!
//! A failure here is a request that is read as another one, or a mistake that is not told in a clear sentence.

use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header::ALLOW};
use http_body_util::BodyExt;
use prost::bytes::Bytes;
use prost_reflect::DynamicMessage;
use serde_json::Value as Json;
use tonic::Code;

use super::{Api, Writers, fault::Fault, is_read_only, request};

const JSON: &str = "application/json";

fn api() -> Api {
    Api::new(Writers::new()).unwrap()
}

fn read(method: &str, request: &Request<Bytes>) -> Result<DynamicMessage, Fault> {
    let api = api();
    let method = api.method(method)?;
    request::read(&method, is_read_only(&method), request)
}

fn get(query: &str) -> Result<DynamicMessage, Fault> {
    read("ListTop", &Request::get(format!("/x?{query}")).body(Bytes::new()).unwrap())
}

fn post(kind: &str, body: &'static str) -> Result<DynamicMessage, Fault> {
    read("ListTop", &Request::post("/x").header("content-type", kind).body(Bytes::from(body)).unwrap())
}

fn json(message: &DynamicMessage) -> String {
    serde_json::to_string(message).unwrap()
}

/// What a fault says, with its HTTP code.
fn told(fault: Fault) -> (StatusCode, Json) {
    let response = api().faults.response(fault);
    let status = response.status();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let body = runtime.block_on(response.into_body().collect()).unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

fn message_of(fault: Fault) -> String {
    told(fault).1["message"].as_str().unwrap().to_owned()
}

#[test]
fn all_forms_of_a_request_give_the_same_message() {
    let expected = r#"{"site":"www","table":"TABLE_REFERRER","prefix":"/ä b","pageSize":5}"#;
    let posted = [
        r#"{"site":"www","table":"TABLE_REFERRER","prefix":"/ä b","page_size":5}"#,
        r#" {"pageSize":"5","prefix":"/\u00e4 b","table":3,"site":"www","from_date":null}"#,
    ];
    for body in posted {
        assert_eq!(json(&post(JSON, body).unwrap()), expected, "{body}");
    }
    let asked = [
        "site=www&table=TABLE_REFERRER&prefix=/%C3%A4+b&page_size=5",
        "site=www&table=3&&prefix=%2F%C3%A4%20b&pageSize=5",
        "connect=v1&encoding=json&message=%7B%22site%22%3A%22www%22%2C%22table%22%3A3%2C%22prefix%22%3A%22%2F%C3%A4%20b%22%2C%22page_size%22%3A5%7D",
        "connect=v1&encoding=json&base64=1&message=eyJzaXRlIjoid3d3IiwidGFibGUiOjMsInByZWZpeCI6Ii_DpCBiIiwicGFnZV9zaXplIjo1fQ",
        "message=eyJzaXRlIjoid3d3IiwidGFibGUiOjMsInByZWZpeCI6Ii_DpCBiIiwicGFnZV9zaXplIjo1fQ==&base64=1&compression=identity",
    ];
    for query in asked {
        assert_eq!(json(&get(query).unwrap()), expected, "{query}");
    }
}

#[test]
fn a_request_may_be_empty() {
    assert_eq!(json(&post(JSON, "").unwrap()), "{}");
    assert_eq!(json(&post("Application/JSON; charset=UTF-8", "{}").unwrap()), "{}");
    for query in ["", "&", "connect=v1", "connect=v1&encoding=json&message=", "message=%7B%7D"] {
        assert_eq!(json(&get(query).unwrap()), "{}", "{query}");
    }
}

#[test]
fn a_mistake_names_the_field_the_value_and_what_is_allowed() {
    let cases = [
        (
            post(JSON, r#"{"sit":"www"}"#),
            "ListTopRequest has no field \"sit\" (did you mean site?). Allowed: site, table,",
        ),
        (
            post(JSON, r#"{"page_size":-1}"#),
            "page_size: -1 cannot be read. Allowed: a whole number from 0 to 4294967295",
        ),
        (post(JSON, r#"{"page_size":5,"pageSize":6}"#), "page_size: it is given twice. Allowed: once"),
        (
            post(JSON, r#"{"table":"TABLE_PAGES"}"#),
            "table: \"TABLE_PAGES\" cannot be read. Allowed: TABLE_UNSPECIFIED, TABLE_SITE",
        ),
        (post(JSON, r#"{"site":["www"]}"#), "Allowed: a text"),
        (post(JSON, "{"), "message: this is no JSON: EOF while parsing an object at line 1 column 1"),
        (post(JSON, "[]"), "message: \"[]\" is JSON, but no object"),
        (post(JSON, "{} x"), "this is no JSON: trailing characters"),
        (get("sit=www"), "did you mean site?"),
        (get("site=a&site=b"), "site: it is given twice"),
        (get("page_size=many"), "page_size: \"many\" cannot be read"),
        (get("site=%FF"), "is no UTF-8"),
        (get("connect=v2"), "connect: \"v2\" is not known. Allowed: v1"),
        (get("connect=v1&encoding=proto&message="), "encoding: \"proto\" is not known. Allowed: json"),
        (get("connect=v1&compression=gzip"), "compression: \"gzip\" is not known"),
        (get("message=%7B%7D&site=www"), "parameters: \"site\" cannot stand beside a message"),
        (get("message=%7B%7D&message=%7B%7D"), "message: it is given twice"),
        (get("message=*&base64=1"), "message: \"*\" is no base64"),
    ];
    for (read, expected) in cases {
        let (status, told) = told(read.expect_err(expected));
        assert_eq!((status, told["code"].as_str()), (StatusCode::BAD_REQUEST, Some("invalid_argument")), "{told}");
        assert!(told["message"].as_str().unwrap().contains(expected), "{told} for {expected}");
        assert_eq!(told["details"][0]["type"], "google.rpc.ErrorInfo");
        assert_eq!(told["details"][0]["debug"]["reason"], "BAD_FIELD");
    }
    let many = vec!["site=www"; 65].join("&");
    assert!(message_of(get(&many).unwrap_err()).contains("too many"));
}

#[test]
fn other_content_types_codings_and_versions_are_refused() {
    for kind in [
        "",
        "text/plain",
        "application/json; charset=iso-8859-1",
        "application/x-www-form-urlencoded",
        "application/proto",
    ] {
        let (status, told) = told(post(kind, "{}").unwrap_err());
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert!(told["message"].as_str().unwrap().contains("-H 'Content-Type: application/json'"), "{told}");
    }
    let with = |name, value| {
        let request = Request::post("/x").header("content-type", JSON).header(name, value).body(Bytes::from("{}"));
        message_of(read("ListTop", &request.unwrap()).unwrap_err())
    };
    assert!(with("content-encoding", "gzip").contains("a body in the coding \"gzip\" is not taken"));
    assert!(with("connect-protocol-version", "2").contains("Allowed: 1"));
}

#[test]
fn unknown_methods_and_streams_are_told_apart() {
    let fault = |method| told(api().method(method).unwrap_err());
    let (status, told) = fault("ListSite");
    assert_eq!((status, told["code"].as_str()), (StatusCode::NOT_FOUND, Some("unimplemented")));
    let message = told["message"].as_str().unwrap();
    assert!(message.contains("Did you mean ListSites?") && message.contains("GetPrivacy"), "{message}");
    assert!(!message.contains("WatchReleases"), "{message}");
    let (status, told) = fault("WatchReleases");
    assert_eq!(status, StatusCode::NOT_IMPLEMENTED);
    assert!(told["message"].as_str().unwrap().contains("gRPC-Web"), "{told}");
}

#[test]
fn only_what_changes_nothing_may_be_asked_for_by_get() {
    let api = api();
    let unary = |name: &&str| api.method(name).is_ok();
    let names = ["ListSites", "GetTraffic", "ListTop", "GetPrivacy"];
    assert_eq!(names.iter().filter(|name| unary(name)).count(), names.len());
    for method in api.methods.iter().filter(|method| api.method(method.name()).is_ok()) {
        assert!(is_read_only(method), "{} only reads and is not marked", method.name());
        let request = Request::get("/x").body(Bytes::new()).unwrap();
        let fault = request::read(method, false, &request).unwrap_err();
        let response = api.faults.response(fault);
        assert_eq!(
            (response.status(), &response.headers()[ALLOW]),
            (StatusCode::METHOD_NOT_ALLOWED, &HeaderValue::from_static("POST"))
        );
        let put = Request::builder().method(Method::PUT).uri("/x").body(Bytes::new()).unwrap();
        assert!(message_of(request::read(method, true, &put).unwrap_err()).contains("allowed: GET, HEAD, POST"));
    }
}

/// A field of such a name could not be given as a parameter.
#[test]
fn no_field_has_the_name_of_a_parameter_of_connect() {
    let api = api();
    for method in &api.methods {
        for field in method.input().fields() {
            assert!(!request::BESIDE_MESSAGE.contains(&field.name()), "{}", field.full_name());
        }
    }
}

#[test]
fn what_the_service_says_passes_through_with_its_details() {
    let status = crate::rpc::bad_field("to_date", "\"x\" is no date", "a date");
    let (http, told) = told(Fault::of(&status));
    assert_eq!(http, StatusCode::BAD_REQUEST);
    assert_eq!(told["message"], status.message());
    let violation = &told["details"][1];
    assert_eq!(violation["type"], "google.rpc.BadRequest");
    assert_eq!(violation["debug"]["fieldViolations"][0]["field"], "to_date");
    assert!(violation["value"].as_str().is_some_and(|value| !value.is_empty() && !value.contains('=')));
}

#[tokio::test]
async fn a_caller_may_say_how_long_it_waits() {
    let with = |text: &str| HeaderMap::from_iter([("connect-timeout-ms".parse().unwrap(), text.parse().unwrap())]);
    let slow = || async {
        tokio::time::sleep(std::time::Duration::from_secs(600)).await;
        Ok(())
    };
    let fault = super::in_time(&with("5"), slow()).await.unwrap_err();
    assert!(format!("{fault:?}").contains("within the 5 ms"));
    for wrong in ["", "-1", "1e3", "12345678901"] {
        assert!(format!("{:?}", super::in_time(&with(wrong), slow()).await.unwrap_err()).contains("1 to 10 digits"));
    }
    assert!(super::in_time(&with("60000"), async { Ok(()) }).await.is_ok());
    assert!(super::in_time(&HeaderMap::new(), async { Ok(()) }).await.is_ok());
}

#[test]
fn every_code_has_the_name_and_the_http_code_of_connect() {
    let cases = [
        (Code::NotFound, "not_found", 404),
        (Code::InvalidArgument, "invalid_argument", 400),
        (Code::Unavailable, "unavailable", 503),
        (Code::Internal, "internal", 500),
        (Code::Cancelled, "canceled", 499),
        (Code::ResourceExhausted, "resource_exhausted", 429),
    ];
    for (code, name, http) in cases {
        let (status, told) = told(Fault::of(&tonic::Status::new(code, "why")));
        assert_eq!((status.as_u16(), told["code"].as_str(), told["message"].as_str()), (http, Some(name), Some("why")));
        assert_eq!(told.get("details"), None);
    }
}

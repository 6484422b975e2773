//! What collectors and proxies send, by messages that this test encodes itself.
//!
//! A failure: a record counts other than once; a site gets what is another's, or nothing that is its own; a sender is told less
//! or more than counts; or what cannot be taken is not refused as the protocol of collectors asks.

use headcount::proto::{IngestRequest, ingest_service_client::IngestServiceClient};
use prost::Message;
use tonic::{Code, Request, Status, codec::CompressionEncoding, transport::Channel};
use tonic_prost::ProstCodec;

use crate::harness::{BROWSER, House, Server};

/// 2026-11-20T10:00:00Z in nanoseconds: days before a test runs.
const TEN_UNIX_NANOS: u64 = 1_795_168_800_000_000_000;

#[derive(Clone, PartialEq, Message)]
struct Export {
    #[prost(message, repeated, tag = "1")]
    resources: Vec<ResourceLogs>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceLogs {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<ScopeLogs>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeLogs {
    #[prost(message, repeated, tag = "2")]
    records: Vec<Record>,
}

#[derive(Clone, PartialEq, Message)]
struct Record {
    #[prost(fixed64, tag = "1")]
    time_unix_nano: u64,
    #[prost(message, optional, tag = "5")]
    body: Option<Text>,
    #[prost(message, repeated, tag = "6")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<Text>,
}

#[derive(Clone, PartialEq, Message)]
struct Text {
    #[prost(string, tag = "1")]
    text: String,
}

#[derive(Clone, PartialEq, Message)]
struct Exported {
    #[prost(message, optional, tag = "1")]
    partial: Option<Partial>,
}

#[derive(Clone, PartialEq, Message)]
struct Partial {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    message: String,
}

fn pair(key: &str, text: &str) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(Text { text: text.to_owned() }) }
}

/// A view of one page by a visitor, at a host.
fn view(visitor: u32, host: &str) -> Record {
    let address = format!("10.7.{}.{}", visitor >> 8 & 255, visitor & 255);
    let attributes = [
        ("client.address", address.as_str()),
        ("user_agent.original", BROWSER),
        ("http.request.method", "GET"),
        ("url.path", "/news"),
        ("http.response.status_code", "200"),
        ("server.address", host),
    ];
    let attributes = attributes.map(|(key, text)| pair(key, text)).to_vec();
    Record { time_unix_nano: TEN_UNIX_NANOS + u64::from(visitor), attributes, body: None }
}

fn line(text: String) -> Record {
    Record { time_unix_nano: TEN_UNIX_NANOS, body: Some(Text { text }), attributes: Vec::new() }
}

fn export(service: &str, records: Vec<Record>) -> Export {
    let resource = Resource { attributes: vec![pair("service.name", service)] };
    Export { resources: vec![ResourceLogs { resource: Some(resource), scopes: vec![ScopeLogs { records }] }] }
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

async fn connect(server: &Server) -> tonic::client::Grpc<Channel> {
    let channel = Channel::from_shared(server.url()).unwrap().connect().await.unwrap();
    let mut client = tonic::client::Grpc::new(channel).send_compressed(CompressionEncoding::Gzip);
    client.ready().await.unwrap();
    client
}

/// Exports gzipped, as collectors do, and gives what was left out.
async fn send(server: &Server, export: &Export) -> Result<Option<Partial>, Status> {
    let path = http::uri::PathAndQuery::from_static("/opentelemetry.proto.collector.logs.v1.LogsService/Export");
    let request = Request::new(export.clone());
    let codec: ProstCodec<Export, Exported> = ProstCodec::default();
    connect(server).await.unary(request, path, codec).await.map(|answer| answer.into_inner().partial)
}

/// States for all senders without a secret that they have sent everything, so that days are published.
pub async fn finish(server: &Server, site: &str) {
    let request = IngestRequest {
        site: site.to_owned(),
        producer: "end".to_owned(),
        sequence: 1,
        complete_through_unix_ms: i64::MAX,
        ..IngestRequest::default()
    };
    let mut client = IngestServiceClient::connect(server.url()).await.unwrap();
    let mut answers = client.ingest(tokio_stream::iter([request])).await.unwrap().into_inner();
    assert!(answers.message().await.unwrap().is_some());
}

/// Visits and views of the day of the records.
fn counts(server: &Server, site: &str) -> (i64, i64) {
    counts_of(server, site, "2026-11-20")
}

/// Visits and views of a day, once one is published.
pub fn counts_of(server: &Server, site: &str, date: &str) -> (i64, i64) {
    server.wait_for_a_day(site);
    let report = server.report(site, &["--from", date, "--to", date]);
    let day = &report["traffic"]["points"][0];
    let count = |name: &str| day[name]["estimate"].as_i64().unwrap_or_else(|| panic!("no {name}: {report}"));
    (count("visits"), count("views"))
}

pub fn is_near(count: i64, truth: i64) -> bool {
    // The noise of visits has a deviation below 10, that of views below 90.
    (count - truth).abs() < 500
}

const CONFIG: &str = r#"
[seal]
max_lateness_minutes = 0
[receive]
cookie = "visitor"
[[site]]
name = "www"
hosts = ["www.example.jp", "*.example.jp"]
[[site]]
name = "berlin"
hosts = ["berlin.example.de"]
"#;

fn configured(house: &House) -> Server {
    let mut args = house.serve_args();
    args.extend(["--config".to_owned(), house.write("headcount.toml", CONFIG)]);
    Server::start(&args)
}

#[test]
fn a_record_counts_once_however_often_and_with_whatever_it_comes() {
    let (house, runtime) = (House::new(), runtime());
    let server = house.serve();
    let records = |from: u32, to: u32| (from..to).map(|visitor| view(visitor, "")).collect::<Vec<_>>();
    runtime.block_on(async {
        for (from, to) in [(0, 2_000), (0, 2_000), (1_000, 3_000), (0, 3_000)] {
            assert_eq!(send(&server, &export("www", records(from, to))).await.unwrap(), None);
        }
        finish(&server, "www").await;
    });
    let (visits, views) = counts(&server, "www");
    assert!(is_near(visits, 3_000) && is_near(views, 3_000), "{visits} {views}");
    server.stop();
}

#[test]
fn where_tokens_are_in_force_a_collector_needs_one() {
    let (house, runtime) = (House::new(), runtime());
    let server = configured(&house);
    let data = house.path("data").display().to_string();
    let given = crate::harness::run(&["token", "add", "--role", "ingest", "--all", "--data", &data]);
    assert!(given.status.success());
    runtime.block_on(async {
        let refused = async {
            loop {
                match send(&server, &export("www", vec![view(0, "")])).await {
                    Err(status) => return status.code(),
                    Ok(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
                }
            }
        };
        let refused = tokio::time::timeout(std::time::Duration::from_secs(60), refused).await;
        assert_eq!(refused.expect("it is read in time"), tonic::Code::Unauthenticated);
    });
    server.stop();
}

#[test]
fn sites_follow_from_the_name_of_the_service_and_then_from_the_host() {
    let (house, runtime) = (House::new(), runtime());
    let server = configured(&house);
    runtime.block_on(async {
        // By its name, whatever the host; an unknown name says nothing.
        let named = (0..1_000).map(|visitor| view(visitor, "berlin.example.de")).collect();
        assert_eq!(send(&server, &export("www", named)).await.unwrap(), None);
        let mut by_host: Vec<_> = (1_000..2_000).map(|visitor| view(visitor, "news.example.jp:443")).collect();
        by_host.extend((0..2_000).map(|visitor| view(visitor, "BERLIN.example.de")));
        by_host.extend((0..7).map(|visitor| view(visitor, "canary.example.org")));
        let partial = send(&server, &export("unknown_service:envoy", by_host)).await.unwrap().unwrap();
        assert_eq!(partial.rejected, 7);
        assert!(partial.message.contains("7 without a site") && !partial.message.contains("canary"), "{partial:?}");
        finish(&server, "www").await;
        finish(&server, "berlin").await;
    });
    for site in ["www", "berlin"] {
        let (visits, _) = counts(&server, site);
        assert!(is_near(visits, 2_000), "{site}: {visits}");
    }
    server.stop();
}

#[test]
fn a_sender_is_told_what_was_left_out_in_counts_alone() {
    let (house, runtime) = (House::new(), runtime());
    let server = house.serve();
    let combined = format!("192.0.2.9 - - [20/Nov/2026:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 5 \"-\" \"{BROWSER}\"");
    let ahead = Record { time_unix_nano: u64::MAX, ..view(1, "") };
    let mut nobody = view(2, "");
    nobody.attributes.remove(0);
    let records = vec![line(combined), line("canary: a worker started".to_owned()), ahead, nobody, view(3, "")];
    let told = runtime.block_on(send(&server, &export("www", records))).unwrap().unwrap();
    assert_eq!(told.rejected, 3);
    assert_eq!(
        told.message,
        "left out: 1 without a request (neither HTTP attributes nor a log line), 1 ahead of the server's clock, 1 without \
         a client's address"
    );
    server.stop();
}

#[test]
fn what_is_unpacked_has_a_limit_and_what_cannot_be_read_is_refused() {
    let (house, runtime) = (House::new(), runtime());
    let server = house.serve();
    let error = runtime.block_on(async {
        // Twenty MiB in some twenty KiB.
        let bomb = export("www", vec![line("x".repeat(20 << 20))]);
        send(&server, &bomb).await.unwrap_err()
    });
    assert!(matches!(error.code(), Code::OutOfRange | Code::ResourceExhausted | Code::Internal), "{error:?}");
    // It goes on.
    assert_eq!(runtime.block_on(send(&server, &export("www", vec![view(1, "")]))).unwrap(), None);
    server.stop();
}

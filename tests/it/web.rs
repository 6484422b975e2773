//! The reading listener of the real binary: the same numbers by JSON, gRPC and gRPC-Web, and the page.
//!
//! A failure is a number that differs from the one gRPC gives, an answer that cannot be kept and asked for again, a missing
//! header, or a way to send an event over this listener.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use flate2::read::GzDecoder;

use crate::{
    harness::{House, Server, headcount, log_lines, run, text},
    http::{Reply, ask, get, post},
};

const SERVICE: &str = "/headcount.v1.StatsService";
const METHODS: [&str; 4] = ["ListSites", "GetTraffic", "ListTop", "GetPrivacy"];

/// Longer than publishing rests between two periods, and than an answer is kept.
const SETTLED: Duration = Duration::from_millis(1_500);

/// A server that has published all that it was sent.
pub fn published(house: &House) -> Server {
    let server = house.serve();
    let file = house.write("access.txt", log_lines(0, 2_000));
    assert_eq!(server.ship("www", &file, &[]).0, Some(0));
    // Weeks and months follow the days; while they come, two answers to one question may differ.
    let mut before = Vec::new();
    server.wait_until(|server| {
        let now = get(&server.web, &path("ListSites"), &[]);
        let is_still = now.body == before && now.text().contains("\"last_date\":\"20");
        before = now.body;
        std::thread::sleep(SETTLED);
        is_still.then_some(())
    });
    server
}

fn path(call: &str) -> String {
    format!("{SERVICE}/{call}")
}

#[test]
fn every_method_answers_json_by_post_and_get_alike() {
    let house = House::new();
    let server = published(&house);
    for method in METHODS {
        let posted = post(&server.web, &path(method), r#"{}"#);
        assert_eq!((posted.status, posted.header("content-type")), (200, "application/json"), "{}", posted.text());
        assert_eq!(posted.header("etag"), "");
        let asked = get(&server.web, &path(method), &[]);
        assert_eq!(asked.body, posted.body, "{method}");
        assert_eq!((asked.header("vary"), asked.header("cache-control")), ("accept-encoding", "no-cache"));
        let connect = get(&server.web, &path(&format!("{method}?connect=v1&encoding=json&message=%7B%7D")), &[]);
        assert_eq!(connect.body, posted.body, "{method}");
    }
    let top = get(&server.web, &path("ListTop?site=www&table=TABLE_BROWSER&page_size=3"), &[]).json();
    let same = post(&server.web, &path("ListTop"), r#"{"site":"www","table":"TABLE_BROWSER","pageSize":3}"#).json();
    assert_eq!((&top, top["table"].as_str()), (&same, Some("TABLE_BROWSER")));
    server.stop();
}

/// Methods that the protocol gains are answered too: a missing field is told, and nothing else can be wrong with an empty request.
#[test]
fn no_method_with_one_answer_is_left_out() {
    let house = House::new();
    let server = published(&house);
    let pool = prost_reflect::DescriptorPool::decode(headcount::proto::FILE_DESCRIPTOR_SET).unwrap();
    let service = pool.get_service_by_name("headcount.v1.StatsService").unwrap();
    for method in service.methods().filter(|method| !method.is_server_streaming()) {
        let (posted, asked) =
            (post(&server.web, &path(method.name()), "{}"), get(&server.web, &path(method.name()), &[]));
        // Not the bytes: the facts of an error's details have no order.
        assert_eq!(
            (posted.status, &posted.json()["message"]),
            (asked.status, &asked.json()["message"]),
            "{}",
            method.name()
        );
        let is_told = posted.status == 400 && posted.json()["code"] == "invalid_argument";
        assert!(posted.status == 200 || is_told, "{}: {}", method.name(), posted.text());
    }
    server.stop();
}

#[test]
fn the_numbers_are_those_that_grpc_gives() {
    let house = House::new();
    let server = published(&house);
    let report = server.report("www", &["--from", "2015-05-17", "--to", "2015-05-17"]);
    let traffic = get(&server.web, &path("GetTraffic?site=www&from_date=2015-05-17&to_date=2015-05-17"), &[]).json();
    for (number, name) in [("visits", "visits"), ("views", "views"), ("visitors", "visitors")] {
        let (json, grpc) = (&traffic["total"][number], &report["traffic"]["total"][name]);
        assert!(json["estimate"].is_i64(), "{json}");
        for part in ["estimate", "low", "high", "standard_error", "noisy_zero"] {
            assert_eq!(json[part], grpc[part], "{number} {part}");
        }
    }
    // What is zero is written, and what is absent is not.
    let before = &traffic["previous"]["visits"];
    assert_eq!(
        (before.get("estimate"), before["low"].as_i64(), before["reason"].as_str()),
        (None, Some(0), Some("REASON_BEFORE_FIRST_DAY"))
    );
    assert!(traffic["blocks"][0]["release"].is_u64(), "{}", traffic["blocks"]);
    // gRPC over HTTP/2 on the same listener.
    let reading = run(&["report", "--json", "--site", "www", "--server", &format!("http://{}", server.web)]);
    assert!(reading.status.success(), "{}", text(&reading.stderr));
    let everything = run(&["report", "--json", "--site", "www", "--server", &server.url()]);
    assert_eq!(text(&reading.stdout), text(&everything.stdout));
    server.stop();
}

#[test]
fn an_answer_that_a_reader_has_is_not_sent_again() {
    let house = House::new();
    let server = published(&house);
    let whole = get(&server.web, &path("GetPrivacy"), &[]);
    let tag = whole.header("etag").to_owned();
    assert!(tag.starts_with("W/\"") && whole.body.len() > 1_024, "{tag}");
    let again = get(&server.web, &path("GetPrivacy"), &[("if-none-match", &tag)]);
    assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, tag.as_str()));
    let other = get(&server.web, &path("ListSites"), &[("if-none-match", &tag)]);
    assert_eq!(other.status, 200);
    let packed = get(&server.web, &path("GetPrivacy"), &[("accept-encoding", "gzip, deflate, br")]);
    assert_eq!((packed.header("content-encoding"), packed.header("etag")), ("gzip", tag.as_str()));
    let mut plain = Vec::new();
    GzDecoder::new(&packed.body[..]).read_to_end(&mut plain).unwrap();
    assert!(plain == whole.body && packed.body.len() < plain.len() / 2);
    // What fits into a packet is sent as it is.
    let small = get(&server.web, &path("ListSites"), &[("accept-encoding", "gzip")]);
    assert!(small.header("content-encoding").is_empty() && small.body.len() < 1_024);
    let head = ask(&server.web, "HEAD", &path("GetPrivacy"), &[], b"");
    assert_eq!((head.status, head.body.len(), head.header("etag")), (200, 0, tag.as_str()));
    server.stop();
}

#[test]
fn data_come_as_files() {
    let house = House::new();
    let server = published(&house);
    let csv = get(&server.web, "/data/www/traffic.csv?from=2015-05-17&to=2015-05-17&metric=visits", &[]);
    assert!(csv.status == 200 && csv.header("content-type").starts_with("text/csv"), "{csv:?}");
    assert!(
        csv.header("content-disposition").starts_with("inline; filename=\"") && csv.text().contains("2015-05-17"),
        "{csv:?}"
    );
    let traffic = get(&server.web, &path("GetTraffic?site=www&from_date=2015-05-17&to_date=2015-05-17"), &[]).json();
    let estimate = traffic["points"][0]["visits"]["estimate"].to_string();
    assert!(csv.text().contains(&format!(",{estimate},")), "{estimate}: {}", csv.text());
    for file in ["sites.csv", "overview.json", "www/pages.csv"] {
        let file = format!("/data/{file}");
        let whole = get(&server.web, &file, &[]);
        assert_eq!((whole.status, whole.header("cache-control")), (200, "no-cache"), "{file}: {}", whole.text());
        let again = get(&server.web, &file, &[("if-none-match", whole.header("etag"))]);
        assert_eq!((again.status, again.body.len()), (304, 0), "{file}");
    }
    let cases = [
        ("nobody/traffic.csv", 404, "Known sites: www"),
        ("nothing", 404, "overview"),
        ("www/traffic.csv?from=soon", 400, "a date such as"),
    ];
    for (file, status, sentence) in cases {
        let refused = get(&server.web, &format!("/data/{file}"), &[]);
        assert_eq!((refused.status, refused.header("content-type")), (status, "text/plain; charset=utf-8"));
        assert!(refused.text().contains(sentence), "{}", refused.text());
    }
    assert_eq!(post(&server.web, "/data/sites.csv", "{}").status, 405);
    server.stop();
}

#[test]
fn every_response_forbids_what_the_page_does_not_need() {
    let house = House::new();
    let server = house.serve();
    let foreign = [("host", "evil.example")];
    let replies: Vec<Reply> = vec![
        get(&server.web, "/", &[]),
        get(&server.web, "/nothing", &[]),
        get(&server.web, "/", &foreign),
        get(&server.web, &path("ListSites"), &[]),
        get(&server.web, &path("Nothing"), &[]),
        ask(&server.web, "DELETE", "/", &[], b""),
    ];
    let codes: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(codes, [200, 404, 421, 200, 404, 405]);
    for reply in &replies {
        let policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        assert_eq!(reply.header("content-security-policy"), policy);
        assert_eq!(
            (reply.header("x-content-type-options"), reply.header("referrer-policy")),
            ("nosniff", "no-referrer")
        );
        for name in ["cross-origin-opener-policy", "cross-origin-resource-policy"] {
            assert_eq!(reply.header(name), "same-origin");
        }
        for name in ["set-cookie", "access-control-allow-origin", "server"] {
            assert_eq!(reply.header(name), "", "{name}");
        }
    }
    assert!(replies[2].text().contains("\"evil.example\""), "{}", replies[2].text());
    server.stop();
}

#[test]
fn the_page_comes_compressed_and_is_kept() {
    let house = House::new();
    let server = house.serve();
    let plain = get(&server.web, "/", &[]);
    assert!(plain.text().contains("<noscript>") && plain.text().contains("/data/overview.csv"), "{}", plain.text());
    for (accept, coding) in [("gzip, deflate", "gzip"), ("gzip, deflate, br", "br")] {
        let packed = get(&server.web, "/s/www/2026-10", &[("accept-encoding", accept)]);
        assert_eq!((packed.status, packed.header("content-encoding")), (200, coding));
        assert!(packed.body.len() < plain.body.len());
        let again = get(&server.web, "/", &[("accept-encoding", accept), ("if-none-match", packed.header("etag"))]);
        assert_eq!((again.status, again.body.len()), (304, 0));
    }
    // What the page asks for has its content in its name, and is kept for a year.
    let page = plain.text();
    let files: Vec<&str> = page.split('"').filter(|text| text.starts_with("/assets/")).collect();
    assert!(!files.is_empty(), "{page}");
    for file in files {
        let reply = get(&server.web, file, &[("accept-encoding", "br")]);
        assert_eq!((reply.status, reply.header("content-encoding")), (200, "br"), "{file}");
        assert_eq!(reply.header("cache-control"), "public, max-age=31536000, immutable");
        assert!(["text/javascript; charset=utf-8", "text/css; charset=utf-8"].contains(&reply.header("content-type")));
    }
    server.stop();
}

#[test]
fn events_cannot_be_sent_where_numbers_are_read() {
    let house = House::new();
    let server = house.serve();
    let ingest = "/headcount.v1.IngestService/Ingest";
    let event = r#"{"site":"www","producer":"x","sequence":1,"events":[{"address":"192.0.2.1","target":"/"}]}"#;
    assert_eq!(post(&server.web, ingest, event).status, 404);
    for kind in ["application/grpc", "application/grpc-web+proto"] {
        assert_eq!(ask(&server.web, "POST", ingest, &[("content-type", kind)], &[0; 5]).status, 404);
    }
    for service in ["grpc.health.v1.Health/Check", "grpc.reflection.v1.ServerReflection/ServerReflectionInfo"] {
        assert_eq!(post(&server.web, &format!("/{service}"), "{}").status, 404);
    }
    let file = house.write("access.txt", log_lines(0, 10));
    let url = format!("http://{}", server.web);
    let shipped = run(&["ship", "--site", "www", "--retry-for", "0", "--server", &url, &file]);
    assert_eq!(shipped.status.code(), Some(3), "{}", text(&shipped.stderr));
    let sites = get(&server.web, &path("ListSites"), &[]).json();
    assert_eq!(sites["sites"].as_array().map(Vec::len), Some(0), "{sites}");
    server.stop();
}

#[test]
fn a_browser_client_is_answered_in_grpc_web() {
    let house = House::new();
    let server = published(&house);
    let reply =
        ask(&server.web, "POST", &path("ListSites"), &[("content-type", "application/grpc-web+proto")], &[0; 5]);
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/grpc-web+proto"));
    let body = String::from_utf8_lossy(&reply.body).into_owned();
    assert!(body.contains("www") && body.contains("grpc-status:0"), "{body}");
    server.stop();
}

#[test]
fn json_is_answered_over_http2_without_tls() {
    let house = House::new();
    let server = published(&house);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answer = runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(&server.web).await.unwrap();
        let io = hyper_util::rt::TokioIo::new(stream);
        let executor = hyper_util::rt::TokioExecutor::new();
        let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
        tokio::spawn(connection);
        let uri = format!("http://{}{}", server.web, path("ListSites"));
        let body = http_body_util::Full::new(prost::bytes::Bytes::from("{}"));
        let request = http::Request::post(uri).header("content-type", "application/json").body(body).unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), 200);
        http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes()
    });
    assert_eq!(answer.to_vec(), post(&server.web, &path("ListSites"), "{}").body);
    server.stop();
}

#[test]
fn slow_clients_hold_up_nobody() {
    let house = House::new();
    let server = house.serve();
    let slow = |sent: &str| {
        let mut stream = TcpStream::connect(&server.web).unwrap();
        stream.write_all(sent.as_bytes()).unwrap();
        stream
    };
    let mut held: Vec<TcpStream> = Vec::new();
    for _ in 0..50 {
        held.push(slow(""));
        held.push(slow("PRI * HT"));
        held.push(slow("GET / HTTP/1.1\r\nhost: localhost\r\nx-slow: "));
        held.push(slow("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n12345"));
    }
    let begun = Instant::now();
    assert_eq!(get(&server.web, "/", &[]).status, 200);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    // A body that does not come is answered, and each of the others is given up.
    for mut stream in held {
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert!(answer.is_empty() || answer.contains("408"), "{answer}");
    }
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    server.stop();
}

#[test]
fn open_prints_the_address_of_a_server_that_answers() {
    let house = House::new();
    let server = house.serve();
    // An empty PATH: no browser.
    let open = |address: &str| headcount(&["open", "--web", address]).env("PATH", "").output().unwrap();
    let opened = open(&server.web);
    assert_eq!((opened.status.code(), text(&opened.stdout)), (Some(0), format!("http://{}/\n", server.web)));
    assert!(text(&opened.stderr).contains("no browser"), "{}", text(&opened.stderr));
    let address = server.web.clone();
    server.stop();
    let none = open(&address);
    assert_eq!(none.status.code(), Some(3));
    assert!(text(&none.stderr).contains("headcount serve"), "{}", text(&none.stderr));
}

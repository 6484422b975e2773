//! What a reader is told who asks for what cannot be answered, and an administrator who configures what cannot be.
//!
//! A failure is a wrong HTTP code, or a sentence that does not say what to do.

use crate::{
    harness::{House, Server, run, text},
    http::{ask, get, post},
    web::published,
};

const SERVICE: &str = "/headcount.v1.StatsService";

#[test]
fn every_error_has_its_code_and_a_sentence() {
    let house = House::new();
    let server = published(&house);
    let long = format!("{{\"site\":\"{}\"}}", "x".repeat(70_000));
    let asked = |call: &str| get(&server.web, &format!("{SERVICE}/{call}"), &[]);
    let posted = |call: &str, body: &str| post(&server.web, &format!("{SERVICE}/{call}"), body);
    let plain = ask(&server.web, "POST", &format!("{SERVICE}/ListTop"), &[], b"{}");
    let cases = [
        (asked("GetTraffic?site=nobody"), 404, "not_found", "Known sites: www"),
        (asked("GetTraffic?from_date=soon"), 400, "invalid_argument", "a date such as 2026-11-24"),
        (asked("ListTop?page_size=5000"), 400, "invalid_argument", "1 to 1000"),
        (asked("ListTop?sit=www"), 400, "invalid_argument", "did you mean site?"),
        (asked("ListTop?table=TABLE_PAGES"), 400, "invalid_argument", "TABLE_PAGE"),
        (posted("ListTop", "{"), 400, "invalid_argument", "this is no JSON"),
        (posted("ListTop", "{\"sit\":\"www\"}"), 400, "invalid_argument", "Allowed: site, table"),
        (posted("ListTop", &long), 413, "resource_exhausted", "65536 bytes"),
        (posted("ListTops", "{}"), 404, "unimplemented", "Did you mean ListTop?"),
        (posted("WatchReleases", "{}"), 501, "unimplemented", "gRPC-Web"),
        (plain, 415, "invalid_argument", "Content-Type: application/json"),
        (ask(&server.web, "PUT", &format!("{SERVICE}/ListTop"), &[], b"{}"), 405, "unimplemented", "GET, HEAD, POST"),
    ];
    for (reply, status, code, sentence) in cases {
        let told = reply.json();
        assert_eq!((reply.status, told["code"].as_str()), (status, Some(code)), "{told}");
        assert!(told["message"].as_str().unwrap().contains(sentence), "{told} lacks {sentence}");
        assert_eq!((reply.header("content-type"), reply.header("cache-control")), ("application/json", "no-store"));
    }
    let details = asked("GetTraffic?site=nobody").json()["details"].clone();
    assert_eq!(details[0]["debug"]["reason"], "UNKNOWN_SITE", "{details}");
    server.stop();
}

#[test]
fn readers_come_by_names_that_are_configured() {
    let house = House::new();
    let config = house.write("headcount.toml", "[web]\nhosts = [\"Stats.example.jp\"]\n\n[[site]]\nname = \"www\"\n");
    let mut args = house.serve_args();
    args.extend(["--config".to_owned(), config]);
    let server = Server::start(&args);
    for (host, status) in [("stats.example.jp", 200), ("localhost:1", 200), ("www.example.jp", 421), ("", 421)] {
        assert_eq!(get(&server.web, "/", &[("host", host)]).status, status, "{host:?}");
    }
    server.stop();
}

#[test]
fn the_listener_can_be_switched_off_and_is_named_where_it_is_wrong() {
    let house = House::new();
    let with = |web: &str| {
        let mut args = house.serve_args();
        let place = args.iter().position(|arg| arg == "--web").unwrap();
        args[place + 1] = web.to_owned();
        args
    };
    let server = Server::start(&with("off"));
    assert_eq!((server.web.as_str(), server.log().contains("http://")), ("", false));
    server.stop();
    let fails = |web: &str| {
        let output = run(&with(web).iter().map(String::as_str).collect::<Vec<_>>());
        (output.status.code(), text(&output.stderr))
    };
    let (code, message) = fails("8080");
    assert!(code == Some(2) && message.contains("--web \"8080\"") && message.contains("off"), "{message}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (code, message) = fails(&taken.local_addr().unwrap().to_string());
    assert!(code == Some(1) && message.contains("choose another port with --web"), "{message}");
}

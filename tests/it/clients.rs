//! Third-party clients: grpcurl, and a Python program with grpcio. `tests/run` installs them and passes their paths; without
//! them these tests say so and skip.

use std::process::Command;

use crate::harness::{House, Server, log_lines, text};

#[allow(clippy::disallowed_methods)] // tests/run says through these where the tools are
pub fn tool(variable: &str) -> Option<String> {
    let found = std::env::var(variable).ok();
    if found.is_none() {
        eprintln!("skipped: {variable} is not set; tests/run installs the tool and sets it");
    }
    found
}

fn grpcurl(address: &str, args: &[&str]) -> (bool, String) {
    let program = tool("HEADCOUNT_GRPCURL").unwrap_or_default();
    let mut command = Command::new(program);
    command.arg("-plaintext");
    let (options, call) = args.split_at(args.len().saturating_sub(1));
    let output = command.args(options).arg(address).args(call).output().expect("grpcurl runs");
    (output.status.success(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn grpcurl_lists_describes_and_reads() {
    if tool("HEADCOUNT_GRPCURL").is_none() {
        return;
    }
    let house = House::new();
    let server = house.serve();
    let file = house.write("access.txt", log_lines(0, 2_000));
    assert_eq!(server.ship("www", &file, &[]).0, Some(0));
    server.wait_for_a_day("www");
    let ask = |args: &[&str]| grpcurl(&server.address, args);
    let (_, services) = ask(&["list"]);
    for service in ["headcount.v1.IngestService", "headcount.v1.StatsService", "grpc.health.v1.Health"] {
        assert!(services.contains(service), "{services}");
    }
    for call in ["ListSites", "GetTraffic", "ListTop", "GetPrivacy", "ExportReleases"] {
        let (is_ok, answer) = ask(&[&format!("headcount.v1.StatsService/{call}")]);
        assert!(is_ok && answer.contains("www"), "{call}: {answer}");
    }
    let (is_ok, health) = ask(&["grpc.health.v1.Health/Check"]);
    assert!(is_ok && health.contains("SERVING"), "{health}");
    let event = r#"{"site":"www","producer":"curl","sequence":1,"events":[{"address":"192.0.2.1","target":"/","user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}]}"#;
    let (is_ok, answer) = ask(&["-d", event, "headcount.v1.IngestService/Ingest"]);
    assert!(is_ok && answer.contains("OUTCOME_COUNTED"), "{answer}");
    let (is_ok, error) = ask(&["-d", r#"{"site":"nobody"}"#, "headcount.v1.StatsService/GetTraffic"]);
    assert!(!is_ok && error.contains("NotFound") && error.contains("www"), "{error}");
    server.stop();
}

#[test]
fn an_independent_python_client_agrees() {
    let Some(python) = tool("HEADCOUNT_PYTHON") else { return };
    let house = House::new();
    let server = house.serve();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/check_server.py");
    let output =
        Command::new(python).args([script, "--wait-seconds", "90", &server.address]).output().expect("python runs");
    assert!(output.status.success(), "{}{}\n{}", text(&output.stdout), text(&output.stderr), server.log());
    server.stop();
}

/// The built-in profiles with and without a list of pages, and one that spends nearly everything on one table.
const PROFILES: &str = r#"
[profiles.lopsided]
hour = 5
day_site = 5
day_pages = 9_900
day_attributes = 20
week_site = 5
month_site = 5
month_pages = 5
month_attributes = 20
selection = 35

[[site]]
name = "small"
profile = "small"

[[site]]
name = "small-listed"
profile = "small"
pages = ["/"]

[[site]]
name = "standard"
profile = "standard"
pages = ["/"]

[[site]]
name = "busy"
profile = "busy"
skip_tables = ["language"]

[[site]]
name = "lopsided"
profile = "lopsided"
"#;

#[test]
fn another_accountant_finds_the_stated_promise() {
    let Some(python) = tool("HEADCOUNT_PYTHON") else { return };
    let house = House::new();
    let mut args = house.serve_args();
    args.extend(["--config".to_owned(), house.write("headcount.toml", PROFILES)]);
    let server = Server::start(&args);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/check_accounting.py");
    let output = Command::new(python).args([script, &server.address]).output().expect("python runs");
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    server.stop();
}

//! Who asked, and for which site: clients behind trusted proxies, and one log of many hosts.
//!
//! A failure: visitors behind a proxy that count as one; a forged address that is believed; a line in the wrong site, twice or
//! nowhere; a host of nobody that is not told.

use std::fmt::Write as _;

use crate::harness::{BROWSER, House, Server, log_lines};

const CONFIG: &str = "[[site]]\nname = \"www\"\nhosts = [\"www.example.jp\", \"example.jp\"]\n\n[[site]]\nname = \"uk\"\nhosts = [\"uk.example.jp\"]\n\n[[site]]\nname = \"fr\"\nhosts = [\"fr.example.jp\"]\n";

/// The lines of nginx's format `main` from a proxy, as it forwarded them.
fn behind_a_proxy(visitors: u32) -> String {
    (0..visitors).fold(String::new(), |mut log, n| {
        let _ = writeln!(
            log,
            "10.0.0.1 - - [17/May/2015:10:{:02}:00 +0000] \"GET / HTTP/1.1\" 200 512 \"-\" \"{BROWSER}\" \"198.51.100.9, 192.0.{}.{}, 10.0.0.7\"",
            n % 60,
            n >> 8,
            n & 255
        );
        log
    })
}

/// The last published visits of a site.
fn visits(server: &Server, site: &str) -> f64 {
    server.report(site, &[])["traffic"]["points"][0]["visits"]["estimate"].as_f64().expect("an estimate")
}

#[test]
fn clients_behind_a_trusted_proxy_are_as_many_visitors() {
    let house = House::new();
    let server = house.serve();
    let file = house.write("access.log", behind_a_proxy(600));
    let (code, summary, _) = server.ship("one", &file, &[]);
    assert_eq!(code, Some(0));
    let notes = summary["files"][0]["notes"].to_string();
    assert!(notes.contains("100 % of the lines come from one address") && notes.contains("--trusted-proxy"), "{notes}");
    let (code, summary, said) = server.ship("www", &file, &["--trusted-proxy", "private"]);
    assert_eq!((code, summary["files"][0]["notes"].as_array().map(Vec::len)), (Some(0), Some(0)), "{summary} {said}");
    let visits = visits(&server, "www");
    assert!((500.0..700.0).contains(&visits), "{visits}");
    // A proxy that is not trusted is not believed.
    assert_eq!(server.ship("other", &file, &["--trusted-proxy", "loopback"]).0, Some(0));
    assert!(self::visits(&server, "other") < 100.0);
    let (code, _, said) = server.ship("www", &file, &["--trusted-proxy", "10.0.0.0/40"]);
    assert!(code == Some(2) && said.contains("10.0.0.0/40"), "{said}");
}

/// A line of each host in turn, behind it as Apache writes it.
fn of_hosts(lines: u32) -> String {
    let hosts = ["www.example.jp:443", "uk.example.jp:80", "EXAMPLE.JP:80", "nobody.example:80"];
    let all = log_lines(0, lines);
    let lines = all.lines().zip(hosts.iter().cycle());
    lines.fold(String::new(), |mut log, (line, host)| {
        let _ = writeln!(log, "{host} {line}");
        log
    })
}

#[test]
fn lines_go_to_the_site_of_their_host_once() {
    let house = House::new();
    let config = house.write("headcount.toml", CONFIG);
    let mut args = house.serve_args();
    args.extend(["--config".to_owned(), config.clone()]);
    let server = Server::start(&args);
    let url = server.url();
    let ship = |file: &str, more: &[&str]| {
        let args = ["ship", "--json", "--server", &url, "--by-host", "--config", &config];
        let output = crate::harness::run(&[&args[..], more, &[file]].concat());
        let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code(), summary, crate::harness::text(&output.stderr))
    };
    let content = of_hosts(12_000);
    let cut: usize = content.split_inclusive('\n').take(5_000).map(str::len).sum();
    let file = house.write("access.log", &content[..cut]);
    let (code, summary, said) = ship(&file, &["--live"]);
    assert_eq!((code, summary["accepted"].as_u64()), (Some(0), Some(3_750)), "{summary} {said}");
    assert_eq!(summary["files"][0]["unknown_host"].as_u64(), Some(1_250), "{summary}");
    // Another run knows where it was, also for the site that nobody has visited.
    let (_, summary, _) = ship(&file, &["--live"]);
    assert_eq!(summary["lines"].as_u64(), Some(0), "{summary}");
    // One of the sites is ahead of the others.
    let alone = house.write("alone.toml", "[[site]]\nname = \"uk\"\nhosts = [\"uk.example.jp\"]\n");
    house.write("access.log", &content);
    let output =
        crate::harness::run(&["ship", "--json", "--server", &url, "--by-host", "--config", &alone, "--live", &file]);
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a summary");
    assert_eq!(summary["accepted"].as_u64(), Some(1_750), "{summary}");
    let (code, summary, said) = ship(&file, &[]);
    assert_eq!((code, summary["accepted"].as_u64()), (Some(0), Some(3_500)), "{summary} {said}");
    assert_eq!(summary["files"][0]["already_sent"].as_u64(), Some(1_750), "{summary}");
    for (site, expected) in [("www", 6_000.0), ("uk", 3_000.0)] {
        server.wait_for_a_day(site);
        let visits = visits(&server, site);
        assert!((expected * 0.9..expected * 1.1).contains(&visits), "{site} {visits}");
    }
    let (code, _, said) = ship(&house.write("access.log", of_hosts(10)), &["--site", "www"]);
    assert!(code == Some(2) && said.contains("--by-host"), "{said}");
}

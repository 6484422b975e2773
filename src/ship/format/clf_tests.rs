//! The log line parser: shapes that servers write, what is refused and why, real logs against reference counts, and
//! any bytes at all.

use std::io::Read as _;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::proto::AccessEvent;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data");

/// Reads a line as the parser of a fresh input does.
fn parse(line: &[u8], format: Format) -> Result<Access<'_>, Malformed> {
    super::parse(line, &format)
}

fn event(line: &[u8], format: Format) -> AccessEvent {
    match parse(line, format) {
        Ok(access) => access.to_event(),
        Err(reason) => panic!("{}: {}", reason.name(), String::from_utf8_lossy(line)),
    }
}

fn reason(line: &str, format: Format) -> &'static str {
    parse(line.as_bytes(), format).map_or_else(Malformed::name, |_| "readable")
}

/// Method, target, status, referrer and agent of a line with this after the time.
fn after_time(rest: &str) -> (String, String, u32, String, String) {
    let line = format!("192.0.2.1 - - [17/May/2015:10:05:03 +0200] {rest}");
    let event = event(line.as_bytes(), Format::Auto);
    assert_eq!((event.time_unix_ms, event.address.as_str()), (1_431_849_903_000, "192.0.2.1"));
    (event.method, event.target, event.status, event.referrer, event.user_agent)
}

fn owned(fields: (&str, &str, u32, &str, &str)) -> (String, String, u32, String, String) {
    (fields.0.into(), fields.1.into(), fields.2, fields.3.into(), fields.4.into())
}

#[test]
fn shapes() {
    for (rest, fields) in [
        (r#""GET / HTTP/1.1" 200 5 "http://r/" "a b""#, ("GET", "/", 200, "http://r/", "a b")),
        (r#""GET / HTTP/1.1" 200 5 "-" "-""#, ("GET", "/", 200, "", "")),
        (r#""GET / HTTP/1.1" 304 -"#, ("GET", "/", 304, "", "")),
        (r#""GET / HTTP/1.1" 200 5 "r" "a" "x" 0.001 y"#, ("GET", "/", 200, "r", "a")),
        (r#""GET / HTTP/1.1" 200 5 0.001 "y""#, ("GET", "/", 200, "", "")),
        (r#""GET /a b c HTTP/1.0" 404 5"#, ("GET", "/a b c", 404, "", "")),
        (r#""GET /a b" 200 5"#, ("GET", "/a b", 200, "", "")),
        (r#""GET /a" 200 5"#, ("GET", "/a", 200, "", "")),
        (r#""GET /a HTTP/V1.0" 200 5"#, ("GET", "/a", 200, "", "")),
        (r#""GET /\"q\" HTTP/1.1" 200 5 "-" "say \"hi\" \\""#, ("GET", "/\"q\"", 200, "", "say \"hi\" \\")),
        (r#""GET /"q" HTTP/1.1" 200 5 "-" "a""#, ("GET", "/\"q\"", 200, "", "a")),
        (r#""GET /a\" 404 5 "-" "a""#, ("GET", "/a\\", 404, "", "a")),
        (r#""GET / HTTP/1.1" 200 5 "-" "cut of"#, ("GET", "/", 200, "", "cut of")),
        (r#""GET / HTTP/1.1" 999 5"#, ("GET", "/", 999, "", "")),
    ] {
        assert_eq!(after_time(rest), owned(fields), "{rest}");
    }
}

#[test]
fn the_client_is_found() {
    for (before, address) in [
        ("192.0.2.1 - -", "192.0.2.1"),
        ("2001:db8::1 - bob", "2001:db8::1"),
        ("host.example.go.jp - a user [x]", "host.example.go.jp"),
        ("www.example.com:443 192.0.2.1 - -", "192.0.2.1"),
        ("www.example.com:443 192.0.2.1 - bob", "192.0.2.1"),
        ("192.0.2.1:5000 - -", "192.0.2.1"),
        ("May 17 10:05:03 web1 nginx: 192.0.2.1 - -", "192.0.2.1"),
        ("- - -", ""),
        ("192.0.2.1", "192.0.2.1"),
    ] {
        let line = format!("{before} [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5");
        assert_eq!(event(line.as_bytes(), Format::Auto).address, address, "{before}");
    }
}

#[test]
fn reasons() {
    let time = "h - - [17/May/2015:10:05:03 +0000]";
    for (line, expected) in [
        (String::new(), "no_time"),
        ("one two three".to_owned(), "no_time"),
        ("h - - [yesterday] \"GET / HTTP/1.1\" 200 5".to_owned(), "bad_time"),
        ("h - - [31/Feb/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5".to_owned(), "bad_time"),
        (" [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5".to_owned(), "no_host"),
        (time.to_owned(), "no_request"),
        (format!("{time} GET / 200 5"), "no_request"),
        (format!("{time} \"GET / HTTP/1.1"), "no_request"),
        (format!("{time} \"-\" 408 -"), "no_request"),
        (format!("{time} \"\" 400 0"), "no_request"),
        (format!("{time} \"GET HTTP/1.1\" 400 0"), "no_request"),
        (format!("{time} \"\\x16\\x03\\x01\" 400 0"), "no_request"),
        (format!("{time} \"GET / HTTP/1.1\" - 5"), "bad_status"),
        (format!("{time} \"GET / HTTP/1.1\" 20 5"), "bad_status"),
        (format!("{time} \"GET / HTTP/1.1\" 2000 5"), "bad_status"),
        (format!("{time} \"GET / HTTP/1.1\" 000 5"), "bad_status"),
        (format!("{time} \"GET / HTTP/1.1\" 200"), "bad_size"),
        (format!("{time} \"GET / HTTP/1.1\" 200 x"), "bad_size"),
        (format!("{time} \"GET / HTTP/1.1\" 200 5"), "readable"),
    ] {
        assert_eq!(reason(&line, Format::Auto), expected, "{line}");
    }
}

#[test]
fn formats_asked_for() {
    let common = "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5";
    let combined = format!("{common} \"r\" \"a\"");
    assert_eq!(reason(common, Format::Combined), "no_agent");
    assert_eq!(reason(&combined, Format::Combined), "readable");
    assert_eq!(event(combined.as_bytes(), Format::Common).user_agent, "");
    assert_eq!(event(combined.as_bytes(), Format::Auto).user_agent, "a");
    let cut = |line: &str| parse(line.as_bytes(), Format::Auto).is_ok_and(|access| !access.whole);
    assert!(cut(&format!("{common} \"r")) && cut(&format!("{common} \"r\" \"a")));
    assert!(!cut(common) && !cut(&combined));
}

#[test]
fn midnight_1970_does_not_become_now() {
    let line = b"h - - [01/Jan/1970:00:00:00 +0000] \"GET / HTTP/1.1\" 200 5";
    assert_eq!(event(line, Format::Auto).time_unix_ms, 1);
}

/// Counts a real log as its reference does: lines that can be read, page views, pages with a query.
fn compare_with_reference(name: &str) {
    let log = format!("{DATA}/logs/{name}.log.gz");
    if !Path::new(&log).exists() {
        println!("skipped: {log} is not here");
        return;
    }
    let reference = std::fs::read(format!("{DATA}/reference/{name}.json")).unwrap();
    let reference: serde_json::Value = serde_json::from_slice(&reference).unwrap();
    let assets: Vec<_> = reference["definitions"]["asset_extensions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|extension| extension.as_str().unwrap())
        .collect();
    let mut content = Vec::new();
    let file = std::fs::File::open(&log).unwrap();
    flate2::read::MultiGzDecoder::new(file).read_to_end(&mut content).unwrap();
    let (mut parsed, mut unparsed, mut views, mut queries) = (0, 0, 0, 0);
    let (mut first, mut last) = (i64::MAX, i64::MIN);
    for line in content.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let Ok(access) = parse(line, Format::Auto) else {
            unparsed += 1;
            continue;
        };
        let event = access.to_event();
        parsed += 1;
        views += u64::from(is_page_view(&event, &assets));
        queries += u64::from(event.target.contains('?'));
        (first, last) = (first.min(event.time_unix_ms), last.max(event.time_unix_ms));
    }
    assert_eq!(reference["parsed"], parsed);
    assert_eq!(reference["unparsed"], unparsed);
    assert_eq!(reference["hits_with_query_string"], queries);
    assert_eq!(reference["total"]["page_views"], views);
    for (key, time_unix_ms) in [("first_utc", first), ("last_utc", last)] {
        let time = jiff::Timestamp::from_millisecond(time_unix_ms).unwrap();
        assert_eq!(reference[key], time.to_string());
    }
}

/// The reference's definition of a page view.
fn is_page_view(event: &AccessEvent, assets: &[&str]) -> bool {
    let path = event.target.split(['?', '#']).next().unwrap_or_default();
    let segment = path.rsplit('/').next().unwrap_or_default();
    let extension = segment.rsplit_once('.').map(|(_, extension)| extension.to_lowercase());
    event.method == "GET"
        && [200, 304].contains(&event.status)
        && !extension.is_some_and(|extension| assets.contains(&extension.as_str()))
}

#[test]
fn agrees_with_the_reference_on_a_combined_log() {
    compare_with_reference("elastic-apache_logs");
}

#[test]
fn agrees_with_the_reference_on_a_common_log() {
    compare_with_reference("nasa-ksc-1995-08-01-head5000.clf");
}

/// Writes a field as Apache does.
fn escaped(field: &str) -> String {
    field.replace('\\', "\\\\").replace('"', "\\\"").replace('\t', "\\t").replace('é', "\\xc3\\xa9")
}

proptest! {
    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for format in [Format::Auto, Format::Common, Format::Combined] {
            if let Ok(access) = parse(&bytes, format) {
                let _ = access.to_event();
            }
        }
    }

    /// Pieces of real lines in any order reach further than random bytes do.
    #[test]
    fn never_panics_on_pieces(pieces in proptest::collection::vec(prop_oneof![
        Just("192.0.2.1 "), Just("- "), Just("["), Just("[17/May/2015:10:05:03 +0000] "), Just("\""), Just("\\"),
        Just("GET "), Just("/ "), Just("HTTP/1.1"), Just("\" 200 "), Just("5 "), Just("\\x4"), Just(" "), Just("日"),
    ], 0..24)) {
        if let Ok(access) = parse(pieces.concat().as_bytes(), Format::Auto) {
            let _ = access.to_event();
        }
    }

    #[test]
    fn a_valid_line_comes_back(
        address in "[0-9a-f.:]{1,39}",
        user in "(-|[a-z]{1,8}( [a-z]{1,8})?)",
        second in 1_i64..4_000_000_000,
        method in "[A-Z]{1,10}",
        target in "/[ -~é日\t]{0,40}[!-~]",
        status in 1_u32..1_000,
        size in "(-|[0-9]{1,12})",
        referrer in "[ -~é\t]{0,40}[!-,.-~]",
        agent in "[ -~é日\t]{0,40}[!-,.-~]",
        more in "( [0-9.]{1,5}){0,3}",
    ) {
        let time = jiff::Timestamp::from_second(second).unwrap().strftime("%d/%b/%Y:%H:%M:%S +0000").to_string();
        let line = format!(
            "{address} - {user} [{time}] \"{method} {} HTTP/1.1\" {status:03} {size} \"{}\" \"{}\"{more}",
            escaped(&target), escaped(&referrer), escaped(&agent),
        );
        let event = event(line.as_bytes(), Format::Combined);
        prop_assert_eq!(event.time_unix_ms, second * 1_000);
        prop_assert_eq!(event.address, address);
        prop_assert_eq!(event.method, method);
        prop_assert_eq!(event.target, target);
        prop_assert_eq!(event.status, status);
        prop_assert_eq!(event.referrer, referrer);
        prop_assert_eq!(event.user_agent, agent);
    }
}

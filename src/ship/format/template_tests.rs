//! Formats of one's own. A failure is a field taken for another, or a wrong format that is not told with its place.

use proptest::prelude::*;

use super::super::tests::{Line, lines_of};
use super::super::{Format, Parser};

const MS: i64 = 1_795_773_601_000;

fn read(format: &str, line: &str) -> Result<Line, &'static str> {
    let mut read = lines_of(line.as_bytes(), Format::parse(format).unwrap_or_else(|error| panic!("{format}: {error}")));
    read.events.pop().ok_or_else(|| read.malformed.pop().unwrap_or("directive"))
}

#[test]
fn nginx() {
    let line = Line::at(MS, "192.0.2.1", "GET", "/a?q=1", 200).agent("say \"hi\"").bytes(5).took(46);
    for (format, text) in [
        (
            r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_user_agent" $request_time"#,
            r#"192.0.2.1 - bob smith [27/Nov/2026:10:00:01 +0000] "GET /a?q=1 HTTP/1.1" 200 5 "say \x22hi\x22" 0.046"#,
        ),
        (
            "$time_iso8601|$remote_addr|$request_method|$request_uri|${status}|$bytes_sent|$request_time|$http_user_agent",
            r#"2026-11-27T10:00:01+00:00|192.0.2.1|GET|/a?q=1|200|5|0.046|say "hi""#,
        ),
        (
            r"$msec\t$remote_addr\t$upstream_status\t$request\t$status\t$bytes_sent\t$request_time\t$http_user_agent",
            "1795773601.000\t192.0.2.1\t502\tGET /a?q=1 HTTP/1.1\t200\t5\t0.046\tsay \"hi\"",
        ),
    ] {
        assert_eq!(read(format, text), Ok(line.clone()), "{format}");
        // A prefix is taken off where the line itself does not fit.
        assert_eq!(read(format, &format!("Nov 27 10:00:01 web1 nginx: {text}")), Ok(line.clone()), "{format}");
        assert_eq!(read(format, "something else"), Err("mismatch"));
    }
}

#[test]
fn apache() {
    let line = Line::at(MS, "192.0.2.1", "GET", "/a?q=1", 200).agent("say \"hi\"").bytes(5).took(46);
    for (format, text, expected) in [
        (
            r#"%h %l %u %t \"%r\" %>s %b \"%{User-Agent}i\" %D"#,
            r#"192.0.2.1 - bob [27/Nov/2026:10:00:01 +0000] "GET /a?q=1 HTTP/1.1" 200 5 "say \"hi\"" 46123"#,
            line.clone(),
        ),
        (
            r#"%v:%p %{c}a %a %t "%r" %<s %>s %O "%{User-agent}i" "%{X-Forwarded-For}i" %{ms}T"#,
            r#"www.example.com:443 10.0.0.1 192.0.2.1 [27/Nov/2026:10:00:01 +0000] "GET /a?q=1 HTTP/1.1" 301 200 5 "say \"hi\"" "203.0.113.9" 46"#,
            line.clone().host("www.example.com").forwarded("203.0.113.9"),
        ),
        (
            r"%{%Y-%m-%dT%H:%M:%S%z}t\t%a\t%m\t%U%q\t%>s\t%B\t%{Referer}i\t%{User-Agent}i\t%{us}T\t%V\t%{Accept-Language}i",
            "2026-11-27T10:00:01+0000\t192.0.2.1\tGET\t/a?q=1\t200\t5\t-\tsay \\\"hi\\\"\t46000\twww.example.com\tja",
            line.clone().host("www.example.com").language("ja"),
        ),
    ] {
        assert_eq!(read(format, text), Ok(expected), "{format}");
    }
}

#[test]
fn wrong_formats_are_told_with_their_place() {
    for (format, error) in [
        ("combinde", "is no format that is known: auto, common"),
        ("", "is no format"),
        ("%h %Z", "column 4: %Z is no directive"),
        ("%h %{Referer", "column 4: the brace after % is not closed"),
        ("%h %", "column 4: the format ends"),
        ("$remote_addr ${status", "column 14: the brace after $ is not closed"),
        ("$remote_addr $ x", "column 14: no name follows"),
        ("$remote_addr$status", "column 13: nothing stands between"),
        ("%h %{%z}t", "column 4: %{%z}t is a part of a time"),
        ("$remote_addr [$time_local] $status", "it has no field for the request"),
        ("$remote_addr \"$request\" $status", "it has no field for a time"),
        ("[$time_local] \"$request\" $status", "it has no field for the client"),
        ("%h %t \"%r\"", "it has no field for the status"),
    ] {
        let told = Format::parse(format).unwrap_err();
        assert!(told.contains(error), "{format}: {told}");
    }
}

#[test]
fn names_of_formats() {
    let json = r#"{"ts":1795773601,"remote_addr":"192.0.2.1","request":"GET /a HTTP/1.1","status":200}"#;
    let s3 = "o b [27/Nov/2026:10:00:01 +0000] 192.0.2.1 - r W k \"GET /a HTTP/1.1\" 200 - 113 113 7 6 \"-\" \"a\" -";
    let combined = r#"192.0.2.1 - - [27/Nov/2026:10:00:01 +0000] "GET /a HTTP/1.1" 200 5 "-" "a""#;
    for (format, mine, others) in [
        ("json", json, [s3, combined]),
        ("caddy", json, [s3, combined]),
        ("s3", s3, [json, combined]),
        ("combined", combined, [json, s3]),
    ] {
        assert!(read(format, mine).is_ok(), "{format}");
        assert!(others.iter().all(|line| read(format, line).is_err()), "{format}");
    }
    assert_eq!(read("w3c", combined), Err("mismatch"));
    let log = b"#Fields: date time c-ip cs-uri-stem sc-status\n2026-11-27 10:00:01 192.0.2.1 /a 200";
    assert_eq!(lines_of(log, Format::parse("w3c").unwrap()).events.len(), 1);
}

proptest! {
    #[test]
    fn any_format_is_compiled_or_refused(format in "[%${}a-zA-Z\\[\\]\" \\\\<>!,|日-]{0,40}", line in "[ -~日]{0,80}") {
        for format in [format.clone(), format!("$remote_addr [$time_local] \"$request\" $status {format}")] {
            if let Ok(format) = Format::parse(&format) {
                let _ = Parser::new(format).parse(line.as_bytes()).map(|_| ());
            }
        }
    }
}

//! Logs with a `#Fields` line, as the servers' documents describe them. A failure is a field taken for another, or a line that
//! is read without its `#Fields`.

use super::super::tests::{Line, lines, one};

const AGENT: &str = "Mozilla/5.0 (Windows NT 10.0)";

#[test]
fn iis() {
    let log = "#Software: Microsoft Internet Information Services 10.0\r\n\
        #Version: 1.0\r\n\
        #Date: 2026-11-27 10:00:00\r\n\
        #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) \
        sc-status sc-substatus sc-win32-status time-taken\r\n\
        2026-11-27 10:00:01 198.51.100.1 GET /a.html q=1&r=2 443 - 192.0.2.1 Mozilla/5.0+(Windows+NT+10.0) \
        https://www.example.org/x 200 0 0 46\r\n\
        2026-11-27 10:00:02 198.51.100.1 POST /b - 443 EXAMPLE\\bob 2001:db8::1 - - 404 0 2 3\r\n";
    let read = lines(log);
    assert_eq!(read.seen, "IIS W3C extended");
    assert_eq!((read.directives, read.malformed.len()), (4, 0));
    assert_eq!(
        read.events[0],
        Line::at(1_795_773_601_000, "192.0.2.1", "GET", "/a.html?q=1&r=2", 200)
            .agent(AGENT)
            .referrer("https://www.example.org/x")
            .took(46)
    );
    assert_eq!(read.events[1], Line::at(1_795_773_602_000, "2001:db8::1", "POST", "/b", 404).took(3));
}

#[test]
fn cloudfront() {
    let log = "#Version: 1.0\n\
        #Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) \
        cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes \
        time-taken x-forwarded-for\n\
        2026-11-27\t10:00:01\tNRT12-C1\t502\t192.0.2.1\tGET\td111111abcdef8.cloudfront.net\t/a%20b\t200\t-\t\
        Mozilla/5.0%20(Windows%20NT%2010.0)\tq=1\t-\tHit\tid==\twww.example.com\thttps\t23\t0.012\t203.0.113.9\n\
        2026-11-27\t10:00:02\tNRT12-C1\t502\t192.0.2.1\tGET\td111111abcdef8.cloudfront.net\t/\t000\t-\t\
        Mozilla/5.0%2520(Windows%2520NT%252010.0)\t-\t-\tError\tid==\twww.example.com\thttps\t23\t1.500\t-\n";
    let read = lines(log);
    assert_eq!((read.seen, read.malformed.len()), ("CloudFront", 0));
    let line = Line::at(1_795_773_601_000, "192.0.2.1", "GET", "/a%20b?q=1", 200).agent(AGENT).host("www.example.com");
    assert_eq!(read.events[0], line.bytes(502).took(12).forwarded("203.0.113.9"));
    // The viewer closed the connection before there was an answer.
    let line = Line::at(1_795_773_602_000, "192.0.2.1", "GET", "/", 499).agent(AGENT).host("www.example.com");
    assert_eq!(read.events[1], line.bytes(502).took(1_500));
}

#[test]
fn fields_in_quotes_and_with_spaces() {
    let log = "#Software: Incapsula LOGS API\n\
        #Fields: date time c-ip cs(User-Agent) cs-uri cs-method cs-uri-query sc-status s-xff cs(Referrer)\n\
        \"2026-11-27\" \"10:00:01\" \"192.0.2.1\" \"Mozilla/5.0 (Windows NT 10.0)\" \"www.example.com/a\" \"GET\" \"q=1\" \"200\" \
        \"203.0.113.9\" \"\"\n\
        #Software: SHOUTcast\n\
        #Fields: c-ip c-dns date time cs-uri-stem c-status cs(User-Agent) sc-bytes x-duration avgbandwidth\n\
        192.0.2.1 192.0.2.1 2026-11-27 10:00:01 /stream?title=x 200 Mozilla/5.0 (Windows NT 10.0) 65580 5 13600\n";
    let read = lines(log);
    assert_eq!(read.malformed.len(), 0);
    assert_eq!(
        read.events[0],
        Line::at(1_795_773_601_000, "192.0.2.1", "GET", "www.example.com/a?q=1", 200)
            .agent(AGENT)
            .forwarded("203.0.113.9")
    );
    assert_eq!(
        read.events[1],
        Line::at(1_795_773_601_000, "192.0.2.1", "GET", "/stream?title=x", 200).agent(AGENT).bytes(65_580)
    );
}

#[test]
fn netscaler_counts_seconds_and_times_may_stand_without_a_date() {
    let log = "#Version: 1.0\n#Software: Netscaler Web Logging(NSWL)\n#Date: 2026-11-27 00:00:00\n\
        #Fields: time c-ip cs-method cs-uri-stem cs-uri-query sc-status sc-bytes time-taken cs(User-Agent)\n\
        10:00:01 192.0.2.1 GET / - 200 5 2 \"Mozilla/5.0 (Windows NT 10.0)\"\n";
    let read = lines(log);
    assert_eq!(
        read.events,
        [Line::at(1_795_773_601_000, "192.0.2.1", "GET", "/", 200).agent(AGENT).bytes(5).took(2_000)]
    );
}

#[test]
fn fields_that_change_count_from_their_line_on() {
    let log = "#Fields: date time c-ip cs-method cs-uri-stem sc-status\n\
        2026-11-27 10:00:01 192.0.2.1 GET /one 200\n\
        #Fields: c-ip date time cs-uri-stem sc-status cs-method\n\
        192.0.2.1 2026-11-27 10:00:01 /two 200 GET\n\
        192.0.2.1 2026-11-27 10:00:01\n\
        192.0.2.1 - - [27/Nov/2026:10:00:01 +0000] \"GET /three HTTP/1.1\" 200 5\n";
    let read = lines(log);
    let targets: Vec<_> = read.events.iter().map(|line| line.target()).collect();
    assert_eq!(targets, ["/one", "/two", "/three"]);
    assert_eq!(read.malformed, ["field_count"]);
}

#[test]
fn a_needed_field_that_is_not_named_is_told() {
    for (fields, line, reason) in [
        ("date time cs-method cs-uri-stem sc-status", "2026-11-27 10:00:01 GET / 200", "no_host"),
        ("c-ip cs-method cs-uri-stem sc-status", "192.0.2.1 GET / 200", "no_time"),
        ("date time c-ip cs-method sc-status", "2026-11-27 10:00:01 192.0.2.1 GET 200", "no_request"),
        ("date time c-ip cs-method cs-uri-stem", "2026-11-27 10:00:01 192.0.2.1 GET /", "bad_status"),
        ("date time c-ip cs-method cs-uri-stem sc-status", "27.11.2026 10:00:01 192.0.2.1 GET / 200", "bad_time"),
    ] {
        assert_eq!(lines(&format!("#Fields: {fields}\n{line}\n")).malformed, [reason], "{fields}");
    }
    assert_eq!(one("2026-11-27 10:00:01 192.0.2.1 GET / 200"), Err("no_time"));
}

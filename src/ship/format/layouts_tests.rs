//! Formats with their fields in a fixed order, as the documents of their servers and clouds describe them. A failure is a field
//! taken for another, or a line taken for a format that it is not.

use super::super::tests::{Line, one};

const MS: i64 = 1_795_773_601_000;
const AGENT: &str = "Mozilla/5.0 (Windows NT 10.0)";

#[test]
fn load_balancers_of_aws() {
    let tail = "192.0.2.1:2817 10.0.0.1:80 0.001 0.010 0.002 200 200 34 366 \
        \"GET https://www.example.com:443/a?q=1 HTTP/1.1\" \"Mozilla/5.0 (Windows NT 10.0)\"";
    let expected = Line::at(MS, "192.0.2.1", "GET", "https://www.example.com:443/a?q=1", 200);
    let expected = expected.agent(AGENT).bytes(366).took(13);
    let alb = format!(
        "h2 2026-11-27T10:00:01.000000Z app/web/50dc6c495c0c9188 {tail} ECDHE TLSv1.3 arn:aws:x \"Root=1-5\" \"-\" \"-\" 0 \
         2026-11-27T10:00:00.999000Z \"forward\" \"-\" \"-\" \"10.0.0.1:80\" \"200\" \"-\" \"-\""
    );
    assert_eq!(one(&alb), Ok(("AWS application load balancer", expected.clone())));
    let elb = format!("2026-11-27T10:00:01.000000Z web {tail} - -");
    assert_eq!(one(&elb), Ok(("AWS classic load balancer", expected)));
    let refused = "http 2026-11-27T10:00:01.000000Z app/web/5 [2001:db8::1]:2817 - -1 -1 -1 503 - 34 366 \
        \"GET http://www.example.com:80/ HTTP/1.1\" \"-\" - -";
    let expected = Line::at(MS, "2001:db8::1", "GET", "http://www.example.com:80/", 503).bytes(366);
    assert_eq!(one(refused), Ok(("AWS application load balancer", expected)));
}

#[test]
fn s3() {
    let line = "79a5 www-bucket [27/Nov/2026:10:00:01 +0000] 192.0.2.1 - 3E57427F3EXAMPLE WEBSITE.GET.OBJECT a.html \
        \"GET /a.html?q=1 HTTP/1.1\" 200 - 113 113 7 6 \"https://www.example.org/x\" \"Mozilla/5.0 (Windows NT 10.0)\" - \
        s9lz SigV4 ECDHE AuthHeader www.example.com.s3.amazonaws.com TLSv1.2";
    let expected = Line::at(MS, "192.0.2.1", "GET", "/a.html?q=1", 200).agent(AGENT).bytes(113).took(7);
    let expected = expected.referrer("https://www.example.org/x").host("www.example.com.s3.amazonaws.com");
    assert_eq!(one(line), Ok(("Amazon S3", expected)));
}

#[test]
fn envoy_and_istio() {
    let envoy = "[2026-11-27T10:00:01.000Z] \"GET /a?q=1 HTTP/2\" 200 - 0 154 226 100 \"203.0.113.9, 192.0.2.1\" \
        \"Mozilla/5.0 (Windows NT 10.0)\" \"cc21d9b0\" \"www.example.com\" \"10.0.2.1:80\"";
    let expected = Line::at(MS, "192.0.2.1", "GET", "/a?q=1", 200).agent(AGENT).bytes(154).took(226);
    let expected = expected.host("www.example.com").forwarded("203.0.113.9, 192.0.2.1");
    assert_eq!(one(envoy), Ok(("Envoy", expected.clone())));
    let istio = "[2026-11-27T10:00:01.000Z] \"GET /a?q=1 HTTP/2\" 200 - via_upstream - \"-\" 0 154 226 100 \
        \"203.0.113.9, 192.0.2.1\" \"Mozilla/5.0 (Windows NT 10.0)\" \"cc21d9b0\" \"www.example.com\" \"10.0.2.1:80\" \
        outbound|80||web 10.0.0.1:57816 10.0.0.2:80 192.0.2.1:57814 - default";
    assert_eq!(one(istio), Ok(("Istio", expected)));
    // Nobody stands in the line; the server says so.
    let nobody =
        "[2026-11-27T10:00:01.000Z] \"GET / HTTP/1.1\" 0 DC 0 0 5 - \"-\" \"-\" \"cc21\" \"www.example.com\" \"-\"";
    let expected = Line::at(MS, "", "GET", "/", 499).bytes(0).took(5).host("www.example.com");
    assert_eq!(one(nobody), Ok(("Envoy", expected)));
}

#[test]
fn haproxy() {
    // Written by HAProxy 2.6, with a header captured and without.
    let head = "<134>Nov 27 10:00:01 haproxy[2359]: 192.0.2.1:44022 [27/Nov/2026:10:00:01.062] web b/s1";
    let line = format!(
        "{head} 0/0/0/1/46 200 366 - - ---- 1/1/0/0/0 0/0 {{www.example.com|{AGENT}|https://www.example.org/x}} {{}} \
         \"GET /a?q=1 HTTP/1.1\""
    );
    let expected = Line::at(MS + 62, "192.0.2.1", "GET", "/a?q=1", 200).bytes(366).took(46);
    let whole = expected.clone().agent(AGENT).host("www.example.com").referrer("https://www.example.org/x");
    assert_eq!(one(&line), Ok(("HAProxy httplog with a syslog prefix", whole)));
    let line = format!("{head} 0/0/0/1/+46 200 +366 - - ---- 1/1/0/0/0 0/0 \"GET /a?q=1 HTTP/1.1\"");
    assert_eq!(one(&line).map(|(_, line)| line.target().to_owned()), Ok("/a?q=1".to_owned()));
    let line = format!("{head} 0/-1/-1/-1/2 -1 0 - - CR-- 1/1/0/0/0 0/0 \"GET /a?q=1 HTTP/1.1\"");
    assert_eq!(one(&line).map(|(_, line)| line.status()), Ok(499));
    let line = format!("{head} 0/-1/-1/-1/2 400 0 - - PR-- 1/1/0/0/0 0/0 \"<BADREQ>\"");
    assert_eq!(one(&line), Err("no_request"));
    // Of connections, and about the program itself.
    assert_eq!(one(&format!("{head} 1/0/1 237 -- 1/1/0/0/0 0/0")), Err("directive"));
    assert_eq!(one("<133>Nov 27 10:00:01 haproxy[2359]: Proxy web started."), Err("directive"));
    // In the form of Apache's log, the headers that were captured stand last.
    let line = format!(
        "<134>Nov 27 10:00:01 haproxy[2359]: 192.0.2.1 - - [27/Nov/2026:10:00:01 +0000] \"GET / HTTP/1.1\" 200 366 \"\" \"\" \
         55540 129 \"c\" \"b\" \"s1\" 0 0 0 0 0 ---- 1 1 0 0 0 0 0 \"\" \"\" \"{AGENT}\" \"https://www.example.org/x\" "
    );
    let expected = Line::at(MS, "192.0.2.1", "GET", "/", 200).bytes(366).agent(AGENT);
    let expected = expected.referrer("https://www.example.org/x");
    assert_eq!(one(&line), Ok(("combined with a syslog prefix", expected)));
}

#[test]
fn bunny() {
    let line =
        format!("HIT|200|{MS}|412|393|192.0.2.1|https://www.example.org/x|https://www.example.com/a|WA|{AGENT}|id|JP");
    let expected = Line::at(MS, "192.0.2.1", "GET", "https://www.example.com/a", 200).bytes(412).agent(AGENT);
    assert_eq!(one(&line), Ok(("Bunny", expected.referrer("https://www.example.org/x"))));
}

#[test]
fn other_lines_are_not_taken_for_these() {
    for line in [
        "2026-11-27T10:00:01Z hello world again",
        "a b [27/Nov/2026:10:00:01 +0000]",
        "one|two|three|four|five|six|seven|eight|nine|ten",
        "192.0.2.1:80 [yesterday] a b",
        "http not-a-time app/web 192.0.2.1:1 x",
    ] {
        assert!(one(line).is_err(), "{line}");
    }
}

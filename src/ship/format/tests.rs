//! The parser as a whole: prefixes and wraps, who the visitor is behind them, JSON of each server, and any bytes at all. A
//! failure is a line that is read as another one, or a visitor who becomes several.

use proptest::prelude::*;

use super::*;

/// An access as the server gets it, with what proxies added. Made-up people alone may be shown.
#[derive(Clone, Debug, PartialEq, Default)]
pub(super) struct Line {
    time_unix_ms: i64,
    address: String,
    method: String,
    target: String,
    status: u32,
    user_agent: String,
    referrer: String,
    host: String,
    accept_language: String,
    response_bytes: Option<u64>,
    response_time_ms: Option<u32>,
    forwarded: String,
}

impl Line {
    pub(super) fn at(time_unix_ms: i64, address: &str, method: &str, target: &str, status: u32) -> Self {
        let (address, method, target) = (address.to_owned(), method.to_owned(), target.to_owned());
        Self { time_unix_ms, address, method, target, status, ..Self::default() }
    }

    fn of(access: &Access<'_>) -> Self {
        let event = access.to_event();
        Self {
            time_unix_ms: event.time_unix_ms,
            address: event.address.clone(),
            method: event.method.clone(),
            target: event.target.clone(),
            status: event.status,
            user_agent: event.user_agent.clone(),
            referrer: event.referrer.clone(),
            host: event.host.clone(),
            accept_language: event.accept_language.clone(),
            response_bytes: event.response_bytes,
            response_time_ms: event.response_time_ms,
            forwarded: access.forwarded(),
        }
    }

    pub(super) fn agent(mut self, agent: &str) -> Self {
        self.user_agent = agent.to_owned();
        self
    }

    pub(super) fn referrer(mut self, referrer: &str) -> Self {
        self.referrer = referrer.to_owned();
        self
    }

    pub(super) fn host(mut self, host: &str) -> Self {
        self.host = host.to_owned();
        self
    }

    pub(super) fn language(mut self, language: &str) -> Self {
        self.accept_language = language.to_owned();
        self
    }

    pub(super) fn bytes(mut self, bytes: u64) -> Self {
        self.response_bytes = Some(bytes);
        self
    }

    pub(super) fn took(mut self, ms: u32) -> Self {
        self.response_time_ms = Some(ms);
        self
    }

    pub(super) fn forwarded(mut self, forwarded: &str) -> Self {
        self.forwarded = forwarded.to_owned();
        self
    }

    pub(super) fn target(&self) -> &str {
        &self.target
    }

    pub(super) fn status(&self) -> u32 {
        self.status
    }
}

/// What became of the lines of a log.
#[derive(Default)]
pub(super) struct Log {
    pub(super) events: Vec<Line>,
    pub(super) malformed: Vec<&'static str>,
    pub(super) directives: usize,
    pub(super) seen: &'static str,
}

pub(super) fn lines_of(log: &[u8], format: Format) -> Log {
    let mut parser = Parser::new(format);
    let mut read = Log::default();
    for line in log.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)) {
        match parser.parse(line) {
            Ok(Parsed::Access(access)) => {
                read.events.push(Line::of(&access));
            }
            Ok(Parsed::Directive) => read.directives += usize::from(!line.is_empty()),
            Err(reason) => read.malformed.push(reason.name()),
        }
    }
    read.seen = parser.seen();
    read
}

pub(super) fn lines(log: &str) -> Log {
    lines_of(log.as_bytes(), Format::Auto)
}

/// The one line of a log, with its format; or why there is none.
pub(super) fn one(line: &str) -> Result<(&'static str, Line), &'static str> {
    let mut read = lines(line);
    match (read.events.pop(), read.malformed.pop()) {
        (Some(line), None) => Ok((read.seen, line)),
        (None, Some(reason)) => Err(reason),
        _ => Err("directive"),
    }
}

const MS: i64 = 1_795_773_601_000;
const TAIL: &str = "[27/Nov/2026:10:00:01 +0000] \"GET /a HTTP/1.1\" 200 5 \"-\" \"agent\"";

/// What collectors put before a line.
const PREFIXES: &[&str] = &[
    "",
    "2026-11-27T10:00:01.123456789Z stdout F ",
    "Nov 27 10:00:01 web1 nginx: ",
    "Nov  7 10:00:01 web1 nginx[12]: ",
    "<190>Nov 27 10:00:01 web1 nginx: ",
    "<134>1 2026-11-27T10:00:01.123Z web1 nginx 12 - - ",
    "2026-11-27T10:00:01.123456+00:00 web1 nginx[12]: ",
    "2026-11-27T10:00:01.123456789Z ",
    "web-1  | ",
    "\u{1b}[36mweb_1  |\u{1b}[0m ",
    "[pod/web-5d/nginx] ",
    "2026-11-27T10:00:01.123456789Z stdout F Nov 27 10:00:01 web1 nginx: ",
    "www.example.com ",
    "www.example.com:443 ",
];

#[test]
fn a_user_behind_a_prefix_is_one_visitor() {
    for prefix in PREFIXES {
        for address in ["192.0.2.1", "2001:db8::1"] {
            for user in ["-", "bob", "bob smith", "bob [x] - y", "EXAMPLE\\bob", "a.b.c", "192.0.2.99"] {
                let line = format!("{prefix}{address} - {user} {TAIL}");
                let (_, read) = one(&line).unwrap_or_else(|reason| panic!("{reason}: {line}"));
                assert_eq!(read.address, address, "{line}");
                let host = prefix.strip_prefix("www").map_or(String::new(), |_| prefix.trim_end().to_owned());
                assert_eq!(read.host, host, "{line}");
            }
        }
    }
}

#[test]
fn json_behind_a_prefix() {
    let object = r#"{"ts":1795773601,"remote_addr":"192.0.2.1","request":"GET /a HTTP/1.1","status":200}"#;
    for prefix in PREFIXES.iter().filter(|prefix| !prefix.starts_with("www")) {
        let (seen, read) = one(&format!("{prefix}{object}")).unwrap_or_else(|reason| panic!("{reason}: {prefix}"));
        assert_eq!(read, Line::at(MS, "192.0.2.1", "GET", "/a", 200), "{prefix}");
        assert!(seen.starts_with("JSON"), "{seen}");
    }
}

#[test]
fn common_logs_with_more() {
    let line = Line::at(MS, "192.0.2.1", "GET", "/a", 200).bytes(5);
    let start = "192.0.2.1 - - [27/Nov/2026:10:00:01 +0000]";
    let request = "\"GET /a HTTP/1.1\" 200 5";
    for (text, expected) in [
        // nginx: main, a duration behind and between, named, in quotes; ingress-nginx.
        (
            format!("{start} {request} \"-\" \"a\" \"203.0.113.9, 198.51.100.2\""),
            line.clone().agent("a").forwarded("203.0.113.9, 198.51.100.2"),
        ),
        (format!("{start} {request} \"-\" \"a\" \"-\" 0.123"), line.clone().agent("a").took(123)),
        (format!("{start} {request} \"-\" \"a\" \"0.123\""), line.clone().agent("a").took(123)),
        (format!("{start} {request} \"-\" \"a\" rt=0.123 uct=\"0.001\""), line.clone().agent("a").took(123)),
        (format!("{start} {request} 0.123 \"-\" \"a\""), line.clone().agent("a").took(123)),
        (
            format!("{start} {request} \"-\" \"a\" 467 0.004 [default-web-80] [] 10.0.0.1:80 5 0.003 200 5f2c"),
            line.clone().agent("a").took(4),
        ),
        // Traefik; Apache with a cookie, and with a number whose unit nobody tells.
        (
            format!("{start} {request} \"-\" \"a\" 1 \"web@docker\" \"http://10.0.0.1:80\" 12ms"),
            line.clone().agent("a").took(12),
        ),
        (format!("{start} {request} \"-\" \"a\" \"id=1; b=\\\"2\\\"\""), line.clone().agent("a")),
        (format!("{start} {request} \"-\" \"a\" 4711"), line.clone().agent("a")),
        // Gandi; API Gateway; times in other forms; tabs.
        (format!("{start} (2 s) {request} \"-\" \"a\""), line.clone().agent("a").took(2_000)),
        (format!("{start}{request} id"), line.clone()),
        (format!("192.0.2.1 - - [2026-11-27T10:00:01+00:00] {request}"), line.clone()),
        (format!("192.0.2.1 - - [2026-11-27T19:00:01.000+09:00] {request}"), line.clone()),
        (format!("192.0.2.1 - - [27/Nov/2026 10:00:01] {request}"), line.clone()),
        (
            format!("{start} {request} \"-\" \"a\"")
                .replace("] ", "]\t")
                .replace(" 200 5 ", "\t200\t5\t")
                .replace(" - - ", "\t-\t-\t"),
            line.clone().agent("a"),
        ),
        // lighttpd and OVH: the host beside the address.
        (
            format!("192.0.2.1 www.example.com - [27/Nov/2026:10:00:01 +0000] {request}"),
            line.clone().host("www.example.com"),
        ),
        (
            format!("192.0.2.1 www.example.com - - [27/Nov/2026:10:00:01 +0000] {request}"),
            line.clone().host("www.example.com"),
        ),
        (format!("203.0.113.9, 192.0.2.1 - - [27/Nov/2026:10:00:01 +0000] {request}"), line.clone()),
    ] {
        assert_eq!(one(&text).map(|(_, line)| line), Ok(expected), "{text}");
    }
}

#[test]
fn json_of_each_server() {
    let line = Line::at(MS, "192.0.2.1", "GET", "/a?q=1", 200).agent("a").bytes(5);
    let full = || line.clone().host("www.example.com").referrer("https://r.example/");
    let cases = [
        (
            "JSON",
            r#"{"time_local":"27/Nov/2026:10:00:01 +0000","remote_addr":"192.0.2.1","request":"GET /a?q=1 HTTP/1.1","status":"200","body_bytes_sent":"5","http_referer":"https://r.example/","http_user_agent":"a","host":"www.example.com","request_time":"0.046"}"#,
            full().took(46),
        ),
        (
            "JSON",
            r#"{"msec":1795773601.000,"remote_addr":"192.0.2.1","request_method":"GET","uri":"/a","args":"q=1","status":200,"bytes_sent":5,"http_user_agent":"a","http_x_forwarded_for":"203.0.113.9","http_accept_language":"ja"}"#,
            line.clone().forwarded("203.0.113.9").language("ja"),
        ),
        (
            "Caddy JSON",
            r#"{"level":"info","ts":1795773601.0,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"10.0.0.9","remote_port":"1","client_ip":"192.0.2.1","method":"GET","host":"www.example.com","uri":"/a?q=1","headers":{"User-Agent":["a"],"Referer":["https://r.example/"],"Accept-Language":["ja,en"],"X-Forwarded-For":["203.0.113.9"]}},"bytes_read":7,"duration":0.046,"size":5,"status":200,"resp_headers":{"Server":["Caddy"]}}"#,
            full().took(46).language("ja,en").forwarded("203.0.113.9"),
        ),
        (
            "Traefik JSON",
            r#"{"ClientAddr":"192.0.2.1:1","ClientHost":"192.0.2.1","DownstreamContentSize":5,"DownstreamStatus":200,"Duration":46000000,"OriginStatus":500,"RequestAddr":"www.example.com","RequestHost":"www.example.com","RequestMethod":"GET","RequestPath":"/a?q=1","StartUTC":"2026-11-27T10:00:01.000000001Z","level":"info","msg":"","request_User-Agent":"a","request_Referer":"https://r.example/","time":"2026-11-27T10:00:02Z"}"#,
            full().took(46),
        ),
        (
            "Envoy JSON",
            r#"{"start_time":"2026-11-27T10:00:01.000Z","method":"GET","path":"/a?q=1","response_code":200,"bytes_received":7,"bytes_sent":5,"duration":46,"x_forwarded_for":"192.0.2.1","user_agent":"a","authority":"www.example.com","upstream_host":null}"#,
            line.clone().took(46).host("www.example.com").forwarded("192.0.2.1"),
        ),
        (
            "ECS JSON",
            r#"{"@timestamp":"2026-11-27T10:00:01.000Z","source":{"address":"192.0.2.1","ip":"192.0.2.1"},"http":{"request":{"method":"GET","referrer":"https://r.example/","body":{"bytes":7}},"response":{"status_code":200,"body":{"bytes":5}},"version":"1.1"},"url":{"path":"/a","query":"q=1","domain":"www.example.com"},"user_agent":{"original":"a","name":"X"},"event":{"duration":46000000}}"#,
            full().took(46),
        ),
        (
            "ECS JSON",
            r#"{"@timestamp":"2026-11-27T10:00:01.000Z","client.ip":"192.0.2.1","http.request.method":"GET","http.request.referrer":"https://r.example/","http.response.status_code":200,"http.response.body.bytes":5,"url.original":"/a?q=1","url.domain":"www.example.com","user_agent.original":"a"}"#,
            full(),
        ),
        (
            "Cloudflare Logpush JSON",
            r#"{"ClientIP":"192.0.2.1","ClientRequestHost":"www.example.com","ClientRequestMethod":"GET","ClientRequestURI":"/a?q=1","ClientRequestReferer":"https://r.example/","ClientRequestUserAgent":"a","EdgeEndTimestamp":1795773602000000000,"EdgeResponseBytes":5,"EdgeResponseStatus":200,"EdgeStartTimestamp":1795773601000000000,"EdgeTimeToFirstByteMs":46}"#,
            full().took(46),
        ),
        (
            "Google Cloud load balancer JSON",
            r#"{"httpRequest":{"latency":"0.046s","referer":"https://r.example/","remoteIp":"192.0.2.1","requestMethod":"GET","requestSize":"7","requestUrl":"/a?q=1","responseSize":"5","status":200,"userAgent":"a"},"severity":"INFO","timestamp":"2026-11-27T10:00:01Z","receiveTimestamp":"2026-11-27T10:00:03Z"}"#,
            line.clone().referrer("https://r.example/").took(46),
        ),
        (
            "JSON",
            r#"{"requestId":"x","ip":"192.0.2.1","requestTime":"27/Nov/2026:10:00:01 +0000","httpMethod":"GET","path":"/a?q=1","status":"200","protocol":"HTTP/1.1","responseLength":"5","userAgent":"a"}"#,
            line.clone(),
        ),
    ];
    for (name, object, expected) in cases {
        assert_eq!(one(object), Ok((name, expected)), "{object}");
    }
}

#[test]
fn lines_inside_json() {
    let line =
        "192.0.2.1 - bob smith [27/Nov/2026:10:00:01 +0000] \\\"GET /a HTTP/1.1\\\" 200 5 \\\"-\\\" \\\"agent\\\"";
    let expected = Line::at(MS, "192.0.2.1", "GET", "/a", 200).bytes(5).agent("agent");
    let bytes: Vec<_> = line.replace('\\', "").bytes().map(|byte| byte.to_string()).collect();
    for wrap in [
        format!(r#"{{"log":"{line}\n","stream":"stdout","time":"2026-11-27T10:00:09Z"}}"#),
        format!(r#"{{"MESSAGE":"{line}","__REALTIME_TIMESTAMP":"1795773609000000","_HOSTNAME":"web1"}}"#),
        format!(r#"{{"MESSAGE":[{}],"PRIORITY":"6"}}"#, bytes.join(",")),
        format!(
            r#"{{"@timestamp":"2026-11-27T10:00:09Z","message":"{line}","host":{{"name":"web1"}},"log":{{"offset":5}}}}"#
        ),
        format!(r#"{{"log":"2026-11-27T10:00:09Z stdout F {line}\n"}}"#),
    ] {
        assert_eq!(one(&wrap), Ok(("combined inside JSON", expected.clone())), "{wrap}");
    }
    let object = r#"{"log":"{\"ts\":1795773601,\"remote_addr\":\"192.0.2.1\",\"request\":\"GET /a HTTP/1.1\",\"status\":200}\n"}"#;
    assert_eq!(one(object), Ok(("JSON inside JSON", Line::at(MS, "192.0.2.1", "GET", "/a", 200))));
}

#[test]
fn messages_are_no_accesses_and_not_malformed() {
    for line in [
        "",
        "# a comment",
        r#"{"level":"info","ts":1795773601.0,"logger":"admin","msg":"admin endpoint started"}"#,
        r#"{"level":"error","ts":1795773601.0,"logger":"http.log.error","msg":"x","request":{"method":"GET","uri":"/"},"status":502}"#,
        r#"{"level":"info","msg":"Configuration loaded","time":"2026-11-27T10:00:01Z"}"#,
        r#"{"log":"/docker-entrypoint.sh: Configuration complete; ready for start up\n","stream":"stdout"}"#,
        r#"{"log":"2026/11/27 10:00:01 [notice] 1#1: start worker processes\n","stream":"stderr"}"#,
        "web-1  | 2026/11/27 10:00:01 [error] 7#7: *1 open() \"/x\" failed, client: 192.0.2.1",
        "2026/11/27 10:00:01.000\t\u{1b}[34mINFO\u{1b}[0m\tadmin\tadmin endpoint started\t{\"address\": \"x\"}",
    ] {
        assert_eq!(one(line), Err("directive"), "{line}");
    }
    // A log that is not understood is not passed over in silence.
    for (line, reason) in [
        ("2026/11/27 10:00:01 [notice] 1#1: start worker processes", "bad_time"),
        (r#"{"wann":1795773601,"wer":"192.0.2.1","was":"GET / HTTP/1.1"}"#, "no_request"),
        (r#"{"ts":1795773601,"method":"GET","uri":"/","status":200}"#, "no_host"),
        (r#"{"remote_addr":"192.0.2.1","method":"GET","uri":"/","status":200}"#, "no_time"),
        (r#"{"ts":"soon","remote_addr":"192.0.2.1","method":"GET","uri":"/","status":200}"#, "bad_time"),
        (r#"{"ts":1795773601,"remote_addr":"192.0.2.1","method":"GET","uri":"/"}"#, "bad_status"),
        (r#"{"ts":1795773601,"remote_addr":"192.0.2.1","#, "bad_json"),
        (r#"{"ts":1795773601} x"#, "bad_json"),
        ("2026-11-27T10:00:01Z\t192.0.2.1\tGET\t/\t200", "no_time"),
    ] {
        assert_eq!(one(line), Err(reason), "{line}");
    }
}

#[test]
fn json_that_a_server_wrote_wrongly() {
    // nginx without escape=json, and a request that was not UTF-8.
    let line = br#"{"ts":1795773601,"remote_addr":"192.0.2.1","request":"GET /\x22a\xE6 HTTP/1.1","status":200,"ua":"#;
    let line = [&line[..], b"\"\xff\"}"].concat();
    let read = lines_of(&line, Format::Auto);
    assert_eq!(read.malformed.len(), 0);
    assert_eq!(read.events[0].target(), "/\"a\u{e6}");
    assert_eq!(read.events[0].user_agent, "\u{fffd}");
}

#[test]
fn names_of_ones_own() {
    let names = OwnNames::parse("time=wann,address=wer.ip,request=was,status=wie,milliseconds=dauer").unwrap();
    let log = r#"{"wann":"2026-11-27 10:00:01","wer":{"ip":"192.0.2.1"},"was":"GET /a HTTP/1.1","wie":200,"dauer":7,"ip":"192.0.2.9"}"#;
    let read = lines_of(log.as_bytes(), Format::Json(names));
    assert_eq!(read.events, [Line::at(MS, "192.0.2.1", "GET", "/a", 200).took(7)]);
}

#[test]
fn what_cannot_be_read_has_a_name() {
    for (content, name) in [
        (&b"PK\x03\x04..."[..], "looks like a zip archive"),
        (b"PAR1....", "looks like Parquet"),
        (b"<html>", "looks like XML or HTML"),
        (b"a\0b", "looks like binary data"),
        (b"hello", "no known format"),
        (b"", "nothing"),
    ] {
        assert_eq!(lines_of(content, Format::Auto).seen, name);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400), first in "[{#\\[<2]?") {
        let names = OwnNames::parse("time=a,address=b").unwrap();
        for format in [Format::Auto, Format::Common, Format::Combined, Format::Json(names)] {
            lines_of(&[first.as_bytes(), &bytes].concat(), format);
        }
    }

    /// Pieces of real lines in any order reach further than random bytes do.
    #[test]
    fn pieces_are_read_or_refused(pieces in proptest::collection::vec(prop_oneof![
        Just("192.0.2.1 "), Just("192.0.2.1:80 "), Just("- "), Just("[27/Nov/2026:10:00:01 +0000] "), Just("\""), Just("\\"), Just("\t"),
        Just("[2026-11-27T10:00:01.000Z] "), Just("2026-11-27T10:00:01Z "), Just("stdout F "), Just("http "), Just("\"GET / HTTP/1.1\" "),
        Just("200 5 "), Just("{"), Just("}"), Just("{\"log\":\""), Just("\"}"), Just("\"status\":200,"), Just("\"request\":{"), Just("[1,"),
        Just("|"), Just("\n"), Just("#Fields: c-ip date time cs(User-Agent) sc-status cs-uri-stem\n"), Just("<13>"), Just("日"), Just("\\x4"),
        Just("2026/11/27 10:00:01\tINFO\thttp.log.access\tx\t{"), Just("0/0/0/0/0 "),
    ], 0..24)) {
        lines(&pieces.concat());
    }
}

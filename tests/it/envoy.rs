//! A real Envoy and a real OpenTelemetry SDK send what they send to everybody. `tests/run` installs both and passes their paths;
//! without them these tests say so and skip.
//!
//! A failure: what they sent is not counted, or not once.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use headcount::clock::{Clock, SystemClock};

use crate::{
    clients::tool,
    faults::shim::{Faults, Field},
    harness::{BROWSER, House, text},
    receive::{counts_of, finish, is_near, runtime},
};

/// Each by a visitor of its own.
const REQUESTS: u32 = 2_000;
const PATIENCE: Duration = Duration::from_secs(60);
const DAY_MS: i64 = 24 * 3_600_000;

/// Answers all requests itself, and logs each by the access log service and as a record of OpenTelemetry. The client is who
/// stands last in X-Forwarded-For.
const CONFIG: &str = r#"
admin: { address: { socket_address: { address: 127.0.0.1, port_value: 0 } } }
static_resources:
  listeners:
  - name: web
    address: { socket_address: { address: 127.0.0.1, port_value: 0 } }
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: web
          use_remote_address: true
          xff_num_trusted_hops: 1
          http_filters:
          - name: envoy.filters.http.router
            typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
              - { match: { prefix: "/" }, direct_response: { status: 200, body: { inline_string: "a page" } } }
          access_log:
          - name: als
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig
              common_config:
                log_name: streamed
                transport_api_version: V3
                buffer_flush_interval: 0.1s
                grpc_service: { envoy_grpc: { cluster_name: headcount } }
              additional_request_headers_to_log: [accept-language, cookie]
          - name: otlp
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig
              common_config:
                log_name: exported
                transport_api_version: V3
                buffer_flush_interval: 0.1s
                grpc_service: { envoy_grpc: { cluster_name: headcount } }
              attributes:
                values:
                - { key: client.address, value: { string_value: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%" } }
                - { key: url.path, value: { string_value: "%REQ(:PATH)%" } }
                - { key: http.request.method, value: { string_value: "%REQ(:METHOD)%" } }
                - { key: http.response.status_code, value: { string_value: "%RESPONSE_CODE%" } }
                - { key: user_agent.original, value: { string_value: "%REQ(USER-AGENT)%" } }
                - { key: duration_ms, value: { string_value: "%DURATION%" } }
  clusters:
  - name: headcount
    type: STATIC
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: { http2_protocol_options: {} }
    load_assignment:
      cluster_name: headcount
      endpoints:
      - lb_endpoints:
        - endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: HEADCOUNT_PORT } } }
"#;

struct Envoy {
    child: Child,
    admin: String,
}

impl Envoy {
    fn start(program: &str, house: &House, headcount: &str) -> Self {
        let port = headcount.rsplit(':').next().expect("a port");
        let config = house.write("envoy.yaml", CONFIG.replace("HEADCOUNT_PORT", port));
        let admin = house.path("admin");
        let mut command = Command::new(program);
        command.args(["-c", &config, "--concurrency", "1", "--use-dynamic-base-id", "--log-level", "error"]);
        command.arg("--admin-address-path").arg(&admin).stderr(Stdio::inherit());
        let child = command.spawn().expect("Envoy starts");
        let admin = wait(|| fs::read_to_string(&admin).ok().filter(|text| text.contains(':')));
        Self { child, admin }
    }

    fn ask(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.admin).expect("Envoy's admin");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n").expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    /// Where it listens.
    fn address(&self) -> String {
        wait(|| Some(self.ask("/listeners").split("web::").nth(1)?.split_whitespace().next()?.to_owned()))
    }

    /// A counter of its statistics.
    fn counter(&self, name: &str) -> u64 {
        let stats = self.ask(&format!("/stats?filter={name}"));
        let of = |line: &str| line.split(": ").nth(1)?.trim().parse::<u64>().ok();
        stats.lines().filter(|line| line.contains(name)).find_map(of).unwrap_or(0)
    }

    /// Waits until all is written to headcount: then nothing more is sent.
    fn wait_until_sent(&self) {
        wait(|| {
            let logged = self.counter("access_logs.grpc_access_log.logs_written");
            (logged >= u64::from(REQUESTS)).then_some(())
        });
        let mut before = 0;
        wait(|| {
            thread::sleep(Duration::from_millis(500));
            let sent = self.counter("cluster.headcount.upstream_cx_tx_bytes_total");
            let is_still = sent == before && sent > 0;
            before = sent;
            is_still.then_some(())
        });
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wait<T>(mut question: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = question() {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "it did not happen in time");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Asks for a page as so many visitors, over one connection.
fn visit(address: &str) {
    let stream = TcpStream::connect(address).expect("Envoy listens");
    let mut answers = BufReader::new(stream.try_clone().expect("a handle"));
    for visitor in 0..REQUESTS {
        let from = format!("198.18.{}.{}", visitor >> 8, visitor & 255);
        let head = format!(
            "GET /from-envoy HTTP/1.1\r\nHost: www.example.jp\r\nUser-Agent: {BROWSER}\r\nAccept-Language: ja\r\n\
             X-Forwarded-For: {from}\r\n\r\n"
        );
        (&stream).write_all(head.as_bytes()).expect("a request");
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            answers.read_line(&mut line).expect("an answer");
        }
        answers.read_exact(&mut [0; "a page".len()]).expect("a page");
    }
}

#[test]
fn a_real_envoy_is_counted_by_both_of_its_logs() {
    let Some(program) = tool("HEADCOUNT_ENVOY") else { return };
    let (house, runtime) = (House::new(), runtime());
    let Some(faults) = Faults::new(&house) else { return };
    let server = faults.launch(&house.serve_args(), &[]).expect("it starts");
    let envoy = Envoy::start(&program, &house, &server.address);
    visit(&envoy.address());
    envoy.wait_until_sent();
    drop(envoy);
    assert!(server.log().contains("an Envoy sends its access log site=streamed"), "{}", server.log());
    // Today is published once it is over.
    faults.set(Field::ClockMs, DAY_MS);
    runtime.block_on(async {
        for site in ["streamed", "exported"] {
            finish(&server, site).await;
        }
    });
    let now = jiff::Timestamp::from_millisecond(SystemClock.now_unix_ms()).expect("a time");
    let today = now.to_string();
    for site in ["streamed", "exported"] {
        let (visits, views) = counts_of(&server, site, &today[..10]);
        let truth = i64::from(REQUESTS);
        assert!(is_near(visits, truth) && is_near(views, truth), "{site}: {visits} {views}");
    }
    server.stop();
}

#[test]
fn a_program_with_the_opentelemetry_sdk_is_counted() {
    let Some(python) = tool("HEADCOUNT_PYTHON") else { return };
    let (house, runtime) = (House::new(), runtime());
    let server = house.serve();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/send_logs.py");
    let output = Command::new(python).args([script, &server.address, "www", "3000"]).output().expect("python runs");
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    runtime.block_on(finish(&server, "www"));
    server.wait_for_a_day("www");
    let report = server.report("www", &[]);
    let visits =
        report["traffic"]["points"].as_array().expect("days").iter().find_map(|day| day["visits"]["estimate"].as_i64());
    assert!(visits.is_some_and(|visits| is_near(visits, 3_000)), "{report}");
    server.stop();
}

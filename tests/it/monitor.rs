//! What a monitoring system reads: metrics that are the same with one visitor less, and health that tells a server which drains.

use crate::{
    harness::{House, Server, log_lines},
    http::get,
};

fn watched(house: &House) -> (Server, String) {
    let config = house.write("monitor.toml", "[monitor]\nlisten = \"127.0.0.1:0\"\n[[site]]\nname = \"www\"\n");
    let mut args = house.serve_args();
    args.extend(["--config".to_owned(), config]);
    let server = Server::start(&args);
    let log = server.log();
    let address = log.split("metrics and health address=").nth(1).expect("its address");
    (server, address.split_whitespace().next().expect("an address").to_owned())
}

/// What a server tells that was sent so many visitors: all but when it started, and what is told of the machine.
fn told_after(visitors: u32) -> Vec<String> {
    let house = House::new();
    let (server, address) = watched(&house);
    let file = house.write("access.txt", log_lines(0, visitors));
    assert_eq!(server.ship("www", &file, &[]).0, Some(0));
    server.wait_for_a_day("www");
    let sealed =
        |text: &str| text.contains("headcount_releases_total ") && !text.contains("headcount_releases_total 0");
    let text = server.wait_until(|_| Some(get(&address, "/metrics", &[]).text()).filter(|text| sealed(text)));
    assert!(text.ends_with("# EOF\n"), "{text}");
    server.stop();
    let of_the_machine = ["start_time", "disk_free", "resident_memory", "open_files", "releases_total"];
    // Labels come in any order.
    let mut told: Vec<String> = text.lines().map(str::to_owned).collect();
    told.retain(|line| !of_the_machine.iter().any(|name| line.contains(name)));
    told.sort();
    told
}

#[test]
fn metrics_do_not_tell_of_one_visitor() {
    assert_eq!(told_after(2_000), told_after(1_999));
}

#[test]
fn health_and_what_is_not_there() {
    let house = House::new();
    let (server, address) = watched(&house);
    let health = get(&address, "/health", &[]);
    assert_eq!((health.status, health.text().as_str()), (200, "serving\n"));
    assert_eq!(get(&address, "/data", &[]).status, 404);
    assert!(get(&address, "/metrics", &[]).header("content-type").contains("openmetrics"));
    server.stop();
    let (code, log) =
        house.serve_fails(&["--config", &house.write("far.toml", "[monitor]\nlisten = \"0.0.0.0:9464\"\n")]);
    assert_eq!(code, Some(2), "{log}");
    assert!(log.contains("far.toml:2") && log.contains("loopback"), "{log}");
}

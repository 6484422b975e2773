//! A directory of the format before, opened by the real binary: what was published stays, what was sent is known, and it goes
//! on. What is counted in it is compared in the vault's own tests.

use std::{path::Path, process::Command};

use crate::harness::{BROWSER, House, Server, run, text};

fn golden(name: &str) -> String {
    format!("{}/tests/golden/stored/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn unpack(name: &str) -> House {
    let house = House::new();
    let into = house.path("").display().to_string();
    let unpacked = Command::new("tar").args(["-xzf", &golden(name), "-C", &into]).status();
    assert!(unpacked.expect("tar runs").success(), "{name} is unpacked");
    house
}

fn serve(house: &House) -> Server {
    let mut args = house.serve_args();
    args.extend(["--archive".to_owned(), house.path("archive").display().to_string()]);
    Server::start(&args)
}

fn published(server: &Server) -> Vec<serde_json::Value> {
    let range = ["--from", "2026-11-24", "--to", "2026-11-25"];
    ["www", "tokyo"].map(|site| server.report(site, &range)["traffic"].clone()).to_vec()
}

fn verify(house: &House) -> String {
    let path = |name: &str| house.path(name).display().to_string();
    let (data, keys, archive) = (path("data"), path("keys"), path("archive"));
    let output = run(&["verify", "--data", &data, "--keys", &keys, "--archive", &archive]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn goes_on(name: &str) {
    let house = unpack(name);
    let server = serve(&house);
    let before = published(&server);
    for traffic in &before {
        let points = traffic["points"].as_array().expect("two days");
        assert!(points.len() == 2 && points.iter().all(|point| point["visits"]["estimate"].is_i64()), "{traffic}");
    }
    // All of it was acknowledged by the version before.
    let (code, again, _) = server.ship("www", &golden("open-day.txt"), &["--live"]);
    assert_eq!((code, again["sent"].as_u64()), (Some(0), Some(0)), "{again}");
    #[allow(clippy::disallowed_methods, reason = "the server under test runs by the real clock")]
    let now = jiff::Timestamp::now().strftime("%d/%b/%Y:%H:%M:%S +0000");
    let line = |n: u8| format!("10.6.0.{n} - - [{now}] \"GET /a HTTP/1.1\" 200 9 \"-\" \"{BROWSER}\"\n");
    let file = house.write("new.log", (0..3).map(line).collect::<String>());
    let (code, new, _) = server.ship("www", &file, &["--live"]);
    assert_eq!((code, new["files"][0]["outcomes"]["counted"].as_u64()), (Some(0), Some(3)), "{new}");
    server.stop();

    assert!(verify(&house).contains("nothing is damaged"));
    let server = serve(&house);
    assert_eq!(published(&server), before, "what is published never changes");
    let (_, again, _) = server.ship("www", &file, &["--live"]);
    assert_eq!(again["sent"].as_u64(), Some(0), "{again}");
    server.stop();
    assert!(Path::new(&house.path("keys")).join("producers.key").exists());
}

#[test]
fn a_directory_that_the_version_before_left_goes_on() {
    goes_on("format-5-stopped.tar.gz");
}

#[test]
fn a_directory_that_the_version_before_left_when_it_was_killed_goes_on() {
    goes_on("format-5-killed.tar.gz");
}

//! Canaries through the real binary: an address, a user agent, a cookie-like token and an e-mail address that must be
//! found in no file, log line, answer or report, neither while the periods are open nor afterwards.

use std::process::Command;

use crate::harness::{House, Server, all_bytes, headcount, text};

const CANARIES: [&str; 4] = ["198.51.100.213", "CanaryBrowser", "taro.canary", "canarytoken1234567890abcdef"];

fn log() -> String {
    let line = |n: u32| {
        format!(
            "198.51.100.213 - taro.canary [17/May/2015:10:{:02}:00 +0000] \"GET /confirm/taro.canary@example.jp/canarytoken1234567890abcdef/{n}?mail=taro.canary@example.jp HTTP/1.1\" 200 9 \
             \"https://mail.example/?to=taro.canary@example.jp\" \"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0 CanaryBrowser/7\"\n",
            n % 60
        )
    };
    (0..300).map(line).collect()
}

fn assert_clean(what: &str, bytes: &[u8]) {
    for canary in CANARIES {
        let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
        assert!(!found, "{canary} is in {what}");
    }
}

fn assert_disk_clean(house: &House) {
    for (path, bytes) in ["data", "keys"].into_iter().flat_map(|name| all_bytes(&house.path(name))) {
        assert_clean(&path.display().to_string(), &bytes);
    }
}

fn answers(server: &Server) -> Vec<u8> {
    let mut all = Vec::new();
    for args in [&["report"][..], &["report", "--json"], &["privacy"], &["privacy", "--json"]] {
        let mut command: Command = headcount(args);
        let output = command.args(["--server", &server.url(), "--site", "www"]).output().expect("it runs");
        all.extend(output.stdout);
        all.extend(output.stderr);
    }
    all
}

#[test]
fn no_canary_leaves_the_vault() {
    let house = House::new();
    let file = house.write("access.txt", log());
    let server = house.serve();
    let (code, summary, stderr) = server.ship("www", &file, &["--live"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_clean("the shipper's summary", format!("{summary}{stderr}").as_bytes());
    assert_disk_clean(&house);
    assert_clean("the log of the server that counts", server.log().as_bytes());
    server.kill();
    assert_disk_clean(&house);

    let server = house.serve();
    assert_eq!(server.ship("www", &file, &[]).0, Some(0));
    server.wait_for_a_day("www");
    assert_clean("the answers", &answers(&server));
    let log = server.stop();
    assert_clean("the server's log", log.as_bytes());
    assert_disk_clean(&house);
    let keys: Vec<String> =
        all_bytes(&house.path("keys")).iter().map(|(p, _)| text(p.as_os_str().as_encoded_bytes())).collect();
    // The other is a number that every reader sees.
    let is_known = |key: &String| key.ends_with("/producers.key") || key.ends_with("/releases");
    assert!(keys.len() == 2 && keys.iter().all(is_known), "{keys:?}");
}

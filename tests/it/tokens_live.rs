//! Tokens that come and go while the server runs, how they are given to commands, and how a browser signs in.
//!
//! A failure is a stream that goes on after its token, a token in a log, a command line or a file, or a form of another origin that
//! signs anybody in.

use std::time::Duration;

use headcount::proto::WatchReleasesRequest;
use tonic::Code;

use crate::{
    harness::{House, run, text},
    http::{ask, get},
    tokens::{Town, code},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_ends_what_it_began() {
    let town = Town::new();
    let file = town.add("read", &["--role", "read", "--site", "paris"]);
    town.wait_until_known(&file);
    let mut stream =
        town.client(Some(&file)).await.watch_releases(WatchReleasesRequest::default()).await.unwrap().into_inner();
    let list: serde_json::Value = serde_json::from_str(&town.token(&["list", "--json"])).unwrap();
    let id = list[0]["id"].as_str().unwrap().to_owned();
    // Exchanged: both are good for a while.
    let new = town.house.write("new", town.token(&["rotate", &id]));
    let ok = |file: &str| town.get("/data/paris/traffic.csv", Some(file)).status == 200;
    town.server.wait_until(|_| ok(&new).then_some(()));
    assert!(ok(&file));
    // Exchanged again, at once: the first one is good no more.
    let newest = town.house.write("newest", town.token(&["rotate", &id, "--overlap-hours", "0"]));
    town.server.wait_until(|_| (ok(&newest) && !ok(&new) && !ok(&file)).then_some(()));
    let ended = tokio::time::timeout(Duration::from_secs(60), stream.message()).await.expect("it ends");
    assert_eq!(code(ended), Code::Unauthenticated);
    let mut stream =
        town.client(Some(&newest)).await.watch_releases(WatchReleasesRequest::default()).await.unwrap().into_inner();
    town.token(&["revoke", &id]);
    let ended = tokio::time::timeout(Duration::from_secs(60), stream.message()).await.expect("it ends");
    assert_eq!(code(ended), Code::Unauthenticated);
    let told = town.get("/data/paris/traffic.csv", Some(&newest)).text();
    assert!(told.contains("revoked on 20"), "{told}");
    // No token ever reaches the log or the file.
    let log = town.server.stop();
    let stored = std::fs::read_to_string(town.house.path("data/tokens.toml")).unwrap();
    for file in [file, new, newest] {
        let token = std::fs::read_to_string(file).unwrap();
        assert!(!log.contains(&token[10..30]) && !stored.contains(&token[10..30]));
    }
    let list: serde_json::Value = serde_json::from_str(&town_list(&town.house, &town.config)).unwrap();
    assert!(list[0]["last_used"].as_str().unwrap().starts_with("20"), "{list}");
}

fn town_list(house: &House, config: &str) -> String {
    let data = house.path("data").display().to_string();
    text(&run(&["token", "list", "--json", "--config", config, "--data", &data]).stdout)
}

#[test]
fn a_token_is_never_typed_and_a_mistyped_one_is_told() {
    let output = run(&["report", "--token", "hc_read_x"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--token-file"), "{}", text(&output.stderr));
    let house = House::new();
    let file = house.write("token", "hc_read_abc");
    for command in ["report", "privacy"] {
        let output = run(&[command, "--token-file", &file]);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("not whole"), "{}", text(&output.stderr));
    }
    let data = house.path("data").display().to_string();
    for wrong in [
        vec!["add", "--role", "read"],
        vec!["add", "--role", "read", "--site", "A B"],
        vec!["add", "--role", "read", "--group", "none"],
        vec!["add", "--role", "admin", "--site", "www"],
        vec!["add", "--role", "read", "--all", "--expires", "2020-01-01"],
        vec!["revoke", "nothing"],
    ] {
        let output = run(&[&["token"], &wrong[..], &["--data", &data]].concat());
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {}", text(&output.stderr));
    }
}

#[test]
fn a_file_of_tokens_that_others_may_read_stops_the_start() {
    use std::os::unix::fs::PermissionsExt;
    let house = House::new();
    std::fs::create_dir_all(house.path("data")).unwrap();
    house.write("data/tokens.toml", "");
    std::fs::set_permissions(house.path("data/tokens.toml"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let (code, said) = house.serve_fails(&[]);
    assert!(code == Some(2) && said.contains("chmod 600"), "{said}");
}

#[test]
fn a_browser_signs_in_and_out() {
    let town = Town::new();
    let file = town.add("read", &["--role", "read", "--site", "paris"]);
    let ingest = town.add("ingest", &["--role", "ingest", "--site", "paris"]);
    town.wait_until_known(&ingest);
    let web = town.server.web.clone();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let post = |path: &str, body: &str, more: &[(&str, &str)]| {
        ask(&web, "POST", path, &[&form[..], more].concat(), body.as_bytes())
    };
    let page = get(&web, "/sign-in", &[("accept-language", "ja,en;q=0.5")]);
    assert!(
        page.status == 200 && page.text().contains("サインイン") && page.header("referrer-policy") == "same-origin"
    );
    assert!(page.header("content-security-policy").contains("form-action 'self'"));
    // A public site is shown without a token, so the page is.
    assert_eq!(get(&web, "/", &[]).status, 200);
    let token = std::fs::read_to_string(file).unwrap();
    let wrong = post("/sign-in", "token=hc_read_wrong", &[]);
    assert!(wrong.status == 401 && wrong.header("set-cookie").is_empty() && !wrong.text().contains("hc_read_wrong"));
    let sender = std::fs::read_to_string(ingest).unwrap();
    assert!(post("/sign-in", &format!("token={sender}"), &[]).text().contains("does not read"));
    let foreign = post("/sign-in", &format!("token={token}"), &[("origin", "https://evil.example")]);
    assert!(foreign.status == 403 && foreign.header("set-cookie").is_empty());
    let signed_in = post("/sign-in", &format!("token={token}"), &[("origin", &format!("http://{web}"))]);
    assert_eq!((signed_in.status, signed_in.header("location")), (303, "/"));
    let cookie = signed_in.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    // Plain HTTP on loopback: a browser would not keep a secure cookie.
    assert!(!cookie.contains("Secure") && !cookie.contains(&token[10..30]));
    let value = cookie.split(';').next().unwrap().to_owned();
    let with = [("cookie", value.as_str())];
    assert_eq!(get(&web, "/data/paris/traffic.csv", &with).status, 200);
    assert_eq!(get(&web, "/data/hanoi/traffic.csv", &with).status, 404);
    assert!(get(&web, "/sign-in", &with).text().contains("Sign out"));
    let out = post("/sign-out", "", &[("cookie", &value)]);
    assert!(out.status == 303 && out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(get(&web, "/data/paris/traffic.csv", &with).status, 401);
    town.server.stop();
}

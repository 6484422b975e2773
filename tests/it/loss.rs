//! No silent loss: what `ship` could not read, or what came to nothing, ends with exit code 1 and says what to do.
//!
//! A failure: a day that is stated as complete although its log was not understood; lines that are passed over, late or in the
//! future in number, and exit code 0; a line that an option shows without having been asked.

use headcount::clock::{Clock, SystemClock};

use crate::harness::{BROWSER, House, headcount, log_lines, run, text};

/// Lines as no server writes them.
fn garbage(count: usize) -> String {
    (0..count).map(|n| format!("secret-canary {n} nothing that can be read\n")).collect()
}

/// A line of a moment from now.
fn line_in(seconds: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(SystemClock.now_unix_ms() + seconds * 1_000).unwrap();
    let time = time.strftime("%d/%b/%Y:%H:%M:%S +0000");
    format!("10.9.0.1 - - [{time}] \"GET /now HTTP/1.1\" 200 5 \"-\" \"{BROWSER}\"\n")
}

#[test]
fn a_log_that_is_not_understood_is_not_stated_and_counts_once_it_is_repaired() {
    let house = House::new();
    let server = house.serve();
    let unread = house.write("access.log", garbage(600));
    let other = house.write("other.log", log_lines(1_000, 50));
    for _ in 0..2 {
        let (code, summary, said) = server.ship("www", &unread, &[&other]);
        assert_eq!(code, Some(1), "{summary}");
        assert!(summary["complete_through_unix_ms"].is_null(), "{summary}");
        assert!(said.contains("600 of 600 lines cannot be read") && said.contains("--accept-malformed"), "{said}");
        assert!(!format!("{summary}{said}").contains("canary"), "{said}");
    }
    let repaired = house.write("access.log", log_lines(0, 600));
    let (code, summary, _) = server.ship("www", &repaired, &[&other]);
    assert_eq!((code, summary["outcomes"]["counted"].as_u64()), (Some(0), Some(600)), "{summary}");
    assert_eq!(summary["is_published"], true, "{summary}");
}

#[test]
fn a_log_in_two_formats_stops_before_what_is_not_understood() {
    let house = House::new();
    let server = house.serve();
    let start = log_lines(0, 2_000);
    let file = house.write("access.log", format!("{start}{}", garbage(1_500)));
    let (code, summary, said) = server.ship("www", &file, &[]);
    assert_eq!((code, summary["accepted"].as_u64()), (Some(1), Some(2_000)), "{summary}");
    assert!(said.contains("from line 2001 on"), "{said}");
    // Once it is repaired, the rest follows.
    let file = house.write("access.log", format!("{start}{}", log_lines(2_000, 1_500)));
    let (code, summary, _) = server.ship("www", &file, &[]);
    assert_eq!((code, summary["accepted"].as_u64()), (Some(0), Some(1_500)), "{summary}");
}

#[test]
fn more_than_a_hundredth_that_is_passed_over_is_a_failure_until_it_is_accepted() {
    let house = House::new();
    let server = house.serve();
    let content: String = (0..50).map(|n| log_lines(n * 40, 40) + &garbage(1)).collect();
    let file = house.write("access.log", content);
    for _ in 0..2 {
        let (code, summary, said) = server.ship("www", &file, &[]);
        assert_eq!((code, summary["complete_through_unix_ms"].is_null()), (Some(1), true), "{summary}");
        assert!(said.contains("50 of 2050 lines cannot be read"), "{said}");
    }
    let (code, summary, _) = server.ship("www", &file, &["--accept-malformed"]);
    assert_eq!((code, summary["complete_through_unix_ms"].is_null()), (Some(0), false), "{summary}");
    // A handful in a log is nothing to stop for, and what scanners send is understood.
    let scanned: String =
        (0..40).map(|n| format!("10.1.1.{n} - - [17/May/2015:10:00:00 +0000] \"\\x16\\x03\" 400 5\n")).collect();
    let file = house.write("second.log", log_lines(0, 20) + &garbage(9) + &scanned);
    assert_eq!(server.ship("other", &file, &[]).0, Some(0));
}

#[test]
fn lines_that_are_late_in_number_are_a_failure() {
    let house = House::new();
    let server = house.serve();
    let first = house.write("web1.log", log_lines(0, 100));
    let (code, summary, _) = server.ship("www", &first, &[]);
    assert_eq!((code, &summary["is_published"]), (Some(0), &true.into()), "{summary}");
    let second = house.write("web2.log", log_lines(500, 100));
    let (code, summary, said) = server.ship("www", &second, &[]);
    assert_eq!((code, summary["outcomes"]["late"].as_u64()), (Some(1), Some(100)), "{summary}");
    assert!(said.contains("100 of 100 lines are published already"), "{said}");
}

#[test]
fn a_line_ahead_of_the_clock_waits_in_a_live_log_and_is_told_in_a_finished_one() {
    let house = House::new();
    let server = house.serve();
    let file = house.write("access.log", line_in(-60) + &line_in(1_200) + &line_in(-30));
    let (code, summary, _) = server.ship("www", &file, &["--live"]);
    let seen = &summary["files"][0];
    assert_eq!((code, seen["lines"].as_u64(), seen["ahead"].as_u64()), (Some(0), Some(1), Some(1)), "{summary}");
    let (code, summary, said) = server.ship("www", &file, &["--live"]);
    assert_eq!((code, summary["lines"].as_u64()), (Some(0), Some(0)), "it comes back to it: {summary} {said}");
    let all = house.write("other.log", line_in(1_500) + &line_in(1_200) + &line_in(-30));
    let (code, summary, said) = server.ship("www", &all, &[]);
    assert_eq!((code, summary["outcomes"]["future"].as_u64()), (Some(1), Some(2)), "{summary}");
    assert!(summary["complete_through_unix_ms"].is_null() && said.contains("ahead of the server's clock"), "{said}");
}

#[test]
fn what_is_shipped_is_published_when_ship_ends_and_the_oldest_log_goes_first() {
    let house = House::new();
    let server = house.serve();
    let new = house.write("access.log", log_lines(0, 300).replace("17/May", "18/May"));
    let old = house.write("access.log.1", log_lines(0, 300));
    let (code, summary, said) = server.ship("www", &new, &[&old]);
    assert_eq!((code, &summary["is_published"]), (Some(0), &true.into()), "{said}");
    assert_eq!(summary["published_through"], "2015-05-18");
    let order: Vec<&str> =
        summary["files"].as_array().unwrap().iter().map(|file| file["file"].as_str().unwrap()).collect();
    assert_eq!(order, [old.as_str(), new.as_str()]);
    assert!(server.report("www", &[])["traffic"].is_object());
}

#[test]
fn a_dry_run_and_an_explanation_need_no_server_and_show_no_visitor() {
    let house = House::new();
    let file = house.write("access.log", log_lines(0, 50) + &garbage(1) + &log_lines(50, 50));
    let dry = run(&["ship", "--site", "www", "--server", "http://127.0.0.1:1", "--dry-run", &file]);
    let said = text(&dry.stdout);
    assert_eq!(dry.status.code(), Some(0), "{said}");
    assert!(said.contains("100  would be sent") && said.contains("of these: 2015-05-17"), "{said}");
    assert!(said.contains("no time (no_time)") && said.contains("first of these: line 51"), "{said}");
    let explain = |more: &[&str]| {
        let output = run(&[&["ship", "--site", "www", "--explain", "7", &file], more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    for hidden in [explain(&[]), explain(&["--show-values"])] {
        assert!(
            hidden.contains("target        found") && !hidden.contains("10.9.0.6"),
            "a pipe is no terminal: {hidden}"
        );
    }
    assert!(explain(&["--show-values=always"]).contains("10.9.0.6"));
    assert_eq!(run(&["ship", "--site", "www", "--explain", "700", &file]).status.code(), Some(2));
}

#[test]
fn quiet_is_silent_until_something_is_wrong() {
    let house = House::new();
    let server = house.serve();
    let url = server.url();
    let ship = |file: &str| {
        let output =
            headcount(&["ship", "--site", "www", "--server", &url, "--quiet", file]).output().expect("it runs");
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    };
    assert_eq!(ship(&house.write("a.log", log_lines(0, 50))), (Some(0), String::new()));
    let (code, said) = ship(&house.write("b.log", garbage(20)));
    assert!(code == Some(1) && said.contains("20 of 20 lines cannot be read"), "{said}");
}

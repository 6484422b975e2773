//! `ship --follow` beside a writer with rotations, and beside kills: nothing lost, nothing twice.
//!
//! A failure: a line that is not accepted exactly once, a log that appears and is not taken in, or a stop that loses what was read.

use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use headcount::clock::{Clock, SystemClock};

use crate::harness::{BROWSER, House, Server, headcount};

/// A line of now, of a visitor and page of its own.
fn line(number: u32) -> String {
    let now = jiff::Timestamp::from_millisecond(SystemClock.now_unix_ms()).unwrap().strftime("%d/%b/%Y:%H:%M:%S +0000");
    format!(
        "10.9.{}.{} - - [{now}] \"GET /n/{number} HTTP/1.1\" 200 5 \"-\" \"{BROWSER}\"\n",
        number >> 8 & 255,
        number & 255
    )
}

fn follow(server: &Server, files: &[&str]) -> Child {
    let url = server.url();
    let args = ["ship", "--site", "www", "--server", &url, "--follow"];
    headcount(&[&args[..], files].concat()).stderr(Stdio::null()).spawn().expect("it starts")
}

fn terminate(mut child: Child) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill runs").success());
    assert!(child.wait().expect("it ends").success());
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).expect("the log");
    file.write_all(text.as_bytes()).expect("room");
}

/// How many lines of these logs no run has sent yet.
fn unsent(server: &Server, logs: &[String]) -> (u64, u64) {
    let url = server.url();
    let mut args = vec!["ship", "--json", "--site", "www", "--server", &url, "--live"];
    args.extend(logs.iter().map(String::as_str));
    let output = headcount(&args).output().expect("it runs");
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a summary");
    (summary["sent"].as_u64().unwrap(), summary["already_counted_lines"].as_u64().unwrap())
}

/// Logs of a directory, by name.
fn logs(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("the directory").map(|entry| entry.expect("an entry").path());
    let mut logs: Vec<String> = entries.map(|path| path.to_str().expect("a path").to_owned()).collect();
    logs.sort();
    logs
}

#[test]
fn a_writer_with_rotations_and_kills_is_followed_line_by_line() {
    let house = House::new();
    let server = house.serve();
    let directory = house.path("logs");
    fs::create_dir(&directory).unwrap();
    let current = directory.join("access.log");
    let pattern = directory.join("access.log*").display().to_string();
    let mut follower = follow(&server, &[&pattern]);
    let mut written = 0;
    for round in 0..6 {
        for _ in 0..40 {
            let lines: String = (written..written + 10).map(line).collect();
            written += 10;
            // Half a line now and the rest of it later.
            let half = lines.len() / 2;
            append(&current, &lines[..half]);
            // A writer has its own pace.
            thread::sleep(Duration::from_millis(10));
            append(&current, &lines[half..]);
        }
        match round % 3 {
            // Renamed, and created anew; the writer goes on for a moment in the old one.
            0 => {
                let rotated = directory.join(format!("access.log.{round}"));
                let mut old = OpenOptions::new().append(true).open(&current).unwrap();
                fs::rename(&current, &rotated).unwrap();
                File::create(&current).unwrap();
                old.write_all(line(written).as_bytes()).unwrap();
                written += 1;
            }
            // Copied and truncated.
            1 => {
                fs::copy(&current, directory.join(format!("access.log.{round}"))).unwrap();
                File::options().write(true).open(&current).unwrap().set_len(0).unwrap();
            }
            // Killed, and started again.
            _ => {
                follower.kill().unwrap();
                follower.wait().unwrap();
                follower = follow(&server, &[&pattern]);
            }
        }
    }
    let expected = u64::from(written);
    server.wait_until(|server| (unsent(server, &logs(&directory)) == (0, expected)).then_some(()));
    terminate(follower);
    assert_eq!(unsent(&server, &logs(&directory)), (0, expected));
}

#[test]
fn a_file_that_is_renamed_to_a_name_that_nobody_follows_is_read_to_its_end() {
    let house = House::new();
    let server = house.serve();
    let current = house.path("access.log");
    let follower = follow(&server, &[current.to_str().unwrap(), house.path("later-*.log").to_str().unwrap()]);
    append(&current, &(0..50).map(line).collect::<String>());
    // A new file is taken in.
    append(&house.path("later-1.log"), &(100..150).map(line).collect::<String>());
    let has_open = |path: &Path| {
        let open = fs::read_dir(format!("/proc/{}/fd", follower.id())).expect("its files");
        open.flatten().any(|link| fs::read_link(link.path()).is_ok_and(|file| file == path))
    };
    server.wait_until(|_| (has_open(&current) && has_open(&house.path("later-1.log"))).then_some(()));
    let rotated = house.path("elsewhere");
    fs::rename(&current, &rotated).unwrap();
    append(&rotated, &(50..80).map(line).collect::<String>());
    append(&current, &(80..90).map(line).collect::<String>());
    terminate(follower);
    let all = [rotated, current, house.path("later-1.log")].map(|path| path.display().to_string());
    assert_eq!(unsent(&server, &all), (0, 140));
}

#[test]
fn a_server_that_is_away_is_waited_for() {
    let house = House::new();
    let server = house.serve();
    let address = server.address.clone();
    let log = house.path("access.log");
    append(&log, &(0..50).map(line).collect::<String>());
    let follower = follow(&server, &[log.to_str().unwrap()]);
    server.wait_until(|server| (unsent(server, &[log.display().to_string()]).1 == 50).then_some(()));
    server.stop();
    append(&log, &(50..100).map(line).collect::<String>());
    let mut args = house.serve_args();
    args[3] = address;
    let server = Server::start(&args);
    terminate(follower);
    assert_eq!(unsent(&server, &[log.display().to_string()]), (0, 100));
}

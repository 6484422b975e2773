//! People told from robots, held against logs that were judged visitor by visitor (`../shared/data/robots`): of those who are called
//! readers, how many are robots; of the people, how many are not called readers. Prints what each signal does alone, and what
//! is lost without it. A log that is not here is left out, and said to be.
//!
//!     cargo test -p headcount-lab --test readers -- --nocapture

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what a test or benchmark did not expect may stop it")]

use std::{
    collections::{HashMap, HashSet},
    io::Read,
    path::{Path, PathBuf},
};

use headcount::ship::event_of_line;
use headcount_vault::{AccessEvent, probe::ReaderCount};

/// What tells people from robots.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Signal {
    /// The user agent is on no list of robots, and there is one.
    Agent,
    /// The browser is of its time.
    Age,
    /// The referrer is one that a browser can send.
    Referrer,
    /// The page was reached by a link, or lies deep in the site, or was there before.
    Reached,
    /// robots.txt was not asked for.
    RobotsTxt,
    /// Style sheets, scripts, fonts and pictures were loaded.
    Files,
}

const SIGNALS: [Signal; 6] =
    [Signal::Agent, Signal::Age, Signal::Referrer, Signal::Reached, Signal::RobotsTxt, Signal::Files];

/// A browser that is on no list and is never behind.
const NEW_BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:999.0) Gecko/20100101 Firefox/999.0";

/// A line of a log, and who sent it.
struct Access {
    unix_ms: i64,
    status: u32,
    visitor: usize,
    agent: String,
    method: String,
    target: String,
    referrer: String,
}

struct Judged {
    name: String,
    accesses: Vec<Access>,
    /// By visitor: whether it is a person, and its page views by the judge's count. `None`: not judged, or unclear.
    labels: Vec<Option<(bool, u32)>>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data")
}

/// All logs that were judged.
fn judged() -> Vec<Judged> {
    let Ok(tables) = std::fs::read_dir(folder().join("robots")) else {
        eprintln!("skipped: ../shared/data/robots is not here");
        return Vec::new();
    };
    let tables = tables.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "tsv"));
    let mut logs: Vec<Judged> = tables.map(|table| read(&std::fs::read_to_string(table).unwrap())).collect();
    logs.sort_by(|a, b| a.name.cmp(&b.name));
    logs
}

fn read(table: &str) -> Judged {
    let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    let name = rows[0][0].to_owned();
    let of_line: HashMap<usize, Option<(bool, u32)>> = rows
        .iter()
        .map(|row| {
            let views = row[3].parse().unwrap();
            (row[1].parse().unwrap(), (row[4] != "unclear").then_some((row[4] == "person", views)))
        })
        .collect();
    let file = std::fs::File::open(folder().join(format!("logs/{name}.log.gz"))).unwrap();
    let mut text = Vec::new();
    flate2::read::MultiGzDecoder::new(file).read_to_end(&mut text).unwrap();
    let (mut visitors, mut labels, mut accesses) = (HashMap::new(), Vec::new(), Vec::new());
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        let Some(event) = event_of_line(line) else { continue };
        let next = visitors.len();
        let visitor = *visitors.entry((event.address, event.user_agent.clone())).or_insert(next);
        if visitor == labels.len() {
            labels.push(of_line.get(&number).copied().flatten());
        }
        accesses.push(Access {
            unix_ms: event.time_unix_ms,
            status: event.status,
            visitor,
            agent: event.user_agent,
            method: event.method,
            target: event.target,
            referrer: event.referrer,
        });
    }
    Judged { name, accesses, labels }
}

#[derive(Default)]
struct Score {
    /// Readers and robots among them, people and those missed: by visitors, by views.
    by: [[u32; 4]; 2],
}

impl Score {
    /// Robots among those called readers, in percent: by visitors, by views.
    fn robots(&self) -> [f64; 2] {
        self.by.map(|[readers, robots, ..]| 100.0 * f64::from(robots) / f64::from(readers.max(1)))
    }

    /// People who are not called readers, in percent.
    fn missed(&self) -> [f64; 2] {
        self.by.map(|[.., people, missed]| 100.0 * f64::from(missed) / f64::from(people.max(1)))
    }

    fn print(&self, what: &str) {
        let ([robots, robot_views], [missed, missed_views]) = (self.robots(), self.missed());
        println!("  {what:<34} {robots:5.1} %  {missed:5.1} %     {robot_views:5.1} %  {missed_views:5.1} %");
    }
}

/// The access with what the signals that are not among these tell taken out of it; none where nothing is left.
fn neutral<'a>(access: &Access, robots: &HashSet<String>, signals: &[Signal]) -> Option<AccessEvent<'a>> {
    let has = |signal| signals.contains(&signal);
    let extension = access.target.split('?').next().and_then(|path| path.rsplit_once('.')).map_or("", |(_, end)| end);
    let is_file =
        ["css", "js", "png", "jpg", "jpeg", "gif", "svg", "ico", "webp", "woff", "woff2", "ttf"].contains(&extension);
    if (access.target == "/robots.txt" && !has(Signal::RobotsTxt)) || (is_file && !has(Signal::Files)) {
        return None;
    }
    let keeps = has(if robots.contains(&access.agent) { Signal::Agent } else { Signal::Age });
    let agent = if keeps { &access.agent } else { NEW_BROWSER };
    let is_odd = !access.referrer.is_empty() && access.referrer.matches('/').count() < 3;
    let referrer = if is_odd && !has(Signal::Referrer) { "https://example.jp/" } else { &access.referrer };
    let status = if access.status == 200 && !has(Signal::Reached) { 304 } else { access.status };
    Some(
        AccessEvent::at(access.unix_ms, status)
            .from_whom(String::new(), access.visitor.to_string(), agent.to_owned())
            .for_what(access.method.clone(), access.target.clone())
            .with_context(referrer.to_owned(), String::new()),
    )
}

/// Those of the log's user agents that are robots'.
fn robots(log: &Judged) -> HashSet<String> {
    let mut count = ReaderCount::new().unwrap();
    let agents: HashSet<&String> = log.accesses.iter().map(|access| &access.agent).collect();
    let mut is_robot = |(number, agent): &(usize, &String)| {
        let event = AccessEvent::at(log.accesses[0].unix_ms, 200).from_whom("", number.to_string(), agent.to_string());
        let day = count.add(event.for_what("GET", "/a")).unwrap().unwrap();
        count.key(day).is_none()
    };
    agents.into_iter().enumerate().filter(|of| is_robot(of)).map(|(_, agent)| agent.clone()).collect()
}

/// Who is a reader by these signals alone: whoever counts under one of these keys.
fn score(log: &Judged, signals: &[Signal], keys: &[&str]) -> Score {
    let (mut count, robots) = (ReaderCount::new().unwrap(), robots(log));
    let mut days = Vec::new();
    for access in &log.accesses {
        let Some(event) = neutral(access, &robots, signals) else { continue };
        days.extend(count.add(event).unwrap().map(|day| (access.visitor, day)));
    }
    let is_reader = |(_, day): &&(usize, usize)| count.key(*day).is_some_and(|key| keys.contains(&key));
    let called: HashSet<usize> = days.iter().filter(is_reader).map(|(visitor, _)| *visitor).collect();
    let mut score = Score::default();
    for (visitor, label) in log.labels.iter().enumerate() {
        let Some((is_person, views)) = *label else { continue };
        let is_called = called.contains(&visitor);
        for (sums, weight) in score.by.iter_mut().zip([1, views]) {
            let adds = [is_called, is_called && !is_person, is_person, is_person && !is_called];
            sums.iter_mut().zip(adds).for_each(|(sum, adds)| *sum += weight * u32::from(adds));
        }
    }
    score
}

/// Those keys of the table that are shown as readers first.
const LIKELY: [&str; 2] = ["loaded files", "pages only"];
/// All visits.
const VISITS: [&str; 3] = ["loaded files", "pages only", "robot-like"];

#[test]
fn most_readers_are_people_and_most_people_are_readers() {
    for log in judged() {
        println!("{}: robots among readers, people missed; the same by views", log.name);
        score(&log, &[], &VISITS).print("all");
        for signal in SIGNALS {
            let keys = if signal == Signal::Files { &LIKELY[..1] } else { &LIKELY };
            score(&log, &[signal], keys).print(&format!("by {signal:?} alone"));
        }
        for signal in SIGNALS {
            let others: Vec<Signal> = SIGNALS.into_iter().filter(|other| *other != signal).collect();
            score(&log, &others, &LIKELY).print(&format!("without {signal:?}"));
        }
        score(&log, &SIGNALS, &VISITS).print("visits");
        score(&log, &SIGNALS, &LIKELY[..1]).print("loaded files");
        let likely = score(&log, &SIGNALS, &LIKELY);
        likely.print("likely readers");
        assert!(likely.robots()[0] <= 15.0 && likely.missed()[0] <= 10.0, "{}", log.name);
    }
}

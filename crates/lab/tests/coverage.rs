//! The published intervals hold the truth: real logs, counted independently by a few lines of this test, against many
//! seeded releases made by the real code. Skips (and says so) where the shared logs are absent.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what a test or benchmark did not expect may stop it")]

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::Hasher,
    io::Read,
    path::Path,
};

use headcount::ship::event_of_line;
use headcount_model::calendar::{Calendar, CalendarMemo, Day};
use headcount_vault::{
    AccessEvent,
    probe::{SeededNoise, ViewCount},
};
use siphasher::sip::SipHasher24;

const RELEASES: u64 = 200;
/// With thousands of intervals the share that holds is within this, unless something is wrong: 93 to 97 %.
const HOLDING: std::ops::RangeInclusive<f64> = 0.93..=0.97;

struct Line {
    unix_ms: i64,
    who: (String, String),
    target: String,
    agent: String,
    referrer: String,
}

/// Page views of a shared log by the reference's definition, read by the client's own parser.
fn page_views(name: &str) -> Option<Vec<Line>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/logs").join(name);
    let Ok(file) = std::fs::File::open(&path) else {
        eprintln!("skipped: {} is not here", path.display());
        return None;
    };
    let mut text = Vec::new();
    flate2::read::MultiGzDecoder::new(file).read_to_end(&mut text).unwrap();
    let lines = text.split(|b| *b == b'\n').filter(|line| !line.is_empty());
    let events = lines.filter_map(event_of_line);
    let wanted = events.filter(|e| e.method == "GET" && matches!(e.status, 200 | 304));
    Some(
        wanted
            .map(|e| Line {
                unix_ms: e.time_unix_ms,
                who: (e.address.clone(), e.user_agent.clone()),
                target: e.target.clone(),
                agent: e.user_agent.clone(),
                referrer: e.referrer.clone(),
            })
            .collect(),
    )
}

/// Exact bounded numbers of a day by the plainest means.
#[derive(Default)]
struct Exact {
    visits: i64,
    views: i64,
    pages: BTreeMap<String, i64>,
}

/// Runs the log through the real anonymiser and limiter, and through a plain count.
fn count_log(lines: Vec<Line>) -> (ViewCount, BTreeMap<Day, Exact>, HashSet<(String, String)>) {
    let (mut counted, calendar) = (ViewCount::new().unwrap(), Calendar::new("UTC").unwrap());
    let mut exact: BTreeMap<Day, Exact> = BTreeMap::new();
    let mut seen: HashMap<(Day, (String, String)), HashMap<String, u32>> = HashMap::new();
    let mut people = HashSet::new();
    for line in lines {
        let event = AccessEvent::at(line.unix_ms, 200)
            .from_whom(line.who.0.clone(), String::new(), line.agent)
            .for_what("GET", line.target)
            .with_context(line.referrer, String::new());
        // Robots, assets and the page's name are the anonymiser's to tell; the counting is done twice.
        let Some(added) = counted.add(event).unwrap() else { continue };
        let day = calendar.locate(line.unix_ms, &mut CalendarMemo::default()).day;
        let mine = seen.entry((day, line.who.clone())).or_default();
        let day = exact.entry(day).or_default();
        day.visits += i64::from(mine.is_empty());
        people.insert(line.who);
        let is_within = mine.values().sum::<u32>() < 8 && mine.get(&added.page).copied().unwrap_or(0) < 2;
        if is_within {
            *mine.entry(added.page.clone()).or_default() += 1;
            day.views += 1;
            *day.pages.entry(added.page).or_default() += 1;
        }
        assert_eq!(added.is_counted, is_within);
    }
    (counted, exact, people)
}

#[derive(Default)]
struct Tally {
    held: u32,
    of: u32,
}

impl Tally {
    fn add(&mut self, estimate: i64, variance: f64, exact: i64) {
        self.of += 1;
        self.held += u32::from((estimate - exact).abs() as f64 <= 1.96 * variance.sqrt());
    }
    fn share(&self) -> f64 {
        f64::from(self.held) / f64::from(self.of)
    }
}

fn variance(sigma_milli: u64) -> f64 {
    (sigma_milli as f64 / 1e3).powi(2)
}

fn check(log: &str) {
    let Some(lines) = page_views(log) else { return };
    let (counted, exact, people) = count_log(lines);
    let (mut visits, mut views, mut pages, mut visitors) = <(Tally, Tally, Tally, Tally)>::default();
    // All true pages are known, so that every one of them is published, small ones too.
    let known: Vec<&str> = exact.values().flat_map(|d| d.pages.keys()).map(String::as_str).collect();
    for seed in 0..RELEASES {
        let mut noise = SeededNoise::new(seed);
        for (day, exact) in &exact {
            let body = counted.day(*day, &known, &mut noise).unwrap();
            let ranks = body.site_numbers.unwrap().ranks;
            visits.add(ranks[0].count, variance(ranks[0].sigma_milli), exact.visits);
            let sum = ranks.iter().map(|r| variance(r.sigma_milli)).sum();
            views.add(ranks.iter().map(|r| r.count).sum(), sum, exact.views);
            let table = &body.tables[0];
            for key in table.keys.iter().take(40) {
                let truth = exact.pages.get(&key.key).copied().unwrap_or(0);
                pages.add(key.counts.iter().sum(), 2.0 * variance(table.sigma_milli), truth);
            }
        }
        // Another month has another key, so each release counts the same people with another sketch. No need to
        // release all pages of the month for the number of its visitors.
        let tags = people.iter().map(|(address, agent)| {
            let mut hasher = SipHasher24::new_with_keys(seed, 1);
            hasher.write(format!("{address} {agent}").as_bytes());
            hasher.finish()
        });
        let month = counted.month_of(Day::from_number(0), tags, &mut noise).unwrap();
        let found = month.site_numbers.unwrap().visitors.unwrap();
        visitors.add(
            found.estimate_milli / 1_000,
            variance(found.standard_error_milli),
            i64::try_from(people.len()).unwrap(),
        );
    }
    println!(
        "{log}: visits {:.3} of {}, views {:.3} of {}, pages {:.3} of {}, monthly visitors {:.3} of {} ({} people)",
        visits.share(),
        visits.of,
        views.share(),
        views.of,
        pages.share(),
        pages.of,
        visitors.share(),
        visitors.of,
        people.len()
    );
    for tally in [&visits, &views, &pages, &visitors] {
        // Few intervals wander more: three standard deviations of a binomial at 95 %.
        let slack = 3.0 * (0.95 * 0.05 / f64::from(tally.of)).sqrt();
        assert!(tally.share() >= (0.95 - slack).min(*HOLDING.start()), "{}", tally.share());
        assert!(tally.share() <= (0.95 + slack).max(*HOLDING.end()), "{}", tally.share());
    }
}

#[test]
fn intervals_hold_the_truth_of_the_elastic_log() {
    check("elastic-apache_logs.log.gz");
}

#[test]
fn intervals_hold_the_truth_of_the_nasa_log() {
    check("nasa-ksc-1995-08-01-head5000.clf.log.gz");
}

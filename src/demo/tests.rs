//! The generated logs against the truth that came with them.
//!
//! A minimal parser, which shares no code with the generator, reads the lines back and counts them again. A failure is a
//! number that differs, or traffic that no site would have.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use jiff::civil::{Date, Weekday, date};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::crawlers::CRAWLERS;
use super::truth::{PageTruth, monday_of};
use super::*;

/// A line as the minimal parser reads it.
struct Access {
    date: Date,
    unix_ms: i64,
    visitor: (String, String),
    page: String,
}

#[derive(Default)]
struct Reread {
    lines: LineCounts,
    views: Vec<Access>,
}

const ASSETS: [&str; 4] = [".css", ".js", ".svg", ".jpg"];

fn reread(file: &Path, zone: &TimeZone) -> Reread {
    let mut found = Reread::default();
    let mut last_second = i64::MIN;
    let text = std::fs::read(file).unwrap();
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        assert_eq!(line.last(), Some(&b'\n'), "the last line is whole");
        let line = &line[..line.len() - 1];
        let Some((head, method, target, status, agent)) = fields(line) else {
            found.lines.malformed += 1;
            continue;
        };
        let (address, time) = head.split_once(" - - [").unwrap();
        let time = time.trim_end_matches("] ");
        let parsed = strtime::parse("%d/%b/%Y:%H:%M:%S %z", time).unwrap();
        let timestamp = parsed.to_timestamp().unwrap();
        assert!(timestamp.as_second() >= last_second, "out of order: {time}");
        last_second = timestamp.as_second();
        let local = zone.to_datetime(timestamp);
        assert_eq!(parsed.to_datetime().unwrap(), local, "offset of {time}");

        let path = target.split('?').next().unwrap();
        if method != "GET" {
            found.lines.not_get += 1;
        } else if status != "200" && status != "304" {
            found.lines.other_status += 1;
        } else if ASSETS.iter().any(|end| path.ends_with(end)) {
            found.lines.assets += 1;
        } else if CRAWLERS.iter().any(|crawler| crawler.text == agent) {
            found.lines.bot_views += 1;
        } else {
            found.lines.human_views += 1;
            found.views.push(Access {
                date: local.date(),
                unix_ms: timestamp.as_millisecond(),
                visitor: (address.to_owned(), agent.to_owned()),
                page: key_of(path),
            });
        }
    }
    found
}

fn fields(line: &[u8]) -> Option<(&str, &str, &str, &str, &str)> {
    let parts: Vec<&str> = std::str::from_utf8(line).ok()?.split('"').collect();
    let [head, request, status_and_bytes, _, _, agent, ""] = parts[..] else {
        return None;
    };
    let request: Vec<&str> = request.split(' ').collect();
    let [method, target, "HTTP/1.1"] = request[..] else {
        return None;
    };
    let status = status_and_bytes.trim().split(' ').next()?;
    Some((head, method, target, status, agent))
}

fn key_of(path: &str) -> String {
    let path = path.strip_suffix("index.html").unwrap_or(path);
    if path.contains("%40") {
        return "/newsletter/confirm/{email}".to_owned();
    }
    path.to_owned()
}

fn written(plan: &Plan) -> (tempfile::TempDir, Vec<DemoSite>) {
    let directory = tempfile::tempdir().unwrap();
    let sites = write_logs(directory.path(), plan).unwrap();
    (directory, sites)
}

fn digest(plan: &Plan) -> String {
    let (_directory, sites) = written(plan);
    let mut hasher = blake3::Hasher::new();
    for site in &sites {
        hasher.update(&std::fs::read(&site.file).unwrap());
    }
    hasher.finalize().to_hex().to_string()
}

#[test]
fn the_same_plan_gives_the_same_bytes_on_every_machine() {
    let golden = "dad327c7d02c16f9fd62706266302f94a391303e1c14c12d7937ea1498408fbc";
    assert_eq!(digest(&Plan::small(1)), golden);
    assert_eq!(digest(&Plan::small(1)), golden);
    assert_ne!(digest(&Plan::small(2)), golden);
}

#[test]
fn the_truth_is_what_a_simple_parser_counts() {
    let (_directory, sites) = written(&Plan::small(5));
    for site in &sites {
        let zone = TimeZone::get(&site.time_zone).unwrap();
        let found = reread(&site.file, &zone);
        assert_eq!(found.lines, site.truth.lines);
        compare_days(&found.views, &site.truth.counts);
        compare_pages(&found.views, &site.truth.counts);
        compare_visitors(&found.views, &site.truth.counts);
        compare_with_exact(&found.views, zone, &site.truth.counts);
    }
}

/// [`Exact`], fed with what was read back, gives the same numbers as while the log was written.
fn compare_with_exact(views: &[Access], zone: TimeZone, counts: &Counts) {
    let mut exact = Exact::new(zone);
    let mut visitors = HashMap::new();
    for view in views {
        let next = visitors.len() as u64;
        let visitor = *visitors.entry(&view.visitor).or_insert(next);
        exact.observe(view.unix_ms, visitor, &view.page).unwrap();
    }
    assert_eq!(exact.counts(), *counts);
}

/// The views of each visitor-day, in order, within both bounds.
fn bounded(views: &[Access]) -> Vec<&Access> {
    let mut visits: HashMap<(Date, &(String, String)), Vec<&str>> = HashMap::new();
    let mut kept = Vec::new();
    for view in views {
        let pages = visits.entry((view.date, &view.visitor)).or_default();
        let same_page = pages.iter().filter(|&&page| page == view.page).count();
        if pages.len() < 8 && same_page < 2 {
            pages.push(&view.page);
            kept.push(view);
        }
    }
    kept
}

fn compare_days(views: &[Access], counts: &Counts) {
    let kept = bounded(views);
    for (date, day) in &counts.days {
        let of_day = || views.iter().filter(|view| view.date == *date);
        let visitors: HashSet<_> = of_day().map(|view| &view.visitor).collect();
        let kept_of_day = kept.iter().filter(|view| view.date == *date).count() as u64;
        assert_eq!(day.views, of_day().count() as u64);
        assert_eq!(day.visitors, visitors.len() as u64);
        assert_eq!(day.visits, day.visitors);
        assert_eq!(day.bounded_views, kept_of_day);
        assert_eq!(day.views_by_rank.iter().sum::<u64>(), kept_of_day);
        assert_eq!(day.views_by_rank[0], day.visits);
    }
    let days: BTreeSet<Date> = views.iter().map(|view| view.date).collect();
    assert!(counts.days.keys().eq(days.iter()));
    assert!(kept.len() < views.len(), "no visit reaches a bound");
}

fn compare_pages(views: &[Access], counts: &Counts) {
    let mut pages: BTreeMap<String, PageTruth> = BTreeMap::new();
    for view in views {
        pages.entry(view.page.clone()).or_default().views += 1;
    }
    let mut visits = HashSet::new();
    let mut firsts = HashSet::new();
    let mut visitors = HashSet::new();
    for view in bounded(views) {
        let page = pages.get_mut(&view.page).unwrap();
        page.bounded_views += 1;
        page.entries += u64::from(visits.insert((view.date, &view.visitor)));
        page.first_views += u64::from(firsts.insert((view.date, &view.visitor, &view.page)));
        page.visitors += u64::from(visitors.insert((&view.visitor, &view.page)));
    }
    // The small plan lies within one month.
    assert_eq!(counts.pages, BTreeMap::from([(date(2026, 11, 1), pages)]));
}

fn compare_visitors(views: &[Access], counts: &Counts) {
    let all: HashSet<_> = views.iter().map(|view| &view.visitor).collect();
    assert_eq!(counts.visitors, all.len() as u64);
    assert_eq!(counts.months[&date(2026, 11, 1)], counts.visitors);
    let mondays: Vec<Date> = counts.weeks.keys().copied().collect();
    assert_eq!(mondays, [date(2026, 11, 2), date(2026, 11, 9)]);
    for (monday, visitors) in &counts.weeks {
        let of_week = views
            .iter()
            .filter(|view| monday_of(view.date) == *monday)
            .map(|view| &view.visitor)
            .collect::<HashSet<_>>();
        assert_eq!(*visitors, of_week.len() as u64);
        assert!(*visitors < counts.visitors);
    }
    let visits = counts.sum(|day| day.visits);
    assert!(counts.visitors < visits * 95 / 100, "nobody comes back");
}

#[test]
fn every_visit_has_one_value_of_each_attribute() {
    let (_directory, sites) = written(&Plan::small(5));
    for DemoSite { truth, .. } in &sites {
        let visits = truth.counts.sum(|day| day.visits);
        for table in [&truth.referrers, &truth.browsers, &truth.systems, &truth.devices] {
            assert_eq!(table.values().sum::<u64>(), visits);
        }
        assert!(truth.browsers.len() > 5 && truth.referrers.len() > 8);
        assert_eq!(truth.bots.values().sum::<u64>(), truth.lines.bot_views);
    }
}

#[test]
fn a_month_is_of_the_promised_size_and_has_a_rhythm() {
    let (_directory, sites) = written(&Plan::month(date(2026, 11, 1), 1));
    let lines: u64 = sites.iter().map(|site| site.truth.lines.total()).sum();
    let bytes: u64 = sites.iter().map(|site| site.file.metadata().unwrap().len()).sum();
    assert!((300_000..=400_000).contains(&lines), "{lines} lines");
    assert!(bytes < 80_000_000, "{bytes} bytes");
    for (site, weekday_visits) in sites.iter().zip([1_500, 300, 300, 300]) {
        let (counts, kinds) = (&site.truth.counts, &site.truth.lines);
        assert_eq!(counts.days.len(), 30);
        let mean = |wanted: &dyn Fn(Date) -> bool| {
            let chosen = counts.days.iter().filter(|(date, _)| wanted(**date));
            let visits: Vec<u64> = chosen.map(|(_, day)| day.visits).collect();
            visits.iter().sum::<u64>() / visits.len() as u64
        };
        let is_weekend = |date: Date| matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        let is_spike = |date: Date| Some(date) == site.spike_day;
        let usual = mean(&|date| !is_weekend(date) && !is_spike(date));
        assert!(usual.abs_diff(weekday_visits) < weekday_visits / 10, "{usual}");
        assert!(mean(&|date| is_weekend(date)) < usual * 7 / 10);
        let spike = mean(&is_spike);
        assert!((usual * 26 / 10..usual * 34 / 10).contains(&spike), "{spike}");
        let views_per_visit = counts.sum(|day| day.views) * 10 / counts.sum(|day| day.visits);
        assert!((20..27).contains(&views_per_visit), "{views_per_visit}");
        let bot_percent = kinds.bot_views * 100 / (kinds.bot_views + kinds.human_views);
        assert!((12..=18).contains(&bot_percent), "{bot_percent} % bots");
        assert!(kinds.malformed >= 4 && kinds.not_get > 0 && kinds.other_status > 0);
        assert_eq!(counts.weeks.len(), 4);
    }
}

#[test]
fn clocks_that_change_shorten_and_lengthen_days() {
    let mut plan = Plan::month(date(2026, 3, 28), 4);
    plan.first_day = date(2026, 3, 28);
    plan.days = 3;
    plan.sites = vec![SitePlan::embassy("embassy-aurelia", "Europe/Paris", "fr", 9)];
    for first_day in [date(2026, 3, 28), date(2026, 10, 24)] {
        plan.first_day = first_day;
        let (_directory, sites) = written(&plan);
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let found = reread(&sites[0].file, &zone);
        assert_eq!(found.lines, sites[0].truth.lines);
        assert_eq!(sites[0].truth.counts.days.len(), 3);
        assert_eq!(sites[0].spike_day, None);
        let counted = |view: &Access| sites[0].truth.counts.days.contains_key(&view.date);
        assert!(found.views.iter().all(counted));
    }
}

#[test]
fn what_cannot_be_written_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let mut plan = Plan::small(1);
    plan.sites[0].time_zone = "Asia/Atlantis".to_owned();
    let error = write_logs(directory.path(), &plan).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("Asia/Atlantis"));
    plan = Plan::small(1);
    plan.days = 0;
    let sites = write_logs(directory.path(), &plan).unwrap();
    assert_eq!(sites[0].truth, Truth::default());
}

#[test]
fn exact_counts_a_log_that_anybody_brings() {
    let mut exact = Exact::new(TimeZone::get("Asia/Tokyo").unwrap());
    // 2026-11-01T15:00:00Z is midnight in Tokyo, the start of Monday 2 November.
    let midnight_ms = 1_793_545_200_000;
    let first = exact.observe(midnight_ms - 1, 7, "/").unwrap();
    assert!(first.is_first_of_visit && first.is_counted);
    assert!(exact.observe(midnight_ms, 7, "/").unwrap().is_first_of_visit);
    // A line from before midnight that arrives late belongs to its own day.
    let late = exact.observe(midnight_ms - 2, 7, "/").unwrap();
    assert!(!late.is_first_of_visit && late.is_counted);
    assert!(!exact.observe(midnight_ms - 3, 7, "/").unwrap().is_counted);
    for page in 0..9 {
        exact.observe(midnight_ms + page, 8, &format!("/{page}")).unwrap();
    }
    let counts = exact.counts();
    let (sunday, monday) = (&counts.days[&date(2026, 11, 1)], &counts.days[&date(2026, 11, 2)]);
    assert_eq!((sunday.visits, sunday.views, sunday.bounded_views), (1, 3, 2));
    assert_eq!((monday.visits, monday.views, monday.bounded_views), (2, 10, 9));
    assert_eq!((sunday.cut_visits, monday.cut_visits), (1, 1));
    assert_eq!(counts.visitors, 2);
    assert_eq!(counts.weeks[&date(2026, 10, 26)], 1);
    assert!(exact.observe(i64::MAX, 7, "/").is_err());
}

proptest! {
    /// No visitor-day ever adds more than the bounds allow, whatever arrives in whatever order.
    #[test]
    fn the_bounds_hold(events in prop::collection::vec((0_i64..200_000_000, 0_u64..4, 0_u8..6), 0..300)) {
        let mut exact = Exact::new(TimeZone::UTC);
        let mut per_visit: HashMap<(i64, u64), (u64, HashMap<u8, u64>)> = HashMap::new();
        for (unix_ms, visitor, page) in events {
            let observed = exact.observe(unix_ms, visitor, &format!("/{page}")).unwrap();
            if observed.is_counted {
                let visit = per_visit.entry((unix_ms / 86_400_000, visitor)).or_default();
                prop_assert_eq!(observed.is_first_of_visit, visit.0 == 0);
                visit.0 += 1;
                *visit.1.entry(page).or_default() += 1;
                prop_assert!(visit.0 <= 8 && visit.1[&page] <= 2);
            }
        }
        let counts = exact.counts();
        prop_assert_eq!(counts.sum(|day| day.visits), per_visit.len() as u64);
        prop_assert_eq!(counts.sum(|day| day.bounded_views), per_visit.values().map(|visit| visit.0).sum::<u64>());
    }
}

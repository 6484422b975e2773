//! The automated clients of one day: crawlers, monitors, scanners; and lines that are not accesses at all.

use super::agents::AGENTS;
use super::crawlers::{self, CRAWLERS, MONITOR_GET, MONITOR_HEAD, SCANNED_PATHS};
use super::day::DayLines;
use super::lines::{self, Line};
use super::random::{Random, Weights};
use super::tally::LineKind;
use super::visit::Scene;

/// Page hits of crawlers and monitors for 1,000 visits of a weekday: about 15 % of all page hits at 2.3 views a visit.
const BOT_VIEWS_PERMILLE: u32 = 380;
/// The monitor gets the front page every half hour.
const MONITOR_SECONDS: u64 = 1_800;

/// A local day.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// Its first second since 1970 UTC.
    pub(super) start: i64,
    /// Its length: 86,400 unless clocks change.
    pub(super) seconds: u64,
    /// The first day of the plan has one malformed line of each form.
    pub(super) is_first: bool,
}

impl Span {
    fn at(&self, second_of_day: u64) -> i64 {
        self.start + i64::try_from(second_of_day).unwrap_or(0)
    }

    fn any(&self, random: &mut Random) -> i64 {
        self.at(random.below(self.seconds))
    }
}

/// Adds the lines of all machines.
pub(super) fn add(scene: &Scene, span: Span, visits_per_day: u32, random: &mut Random, day: &mut DayLines) {
    monitors(scene, span, random, day);
    let by_the_clock = span.seconds / MONITOR_SECONDS;
    let bot_views = u64::from(visits_per_day) * u64::from(BOT_VIEWS_PERMILLE) / 1_000;
    let weights = crawlers::weights();
    for _ in 0..bot_views.saturating_sub(by_the_clock) {
        crawl(scene, span, &weights, random, day);
    }
    for _ in 0..random.between(3, 8) {
        scan(scene, span, random, day);
    }
    if span.is_first {
        for form in 0..4 {
            malformed(scene, span, form, random, day);
        }
    } else if random.chance(150) {
        let form = random.index(4);
        malformed(scene, span, form, random, day);
    }
}

/// One hit of a crawler: mostly a page, sometimes a file that is gone, has moved or is not a page.
fn crawl(scene: &Scene, span: Span, weights: &Weights, random: &mut Random, day: &mut DayLines) {
    let crawler = weights.pick(random);
    let page = &scene.pages.list[scene.pages.pick_evenly(random)];
    let (kind, target, status, bytes) = match random.below(100) {
        0..=3 => (LineKind::OtherStatus, "/en/old/archive.html", 404, 1_245),
        4..=5 => (LineKind::OtherStatus, "/en/visa", 301, 241),
        6..=8 => (LineKind::Asset, "/assets/site.css", 200, 18_233),
        9..=11 => (LineKind::Bot(crawler), "/robots.txt", 200, 120),
        _ => (LineKind::Bot(crawler), page.key.as_str(), 200, page.bytes),
    };
    let line = Line { target, status, bytes, ..front_page(crawler, "GET", page.bytes) };
    let address = address_of(crawler);
    let line = Line { address: &address, ..line };
    day.add(span.any(random), kind, &line, &scene.zone);
}

fn monitors(scene: &Scene, span: Span, random: &mut Random, day: &mut DayLines) {
    let (get_address, head_address) = (address_of(MONITOR_GET), address_of(MONITOR_HEAD));
    let mut second_of_day = 0;
    while second_of_day + MONITOR_SECONDS <= span.seconds {
        let second = span.at(second_of_day + random.below(5));
        let get = Line { address: &get_address, ..front_page(MONITOR_GET, "GET", 7_204) };
        day.add(second, LineKind::Bot(MONITOR_GET), &get, &scene.zone);
        if second_of_day % (2 * MONITOR_SECONDS) == 0 {
            let head = Line { address: &head_address, ..front_page(MONITOR_HEAD, "HEAD", 0) };
            day.add(second + 5, LineKind::NotGet, &head, &scene.zone);
        }
        second_of_day += MONITOR_SECONDS;
    }
}

/// A scanner with a browser's user-agent string, which gets only errors.
fn scan(scene: &Scene, span: Span, random: &mut Random, day: &mut DayLines) {
    let address = format!("203.0.113.{}", random.between(200, 250));
    let is_post = random.chance(200);
    let line = Line {
        address: &address,
        method: if is_post { "POST" } else { "GET" },
        target: SCANNED_PATHS[random.index(SCANNED_PATHS.len())],
        status: 404,
        bytes: 1_245,
        referrer: "-",
        referrer_path: "",
        agent: AGENTS[0].text,
    };
    let kind = if is_post { LineKind::NotGet } else { LineKind::OtherStatus };
    day.add(span.any(random), kind, &line, &scene.zone);
}

fn malformed(scene: &Scene, span: Span, form: usize, random: &mut Random, day: &mut DayLines) {
    let second = span.any(random);
    let address = format!("203.0.113.{}", random.between(150, 199));
    day.add_with(second, LineKind::Malformed, |out| {
        lines::write_malformed(form, &address, second, &scene.zone, random, out);
    });
}

fn front_page(crawler: usize, method: &'static str, bytes: u32) -> Line<'static> {
    Line {
        address: "",
        method,
        target: "/",
        status: 200,
        bytes,
        referrer: "-",
        referrer_path: "",
        agent: CRAWLERS[crawler].text,
    }
}

fn address_of(crawler: usize) -> String {
    format!("203.0.113.{}", CRAWLERS[crawler].host_byte)
}

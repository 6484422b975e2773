//! One visit of one person: the pages they open, what their browser fetches for them, and what goes wrong.

use jiff::tz::TimeZone;

use super::agents::AGENTS;
use super::day::DayLines;
use super::lines::Line;
use super::pages::{Pages, SHARED_ASSETS};
use super::people::Person;
use super::random::{Random, Weights};
use super::referrers::{self, REFERRERS};
use super::tally::{LineKind, View};

/// The chance of another view after each, in thousandths: the number of views is geometric with a mean of
/// 1 / (1 - 0.565) = 2.3.
const MORE_PERMILLE: u64 = 565;
/// Most views of one visit.
const VIEWS_PER_VISIT_MAX: u64 = 40;
/// The index of the referrer "none" in the table.
const DIRECT_INDEX: usize = 0;

/// What all visits of a site have in common.
#[derive(Debug)]
pub(super) struct Scene {
    /// The site's zone.
    pub(super) zone: TimeZone,
    /// `https://` and the host name.
    pub(super) origin: String,
    /// The site's pages.
    pub(super) pages: Pages,
    usual_referrers: Weights,
    news_referrers: Weights,
}

/// When and why a person comes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    /// Seconds since 1970 UTC.
    pub(super) second: i64,
    /// They follow a link to the story of the day.
    pub(super) is_for_story: bool,
}

/// One step of a visit: its target and its referrer.
struct Step<'a> {
    second: i64,
    page: usize,
    target: &'a str,
    /// `None` for the previous page.
    referrer: Option<usize>,
    previous: &'a str,
}

impl Scene {
    /// The scene of a site.
    pub(super) fn new(zone: TimeZone, host: &str, pages: Pages) -> Scene {
        Scene {
            zone,
            origin: format!("https://{host}"),
            pages,
            usual_referrers: referrers::usual_weights(),
            news_referrers: referrers::news_weights(),
        }
    }

    /// Adds all lines of one visit to `day`.
    pub(super) fn visit(&self, person: &Person, arrival: Arrival, random: &mut Random, day: &mut DayLines) {
        let (mut page, landing_referrer) = self.landing(person, arrival, random);
        let mut referrer = Some(landing_referrer);
        let mut second = arrival.second;
        if landing_referrer == DIRECT_INDEX && random.chance(60) {
            self.redirect(person, second, day);
        }
        let is_reloading = random.chance(8);
        let (mut target, mut previous) = (String::new(), String::new());
        for number in 1..=VIEWS_PER_VISIT_MAX {
            self.pages.write_target(page, random, &mut target);
            let step = Step { second, page, target: &target, referrer, previous: &previous };
            let is_cold = number == 1 && !person.has_assets;
            self.view(person, &step, is_cold, random, day);
            if !random.chance(MORE_PERMILLE + u64::from(is_reloading) * 250) {
                break;
            }
            std::mem::swap(&mut target, &mut previous);
            referrer = None;
            second += seconds(random.between(4, 45));
            if random.chance(300) {
                second += seconds(random.between(20, 240));
            }
            // Some people press "reload", or return to the page they were on.
            if !is_reloading && !random.chance(110) {
                page = self.pages.pick(person.tree, random);
            }
        }
    }

    /// The first page and the index of the referrer.
    fn landing(&self, person: &Person, arrival: Arrival, random: &mut Random) -> (usize, usize) {
        if arrival.is_for_story {
            let referrer = self.news_referrers.pick(random);
            return (self.pages.story(person.tree), referrer);
        }
        if random.chance(4) {
            return (self.pages.pick_newsletter(random), DIRECT_INDEX);
        }
        let referrer = self.usual_referrers.pick(random);
        if random.chance(70) {
            return (Pages::FRONT, referrer);
        }
        (self.pages.pick(person.tree, random), referrer)
    }

    /// A page, its assets, and now and then a broken link.
    fn view(&self, person: &Person, step: &Step<'_>, is_cold: bool, random: &mut Random, day: &mut DayLines) {
        let page = &self.pages.list[step.page];
        let is_unchanged = person.has_assets && random.chance(80);
        let referrer = match step.referrer {
            Some(index) => REFERRERS[index].url,
            None => &self.origin,
        };
        let line = Line {
            address: &person.address,
            method: "GET",
            target: step.target,
            status: if is_unchanged { 304 } else { 200 },
            bytes: if is_unchanged { 0 } else { page.bytes },
            referrer,
            referrer_path: if step.referrer.is_none() { step.previous } else { "" },
            agent: AGENTS[person.agent].text,
        };
        let view = View { person: person.number, agent: person.agent, page: step.page, referrer: step.referrer };
        day.add(step.second, LineKind::View(view), &line, &self.zone);
        // What the page makes the browser fetch has the page as its referrer.
        let inner = Line { referrer: &self.origin, referrer_path: step.target, ..line };
        self.assets(&inner, step.second, is_cold, random, day);
        self.mishaps(&inner, step.second, random, day);
    }

    /// Assets for a browser that has not cached them, sometimes a revalidation, sometimes a picture.
    fn assets(&self, inner: &Line<'_>, second: i64, is_cold: bool, random: &mut Random, day: &mut DayLines) {
        let wanted = if is_cold { 2 + usize::from(random.chance(150)) } else { usize::from(random.chance(30)) };
        for (target, bytes) in &SHARED_ASSETS[..wanted] {
            let line = Line {
                target,
                status: if is_cold { 200 } else { 304 },
                bytes: if is_cold { *bytes } else { 0 },
                ..*inner
            };
            let later = seconds(random.below(2));
            day.add(second + later, LineKind::Asset, &line, &self.zone);
        }
        if random.chance(80) {
            let target = format!("/images/photo-{:02}.jpg?v=2", random.between(1, 60));
            let line = Line { target: &target, status: 200, bytes: 88_120, ..*inner };
            day.add(second + 1, LineKind::Asset, &line, &self.zone);
        }
    }

    /// What happens besides reading: dead links, a form, a server error.
    fn mishaps(&self, inner: &Line<'_>, second: i64, random: &mut Random, day: &mut DayLines) {
        let (kind, method, target, status, bytes) = match random.below(1_000) {
            0..=6 => (LineKind::OtherStatus, "GET", "/en/old/visa-form.pdf", 404, 1_245),
            7..=9 => (LineKind::OtherStatus, "GET", "/favicon.ico", 404, 1_245),
            10..=12 => (LineKind::NotGet, "POST", "/en/contact/send", 200, 2_310),
            13 => (LineKind::OtherStatus, "GET", "/en/search/", 500, 611),
            _ => return,
        };
        let line = Line { method, target, status, bytes, ..*inner };
        let later = seconds(random.between(2, 20));
        day.add(second + later, kind, &line, &self.zone);
    }

    /// The server redirects the visitor from the bare host name to another page.
    fn redirect(&self, person: &Person, second: i64, day: &mut DayLines) {
        let line = Line {
            address: &person.address,
            method: "GET",
            target: "/",
            status: 302,
            bytes: 241,
            referrer: "-",
            referrer_path: "",
            agent: AGENTS[person.agent].text,
        };
        day.add(second, LineKind::OtherStatus, &line, &self.zone);
    }
}

/// A short time, which always fits.
fn seconds(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(0)
}

//! The traffic of a site by day and hour; writes its log.
//!
//! Weekdays follow office hours, weekends do not, all in the site's local time. On one day a story is in the news.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use jiff::ToSpan;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use super::day::DayLines;
use super::machines::{self, Span};
use super::pages::Pages;
use super::people::{People, Person};
use super::plan::{Plan, SitePlan};
use super::random::{Random, Weights};
use super::tally::{Tally, Truth};
use super::visit::{Arrival, Scene};

/// Shares of the visits of a weekday by local hour.
const WEEKDAY_HOURS: [u64; 24] =
    [6, 4, 3, 2, 3, 6, 14, 28, 55, 78, 82, 76, 66, 74, 76, 72, 66, 56, 46, 40, 36, 32, 24, 14];
/// Shares of the visits of a Saturday or Sunday by local hour.
const WEEKEND_HOURS: [u64; 24] =
    [10, 7, 5, 3, 3, 5, 9, 16, 28, 42, 52, 54, 52, 54, 55, 54, 52, 48, 46, 46, 44, 38, 28, 18];
const SECONDS_PER_HOUR: u64 = 3_600;
/// The chance, in thousandths, that a person comes twice on a day.
const AGAIN_PERMILLE: u64 = 45;

/// A generated log and the truth about it.
#[derive(Clone, Debug)]
pub struct DemoSite {
    /// The site's name in the plan.
    pub name: String,
    /// Its IANA time zone.
    pub time_zone: String,
    /// The host name in the site's own links.
    pub host: String,
    /// The log file.
    pub file: PathBuf,
    /// The day on which a story was in the news, if it is within the plan.
    pub spike_day: Option<Date>,
    /// The exact numbers.
    pub truth: Truth,
}

/// Writes one log per site of the plan into `directory`, which must exist; `<name>.access.log` each, in the order of
/// time. A file of that name is replaced.
///
/// # Errors
/// `InvalidInput` if the plan names an unknown time zone or is invalid otherwise; else the error of the file system.
pub fn write_logs(directory: &Path, plan: &Plan) -> io::Result<Vec<DemoSite>> {
    plan.check().map_err(invalid)?;
    let mut sites = Vec::with_capacity(plan.sites.len());
    for (site_index, site) in (0_u32..).zip(&plan.sites) {
        sites.push(write_site(directory, plan, site, site_index)?);
    }
    Ok(sites)
}

fn write_site(directory: &Path, plan: &Plan, site: &SitePlan, site_index: u32) -> io::Result<DemoSite> {
    let zone = TimeZone::get(&site.time_zone).map_err(|_| {
        invalid(format!(
            "site {:?} names the time zone {:?}, which is not known; IANA names such as \"Asia/Tokyo\" are allowed",
            site.name, site.time_zone
        ))
    })?;
    let file = directory.join(format!("{}.access.log", site.name));
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&file)?);
    let mut random = Random::named(plan.seed, &site.name);
    let pages = Pages::new(site, &mut random);
    let people = People::new(site, site_index, &pages, &mut random);
    let mut traffic = Traffic {
        site,
        people,
        scene: Scene::new(zone.clone(), &site.host(), pages),
        random,
        weekday_hours: Weights::new(WEEKDAY_HOURS),
        weekend_hours: Weights::new(WEEKEND_HOURS),
        day: DayLines::default(),
    };
    let mut tally = Tally::new(zone.clone());
    for number in 0..plan.days {
        let date = date_of(plan, number)?;
        let start = day_start(date, &zone)?;
        let end = day_start(date.tomorrow().map_err(invalid)?, &zone)?;
        let span = Span { start, seconds: u64::try_from(end - start).unwrap_or(0), is_first: number == 0 };
        traffic.fill(span, date, site.spike_day == Some(number));
        let pages = &traffic.scene.pages;
        traffic.day.write_until(end, pages, &mut tally, &mut out)?;
    }
    out.flush()?;
    let last_day = date_of(plan, plan.days.saturating_sub(1))?;
    let spike_day = site.spike_day.filter(|&number| number < plan.days);
    Ok(DemoSite {
        name: site.name.clone(),
        time_zone: site.time_zone.clone(),
        host: site.host(),
        file,
        spike_day: spike_day.map(|number| date_of(plan, number)).transpose()?,
        truth: tally.finish(plan.first_day, last_day),
    })
}

/// One site while its days are generated.
struct Traffic<'a> {
    site: &'a SitePlan,
    people: People,
    scene: Scene,
    random: Random,
    weekday_hours: Weights,
    weekend_hours: Weights,
    day: DayLines,
}

impl Traffic<'_> {
    /// Generates all lines of one day.
    fn fill(&mut self, span: Span, date: Date, is_spike: bool) {
        let is_weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        let base_permille = if is_weekend { u64::from(self.site.weekend_percent) * 10 } else { 1_000 };
        // No two Mondays are alike.
        let day_permille = base_permille * self.random.between(940, 1_060) / 1_000;
        let visits = self.site.visits_per_day;
        for person in self.people.regulars_of_day(day_permille, &mut self.random) {
            self.come(&person, span, is_weekend, false);
        }
        let usual = u64::from(People::newcomers(visits)) * day_permille / 1_000;
        self.newcomers(usual, span, is_weekend, false);
        if is_spike {
            // Two visits for the story per visit of a usual day: three times the traffic.
            let for_story = u64::from(visits) * 2 * day_permille / 1_000;
            self.newcomers(for_story, span, is_weekend, true);
        }
        machines::add(&self.scene, span, visits, &mut self.random, &mut self.day);
    }

    fn newcomers(&mut self, number: u64, span: Span, is_weekend: bool, is_for_story: bool) {
        for _ in 0..number {
            let person = self.people.newcomer(&self.scene.pages, &mut self.random);
            self.come(&person, span, is_weekend, is_for_story);
        }
    }

    /// One person's visits of the day.
    fn come(&mut self, person: &Person, span: Span, is_weekend: bool, is_for_story: bool) {
        let arrival = Arrival { second: self.time_of_day(span, is_weekend), is_for_story };
        self.scene.visit(person, arrival, &mut self.random, &mut self.day);
        if self.random.chance(AGAIN_PERMILLE) {
            let again = Arrival { second: self.time_of_day(span, is_weekend), is_for_story: false };
            self.scene.visit(person, again, &mut self.random, &mut self.day);
        }
    }

    fn time_of_day(&mut self, span: Span, is_weekend: bool) -> i64 {
        let hours = if is_weekend { &self.weekend_hours } else { &self.weekday_hours };
        let hour = u64::try_from(hours.pick(&mut self.random)).unwrap_or(0);
        let second_of_day = hour * SECONDS_PER_HOUR + self.random.below(SECONDS_PER_HOUR);
        // A day on which clocks go forward is an hour short.
        let last_second = span.seconds.saturating_sub(1);
        span.start + i64::try_from(second_of_day.min(last_second)).unwrap_or(0)
    }
}

fn date_of(plan: &Plan, number: u16) -> io::Result<Date> {
    plan.first_day.checked_add(i64::from(number).days()).map_err(invalid)
}

/// The first second of a local day, since 1970 UTC.
fn day_start(date: Date, zone: &TimeZone) -> io::Result<i64> {
    let midnight = date.to_datetime(Time::midnight());
    let timestamp = zone.to_timestamp(midnight).map_err(invalid)?;
    Ok(timestamp.as_second())
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error)
}

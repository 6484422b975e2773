//! When periods are sealed: by watermark, by patience, quiet days between, weeks and months after their days.

use super::*;
use crate::calendar::{Period, PeriodKind};

fn published(running: &Running, site: &str, kind: PeriodKind) -> Vec<String> {
    let site = SiteName::new(site).unwrap();
    let all = (day("1990-01-01"), day("2100-01-01"));
    running.releases.published(&site, kind, all.0, all.1).iter().map(|p| p.start.to_string()).collect()
}

fn some(days_ago: i64) -> Vec<AccessEvent<'static>> {
    (0..5).map(|n| view(NOON_UNIX_MS - days_ago * DAY_MS, n, "/")).collect()
}

#[test]
fn without_a_watermark_a_period_waits_for_its_time() {
    let house = House::new();
    let running = house.open();
    let lane = running.lane("www", "live");
    block_on(lane.send(batch(1, some(0), 0))).unwrap();
    // A day later it is over, but not yet as late as is allowed.
    house.clock.set(NOON_UNIX_MS + DAY_MS);
    block_on(lane.send(batch(2, some(0), 0))).unwrap();
    assert_eq!(published(&running, "www", PeriodKind::Day), [""; 0]);
    house.clock.set(NOON_UNIX_MS + 2 * DAY_MS);
    running.wait_for("www", Period::day(day("2026-11-02")));
    drop(lane);
    running.close();
}

#[test]
fn a_period_waits_for_every_producer_that_was_active_in_it() {
    let house = House::new();
    let running = house.open();
    let (first, second) = (running.lane("www", "a"), running.lane("www", "b"));
    block_on(first.send(batch(1, some(1), 0))).unwrap();
    block_on(second.send(batch(1, some(1), 0))).unwrap();
    block_on(first.send(batch(2, vec![], NOON_UNIX_MS))).unwrap();
    // The answer to the next batch comes after the committer has looked at what is due.
    block_on(first.send(batch(3, vec![], 0))).unwrap();
    assert_eq!(published(&running, "www", PeriodKind::Day), [""; 0]);
    block_on(second.send(batch(2, vec![], NOON_UNIX_MS))).unwrap();
    running.wait_for("www", Period::day(day("2026-11-01")));
    drop((first, second));
    running.close();
}

#[test]
fn quiet_days_between_are_published_and_long_silences_are_not() {
    let house = House::new();
    let running = house.open();
    let lane = running.lane("www", "import");
    // 2026-07-25, 2026-10-29 and 2026-11-01; the week of the last two ends on that Sunday.
    let events = [100, 4, 1].into_iter().flat_map(some).collect();
    block_on(lane.send(batch(1, events, NOON_UNIX_MS))).unwrap();
    running.wait_for("www", Period::month_of(day("2026-10-29")));
    assert_eq!(
        published(&running, "www", PeriodKind::Day),
        ["2026-07-25", "2026-10-29", "2026-10-30", "2026-10-31", "2026-11-01"]
    );
    assert_eq!(published(&running, "www", PeriodKind::Week), ["2026-07-20", "2026-10-26"]);
    // November is not over.
    assert_eq!(published(&running, "www", PeriodKind::Month), ["2026-07-01", "2026-10-01"]);
    let quiet = running.wait_for("www", Period::day(day("2026-10-30")));
    let visits = quiet.site_numbers.as_ref().unwrap().ranks[0];
    assert!(visits.count.abs() < 10 * 11, "noise alone: {visits:?}");
    drop(lane);
    running.close();
}

#[test]
fn a_configured_site_is_published_when_nobody_comes() {
    let house = House::new();
    let name = SiteName::new("quiet").unwrap();
    let plain = SiteSettings::plain(name, Calendar::new("Asia/Tokyo").unwrap());
    let site = SiteSettings { is_configured: true, known_pages: vec!["/index.html".into()], ..plain };
    let options = || Options { sites: vec![site.clone()], site_policy: SitePolicy::Configured, ..house.options() };
    house.open_with(options()).unwrap().close();
    house.clock.set(NOON_UNIX_MS + 4 * DAY_MS);
    let running = house.open_with(options()).unwrap();
    running.wait_for("quiet", Period::day(day("2026-11-04")));
    let release = running.wait_for("quiet", Period::day(day("2026-11-02")));
    let pages = release.table(Table::Page).unwrap();
    assert_eq!(pages.keys.iter().map(|k| k.key.as_str()).collect::<Vec<_>>(), ["/"]);
    assert!(running.intake.lane(&SiteName::new("other").unwrap(), "p").is_none());
    running.close();
}

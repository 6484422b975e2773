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
fn every_day_of_an_import_is_published_from_its_first_to_the_start() {
    let house = House::new();
    let running = house.open();
    let lane = running.lane("www", "import");
    // 2026-07-25, 2026-10-29 and 2026-10-31. The site begins on 2026-11-02, and the log says that it is complete.
    let events = [100, 4, 2].into_iter().flat_map(some).collect();
    block_on(lane.send(batch(1, events, NOON_UNIX_MS))).unwrap();
    running.wait_for("www", Period::month_of(day("2026-10-29")));
    let days = published(&running, "www", PeriodKind::Day);
    assert_eq!((days.len(), &days[0][..], &days[99][..]), (100, "2026-07-25", "2026-11-01"));
    let weeks = published(&running, "www", PeriodKind::Week);
    assert_eq!((weeks.len(), &weeks[0][..], &weeks[14][..]), (15, "2026-07-20", "2026-10-26"));
    // November is not over.
    let months = published(&running, "www", PeriodKind::Month);
    assert_eq!(months, ["2026-07-01", "2026-08-01", "2026-09-01", "2026-10-01"]);
    let quiet = running.wait_for("www", Period::day(day("2026-10-30")));
    let visits = quiet.site_numbers.as_ref().unwrap().ranks[0];
    assert!(visits.count.abs() < 10 * 11, "noise alone: {visits:?}");
    drop(lane);
    running.close();
}

#[test]
fn an_import_waits_for_whoever_imports_and_for_nobody_else() {
    let house = House::new();
    let running = house.open();
    let (live, import) = (running.lane("www", "live"), running.lane("www", "import"));
    block_on(live.send(batch(1, some(0), NOON_UNIX_MS))).unwrap();
    block_on(import.send(batch(1, some(3), 0))).unwrap();
    block_on(live.send(batch(2, vec![], NOON_UNIX_MS))).unwrap();
    block_on(live.send(batch(3, vec![], 0))).unwrap();
    assert_eq!(published(&running, "www", PeriodKind::Day), [""; 0]);
    block_on(import.send(batch(2, some(3), i64::MAX))).unwrap();
    running.wait_for("www", Period::day(day("2026-11-01")));
    assert_eq!(published(&running, "www", PeriodKind::Day), ["2026-10-30", "2026-10-31", "2026-11-01"]);
    // Who has finished is not waited for: the day ends with what the others state.
    house.clock.set(NOON_UNIX_MS + DAY_MS);
    block_on(live.send(batch(4, vec![], NOON_UNIX_MS + DAY_MS))).unwrap();
    let day = running.wait_for("www", Period::day(day("2026-11-02")));
    assert_eq!(day.sealed_at_unix_s, (NOON_UNIX_MS + DAY_MS / 2) / 1_000, "by the schedule, which is its end");
    drop((live, import));
    running.close();
}

#[test]
fn an_import_by_streams_without_a_secret_is_waited_for_also_where_none_states_anything() {
    let house = House::new();
    let running = house.open();
    let live = running.lane("www", "live");
    let send_old = || block_on(running.lane_with("www", "collectors", b"").send(batch(1, some(3), 0))).unwrap();
    block_on(live.send(batch(1, some(0), NOON_UNIX_MS))).unwrap();
    send_old();
    block_on(live.send(batch(2, vec![], NOON_UNIX_MS))).unwrap();
    block_on(live.send(batch(3, vec![], 0))).unwrap();
    assert_eq!(published(&running, "www", PeriodKind::Day), [""; 0]);
    // Another one comes later, and goes on.
    assert!(send_old().books.unwrap().close().all(|(outcome, ..)| outcome.is_accepted()));
    let finish = running.lane_with("www", "anybody", b"");
    block_on(finish.send(batch(1, vec![], i64::MAX))).unwrap();
    running.wait_for("www", Period::day(day("2026-11-01")));
    drop((live, finish));
    running.close();
}

#[test]
fn a_producer_that_states_is_waited_for_whether_or_not_it_had_something() {
    let house = House::new();
    let running = house.open();
    let (first, second) = (running.lane("www", "a"), running.lane("www", "b"));
    block_on(first.send(batch(1, some(0), NOON_UNIX_MS))).unwrap();
    block_on(second.send(batch(1, vec![], NOON_UNIX_MS))).unwrap();
    house.clock.set(NOON_UNIX_MS + DAY_MS);
    block_on(first.send(batch(2, vec![], NOON_UNIX_MS + DAY_MS))).unwrap();
    block_on(first.send(batch(3, vec![], 0))).unwrap();
    assert_eq!(published(&running, "www", PeriodKind::Day), [""; 0]);
    block_on(second.send(batch(2, vec![], NOON_UNIX_MS + DAY_MS))).unwrap();
    running.wait_for("www", Period::day(day("2026-11-02")));
    // Three days later nobody waits for it any more.
    house.clock.set(NOON_UNIX_MS + 4 * DAY_MS);
    block_on(first.send(batch(4, vec![], NOON_UNIX_MS + 4 * DAY_MS))).unwrap();
    running.wait_for("www", Period::day(day("2026-11-05")));
    drop((first, second));
    running.close();
}

#[test]
fn a_site_that_nobody_configured_is_published_every_day_from_its_first_event_on() {
    let house = House::new();
    let running = house.open();
    let lane = running.lane("www", "live");
    block_on(lane.send(batch(1, some(0), 0))).unwrap();
    house.clock.set(NOON_UNIX_MS + 5 * DAY_MS);
    running.wait_for("www", Period::day(day("2026-11-05")));
    assert_eq!(published(&running, "www", PeriodKind::Day), ["2026-11-02", "2026-11-03", "2026-11-04", "2026-11-05"]);
    drop(lane);
    running.close();
}

#[test]
fn a_day_that_a_time_zone_left_out_is_not_published() {
    let house = House::new();
    // 2011-12-29T12:00 in Samoa.
    house.clock.set(1_325_196_000_000);
    let zone = Calendar::new("Pacific/Apia").unwrap();
    let site = SiteSettings { is_configured: true, ..SiteSettings::plain(SiteName::new("apia").unwrap(), zone) };
    let options = Options { sites: vec![site], site_policy: SitePolicy::Configured, ..house.options() };
    let running = house.open_with(options).unwrap();
    house.clock.set(1_325_196_000_000 + 4 * DAY_MS);
    running.wait_for("apia", Period::month_of(day("2011-12-31")));
    assert_eq!(published(&running, "apia", PeriodKind::Day)[..2], ["2011-12-29", "2011-12-31"]);
    running.close();
}

#[test]
fn a_clock_far_ahead_publishes_nothing_until_a_producer_confirms_it() {
    let house = House::new();
    let plain = SiteSettings::plain(SiteName::new("www").unwrap(), Calendar::new("UTC").unwrap());
    let site = SiteSettings { is_configured: true, ..plain };
    let options = || Options {
        sites: vec![site.clone()],
        site_policy: SitePolicy::Configured,
        accepted_clock_unix_ms: None,
        ..house.options()
    };
    let running = house.open_with(options()).unwrap();
    let lane = running.lane("www", "live");
    block_on(lane.send(batch(1, some(0), 0))).unwrap();
    let far = NOON_UNIX_MS + 300 * DAY_MS;
    house.clock.set(far);
    // An old watermark makes the committer look, and says nothing of the time.
    block_on(lane.send(batch(2, vec![view(far, 1, "/")], NOON_UNIX_MS))).unwrap();
    block_on(lane.send(batch(3, vec![], 0))).unwrap();
    drop(lane);
    running.close();
    let running = house.open_with(options()).unwrap();
    let lane = running.lane("www", "live");
    block_on(lane.send(batch(4, vec![], NOON_UNIX_MS))).unwrap();
    block_on(lane.send(batch(5, vec![], 0))).unwrap();
    assert_eq!(published(&running, "www", PeriodKind::Day), [""; 0]);
    // Two weeks off, and somebody who says that it is the present.
    house.clock.set(NOON_UNIX_MS + 14 * DAY_MS);
    block_on(lane.send(batch(6, some(-13), NOON_UNIX_MS + 14 * DAY_MS))).unwrap();
    running.wait_for("www", Period::day(day("2026-11-15")));
    assert_eq!(published(&running, "www", PeriodKind::Day).len(), 14);
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
    assert!(running.intake.lane(&SiteName::new("other").unwrap(), "p", SECRET, "").is_none());
    running.close();
}

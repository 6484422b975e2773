//! An older copy of the data, with the archive of that time, beside keys that went on. A failure is a number that is drawn a
//! second time, or a start that says nothing.

use std::fs;

use super::*;
use crate::calendar::Period;

const HOUR_MS: i64 = 3_600_000;

fn today() -> crate::calendar::Day {
    day("2026-11-02")
}

/// Forty visitors at noon and at three, and a copy of data and archive; what was counted is not published yet.
fn counted() -> (House, std::path::PathBuf) {
    let house = House::new();
    house.clock.set(NOON_UNIX_MS + 4 * HOUR_MS);
    let running = house.open();
    let views = [0, 3].into_iter().flat_map(|hour| (0..40).map(move |n| view(NOON_UNIX_MS + hour * HOUR_MS, n, "/a")));
    block_on(running.lane("www", "p").send(batch(1, views.collect(), 0))).unwrap();
    running.close();
    let old = house.directory.path().join("old");
    copy(&house.data(), &old.join("data"));
    copy(&house.archive(), &old.join("archive"));
    (house, old)
}

/// Goes on until a period is published, which readers see, and puts the copy back.
fn publish_and_put_back(house: &House, old: &std::path::Path, through_unix_ms: i64, period: Period) -> Arc<Release> {
    let running = house.open();
    block_on(running.lane("www", "p").send(batch(2, vec![], through_unix_ms))).unwrap();
    let seen = running.wait_for("www", period);
    running.close();
    for (name, place) in [("data", house.data()), ("archive", house.archive())] {
        fs::remove_dir_all(&place).unwrap();
        copy(&old.join(name), &place);
    }
    seen
}

fn give_up_copy(house: &House) -> Running {
    let refused = house.open_with(house.options()).err().unwrap();
    assert!(matches!(refused, OpenError::NotedAhead { .. }), "{refused}");
    assert!(refused.to_string().contains("--give-up copy"), "{refused}");
    house.open_with(Options { give_up: vec!["copy".to_owned()], ..house.options() }).unwrap()
}

#[test]
fn hours_of_the_running_day_that_were_published_are_not_drawn_again() {
    let (house, old) = counted();
    let noon = Period::hour(today(), 12);
    let seen = publish_and_put_back(&house, &old, NOON_UNIX_MS + 2 * HOUR_MS, noon);
    assert!(seen.gap.is_none() && !seen.hours.is_empty());

    let running = give_up_copy(&house);
    let again = running.wait_for("www", noon);
    assert!(again.gap.is_some() && again.hours.is_empty(), "{again:?}");
    assert!(again.number > seen.number, "a number that was seen is not another release");
    running.close();
    // The day is drawn once, with the hours that were yet to come.
    house.clock.set(NOON_UNIX_MS + DAY_MS);
    let running = house.open();
    block_on(running.lane("www", "p").send(batch(2, vec![], NOON_UNIX_MS + DAY_MS))).unwrap();
    let whole = running.wait_for("www", Period::day(today()));
    assert!(whole.gap.is_none());
    let hours: Vec<u8> = whole.hours.iter().map(|numbers| numbers.hour).collect();
    assert_eq!(hours, (16..24).collect::<Vec<_>>());
    running.close();
}

#[test]
fn days_that_were_published_are_gaps_also_where_the_copy_knows_nothing_of_them() {
    let (house, old) = counted();
    house.clock.set(NOON_UNIX_MS + 3 * DAY_MS);
    let running = house.open();
    let tomorrow = (0..40).map(|n| view(NOON_UNIX_MS + DAY_MS, n, "/a")).collect();
    block_on(running.lane("www", "q").send(batch(1, tomorrow, NOON_UNIX_MS + 3 * DAY_MS))).unwrap();
    running.close();
    publish_and_put_back(&house, &old, NOON_UNIX_MS + 3 * DAY_MS, Period::day(today().plus(1)));

    let running = give_up_copy(&house);
    for days in 0..3 {
        let gap = running.wait_for("www", Period::day(today().plus(days)));
        assert!(gap.gap.is_some() && gap.site_numbers.is_none(), "{gap:?}");
        let late = view(NOON_UNIX_MS + i64::from(days) * DAY_MS, 1, "/a");
        let lane = running.lane("www", "again");
        let sent = block_on(lane.send(batch(1 + u64::try_from(days).unwrap(), vec![late], 0))).unwrap();
        assert_eq!(count(&sent, Outcome::Late), 1);
    }
    running.close();
    // Once is enough.
    house.open().close();
}

#[test]
fn keys_that_were_lost_without_a_note_leave_no_hour_to_be_drawn_again() {
    let (house, _) = counted();
    let running = house.open();
    block_on(running.lane("www", "p").send(batch(2, vec![], NOON_UNIX_MS + 2 * HOUR_MS))).unwrap();
    running.wait_for("www", Period::hour(today(), 12));
    running.close();
    fs::remove_file(house.keys().join("releases")).unwrap();
    fs::remove_file(house.keys().join("www.month-2026-11-01.key")).unwrap();
    let give_up = vec!["www/month-2026-11-01".to_owned()];
    let running = house.open_with(Options { give_up, ..house.options() }).unwrap();
    let kept = running.wait_for("www", Period::hour(today(), 12));
    let closed = running.wait_for("www", Period::hour(today(), 15));
    assert!(kept.gap.is_none() && closed.gap.is_some());
    running.close();
}

//! Batches over restarts: nothing that was acknowledged is lost, nothing is counted twice, a period is sealed once.

use super::*;
use crate::calendar::{Day, Period};

fn today() -> Period {
    Period::day(Day::from_date("2026-11-02".parse().unwrap()))
}

/// The noise of the standard profile at one site's day is far below this.
const SLACK: i64 = 400;

fn visits(release: &Release) -> i64 {
    release.site_numbers.as_ref().unwrap().ranks[0].count
}

fn crowd(first: u32, people: u32) -> Vec<AccessEvent<'static>> {
    (first..first + people).map(|n| view(NOON_UNIX_MS, n, "/")).collect()
}

#[test]
fn a_batch_is_counted_once_however_often_it_comes() {
    let house = House::new();
    let running = house.open();
    let lane = running.lane("www", "p");
    let first = block_on(lane.send(batch(1, crowd(0, 2_000), 0))).unwrap();
    assert_eq!((first.durable_sequence, count(&first, Outcome::Counted)), (1, 2_000));
    let again = block_on(lane.send(batch(1, crowd(0, 2_000), 0))).unwrap();
    assert_eq!((again.durable_sequence, again.books), (1, None));
    let gap = block_on(lane.send(batch(3, vec![], 0)));
    assert!(matches!(gap, Err(Refusal::Gap { expected: 2 })));
    drop(lane);
    running.close();

    let running = house.open();
    let lane = running.lane("www", "p");
    let greeting = block_on(lane.send(batch(0, vec![], 0))).unwrap();
    assert_eq!((greeting.durable_sequence, greeting.cursor), (1, vec![1, 2, 3]));
    // The same visitors, after a restart: the limiter has not forgotten them.
    let more = block_on(lane.send(batch(2, crowd(0, 2_000), 0))).unwrap();
    assert_eq!(count(&more, Outcome::Counted), 2_000);
    let beyond = block_on(lane.send(batch(3, crowd(0, 2_000), 0))).unwrap();
    assert_eq!(count(&beyond, Outcome::BeyondBound), 2_000);
    house.clock.set(NOON_UNIX_MS + DAY_MS);
    block_on(lane.send(batch(4, vec![], NOON_UNIX_MS + DAY_MS))).unwrap();
    let release = running.wait_for("www", today());
    assert!((visits(&release) - 2_000).abs() < SLACK, "{}", visits(&release));
    let late = block_on(lane.send(batch(5, crowd(9_000, 3), 0))).unwrap();
    assert_eq!(count(&late, Outcome::Late), 3);
    drop(lane);
    running.close();

    // The release is the same after another restart, and its key is gone.
    let running = house.open();
    assert_eq!(running.wait_for("www", today()), release);
    let keys: Vec<_> = std::fs::read_dir(house.keys()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!keys.iter().any(|name| name.to_str().unwrap().contains("day-2026-11-02")), "{keys:?}");
    running.close();
}

#[test]
fn a_crash_without_a_checkpoint_loses_nothing() {
    let house = House::new();
    let Opened { intake, mut committer, .. } =
        open_with_noise(house.options(), house.clock.clone(), Box::new(SeededNoise::new(1))).unwrap();
    let committer = std::thread::spawn(move || {
        // The process "dies" after three batches: the committer is dropped where it stands.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            for _ in 0..3 {
                committer.commit_next().await.unwrap();
            }
        });
    });
    let lane = intake.lane(&SiteName::new("www").unwrap(), "p", SECRET, "").unwrap();
    for sequence in 1..=3_u32 {
        let receipt = block_on(lane.send(batch(sequence.into(), crowd(sequence * 1_000, 1_000), 0))).unwrap();
        assert_eq!(count(&receipt, Outcome::Counted), 1_000);
    }
    drop((intake, lane));
    committer.join().unwrap();

    let running = house.open();
    house.clock.set(NOON_UNIX_MS + DAY_MS);
    let lane = running.lane("www", "p");
    block_on(lane.send(batch(4, vec![], NOON_UNIX_MS + DAY_MS))).unwrap();
    let release = running.wait_for("www", today());
    assert!((visits(&release) - 3_000).abs() < SLACK, "{}", visits(&release));
    drop(lane);
    running.close();
}

#[test]
fn a_missing_key_is_named_and_can_be_given_up() {
    let house = House::new();
    let running = house.open();
    let lane = running.lane("www", "p");
    block_on(lane.send(batch(1, crowd(0, 10), 0))).unwrap();
    drop(lane);
    running.close();
    std::fs::remove_file(house.keys().join("www.day-2026-11-02.key")).unwrap();

    let message = house.open_with(house.options()).err().unwrap().to_string();
    assert!(message.contains("--give-up www/day-2026-11-02`"), "{message}");
    let give_up = vec!["www/day-2026-11-02".to_owned()];
    let running = house.open_with(Options { give_up, ..house.options() }).unwrap();
    let release = running.wait_for("www", today());
    assert!(release.gap.is_some() && release.site_numbers.is_none());
    running.close();
    house.open().close();
    // All that are missing are named together.
    for name in ["www.week-2026-11-02.key", "www.month-2026-11-01.key"] {
        std::fs::remove_file(house.keys().join(name)).unwrap();
    }
    let message = house.open_with(house.options()).err().unwrap().to_string();
    assert!(message.contains("--give-up www/week-2026-11-02 --give-up www/month-2026-11-01`"), "{message}");
}

#[test]
fn what_cannot_be_trusted_is_refused() {
    let house = House::new();
    let running = house.open();
    let lane = running.lane("www", "p");
    block_on(lane.send(batch(1, crowd(0, 10), 0))).unwrap();
    let in_use = house.open_with(house.options()).err().unwrap();
    assert!(
        matches!(in_use, OpenError::Commit(CommitError::Read(ReadError::Engine(EngineError::InUse(_))))),
        "{in_use}"
    );
    drop(lane);
    running.close();

    let sites = vec![SiteSettings::plain(SiteName::new("www").unwrap(), Calendar::new("Asia/Tokyo").unwrap())];
    let moved = house.open_with(Options { sites, ..house.options() }).err().unwrap();
    assert!(moved.to_string().contains("was UTC"), "{moved}");
    // Swapped keys do not decrypt.
    let (day, month) = (house.keys().join("www.day-2026-11-02.key"), house.keys().join("www.month-2026-11-01.key"));
    std::fs::copy(&month, &day).unwrap();
    let swapped = house.open_with(house.options()).err().unwrap();
    assert!(swapped.to_string().contains("www/day-2026-11-02"), "{swapped}");
    let full = house.open_with(Options { reserve_mib: u64::MAX, ..house.options() }).err().unwrap();
    assert!(matches!(full, OpenError::Commit(CommitError::Read(ReadError::Engine(EngineError::NoSpace(_))))), "{full}");
}

#[test]
fn hours_are_published_while_the_day_is_open_and_stay_the_same_in_it() {
    let house = House::new();
    let running = house.open();
    let lane = running.lane("www", "p");
    block_on(lane.send(batch(1, crowd(0, 3_000), 0))).unwrap();
    house.clock.set(NOON_UNIX_MS + 3_600_000);
    block_on(lane.send(batch(2, vec![], NOON_UNIX_MS + 3_600_000))).unwrap();
    let hour = running.wait_for("www", Period::hour(today().start, 12));
    assert!((hour.hours[0].counts[0] - 3_000).abs() < SLACK);
    // A view in the sealed hour still counts in the day.
    let receipt = block_on(lane.send(batch(3, crowd(50_000, 3_000), 0))).unwrap();
    assert_eq!(count(&receipt, Outcome::Counted), 3_000);
    house.clock.set(NOON_UNIX_MS + DAY_MS);
    block_on(lane.send(batch(4, vec![], NOON_UNIX_MS + DAY_MS))).unwrap();
    let day = running.wait_for("www", today());
    assert_eq!(day.hours.len(), 24);
    assert_eq!(day.hours[12], hour.hours[0]);
    assert!((visits(&day) - 6_000).abs() < SLACK);
    let site = SiteName::new("www").unwrap();
    assert_eq!(running.releases.get(&site, Period::hour(today().start, 12)).unwrap(), None);
    drop(lane);
    running.close();
}

#[test]
fn every_bad_event_ends_in_its_own_outcome() {
    let house = House::new();
    let running = house.open();
    let lane = running.lane("www", "p");
    let with_status = |status| AccessEvent::at(NOON_UNIX_MS, status).from_whom("10.0.0.1", "", BROWSER);
    let get = |event: AccessEvent<'static>, target: &str| event.for_what("", target);
    let events = vec![
        view(NOON_UNIX_MS, 1, "/"),
        view(NOON_UNIX_MS + DAY_MS, 1, "/"),
        view(-62_135_596_800_000, 1, "/"),
        view(NOON_UNIX_MS, 1, "/style.css"),
        view(NOON_UNIX_MS, 1, "no path"),
        get(with_status(404), "/"),
        get(with_status(999), "/"),
        with_status(200).for_what("POST", "/"),
        get(AccessEvent::at(0, 0), "/"),
        get(AccessEvent::at(0, 0).from_whom("10.0.0.9", "", "Googlebot/2.1"), "/"),
    ];
    let receipt = block_on(lane.send(batch(1, events, 0))).unwrap();
    let ends: Vec<_> = receipt.books.unwrap().close().collect();
    use Outcome as O;
    assert_eq!(
        ends,
        [
            (O::Counted, 1, 0),
            (O::Bot, 1, 9),
            (O::Asset, 1, 3),
            (O::NotGet, 1, 7),
            (O::NotSuccess, 1, 5),
            (O::Future, 1, 1),
            (O::TooOld, 1, 2),
            (O::NoVisitor, 1, 8),
            (O::BadTarget, 1, 4),
            (O::BadStatus, 1, 6),
        ]
    );
    drop(lane);
    running.close();
}

#[test]
fn a_budget_that_comes_to_nothing_is_refused_at_the_start() {
    let house = House::new();
    let privacy = Privacy { epsilon: 0.01, delta: 1e-15, ..Privacy::default() };
    let name = SiteName::new("www").unwrap();
    let shares = Shares { week_site: 1, ..Shares::STANDARD };
    let site = SiteSettings { shares, ..SiteSettings::plain(name, Calendar::new("UTC").unwrap()) };
    let refused = house.open_with(Options { privacy, sites: vec![site], ..house.options() }).err().unwrap();
    assert!(refused.to_string().contains("site by week comes to nothing"), "{refused}");
}

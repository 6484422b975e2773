//! Histories that failed once, as they were found, and histories that are worth keeping. A failure of the simulation prints
//! its history in the form that stands here.

use super::{
    super::day,
    ops::{Act, Fate, Group, KeyLeft, Kind, Op, Sending, Which, Who},
    run::{World, run},
};
use crate::calendar::Period;

const BERLIN: u8 = 0;
const NEW_YORK: u8 = 1;
const KATHMANDU: u8 = 2;
const MINUTES_PER_DAY: u32 = 24 * 60;

fn view(visitor: u8, page: u8, minutes_back: i32) -> Act {
    Act { who: Who::Visitor(visitor), page, minutes_back, kind: Kind::View, times: 1 }
}

fn canary() -> Act {
    Act { who: Who::Canary, page: 0, minutes_back: 0, kind: Kind::View, times: 1 }
}

fn batch(site: u8, which: Which, acts: Vec<Act>) -> Sending {
    Sending { site, producer: 0, which, acts, complete_minutes_back: None }
}

fn group(batches: Vec<Sending>) -> Op {
    Op::Send(Group { batches, waits: None, fate: Fate::Answered })
}

fn next(site: u8, acts: Vec<Act>) -> Op {
    group(vec![batch(site, Which::Next, acts)])
}

/// The producer states that it sent all until now.
fn complete(site: u8) -> Op {
    group(vec![Sending { complete_minutes_back: Some(0), ..batch(site, Which::Next, vec![]) }])
}

fn forward_days(days: u32) -> Op {
    Op::Forward { minutes: days * MINUTES_PER_DAY }
}

fn after(history: &[Op]) -> World {
    let mut world = World::new();
    for op in history {
        world.step(op);
    }
    world.check_all();
    world
}

fn visits(world: &World, site: u8, period: Period) -> i64 {
    let release = &world.model.sites[usize::from(site)].released[&period];
    release.site_numbers.as_ref().unwrap().ranks[0].count
}

// Found by the simulation.

/// The hours of a day were published, the clock was set back to the day before, and new terms began with the next midnight:
/// then the hours of that day were under the old terms and the day itself under the new ones.
#[test]
fn published_hours_keep_the_terms_of_their_day_when_the_clock_goes_back() {
    run(&[Op::Seal, Op::Back { minutes: 841 }, Op::Settings(1), Op::Crash, forward_days(3), Op::Seal]);
}

/// A day whose hours were published is given up: its gap stated the cost of the whole day, hours too, and the ledger
/// counted the hours once more.
#[test]
fn the_hours_of_a_day_that_is_given_up_are_paid_once() {
    let first = batch(BERLIN, Which::Next, vec![view(0, 0, 0)]);
    run(&[
        Op::Forward { minutes: 4_980 },
        Op::Send(Group { batches: vec![first], waits: Some(1_240), fate: Fate::Answered }),
        Op::Forward { minutes: 2_563 },
        Op::LoseKey { which: 0 },
        Op::Forward { minutes: 1_237 },
    ]);
}

/// A month is given up while new terms wait for midnight, and these are withdrawn: the gap named them, and the ledger took
/// what it stated for a cost under those that came in their place.
#[test]
fn a_month_that_is_given_up_takes_nothing_from_days_to_come() {
    let month = 2;
    run(&[
        next(BERLIN, vec![view(1, 1, 0)]),
        Op::Settings(2),
        Op::LoseKey { which: month },
        Op::Settings(1),
        Op::Crash,
        forward_days(4),
        Op::Seal,
    ]);
}

// Worth keeping.

#[test]
fn a_crash_between_the_commit_and_the_answer() {
    let first = batch(BERLIN, Which::Next, vec![canary(), canary(), view(1, 1, 0)]);
    let gone = |fate| Op::Send(Group { batches: vec![first.clone()], waits: None, fate });
    run(&[
        gone(Fate::GoneBefore),
        gone(Fate::GoneAfter),
        group(vec![batch(BERLIN, Which::Again, vec![canary(), view(1, 1, 0)])]),
        next(BERLIN, vec![canary()]),
        gone(Fate::GoneAfter),
        Op::Restart,
        group(vec![batch(BERLIN, Which::Old(0), vec![canary()]), batch(BERLIN, Which::Old(1), vec![canary()])]),
    ]);
}

#[test]
fn a_batch_that_is_sent_again_after_a_crash_image_was_restored() {
    run(&[
        next(BERLIN, vec![canary(), view(1, 1, 30)]),
        Op::Image,
        next(BERLIN, vec![canary(), view(1, 1, 30)]),
        Op::Checkpoint,
        Op::Restore,
        // The second batch is not durable in the image: it counts.
        next(BERLIN, vec![canary(), view(1, 1, 30), view(1, 1, 30)]),
        group(vec![batch(BERLIN, Which::Again, vec![canary()]), batch(BERLIN, Which::Skip(0), vec![canary()])]),
        Op::Restore,
        group(vec![batch(BERLIN, Which::Again, vec![canary()])]),
    ]);
}

#[test]
fn two_connections_of_one_producer_in_one_group() {
    let send = |which| batch(KATHMANDU, which, vec![canary(), view(2, 2, 0), view(2, 2, 0), view(2, 2, 0)]);
    let all = [Which::Next, Which::Again, Which::Next, Which::Skip(0), Which::Again, Which::Hello, Which::Old(1)];
    let world = after(&[group(all.into_iter().map(send).collect()), Op::Crash, forward_days(3), Op::Seal]);
    // Two canaries and one visitor.
    assert_eq!(visits(&world, KATHMANDU, Period::day(day("2026-10-23"))), 3);
}

#[test]
fn the_clock_jumps_a_year_forth_and_back() {
    let world = after(&[
        next(KATHMANDU, vec![view(1, 1, 0), canary()]),
        forward_days(365),
        Op::Seal,
        Op::Back { minutes: 365 * MINUTES_PER_DAY },
        // Late on the configured site, whose year is published; not on the other, where only one day is.
        next(BERLIN, vec![view(1, 1, 0), view(2, 1, 600)]),
        next(KATHMANDU, vec![view(1, 1, 0), view(2, 1, 1_440)]),
        Op::Crash,
        forward_days(2),
        Op::Seal,
        next(BERLIN, vec![view(1, 1, 0)]),
        Op::Settings(2),
        Op::Restart,
        forward_days(366),
        next(BERLIN, vec![view(1, 1, 0)]),
        forward_days(2),
        Op::Seal,
    ]);
    assert_eq!(visits(&world, KATHMANDU, Period::day(day("2026-10-23"))), 2);
    assert_eq!(visits(&world, KATHMANDU, Period::day(day("2026-10-22"))), 1);
    assert_eq!(visits(&world, BERLIN, Period::day(day("2027-10-26"))), 1);
}

#[test]
fn events_that_come_after_their_day_was_sealed() {
    let under_way = batch(BERLIN, Which::Next, vec![view(3, 0, 0), canary()]);
    let world = after(&[
        next(BERLIN, vec![view(1, 1, 0)]),
        complete(BERLIN),
        forward_days(1),
        // Sealed after these were made anonymous, and before they are committed.
        Op::Send(Group { batches: vec![under_way], waits: Some(2 * 1_440), fate: Fate::Answered }),
        next(BERLIN, vec![view(1, 1, 2 * 1_440), view(2, 1, 4_000), view(2, 1, 10)]),
        Op::Crash,
        next(BERLIN, vec![view(1, 1, 3 * 1_440), view(1, 2, 20)]),
        forward_days(2),
        Op::Seal,
    ]);
    assert_eq!(visits(&world, BERLIN, Period::day(day("2026-10-23"))), 1);
    assert_eq!(visits(&world, BERLIN, Period::day(day("2026-10-24"))), 0);
    assert_eq!(visits(&world, BERLIN, Period::day(day("2026-10-26"))), 2);
}

#[test]
fn a_day_of_25_hours() {
    // To the end of 2026-10-25 in Berlin; somebody in each of its hours, and one who comes in both hours from two to three.
    let mut acts: Vec<Act> = (0..25_u8).map(|n| view(n, n % 5, 30 + 60 * i32::from(n))).collect();
    acts.extend([view(30, 1, 60 * 22 - 20), view(30, 1, 60 * 21 - 20), view(30, 1, 5)]);
    let world = after(&[Op::Forward { minutes: 59 * 60 }, next(BERLIN, acts), Op::Crash, complete(BERLIN), Op::Seal]);
    let release = &world.model.sites[0].released[&Period::day(day("2026-10-25"))];
    let first: Vec<i64> = release.hours.iter().map(|hour| hour.counts[0] + hour.counts[1]).collect();
    let mut expected = vec![1; 25];
    (expected[3], expected[4]) = (2, 2);
    assert_eq!(first, expected);
    assert_eq!(visits(&world, BERLIN, release.period), 26);
}

#[test]
fn a_month_ends_in_one_zone_and_not_yet_in_another() {
    // 2026-10-31T23:30Z: November in Berlin and Kathmandu, October in New York.
    let sites = || [BERLIN, NEW_YORK, KATHMANDU];
    let world = after(&[
        Op::Forward { minutes: 12_210 },
        group(sites().map(|site| batch(site, Which::Next, vec![view(1, 1, 0), view(2, 2, 1_440)])).into()),
        Op::Image,
        forward_days(1),
        group(sites().map(|site| batch(site, Which::Next, vec![view(1, 1, 0)])).into()),
        complete(BERLIN),
        complete(NEW_YORK),
        complete(KATHMANDU),
        Op::Seal,
        Op::CrashInSeal { draws: 3_000, key: KeyLeft::Whole },
        forward_days(3),
        Op::Seal,
    ]);
    let october = Period::month_of(day("2026-10-31"));
    assert_eq!(sites().map(|site| visits(&world, site, october)), [1, 2, 1]);
}

#[test]
fn terms_change_in_the_middle_of_a_week() {
    let burst = || (0..6).map(|page| Act { times: 5, ..view(1, page, 0) }).collect::<Vec<_>>();
    let mut history = vec![forward_days(3)];
    for choice in [2, 1, 3, 0] {
        history.extend([
            next(BERLIN, burst()),
            next(KATHMANDU, burst()),
            Op::Settings(choice),
            Op::Restart,
            next(BERLIN, burst()),
            forward_days(1),
            next(KATHMANDU, burst()),
            Op::Seal,
        ]);
    }
    history.extend([Op::Crash, forward_days(40), Op::Seal, Op::Query]);
    let world = after(&history);
    assert!(world.model.sites[0].terms.len() >= 4);
    assert!(world.model.sites[0].released.contains_key(&Period::week_of(day("2026-10-26"))));
}

#[test]
fn a_crash_at_many_draws_of_one_sealing() {
    let mut history = vec![
        next(BERLIN, vec![canary(), view(1, 1, 0), view(1, 2, 1_440)]),
        next(KATHMANDU, vec![canary(), view(1, 1, 0), view(1, 2, 40_000)]),
        forward_days(12),
    ];
    let left = [KeyLeft::Nothing, KeyLeft::Whole, KeyLeft::Zeroed];
    for (draws, key) in (0..24).map(|n| n * n * 16 + n).zip(left.into_iter().cycle()) {
        history.push(Op::CrashInSeal { draws, key });
    }
    run(&history);
}

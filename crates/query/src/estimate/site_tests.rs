//! Days, weeks and months that agree, and what takes no part.

use jiff::civil::date;

use super::{
    super::{dense::variance_of, synthetic::World},
    *,
};
use crate::{
    change::{CHANGE_REACH, Change, Difference},
    fixture::Memory,
    plan,
    range::Range,
    why_missing,
};

fn day(m: i8, d: i8) -> Day {
    Day::from_date(date(2026, m, d))
}

/// August to November: days, then their week and month.
fn published() -> Memory {
    World { pages: 3, ..World::small() }.publish().memory
}

fn range(memory: &Memory, from: Day, to: Day) -> Total {
    let name = &memory.names[0];
    let info = crate::find_site(memory, None).unwrap();
    let cover = plan::cover(Range { from, to }, |p| outline(memory, name, p), |day| why_missing(&info, day)).unwrap();
    Site::new(memory, name).blocks(cover.blocks.iter().map(|block| block.period)).unwrap()
}

fn period(memory: &Memory, period: Period) -> Total {
    Site::new(memory, &memory.names[0]).period(period).unwrap()
}

fn raw(memory: &Memory, period: Period) -> Measure {
    series(&memory.releases[&period].outline()).unwrap()[VISITS]
}

fn visits(total: &Total) -> i64 {
    total.visits_shown().estimate.unwrap()
}

#[test]
fn any_range_shows_the_sum_of_its_days() {
    let memory = published();
    let sum = |from: Day, to: Day| -> (i64, i64) {
        let days = (from.number()..=to.number()).map(|n| range(&memory, Day::from_number(n), Day::from_number(n)));
        days.map(|t| (visits(&t), t.views_shown().estimate.unwrap())).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1))
    };
    for (from, to) in [
        (day(8, 1), day(8, 31)),
        (day(8, 20), day(9, 3)),
        (day(9, 7), day(9, 13)),
        (day(9, 28), day(10, 4)),
        (day(8, 15), day(11, 30)),
    ] {
        let total = range(&memory, from, to);
        assert_eq!((visits(&total), total.views_shown().estimate.unwrap()), sum(from, to), "{from} to {to}");
    }
    // The week across two months, and the month, say the same as a series by week or month.
    for p in [Period::week_of(day(9, 30)), Period::month_of(day(9, 1))] {
        let total = period(&memory, p);
        assert_eq!(visits(&total), sum(p.start, p.end_day().plus(-1)).0);
        assert_eq!(total.visits().variance, range(&memory, p.start, p.end_day().plus(-1)).visits().variance);
    }
}

#[test]
fn weeks_and_months_take_noise_away_and_the_variance_is_exact() {
    let memory = published();
    let week = Period::week_of(day(9, 9));
    let estimated = period(&memory, week).visits();
    let days: f64 = week.days().map(|d| raw(&memory, Period::day(d)).variance).sum();
    let own = raw(&memory, week).variance;
    // Two independent ways to count the week, and a little from its month and its neighbours.
    let both = (days.recip() + own.recip()).recip();
    assert!(estimated.variance < both, "{} {both}", estimated.variance);

    // The same by dense least squares over all that the month of a lone week inside it can use.
    let month = Period::month_of(day(9, 1));
    let first = month.start.monday();
    let mut rows: Vec<(Vec<usize>, Measure)> = Vec::new();
    let leaf = |d: Day| (d.number() - first.number()) as usize;
    let days: Vec<Day> = (first.number()..day(10, 5).number()).map(Day::from_number).collect();
    rows.extend(days.iter().map(|d| (vec![leaf(*d)], raw(&memory, Period::day(*d)))));
    for p in days.iter().step_by(7).map(|d| Period::week_of(*d)).chain([month]) {
        rows.push((p.days().map(leaf).collect(), raw(&memory, p)));
    }
    let (estimates, covariance) = super::super::dense::least_squares(days.len(), &rows);
    let chosen: Vec<usize> = week.days().map(leaf).collect();
    assert!((estimated.value - chosen.iter().map(|i| estimates[*i]).sum::<f64>()).abs() < 1e-6);
    assert!((estimated.variance - variance_of(&covariance, &chosen)).abs() < 1e-6);
}

#[test]
fn a_period_that_is_not_the_sum_of_its_days_stands_alone() {
    let mut memory = published();
    let (week, month) = (Period::week_of(day(9, 9)), Period::month_of(day(9, 9)));
    let whole = |memory: &Memory| range(memory, month.start, month.end_day().plus(-1)).visits();
    assert!(whole(&memory).variance < raw(&memory, month).variance);
    // One of its days failed its checks, so it is in neither.
    memory.edit(Period::day(day(9, 9))).gap = Some("books do not balance".to_owned());
    assert_eq!(period(&memory, week).visits(), raw(&memory, week));
    assert_eq!(whole(&memory), raw(&memory, month));
    // One of its days came after it.
    let mut memory = published();
    memory.edit(Period::day(day(9, 9))).number = 1_000_000;
    assert_eq!(period(&memory, week).visits(), raw(&memory, week));
    assert_eq!(whole(&memory), raw(&memory, month));
    // One of its days is not there at all.
    memory.releases.remove(&Period::day(day(9, 9)));
    assert_eq!(whole(&memory), raw(&memory, month));
    assert_eq!(range(&memory, day(9, 9), day(9, 9)).visits(), Measure::default());
}

#[test]
fn a_day_is_final_once_its_month_and_last_week_are() {
    let memory = published();
    let mut early = published();
    // As it was on the 5th of October, when the week of the 28th of September had been published.
    early.releases.retain(|p, _| p.end_day() <= day(10, 5));
    for d in (1..=30).map(|d| day(9, d)) {
        let (then, now) = (range(&early, d, d), range(&memory, d, d));
        assert_eq!((then.visits(), visits(&then)), (now.visits(), visits(&now)));
    }
}

/// Many made-up sites: no bias, the stated variances, and 95 of 100 intervals hold the truth.
#[test]
fn intervals_of_days_weeks_and_months_hold() {
    let (mut held, mut all) = ([0_u32; 3], [0_u32; 3]);
    let mut scaled = [(0.0, 0.0); 3];
    for seed in 0..12 {
        let site = World { pages: 3, seed, days: 92, ..World::small() }.publish();
        for (p, truth) in site.truth.iter().filter(|(p, _)| site.memory.releases.contains_key(p)) {
            let kind =
                [PeriodKind::Day, PeriodKind::Week, PeriodKind::Month].iter().position(|k| *k == p.kind).unwrap();
            let total = period(&site.memory, *p);
            for (number, measure, truth) in [
                (total.visits_shown(), total.visits(), truth.visits()),
                (total.views_shown(), total.views(), truth.views()),
            ] {
                all[kind] += 1;
                held[kind] += u32::from((number.low..=number.high).contains(&truth));
                let off = (measure.value - truth as f64) / measure.standard_error();
                scaled[kind].0 += off;
                scaled[kind].1 += off * off;
            }
        }
    }
    for kind in 0..3 {
        let n = f64::from(all[kind]);
        let (mean, square) = (scaled[kind].0 / n, scaled[kind].1 / n);
        // Ranges of four standard errors of each; days of a month hang together a little.
        assert!(mean.abs() < 4.5 / n.sqrt(), "{kind}: bias of {mean} standard errors");
        assert!((square - 1.0).abs() < 4.5 * (2.0 / n).sqrt(), "{kind}: {square} times the stated variance");
        let coverage = f64::from(held[kind]) / n;
        assert!((coverage - 0.955).abs() < 4.5 * (0.05 * 0.95 / n).sqrt(), "{kind}: {coverage}");
    }
}

/// Neighbours lean on the same week or month, so their noise hangs together; the variance of their difference counts that.
#[test]
fn the_variance_of_a_difference_is_exact_for_neighbours_too() {
    let spans = [
        (day(9, 9), day(9, 9), day(9, 10), day(9, 10)),
        (day(9, 7), day(9, 13), day(9, 14), day(9, 20)),
        (day(9, 1), day(9, 30), day(10, 1), day(10, 31)),
    ];
    let (mut squares, mut naive, mut called, mut all) = ([0.0; 3], [0.0; 3], 0, 0);
    let runs = 70;
    for seed in 0..runs {
        let site = World { pages: 3, seed, days: 92, ..World::small() }.publish();
        let truth = |from: Day, to: Day| {
            let days = (from.number()..=to.number()).map(|n| site.truth[&Period::day(Day::from_number(n))].visits());
            days.sum::<i64>() as f64
        };
        for (i, (from, to, later_from, later_to)) in spans.into_iter().enumerate() {
            let (then, now) = (range(&site.memory, from, to), range(&site.memory, later_from, later_to));
            let found = now.visits_more_than(&then);
            let off = found.value - (truth(later_from, later_to) - truth(from, to));
            squares[i] += off * off / found.variance / f64::from(runs as u32);
            naive[i] += off * off / (then.visits().variance + now.visits().variance) / f64::from(runs as u32);
            // The same sites without what really changed.
            let unchanged = Measure { value: off, ..found };
            let change = Change::of(Difference::between(unchanged, Measure::default()), CHANGE_REACH);
            called += i32::from(!change.is_within_noise);
            all += 1;
        }
    }
    for (i, square) in squares.into_iter().enumerate() {
        assert!((square - 1.0).abs() < 4.5 * (2.0 / f64::from(runs as u32)).sqrt(), "{i}: {square} times the variance");
    }
    // Adding up the two variances would claim too little noise for days of one week.
    assert!(naive[0] > squares[0] && naive[1] > squares[1], "{naive:?}, {squares:?}");
    let share = f64::from(called) / f64::from(all);
    assert!(
        share < 0.05 + 3.0 * (0.05 * 0.95 / f64::from(all)).sqrt(),
        "{share} of unchanged sites are called changed"
    );
}

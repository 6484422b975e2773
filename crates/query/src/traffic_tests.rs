//! A series over releases made by hand.

use headcount_model::release::Measured;
use jiff::civil::date;

use super::*;

use crate::{
    find_site,
    fixture::{Memory, dates, hour},
};

fn day(m: i8, d: i8) -> Day {
    Day::from_date(date(2026, m, d))
}

/// October as a month and its days from the 20th on, and November's days up to the 24th.
fn memory() -> Memory {
    let mut memory = Memory::new(&["www"]);
    memory.put(Period::month_of(day(10, 1)), &[1_000, 600, 300]).site_numbers.as_mut().unwrap().visitors =
        Some(Measured { estimate_milli: 700_000, standard_error_milli: 10_000 });
    for d in (20..=31).map(|d| day(10, d)).chain((1..=24).map(|d| day(11, d))) {
        memory.put(Period::day(d), &[100, 40, 10]);
    }
    memory
}

fn ask(memory: &Memory, from: &str, to: &str, granularity: PeriodKind) -> Result<Traffic, AskError> {
    traffic(
        memory,
        &find_site(memory, None).unwrap(),
        &TrafficAsk { dates: dates(from, to), granularity, compare: Compare::Previous },
    )
}

#[test]
fn empty_dates_mean_thirty_days_up_to_the_last_published() {
    let answer = ask(&memory(), "", "", PeriodKind::Day).unwrap();
    assert_eq!(answer.range, Some(Range { from: day(10, 26), to: day(11, 24) }));
    assert_eq!((answer.points.len(), answer.blocks.len(), answer.missing.len()), (30, 30, 0));
    assert_eq!(answer.points[29].start, "2026-11-24");
    let point = &answer.points[29].figures;
    assert_eq!((point.visits.estimate, point.views.estimate), (Some(100), Some(150)));
    assert_eq!(point.visitors, point.visits);
    assert_eq!((point.bounce_percent, point.views_per_visit), (Some(60.0), Some(1.5)));
    let total = &answer.total.figures;
    assert_eq!((total.visits.estimate, total.limited.estimate), (Some(3_000), Some(90)));
    assert_eq!(total.visitors.reason, Some(Why::VisitorsDoNotAdd));
    // Variances add: 30 counts of sigma 2.
    assert!((total.visits.standard_error - 120.0_f64.sqrt()).abs() < 1e-9);
    // The 30 days before reach back beyond the first published day.
    let previous = answer.previous.unwrap();
    assert_eq!(previous.total.start, "2026-09-26");
    assert_eq!(previous.total.figures.visits.reason, Some(Why::BeforeFirstDay));
}

#[test]
fn a_month_is_one_block_with_its_own_visitors() {
    let answer = ask(&memory(), "2026-10-01", "2026-10-31", PeriodKind::Month).unwrap();
    assert_eq!((answer.blocks.len(), answer.points.len(), answer.missing.len()), (1, 1, 0));
    assert_eq!(answer.total.figures.visits.estimate, Some(1_000));
    assert_eq!(answer.total.figures.visitors.estimate, Some(700));
    assert_eq!(answer.points[0].figures, answer.total.figures);
}

#[test]
fn every_period_is_a_point_and_says_why_it_is_empty() {
    let mut memory = memory();
    memory.edit(Period::day(day(11, 23))).gap = Some("books do not balance".to_owned());
    let answer = ask(&memory, "2026-11-22", "2026-11-26", PeriodKind::Day).unwrap();
    let reasons: Vec<_> = answer.points.iter().map(|p| p.figures.visits.reason).collect();
    assert_eq!(reasons, [None, Some(Why::Gap), None, Some(Why::NotSealed), Some(Why::NotSealed)]);
    assert_eq!(answer.missing, [(day(11, 23), Why::Gap), (day(11, 25), Why::NotSealed), (day(11, 26), Why::NotSealed)]);
    assert_eq!(answer.total.figures.visits.estimate, Some(200));
    let early = ask(&memory, "2025-01-01", "2025-01-10", PeriodKind::Week).unwrap();
    assert_eq!(early.points.len(), 2);
    assert_eq!((early.points[0].start.as_str(), early.points[0].end.as_str()), ("2024-12-30", "2025-01-05"));
    assert_eq!(early.total.figures.views.reason, Some(Why::BeforeFirstDay));
}

#[test]
fn hours_come_from_the_day_or_while_it_is_open_from_themselves() {
    let mut memory = memory();
    memory.edit(Period::day(day(11, 24))).hours = vec![hour(0, &[5, 2, 1]), hour(1, &[50, 20, 9])];
    memory.put(Period::hour(day(11, 25), 0), &[]).hours = vec![hour(0, &[7, 0, 0])];
    let answer = ask(&memory, "2026-11-24", "2026-11-25", PeriodKind::Hour).unwrap();
    assert_eq!(answer.points.len(), 48);
    let figures = |n: usize| &answer.points[n].figures;
    assert_eq!((figures(1).visits.estimate, figures(1).visitors.estimate), (Some(50), Some(70)));
    assert_eq!((figures(1).views.estimate, figures(1).limited.reason), (Some(79), Some(Why::NotMeasured)));
    assert_eq!(answer.points[1].start, "2026-11-24T01:00+01:00");
    assert_eq!(answer.points[1].end, answer.points[1].start);
    assert_eq!(figures(2).visits.reason, Some(Why::NotPublished));
    assert_eq!((figures(24).visits.estimate, figures(25).visits.reason), (Some(7), Some(Why::NotSealed)));
}

#[test]
fn ratios_need_enough_visits() {
    let mut memory = memory();
    memory.put(Period::day(day(11, 25)), &[9, 4]);
    let answer = ask(&memory, "2026-11-25", "2026-11-25", PeriodKind::Day).unwrap();
    assert_eq!(answer.total.figures.bounce_percent, None);
    assert_eq!(answer.total.figures.visitors.estimate, Some(9));
    assert_eq!(answer.previous.unwrap().total.figures.visits.estimate, Some(100));
}

#[test]
fn too_many_points_are_refused_with_what_is_allowed() {
    let error = ask(&memory(), "2026-01-01", "2026-03-31", PeriodKind::Hour).unwrap_err();
    let AskError::Field { field, allowed, .. } = error else { panic!("{error}") };
    assert_eq!(field, "granularity");
    assert!(allowed.contains("1100"), "{allowed}");
}

#[test]
fn a_site_without_releases_gives_an_empty_answer() {
    let answer = ask(&Memory::new(&["www"]), "", "", PeriodKind::Day).unwrap();
    assert_eq!((answer.range, answer.points.len()), (None, 0));
    assert_eq!(answer.total.figures.visits.reason, Some(Why::NotSealed));
}

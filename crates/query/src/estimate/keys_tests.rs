//! Keys of made-up sites: what is shown agrees, and is honest.

use std::collections::BTreeMap;

use headcount_model::{calendar::Day, shares::Shares};
use jiff::civil::date;

use super::{
    super::{
        direct::Direct,
        site::Site,
        synthetic::{Synthetic, World, key},
    },
    *,
};

use crate::fixture::Memory;

fn day(m: i8, d: i8) -> Period {
    Period::day(Day::from_date(date(2026, m, d)))
}

fn small() -> Synthetic {
    World { pages: 60, ..World::small() }.publish()
}

#[derive(Debug)]
struct Key {
    key: String,
    number: Number,
    value: f64,
}

struct Answer {
    keys: Vec<Key>,
    direct: BTreeMap<String, Direct>,
    total: i64,
}

fn ask(memory: &Memory, table: Table, periods: &[Period]) -> Answer {
    let blocks: Vec<Arc<Release>> = periods.iter().map(|period| memory.releases[period].clone()).collect();
    let columns = Columns::new(memory, &memory.names[0], table);
    let keys = Keys { columns: &columns, part: Part::All, blocks: &blocks };
    let total = Site::new(memory, &memory.names[0]).blocks(blocks.iter().map(|block| block.period)).unwrap();
    let total = if table == Table::Page { total.views_shown() } else { total.visits_shown() }.estimate.unwrap();
    let direct = keys.direct().unwrap();
    let shown = keys.shown(&direct, total).unwrap();
    let named = |(known, Shown { number, value }): (&Known, Shown)| Key { key: known.key.to_string(), number, value };
    let keys = direct.0.iter().zip(shown).map(named).collect();
    Answer { keys, direct: direct.0.iter().map(|known| (known.key.to_string(), known.direct)).collect(), total }
}

#[test]
fn a_complete_table_shows_the_visits_of_the_site() {
    let site = small();
    for periods in [vec![day(11, 20)], (1..=9).map(|d| day(11, d)).collect(), vec![Period::month_of(day(10, 1).start)]]
    {
        for table in [Table::Browser, Table::Os, Table::Device, Table::Language] {
            let answer = ask(&site.memory, table, &periods);
            let sum: i64 = answer.keys.iter().map(|key| key.number.estimate.unwrap()).sum();
            assert_eq!(sum, answer.total, "{table:?} {periods:?}");
        }
        let pages = ask(&site.memory, Table::Page, &periods);
        let sum: i64 = pages.keys.iter().map(|key| key.number.estimate.unwrap()).sum();
        assert!(sum <= pages.total, "{sum} of {}", pages.total);
    }
}

#[test]
fn what_is_shown_lies_in_the_interval_and_the_interval_is_direct() {
    let site = small();
    for (table, periods) in [
        (Table::Page, vec![day(8, 1)]),
        (Table::Page, vec![day(11, 20)]),
        (Table::Browser, vec![day(11, 20), day(11, 21)]),
    ] {
        let answer = ask(&site.memory, table, &periods);
        for key in &answer.keys {
            let (number, direct) = (key.number, answer.direct[&key.key]);
            let estimate = number.estimate.unwrap();
            assert!(number.low <= estimate && estimate <= number.high && key.value.is_finite());
            let of = Number::of(direct.measure, direct.slack);
            assert_eq!((number.low, number.high, number.standard_error), (of.low, of.high, of.standard_error));
        }
    }
}

#[test]
fn what_is_published_later_changes_nothing() {
    let site = small();
    let mut early = small();
    early.memory.releases.retain(|p, _| p.end_day() <= day(11, 2).end_day());
    for table in [Table::Page, Table::Browser] {
        let (now, then) = (ask(&site.memory, table, &[day(11, 2)]), ask(&early.memory, table, &[day(11, 2)]));
        assert_eq!(now.direct, then.direct);
        // A complete table adds up to the visits of its day, which the end of the week still moves a little.
        let far = |(a, b): (&Key, &Key)| (a.number.estimate.unwrap() - b.number.estimate.unwrap()).abs();
        let most = now.keys.iter().zip(&then.keys).map(far).max().unwrap();
        assert!(most <= if table == Table::Page { 2 } else { 6 }, "{table:?} {most}");
    }
}

#[test]
fn most_of_a_month_is_known_almost_as_well_as_the_month() {
    let site = small();
    let days: Vec<Period> = (1..=25).map(|d| day(10, d)).collect();
    let part = ask(&site.memory, Table::Page, &days);
    let month = ask(&site.memory, Table::Page, &[Period::month_of(days[0].start)]);
    let error = |answer: &Answer| answer.direct[&key(0)].measure.standard_error();
    let alone = site.memory.releases[&days[0]].table(Table::Page).unwrap().sigma_milli as f64 / 1e3 * f64::sqrt(50.0);
    assert!(error(&part) < 0.5 * alone && error(&part) > error(&month), "{} {alone} {}", error(&part), error(&month));
}

/// Direct intervals hold the truth whatever traffic does; and the shown value is far nearer than the direct one.
#[test]
fn shown_values_are_near_and_intervals_hold() {
    for (shares, gain) in [(Shares::SMALL, 0.4), (Shares::STANDARD, 0.6)] {
        let site = World { pages: 60, shares, restless: 0.5, jumps: 0.01, ..World::small() }.publish();
        let (mut held, mut all, mut direct, mut shown) = (0_u32, 0_u32, 0.0, 0.0);
        for period in (1..=28).map(|d| day(11, d)) {
            let answer = ask(&site.memory, Table::Page, &[period]);
            for (position, key) in answer.keys.iter().enumerate() {
                let truth = site.truth[&period].of(Table::Page, position);
                all += 1;
                held += u32::from((key.number.low..=key.number.high).contains(&truth));
                direct += (answer.direct[&key.key].measure.value.max(0.0) - truth as f64).powi(2);
                shown += (key.number.estimate.unwrap() - truth).pow(2) as f64;
            }
        }
        let coverage = f64::from(held) / f64::from(all);
        assert!((0.95..0.995).contains(&coverage), "{coverage}");
        assert!(shown.sqrt() < gain * direct.sqrt(), "{} {}", shown.sqrt(), direct.sqrt());
    }
}

#[test]
fn a_real_jump_shows() {
    let mut site = small();
    let period = day(11, 20);
    let pages = &mut site.memory.edit(period).tables.iter_mut().find(|t| t.table == Table::Page).unwrap().keys;
    pages[50].counts = vec![400, 20];
    let answer = ask(&site.memory, Table::Page, &[period]);
    let shown = answer.keys.iter().find(|k| k.key == key(50)).unwrap();
    assert!(shown.number.estimate.unwrap() >= shown.number.low && shown.number.low > 300, "{shown:?}");
}

#[test]
fn broken_or_empty_numbers_do_no_harm() {
    let mut site = small();
    for (n, period) in (1..=28).map(|d| day(11, d)).enumerate() {
        for table in &mut site.memory.edit(period).tables {
            for (i, key) in table.keys.iter_mut().enumerate() {
                key.counts[0] = [i64::MAX, i64::MIN, 0, -1][(n + i) % 4];
            }
        }
    }
    for table in [Table::Page, Table::Browser] {
        for periods in [vec![day(11, 28)], (1..=28).map(|d| day(11, d)).collect()] {
            assert!(ask(&site.memory, table, &periods).keys.iter().all(|key| key.value.is_finite()));
        }
    }
    site.memory.edit(day(11, 28)).tables.clear();
    assert!(ask(&site.memory, Table::Page, &[day(11, 28)]).keys.is_empty());
    assert!(ask(&Memory::new(&["www"]), Table::Page, &[]).keys.is_empty());
}

//! A key over time says what breakdowns of the same days say, and what changed of it.

use proptest::prelude::*;

use super::*;
use crate::{
    estimate::synthetic::{World, key},
    find_site,
    fixture::Memory,
    top::{PageAsk, PageSize, TopAsk, top},
};

fn ask(table: Table, key: &str, from: Day, to: Day, granularity: PeriodKind) -> KeyAsk {
    let dates = Dates::of(from, to);
    KeyAsk { table, key: key.to_owned(), dates, granularity, compare: Compare::Previous }
}

/// Takes a day, its numbers, or a table out of what is published.
fn damage(memory: &mut Memory, day: i32, what: usize, table: Table) {
    let day = Period::day(memory.releases.keys().next().unwrap().start.plus(day));
    match what {
        0 => drop(memory.releases.remove(&day)),
        _ if !memory.releases.contains_key(&day) => {}
        1 => memory.edit(day).gap = Some("its books do not balance".to_owned()),
        _ => memory.edit(day).tables.retain(|numbers| numbers.table != table),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_point_is_the_row_of_its_period(
        seed in 0_u64..6, position in 0_usize..14, offset in 0_i32..80, kind in 0_usize..3, is_listed: bool,
        of_table in 0_usize..3, holes in prop::collection::vec((0_i32..92, 0_usize..3), 0..6),
    ) {
        let table = [Table::Page, Table::Browser, if is_listed { Table::Language } else { Table::Entry }][of_table];
        let mut site = World { pages: 12, seed, days: 92, is_listed, ..World::small() }.publish();
        holes.into_iter().for_each(|(day, what)| damage(&mut site.memory, day, what, table));
        let info = find_site(&site.memory, None).unwrap();
        let (first, last) = info.days.unwrap();
        let kind = [PeriodKind::Day, PeriodKind::Week, PeriodKind::Month][kind];
        let (from, key) = (first.plus(offset), key(position));
        let to = from.plus(20).min(last);
        let series = key_series(&site.memory, &info, &ask(table, &key, from, to, kind)).unwrap();
        let page = PageAsk { size: PageSize::ALL, ..PageAsk::default() };
        let row = |from: Day, to: Day, compare: Compare| {
            let ask = TopAsk { table, dates: Dates::of(from, to), compare };
            let answer = top(&site.memory, &info, &ask, &page).unwrap();
            (answer.rows.into_iter().find(|row| row.key == key), answer.missing)
        };
        for point in &series.points {
            let (row, missing) = row(point.start, point.end, Compare::None);
            match (row, missing.first()) {
                (_, Some((_, why))) => prop_assert_eq!(point.count, Number::absent(*why)),
                (Some(row), None) => prop_assert_eq!((point.count, point.visitors), (row.count, row.visitors)),
                (None, None) => {
                    prop_assert_eq!((point.count.estimate, point.count.reason), (None, Some(Why::BelowThreshold)));
                }
            }
        }
        if let (Some(row), _) = row(from, to, Compare::Previous) {
            prop_assert_eq!(series.total, row.count);
            let compared = row.previous.unwrap();
            let (_, previous, change) = series.previous.unwrap();
            prop_assert_eq!((previous, change), (compared.count, compared.change));
        }
    }
}

#[test]
fn days_of_one_month_are_compared_by_what_they_say_themselves() {
    let (mut called, mut all) = (0, 0);
    for seed in 0..25 {
        // Nothing really changes: pages neither jump nor differ from day to day beyond chance.
        let site = World { pages: 8, seed, days: 61, is_listed: true, ..World::small() }.publish();
        let info = find_site(&site.memory, None).unwrap();
        let (first, _) = info.days.unwrap();
        let (from, to) = (first.plus(15), first.plus(29));
        for position in 0..8 {
            let found = key_series(&site.memory, &info, &ask(Table::Page, &key(position), from, to, PeriodKind::Day));
            let found = found.unwrap();
            let truth = |from: Day, to: Day| -> i64 {
                let days = (from.number()..=to.number()).map(|n| Period::day(Day::from_number(n)));
                days.map(|day| site.truth[&day].of(Table::Page, position)).sum()
            };
            let (range, _, change) = found.previous.unwrap();
            let really = truth(from, to) - truth(range.from, range.to);
            called += i32::from(!(change.low..=change.high).contains(&really));
            all += 1;
        }
    }
    let share = f64::from(called) / f64::from(all);
    assert!(
        share < 0.05 + 3.0 * (0.05 * 0.95 / f64::from(all)).sqrt(),
        "{share} of intervals miss what really changed"
    );
}

#[test]
fn a_key_that_cannot_be_one_is_refused() {
    let memory = Memory::new(&["www"]);
    let info = find_site(&memory, None).unwrap();
    let day = Day::from_number(20_000);
    let field = |table, key: &str, kind| match key_series(&memory, &info, &ask(table, key, day, day, kind)) {
        Err(AskError::Field { field, .. }) => field,
        other => panic!("{key}: {other:?}"),
    };
    for key in ["", OTHER_KEY, "no-page", "/a\u{7}", &format!("/{}", "x".repeat(KEY_BYTES_MAX))] {
        assert_eq!(field(Table::Page, key, PeriodKind::Day), "key", "{key}");
    }
    assert_eq!(field(Table::Site, "/", PeriodKind::Day), "table");
    assert_eq!(field(Table::Page, "/", PeriodKind::Hour), "granularity");
    let nothing = ask(Table::Browser, "Firefox", day, day, PeriodKind::Day);
    let found = key_series(&memory, &info, &nothing).unwrap();
    assert_eq!((found.points.len(), found.total.reason), (1, Some(Why::NotSealed)));
}

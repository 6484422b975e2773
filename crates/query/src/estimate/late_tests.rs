//! Pages that became public late, without a sitemap: intervals over a range hold what earlier blocks did not publish.

use headcount_model::{
    calendar::{Day, Period},
    tables::Table,
};
use jiff::civil::date;

use super::{
    bias::Bias,
    synthetic::{Synthetic, World, key},
};

use crate::{
    find_site,
    range::{Compare, Dates},
    top::{PageAsk, PageSize, Top, TopAsk, top},
};

/// The least share of the intervals that must hold. 95 of 100 are meant to; fewer numbers are seen here than that needs.
const HELD_MIN: f64 = 0.92;
/// Smaller classes say nothing.
const NUMBERS_MIN: f64 = 100.0;

fn day(number: i32) -> Day {
    Day::from_date(date(2026, 8, 1)).plus(number)
}

fn ask(site: &Synthetic, table: Table, from: Day, to: Day) -> Top {
    let info = find_site(&site.memory, None).unwrap();
    let page = PageAsk { size: PageSize::ALL, ..PageAsk::default() };
    top(&site.memory, &info, &TopAsk { table, dates: Dates::of(from, to), compare: Compare::None }, &page).unwrap()
}

/// What a key really had in a range of days.
fn truth(site: &Synthetic, table: Table, position: usize, from: Day, to: Day) -> i64 {
    let days = from.number()..=to.number();
    days.map(|n| site.truth[&Period::day(Day::from_number(n))].of(table, position)).sum()
}

fn note(site: &Synthetic, table: Table, pages: usize, (from, to): (Day, Day), bias: &mut Bias) {
    let answer = ask(site, table, from, to);
    // What is in no row, and what no block published: the rows claim the whole range, the blocks may have begun late.
    let (mut in_no_row, mut not_published) = (0, 0);
    for position in 0..pages {
        let count = truth(site, table, position, from, to);
        match answer.rows.iter().find(|row| row.key == key(position)) {
            Some(row) => bias.note(table.name(), &row.count, count),
            None => in_no_row += count,
        }
        for block in &answer.blocks {
            let is_published = site.memory.releases[&block.period].table(table).unwrap().key(&key(position)).is_some();
            not_published += if is_published { 0 } else { site.truth[&block.period].of(table, position) };
        }
    }
    bias.note(&format!("{} (other)", table.name()), &answer.other.unwrap(), not_published);
    bias.note(&format!("{} in no row", table.name()), &answer.other.unwrap(), in_no_row);
}

#[test]
fn intervals_hold_where_a_page_became_public_late() {
    let mut bias = Bias::default();
    for seed in 0..24 {
        let world = World { is_listed: false, pages: 60, days: 75, seed, jumps: 0.02, ..World::small() };
        let site = world.publish();
        for length in [1, 7, 20, 61] {
            for first in (0..75 - length).step_by(9) {
                let range = (day(first), day(first + length - 1));
                for table in [Table::Page, Table::Entry] {
                    note(&site, table, world.pages, range, &mut bias);
                }
            }
        }
    }
    for (what, least, class) in bias.classes(NUMBERS_MIN) {
        assert!(class.coverage() >= HELD_MIN, "{what} from {least}: {} of {}", class.coverage(), class.numbers());
    }
    assert!(bias.classes(NUMBERS_MIN).any(|(what, least, _)| what == "entry" && least == 100), "too few were seen");
}

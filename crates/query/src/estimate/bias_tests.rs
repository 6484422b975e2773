//! What is shown is right on average where a reader looks: from a true count of 100 on, over many made-up sites.

use headcount_model::{
    calendar::{Day, Period},
    shares::Shares,
    tables::Table,
};
use jiff::civil::date;

use super::{
    bias::{Bias, FAIR_FROM, SHARE_MAX},
    synthetic::{Synthetic, World, key},
};

use crate::{
    find_site,
    range::{Compare, Dates},
    top::{PageAsk, PageSize, TopAsk, top},
};

/// Fewer numbers leave too much of their own noise in their mean.
const NUMBERS_MIN: f64 = 150.0;
/// Made-up sites of each profile: enough for the test, and enough to see small classes too.
const SITES: u64 = 6;
const MANY_SITES: u64 = 100;

fn note(site: &Synthetic, table: Table, what: &str, (from, to): (Day, Day), bias: &mut Bias) {
    let info = find_site(&site.memory, None).unwrap();
    let page = PageAsk { size: PageSize::ALL, ..PageAsk::default() };
    let answer =
        top(&site.memory, &info, &TopAsk { table, dates: Dates::of(from, to), compare: Compare::None }, &page).unwrap();
    let days = || (from.number()..=to.number()).map(|n| &site.truth[&Period::day(Day::from_number(n))]);
    for row in answer.rows {
        let position = row.key.trim_start_matches('/').parse().unwrap();
        assert_eq!(key(position), row.key);
        bias.note(&format!("{} {what}", table.name()), &row.count, days().map(|day| day.of(table, position)).sum());
    }
}

/// All ranges of a site: the first days, which have no past, and later ones.
fn note_all(site: &Synthetic, profile: &str, bias: &mut Bias) {
    let day = |month: i8, day: i8| Day::from_date(date(2026, month, day));
    for table in [Table::Page, Table::Browser, Table::Language] {
        for n in [1, 2, 8] {
            note(site, table, &format!("{profile} early days"), (day(8, n), day(8, n)), bias);
        }
        for n in [3, 8, 13, 18, 23, 28] {
            note(site, table, &format!("{profile} day"), (day(9, n), day(9, n)), bias);
        }
        note(site, table, &format!("{profile} first 7 days"), (day(8, 1), day(8, 7)), bias);
        for n in [2, 9, 16, 23] {
            note(site, table, &format!("{profile} 7 days"), (day(9, n), day(9, n + 6)), bias);
        }
        // From Monday to Sunday.
        note(site, table, &format!("{profile} first week"), (day(8, 3), day(8, 9)), bias);
        for n in [7, 14, 21] {
            note(site, table, &format!("{profile} week"), (day(9, n), day(9, n + 6)), bias);
        }
        note(site, table, &format!("{profile} 20 days"), (day(9, 5), day(9, 24)), bias);
        note(site, table, &format!("{profile} first 20 days"), (day(8, 1), day(8, 20)), bias);
        note(site, table, &format!("{profile} month"), (day(8, 1), day(8, 31)), bias);
        note(site, table, &format!("{profile} month"), (day(9, 1), day(9, 30)), bias);
        note(site, table, &format!("{profile} 50 days"), (day(8, 11), day(9, 29)), bias);
    }
}

fn measure(sites: u64) -> Bias {
    let mut bias = Bias::default();
    for seed in 0..sites {
        for (profile, shares, visits) in [
            ("small", Shares::SMALL, 300.0),
            ("standard", Shares::STANDARD, 300.0),
            ("standard", Shares::STANDARD, 3_000.0),
        ] {
            let world = World { shares, visits, seed, pages: 120, days: 61, jumps: 0.01, ..World::small() };
            note_all(&world.publish(), &format!("{profile} {visits}"), &mut bias);
        }
    }
    bias
}

#[test]
fn what_is_shown_is_right_on_average_from_a_hundred_on() {
    let bias = measure(SITES);
    let wrong: Vec<String> = bias
        .classes(NUMBERS_MIN)
        .filter(|(_, least, class)| *least >= FAIR_FROM && class.share().abs() > SHARE_MAX)
        .map(|(what, least, class)| format!("{what} from {least}: {:.3} of the half-width", class.share()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The table of `docs/ESTIMATES.md`.
#[test]
#[ignore = "a measurement"]
fn estimation_gain_by_size() {
    println!("{}", measure(MANY_SITES));
}

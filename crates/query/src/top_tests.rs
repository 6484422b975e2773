//! Breakdowns over releases made by hand.

use headcount_model::{release::Measured, tables::OTHER_KEY};
use jiff::civil::date;

use super::*;

use crate::{
    find_site,
    fixture::{Memory, table},
};

fn day(d: i8) -> Day {
    Day::from_date(date(2026, 11, d))
}

/// Two days; the page /new is published on the second only.
fn memory() -> Memory {
    let mut memory = Memory::new(&["www"]);
    memory.put(Period::day(day(23)), &[100, 40]).tables = vec![
        table(Table::Page, &[("/", &[50, 10]), ("/b", &[20, 0]), ("/c", &[20, 0]), (OTHER_KEY, &[7, 0])]),
        table(Table::Browser, &[("Firefox", &[60]), ("Opera", &[-4])]),
    ];
    memory.put(Period::day(day(24)), &[100, 40]).tables = vec![
        table(Table::Page, &[("/", &[50, 10]), ("/b", &[10, 0]), ("/c", &[10, 0]), ("/new", &[12, 1])]),
        table(Table::Browser, &[("Firefox", &[70]), ("Opera", &[2])]),
    ];
    memory
}

const ALL: TopAsk = TopAsk { table: Table::Page, dates: Dates::LATEST, compare: Compare::None };

fn ask(memory: &Memory, ask: &TopAsk) -> Result<Top, AskError> {
    ask_page(memory, ask, &PageAsk::default())
}

fn ask_page(memory: &Memory, ask: &TopAsk, page: &PageAsk) -> Result<Top, AskError> {
    top(memory, &find_site(memory, None).unwrap(), ask, page)
}

fn keys(top: &Top) -> Vec<(&str, i64)> {
    top.rows.iter().map(|r| (r.key.as_str(), r.count.estimate.unwrap())).collect()
}

#[test]
fn rows_are_sorted_by_count_and_then_by_key() {
    let answer = ask(&memory(), &ALL).unwrap();
    assert_eq!(answer.range, Some(Range { from: day(1), to: day(24) }));
    assert_eq!(answer.missing.len(), 22);
    assert_eq!(keys(&answer), [("/", 120), ("/b", 30), ("/c", 30), ("/new", 13)]);
    assert_eq!((answer.keys, answer.next_page_token.as_str()), (4, ""));
    assert_eq!(answer.other.unwrap().estimate, Some(2 * 140 - 193));
    assert_eq!(answer.rows[0].visitors.unwrap().reason, Some(Why::VisitorsDoNotAdd));
    // Two counters of sigma 1; and 2 x (10 + 2) may be hidden on the 23rd.
    assert_eq!(answer.rows[3].count.high, 13 + 3 + 24);
    assert_eq!(answer.rows[1].count.high, 30 + 4);
}

#[test]
fn raw_sums_decide_and_public_keys_have_no_slack() {
    let answer = ask(&memory(), &TopAsk { table: Table::Browser, ..ALL }).unwrap();
    assert_eq!(keys(&answer), [("Firefox", 130), ("Opera", 0)]);
    assert_eq!(answer.rows[1].count.high, 1);
    // Every visit is in one of them: there is no rest.
    assert_eq!((answer.other, answer.rows[0].visitors), (None, None));
}

#[test]
fn one_day_or_month_has_visitors() {
    let mut memory = memory();
    let one = TopAsk { dates: Dates::of(day(24), day(24)), ..ALL };
    let answer = ask(&memory, &one).unwrap();
    assert_eq!(answer.rows[0].visitors.unwrap().estimate, Some(50));
    let mut pages = table(Table::Page, &[("/", &[900, 100])]);
    pages.keys[0].visitors = Some(Measured { estimate_milli: 800_400, standard_error_milli: 5_000 });
    memory.put(Period::month_of(day(1)), &[3_000, 900]).tables = vec![pages];
    // The month is the latest data now.
    let answer = ask(&memory, &ALL).unwrap();
    assert_eq!(answer.range, Some(Range { from: day(1), to: day(30) }));
    assert_eq!((keys(&answer), answer.blocks.len()), (vec![("/", 1_000)], 1));
    assert_eq!(answer.rows[0].visitors.unwrap().estimate, Some(800));
}

#[test]
fn pages_of_the_answer_make_the_whole() {
    let memory = memory();
    let whole = ask(&memory, &ALL).unwrap().rows;
    let mut part = PageAsk { size: PageSize::new(3).unwrap(), ..PageAsk::default() };
    let first = ask_page(&memory, &ALL, &part).unwrap();
    part.token.clone_from(&first.next_page_token);
    let second = ask_page(&memory, &ALL, &part).unwrap();
    assert_eq!([first.rows.clone(), second.rows].concat(), whole);
    assert_eq!(second.next_page_token, "");
    let shorter = PageAsk { size: PageSize::new(2).unwrap(), ..part.clone() };
    for wrong in [shorter, PageAsk { prefix: "/".to_owned(), ..part }] {
        assert!(matches!(ask_page(&memory, &ALL, &wrong), Err(AskError::Field { field: "page_token", .. })));
    }
}

#[test]
fn a_prefix_leaves_the_rest_as_it_is() {
    let memory = memory();
    let prefixed = PageAsk { prefix: "/n".to_owned(), ..PageAsk::default() };
    let answer = ask_page(&memory, &ALL, &prefixed).unwrap();
    assert_eq!(keys(&answer), [("/new", 13)]);
    assert_eq!(answer.other, ask(&memory, &ALL).unwrap().other);
}

#[test]
fn what_cannot_be_listed_is_refused() {
    let field = |error: AskError| match error {
        AskError::Field { field, .. } => field,
        other => panic!("{other:?}"),
    };
    let refused = |wrong: &TopAsk| field(ask(&memory(), wrong).unwrap_err());
    assert_eq!(refused(&TopAsk { table: Table::Site, ..ALL }), "table");
    assert_eq!(field(PageSize::new(1_001).unwrap_err()), "page_size");
    let token = PageAsk { token: "abc".to_owned(), ..PageAsk::default() };
    assert_eq!(field(ask_page(&memory(), &ALL, &token).unwrap_err()), "page_token");
    assert_eq!(refused(&TopAsk { dates: Dates::of(day(30), day(1)), ..ALL }), "from_date");
    let empty = ask(&Memory::new(&["www"]), &ALL).unwrap();
    assert_eq!((empty.range, empty.other.unwrap().reason), (None, Some(Why::NotSealed)));
}

#[test]
fn percentiles_are_given_where_enough_was_measured() {
    let ask_times = |known: i64| {
        let mut memory = memory();
        let period = *memory.releases.keys().next().unwrap();
        let counts: Vec<(&str, [i64; 1])> = headcount_model::bins::RESPONSE_TIMES
            .labels
            .iter()
            .map(|label| (*label, [if *label == "30-50 ms" { known } else { 0 }]))
            .collect();
        let keys: Vec<(&str, &[i64])> = counts.iter().map(|(label, count)| (*label, &count[..])).collect();
        memory.edit(period).tables.push(crate::fixture::table(Table::ResponseTime, &keys));
        let ask_for = TopAsk { table: Table::ResponseTime, dates: Dates::of(period.start, period.start), ..ALL };
        ask(&memory, &ask_for).unwrap().percentiles
    };
    assert_eq!(ask_times(2), []);
    let found = ask_times(500);
    assert_eq!(found.iter().map(|(percent, _)| *percent).collect::<Vec<_>>(), [50, 90, 99]);
    assert!(found.iter().all(|(_, value)| (30.0..=50.0).contains(value)), "{found:?}");
}

#[test]
fn rows_tell_what_changed_and_keep_their_order() {
    let memory = memory();
    let one = TopAsk { dates: Dates::of(day(24), day(24)), ..ALL };
    let plain = ask(&memory, &one).unwrap();
    let compared = ask(&memory, &TopAsk { compare: Compare::Previous, ..one }).unwrap();
    assert_eq!((keys(&plain), compared.previous), (keys(&compared), Some(Range { from: day(23), to: day(23) })));
    let row = |key: &str| compared.rows.iter().find(|row| row.key == key).unwrap().previous.unwrap();
    // Two counters of sigma 1 on each of two days: 1.96 times 2, outward.
    let change = row("/b").change;
    assert_eq!((change.estimate, change.low, change.high), (Some(-10), -14, -6));
    assert_eq!((change.is_within_noise, change.percent), (false, None));
    assert!(row("/").change.is_within_noise);
    // The 23rd did not publish it: 2 x (10 + 2) may be hidden there.
    let new = row("/new");
    assert_eq!((new.count.estimate, new.count.high, new.count.reason), (None, 24, Some(Why::BelowThreshold)));
    assert_eq!((new.change.estimate, new.change.reason), (None, Some(Why::BelowThreshold)));
    // Nothing is published before the 23rd.
    let first = TopAsk { dates: Dates::of(day(23), day(23)), compare: Compare::Previous, ..ALL };
    let first = ask(&memory, &first).unwrap().rows[0].previous.unwrap();
    assert_eq!((first.count.reason, first.change.reason), (Some(Why::BeforeFirstDay), Some(Why::BeforeFirstDay)));
}

#[test]
fn keys_are_found_by_a_text_in_them_whatever_its_case() {
    let memory = memory();
    let found = |text: &str| {
        let page = PageAsk { contains: Contains::new(text).unwrap(), ..PageAsk::default() };
        ask_page(&memory, &ALL, &page).unwrap()
    };
    assert_eq!(keys(&found("NEW")), [("/new", 13)]);
    assert_eq!((found("").keys, found("/").keys, found("nowhere").keys), (4, 4, 0));
    // A token belongs to its text.
    let page = |contains: &str, token: String| PageAsk {
        contains: Contains::new(contains).unwrap(),
        size: PageSize::new(1).unwrap(),
        token,
        ..PageAsk::default()
    };
    let first = ask_page(&memory, &ALL, &page("/", String::new())).unwrap();
    assert!(ask_page(&memory, &ALL, &page("/", first.next_page_token.clone())).is_ok());
    let other = ask_page(&memory, &ALL, &page("b", first.next_page_token));
    assert!(matches!(other, Err(AskError::Field { field: "page_token", .. })));
    assert!(Contains::new(&"ü".repeat(200)).is_ok() && Contains::new(&"ü".repeat(201)).is_err());
}

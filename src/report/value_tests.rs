//! Tests of numbers as text: intervals, absent numbers, grouping, cutting by display width.

use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::report::fixture::{absent, value};

fn texts(cells: &[Cell]) -> Vec<&str> {
    cells.iter().map(|cell| cell.text.as_str()).collect()
}

#[test]
fn columns_align_and_mark() {
    let (large, zero, gap) = (value(12_345, 1_200), value(0, 25), absent(Reason::Gap));
    let lopsided = Value { estimate: Some(445), low: 373, high: 897, ..Value::default() };
    let mut notes = Notes::default();
    let cells = column(&[Some(&large), Some(&lopsided), Some(&zero), Some(&gap), None], Digits::Full, &mut notes);
    assert_eq!(
        texts(&cells),
        [
            "12,345 ± 1,200        ",
            "   445 (373 to 897)   ",
            "     0 (0 to 25)    ~0",
            "    —¹                ",
            "    —²                ",
        ]
    );
    assert_eq!(cells[2].ink, Ink::Dim);
    assert_eq!(notes.lines().len(), 3);
}

#[test]
fn a_number_in_a_sentence_has_its_interval() {
    let mut notes = Notes::default();
    let words = |value: &Value, notes: &mut Notes| inline(Some(value), notes).replace(NO_BREAK, " ");
    assert_eq!(words(&value(120, 31), &mut notes), "120 ± 31");
    assert_eq!(words(&value(12, 20), &mut notes), "12 (0 to 32), within the noise");
    assert_eq!(words(&absent(Reason::Gap), &mut notes), "—¹");
}

#[test]
fn every_reason_has_words_and_its_own_mark() {
    let reasons: Vec<Reason> = (0..).map_while(|n| Reason::try_from(n).ok()).collect();
    let mut notes = Notes::default();
    let marks: Vec<String> = reasons.iter().map(|reason| notes.absent(*reason)).collect();
    assert_eq!(marks.concat(), "—¹—²—³—⁴—⁵—⁶—⁷—⁸—⁹");
    assert_eq!(notes.absent(Reason::Gap), "—⁶");
    let lines = notes.lines();
    assert_eq!(lines.len(), 9);
    let unknown = reason_words(Reason::Unspecified);
    assert_eq!(reasons.iter().filter(|reason| reason_words(**reason) == unknown).count(), 1, "{lines:?}");
    for (line, mark) in lines.iter().zip(marks) {
        assert!(line.starts_with(&format!("{mark} ")) && line.ends_with('.'), "{line}");
    }
}

#[test]
fn numbers_are_grouped_or_short() {
    let full = [0, 999, 1_000, 1_234_567, u64::MAX].map(|n| number(n, Digits::Full));
    assert_eq!(full, ["0", "999", "1,000", "1,234,567", "18,446,744,073,709,551,615"]);
    let short = [9_999, 10_000, 99_949, 99_950, 999_499, 999_500, 1_234_567, u64::MAX];
    let short = short.map(|n| number(n, Digits::Short));
    assert_eq!(short, ["9,999", "10.0k", "99.9k", "100k", "999k", "1.00M", "1.23M", "18.4E"]);
}

#[test]
fn true_values_outside_their_interval_are_marked() {
    let (first, second) = (value(100, 10), value(200, 10));
    let mut notes = Notes::default();
    let values = [Some(&first), Some(&second), None];
    let cells = truth_column(&values, &[Some(110), Some(211), None], Digits::Full, &mut notes);
    assert_eq!(texts(&cells), ["110 ", "211*", " "]);
    assert!(notes.lines()[0].starts_with("* "));
}

#[test]
fn long_texts_are_cut_in_the_middle_by_width() {
    assert_eq!(cut_middle("/short", 6), "/short");
    assert_eq!(cut_middle("/a/very/long/page.html", 12), "/a/ver….html");
    assert_eq!(cut_middle("/日本語/領事/査証", 10), "/日本…査証");
    assert_eq!(cut_middle("abc", 1), "…");
    assert_eq!(cut_middle("abc", 0), "");
    // The accent belongs to the letter that was cut.
    assert_eq!(cut_middle("aaaaaaae\u{301}bb", 5), "aa…bb");
}

#[test]
fn what_could_move_the_cursor_is_replaced() {
    assert_eq!(clean("a\u{1b}[2Jb\nc\u{202E}d"), "a\u{FFFD}[2Jb\u{FFFD}c\u{FFFD}d");
}

proptest! {
    #[test]
    fn a_cut_text_never_takes_more_than_its_columns(text in "\\PC{0,40}", columns in 0_usize..30) {
        let cut = cut_middle(&text, columns);
        prop_assert!(cut.width() <= columns);
        prop_assert_eq!(cut == text, text.width() <= columns);
    }

    #[test]
    fn short_numbers_are_short_and_within_half_a_percent(n in 0_u64..=u64::MAX) {
        let text = number(n, Digits::Short);
        prop_assert!(text.len() <= 6, "{}", text);
        let units = [("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("P", 1e15), ("E", 1e18)];
        let unit = units.iter().find(|(name, _)| text.ends_with(name)).map_or(1.0, |(_, unit)| *unit);
        let digits: f64 = text.replace(',', "").trim_end_matches(char::is_alphabetic).parse().expect("a number");
        let exact = n as f64;
        prop_assert!((digits * unit - exact).abs() <= exact * 0.005 + 1e-9, "{} for {}", text, n);
    }
}

//! The list of guards that `benches/hazards` takes out fits the sources and the page of hazards: each text is there exactly
//! once, each row of "Hazards" in docs/PRIVACY.md has a guard, and each test that a row names has its guard.
//! It takes nothing out and runs none of these tests.

use std::{collections::BTreeSet, fs};

use crate::{
    documents::{exists, is_test_name, known_tests},
    source::root,
};

#[allow(unreachable_pub, reason = "shared with `benches/hazards`, which has it in a module")]
#[path = "../../benches/guards/list.rs"]
mod list;

use list::{List, Test};

/// A row of the table.
struct Row {
    hazard: String,
    tests: String,
}

/// The rows of "Hazards", without the marks of bold text.
fn rows() -> Vec<Row> {
    let text = fs::read_to_string(root().join("docs/PRIVACY.md")).unwrap();
    let section = text.split("\n## Hazards\n").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        assert_eq!(cells.len(), 3, "{line}");
        Row { hazard: cells[0].trim().replace("**", ""), tests: cells[2].to_owned() }
    };
    section.lines().filter(|line| line.starts_with("| ")).skip(1).map(row).collect()
}

fn row_of<'r>(rows: &'r [Row], hazard: &str) -> Result<&'r Row, String> {
    let found: Vec<&Row> = rows.iter().filter(|row| row.hazard.starts_with(hazard)).collect();
    match found[..] {
        [row] => Ok(row),
        _ => Err(format!("{} rows of \"Hazards\" begin with {hazard:?}, not one", found.len())),
    }
}

fn is_in_its_file(guard: &list::Guard) -> Result<(), String> {
    let text = fs::read_to_string(root().join(&guard.file)).map_err(|error| format!("{}: {error}", guard.file))?;
    match text.matches(&guard.text).count() {
        1 if guard.text != guard.without => Ok(()),
        1 => Err(format!("{} is not taken out", guard.name)),
        times => Err(format!("{} is in {} {times} times, not once: {:?}", guard.name, guard.file, guard.text)),
    }
}

/// The name of a test as documents write it: the room first.
fn documented(test: &Test) -> String {
    let room = test.package.strip_prefix("headcount-").map_or(String::new(), |room| format!("{room}::"));
    if test.program == "lib" { format!("{room}{}", test.path) } else { test.path.clone() }
}

/// Whether a guard's test is the one that a row names: a test or a module of tests, or a file in tests/it or tests/fail.
fn is_named(word: &str, test: &Test) -> bool {
    match word.strip_suffix(".rs").and_then(|word| word.strip_prefix("tests/")) {
        Some(file) => match file.split_once('/') {
            Some(("it", module)) => test.program == "it" && test.path.starts_with(&format!("{module}::")),
            Some(("fail", _)) => test.program == "misuse",
            _ => false,
        },
        None => format!("::{}::", documented(test)).contains(&format!("::{word}::")),
    }
}

fn is_guarded_test(word: &str) -> bool {
    is_test_name(word) || ["tests/it/", "tests/fail/"].iter().any(|folder| word.starts_with(folder))
}

/// What a row names as tests that no guard of the row has.
fn without_guard(row: &Row, List { guard }: &List) -> Vec<String> {
    let of_row = || guard.iter().filter(|guard| row.hazard.starts_with(&guard.hazard)).flat_map(|guard| &guard.tests);
    let words = row.tests.split('`').skip(1).step_by(2).filter(|word| is_guarded_test(word));
    let open = words.filter(|word| !of_row().any(|test| is_named(word, test)));
    open.map(|word| format!("{}: no guard is taken out for {word}", row.hazard)).collect()
}

#[test]
fn every_guard_is_where_the_list_says_and_has_a_row() {
    let (list, rows) = (list::read(), rows());
    let mut names = BTreeSet::new();
    let mut wrong = Vec::new();
    for guard in &list.guard {
        wrong.extend(is_in_its_file(guard).err());
        wrong.extend(row_of(&rows, &guard.hazard).err());
        wrong.extend((!names.insert(&guard.name)).then(|| format!("two guards are named {}", guard.name)));
        wrong.extend((guard.tests.is_empty() || guard.says.is_empty()).then(|| format!("{} has no test", guard.name)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_row_and_every_test_of_it_has_a_guard_that_is_taken_out() {
    let (list, rows) = (list::read(), rows());
    let mut wrong: Vec<String> = rows.iter().flat_map(|row| without_guard(row, &list)).collect();
    for row in &rows {
        if !list.guard.iter().any(|guard| row.hazard.starts_with(&guard.hazard)) {
            wrong.push(format!("{}: wants a guard in the list", row.hazard));
        }
    }
    assert!(rows.len() > 20 && wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_test_of_the_list_exists() {
    let tests = known_tests();
    let list = list::read();
    // A test of integration has no room before it.
    let is_there = |test: &Test| exists(&documented(test), &tests) || exists(&test.path, &tests);
    let missing: Vec<String> = list
        .guard
        .iter()
        .flat_map(|guard| &guard.tests)
        .filter(|test| !is_there(test))
        .map(ToString::to_string)
        .collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

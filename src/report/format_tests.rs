//! The formatter against `tests/golden/format.json`, which others that show published numbers test themselves with too.

use headcount_model::{
    format::{ChangeInterval, DASH, Digits, Interval, Language, percent, reason},
    why::Why,
};
use serde_json::Value as Json;

const BOTH: [(Language, &str); 2] = [(Language::English, "en"), (Language::Japanese, "ja")];

fn vectors(of: &str) -> Vec<Json> {
    let all: Json = serde_json::from_str(include_str!("../../tests/golden/format.json")).expect("JSON");
    let found = all[of].as_array().expect("a list").clone();
    assert!(!found.is_empty());
    found
}

fn digits(vector: &Json) -> Digits {
    match vector["digits"].as_str() {
        Some("full") => Digits::Full,
        Some("short") => Digits::Short,
        other => panic!("{other:?}"),
    }
}

fn whole(json: &Json) -> i64 {
    json.as_i64().expect("a whole number")
}

#[test]
fn counts_are_written_as_agreed() {
    for vector in vectors("counts") {
        for (language, name) in BOTH {
            assert_eq!(digits(&vector).count(whole(&vector["count"]), language), vector[name], "{vector}");
        }
    }
}

#[test]
fn intervals_are_written_as_agreed() {
    for vector in vectors("intervals") {
        let value = &vector["value"];
        let interval = Interval {
            estimate: whole(&value["estimate"]),
            low: whole(&value["low"]),
            high: whole(&value["high"]),
            is_within_noise: value["is_within_noise"].as_bool().expect("yes or no"),
        };
        for (language, name) in BOTH {
            assert_eq!(interval.text(digits(&vector), language), vector[name], "{vector}");
            let sentence = &vector[format!("sentence_{name}")];
            assert!(sentence.is_null() || interval.sentence(language) == *sentence, "{vector}");
        }
    }
}

#[test]
fn changes_are_written_as_agreed() {
    for vector in vectors("changes") {
        let given = &vector["change"];
        let change = ChangeInterval {
            estimate: whole(&given["estimate"]),
            low: whole(&given["low"]),
            high: whole(&given["high"]),
            is_within_noise: given["is_within_noise"].as_bool().expect("yes or no"),
        };
        for (language, name) in BOTH {
            let base = vector[format!("base_{name}")].as_str().expect("a base");
            assert_eq!(change.sentence(base, language), vector[name], "{vector}");
            assert_eq!(change.cell(Digits::Full, language), vector[format!("cell_{name}")], "{vector}");
        }
    }
}

#[test]
fn percentages_and_reasons_are_written_as_agreed() {
    for (language, name) in BOTH {
        for vector in vectors("percents") {
            assert_eq!(percent(vector["percent"].as_f64().expect("a number"), language), vector[name]);
        }
        for vector in vectors("missing") {
            let given = vector["reason"].as_str().expect("a reason");
            let why = (given != "unspecified").then(|| Why::named(given).expect("a reason"));
            assert_eq!((reason(why, language), DASH), (vector[name].as_str().unwrap(), "—"));
        }
    }
}

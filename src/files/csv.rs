//! A sheet as CSV: UTF-8 with a byte order mark, quoted and ended as RFC 4180 says, so that spreadsheets in any language read
//! it by a double click.
//!
//! Keys come from what visitors asked for. A spreadsheet runs what begins like a formula, so such a text gets an apostrophe
//! before it. A text that begins with an apostrophe gets one too: whoever takes one off has the text as it was.

use super::sheet::{Field, Sheet};

/// The byte order mark.
const MARK: &str = "\u{feff}";

/// The bytes of a sheet.
#[must_use]
pub fn csv(sheet: &Sheet) -> Vec<u8> {
    let mut text = String::from(MARK);
    record(sheet.columns.iter().map(|column| column.name.to_owned()), &mut text);
    for row in &sheet.rows {
        record(row.iter().map(plain), &mut text);
    }
    text.into_bytes()
}

/// The text of a field before quoting.
fn plain(field: &Field) -> String {
    match field {
        Field::Text(text) => guarded(text),
        Field::Count(count) => count.to_string(),
        Field::Number(number) => number.to_string(),
        Field::Empty => String::new(),
    }
}

/// A text that no spreadsheet takes for a formula.
fn guarded(text: &str) -> String {
    // The wide forms too: Excel in Japanese takes them for the narrow ones.
    let is_risky = |c: char| c.is_control() || matches!(c, '=' | '+' | '-' | '@' | '\'' | '＝' | '＋' | '－' | '＠');
    if text.starts_with(is_risky) { format!("'{text}") } else { text.to_owned() }
}

/// A line.
fn record(fields: impl Iterator<Item = String>, text: &mut String) {
    for (at, field) in fields.enumerate() {
        if at > 0 {
            text.push(',');
        }
        if field.contains(['"', ',', '\r', '\n']) {
            text.push('"');
            text.push_str(&field.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(&field);
        }
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::files::TABLE;

    /// What a reader that knows RFC 4180 and nothing of this room finds.
    fn read(bytes: &[u8]) -> Vec<Vec<String>> {
        let text = bytes.strip_prefix(MARK.as_bytes()).expect("a mark");
        let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(text);
        let records = reader.records().map(|record| record.expect("a record"));
        records.map(|record| record.iter().map(str::to_owned).collect()).collect()
    }

    fn sheet(rows: Vec<Vec<Field>>) -> Sheet {
        Sheet { columns: &TABLE, rows }
    }

    #[test]
    fn what_begins_like_a_formula_is_text() {
        let keys =
            ["=cmd|'/c calc'!A1", "+1", "-1", "@sum(1)", "\t=1", "\r=1", "'quoted", "＝1+1", "/en/", "a=b", "日本"];
        let kept = keys.map(guarded);
        assert_eq!(kept[..8], keys[..8].iter().map(|key| format!("'{key}")).collect::<Vec<_>>());
        assert_eq!(kept[8..], keys[8..]);
    }

    #[test]
    fn numbers_are_plain_and_nothing_is_empty() {
        let row = [Field::Count(-7), Field::number(21.213_203), Field::number(21.0), Field::Empty, Field::text("x")];
        let mut text = String::new();
        record(row.iter().map(plain), &mut text);
        assert_eq!(text, "-7,21.213,21,,x\r\n");
    }

    proptest! {
        #[test]
        fn every_text_is_read_back(keys in prop::collection::vec(".*|[\"',=@\r\n\t -]{0,6}", 1..20)) {
            let rows = keys.iter().map(|key| vec![Field::text(key); TABLE.len()]).collect();
            let found = read(&csv(&sheet(rows)));
            prop_assert_eq!(found.len(), keys.len() + 1);
            for (row, key) in found[1..].iter().zip(&keys) {
                prop_assert_eq!(row.len(), TABLE.len());
                for field in row {
                    prop_assert_eq!(field.strip_prefix('\'').unwrap_or(field), key);
                    prop_assert!(!field.starts_with(['=', '+', '-', '@', '\t', '\r']));
                }
            }
        }
    }
}

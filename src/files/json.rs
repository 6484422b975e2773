//! A sheet as JSON: a list of objects, one a line, each with all columns in their order. What a row does not have is `null`;
//! counts are numbers.

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::sheet::{Field, Sheet};

/// The bytes of a sheet.
#[must_use]
pub fn json(sheet: &Sheet) -> Vec<u8> {
    let mut bytes = b"[".to_vec();
    for (at, row) in sheet.rows.iter().enumerate() {
        bytes.extend_from_slice(if at == 0 { b"\n" } else { b",\n" });
        // Cannot fail: the keys are texts, and memory takes all bytes.
        bytes.extend(serde_json::to_vec(&Object { sheet, row }).unwrap_or_else(|_| b"{}".to_vec()));
    }
    bytes.extend_from_slice(b"\n]\n");
    bytes
}

struct Object<'a> {
    sheet: &'a Sheet,
    row: &'a [Field],
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.row.len()))?;
        for (column, field) in self.sheet.columns.iter().zip(self.row) {
            object.serialize_entry(column.name, field)?;
        }
        object.end()
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Count(count) => serializer.serialize_i64(*count),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Empty => serializer.serialize_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{Column, Kind};

    const fn column(name: &'static str) -> Column {
        Column { name, kind: Kind::Text, may_be_empty: true, meaning: "" }
    }
    static COLUMNS: [Column; 5] = [column("site"), column("b"), column("a"), column("none"), column("text")];

    #[test]
    fn objects_have_their_columns_in_order_and_null_for_nothing() {
        let row = vec![Field::text("www"), Field::Count(1), Field::Number(2.5), Field::Empty, Field::text("=\"x\"")];
        let sheet = Sheet { columns: &COLUMNS, rows: vec![row] };
        let text = String::from_utf8(json(&sheet)).unwrap();
        let expected = r#"{"site":"www","b":1,"a":2.5,"none":null,"text":"=\"x\""}"#;
        assert_eq!(text, format!("[\n{expected}\n]\n"));
        assert_eq!(json(&Sheet { columns: &COLUMNS, rows: Vec::new() }), b"[\n]\n");
    }
}

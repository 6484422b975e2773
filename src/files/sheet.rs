//! A table of flat rows, before it is written in any form. It knows the columns and what each holds, and nothing of how they
//! are written.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An instant, as RFC 3339 writes it, in the local time of the site.
    Time,
    /// A local date.
    Date,
    /// Text.
    Text,
    /// A whole number.
    Count,
    /// A number of at most three decimals.
    Number,
}

/// A column.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, in the first line of a CSV file and in each object of a JSON file.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether a row may have nothing in it.
    pub may_be_empty: bool,
    /// What it means, in a sentence.
    pub meaning: &'static str,
}

/// What stands in one column of one row.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// A text, a date or an instant.
    Text(String),
    /// A whole number.
    Count(i64),
    /// Another number.
    Number(f64),
    /// Nothing.
    Empty,
}

impl Field {
    /// A text; nothing where it is empty.
    pub fn text(text: &str) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(text.to_owned()) }
    }

    /// A number, rounded to three decimals.
    pub fn number(number: f64) -> Self {
        Self::Number((number * 1e3).round() / 1e3)
    }
}

/// Rows with their columns. Each row has as many fields as there are columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// The columns.
    pub columns: &'static [Column],
    /// The rows.
    pub rows: Vec<Vec<Field>>,
}

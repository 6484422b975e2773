//! Answers as files: flat rows of CSV and JSON, as spreadsheets, Grafana and notebooks take them without a transformation.
//!
//! ```text
//! path and query --ask--> question --answers--> answer --rows--> Sheet --csv, json--> bytes
//! ```
//!
//! Every row carries its interval, or the reason why there is no number. The same answer always gives the same bytes. It
//! asks nothing but what [`crate::answers`] answers anybody, opens no file and no socket, and never invents a number.

mod ask;
mod columns;
mod csv;
mod error;
mod json;
mod make;
#[cfg(feature = "parquet")]
mod parquet;
mod sheet;
mod tables;
#[cfg(test)]
mod tests;

pub use ask::Extension;
pub use columns::{SITES, Symbols, TABLE, TRAFFIC, Value, moment, site_row, stretches, table_row, traffic_row};
pub use csv::csv;
pub use error::{ErrorKind, FileError};
pub use json::json;
#[cfg(feature = "parquet")]
pub use parquet::parquet;
pub use sheet::{Column, Field, Kind, Sheet};
pub use tables::{file_name, named};

use crate::{
    access::Scope,
    answers::{Answers, source::Published},
};

/// A finished file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileAnswer {
    /// For the header `Content-Type`.
    pub content_type: &'static str,
    /// A name to save it under, of letters, digits, `.`, `-` and `_`.
    pub name: String,
    /// What it holds.
    pub body: Vec<u8>,
}

/// Answers a request for a file.
///
/// `path` is what follows `/data/`, still percent-encoded: `overview.csv`, `sites.csv`, `{site}/traffic.csv` or
/// `{site}/{table}.csv`, each also as `.json`. `query` is what follows the `?`. Sites outside `scope` are as if they were not there.
///
/// # Errors
/// When there is no such file or site, a parameter cannot be read or is outside its limits, or the store cannot be read.
pub async fn answer<S: Published>(
    answers: &Answers<S>,
    scope: &Scope,
    path: &str,
    query: &str,
) -> Result<FileAnswer, FileError> {
    let asked = ask::read(path, query)?;
    let (name, sheet) = make::sheet(answers, scope, &asked).await?;
    let extension = asked.extension;
    let name = format!("{name}.{}", extension.name());
    Ok(FileAnswer { content_type: extension.content_type(), name, body: extension.write(&sheet) })
}

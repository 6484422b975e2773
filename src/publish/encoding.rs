//! The forms in which each file of numbers is written.

use super::PublishError;
use crate::files::{Sheet, csv, json};

/// A form.
#[derive(Debug)]
pub(super) struct Encoding {
    /// As it stands in the name of a file.
    pub extension: &'static str,
    /// Its media type.
    pub media: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// The bytes of a sheet in it.
    pub write: fn(&Sheet) -> Result<Vec<u8>, PublishError>,
}

/// All of them, in the order in which they are offered.
pub(super) static ENCODINGS: &[Encoding] = &[
    Encoding { extension: "csv", media: "text/csv", name: "CSV", write: |sheet| Ok(csv(sheet)) },
    Encoding { extension: "json", media: "application/json", name: "JSON", write: |sheet| Ok(json(sheet)) },
    #[cfg(feature = "parquet")]
    Encoding { extension: "parquet", media: "application/vnd.apache.parquet", name: "PARQUET", write: parquet },
];

#[cfg(feature = "parquet")]
fn parquet(sheet: &Sheet) -> Result<Vec<u8>, PublishError> {
    crate::files::parquet(sheet).map_err(|error| PublishError::Answer(error.to_string()))
}

//! Reads countries from a MaxMind-format file (<https://maxmind.github.io/MaxMind-DB/>).
//!
//! It is here because most operators have such a file. All its networks are read once and become ranges like those of a
//! text list; the file is then forgotten, so that looking an address up costs the same whatever it was read from.

use std::collections::HashMap;

use maxminddb::{LookupResult, Reader, WithinOptions};
use serde::Deserialize;

use super::{
    codes::{self, UNKNOWN},
    load::{Content, Wrong, shown},
};

/// What the last part of every such file begins with.
const MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";
/// How far from the end of the file the marker is looked for (the format's limit), in bytes.
const METADATA_BYTES_MAX: usize = 128 << 10;
/// The most networks in a file. A file with a damaged tree could have more than there are addresses.
const NETWORKS_MAX: usize = 32_000_000;

/// What a record may say of a country: as MaxMind and DB-IP write it, or as one field.
#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow, default)]
    country: Option<Country<'a>>,
    #[serde(borrow, default)]
    country_code: Option<&'a str>,
    /// Where the network is registered: known for some networks whose place is not.
    #[serde(borrow, default)]
    registered_country: Option<Country<'a>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Country<'a> {
    Code(#[serde(borrow)] &'a str),
    Named {
        #[serde(borrow, default)]
        iso_code: Option<&'a str>,
    },
}

impl<'a> Country<'a> {
    fn code(&self) -> Option<&'a str> {
        match self {
            Self::Code(code) => Some(code),
            Self::Named { iso_code } => *iso_code,
        }
    }
}

/// Whether a file is of this format.
pub(super) fn is_mmdb(bytes: &[u8]) -> bool {
    let tail = &bytes[bytes.len().saturating_sub(METADATA_BYTES_MAX)..];
    memchr::memmem::rfind(tail, MARKER).is_some()
}

/// Adds all networks of a file.
pub(super) fn read(bytes: &[u8], content: &mut Content) -> Result<(), Wrong> {
    let fail = |what: String| (None, what);
    let damaged = |error| fail(format!("is no valid MaxMind-format file: {error}"));
    let reader = Reader::from_source(bytes).map_err(damaged)?;
    content.source = source(&reader);
    // Networks share records.
    let mut known: HashMap<usize, u8> = HashMap::new();
    let mut has_country = false;
    for (number, network) in reader.networks(WithinOptions::default()).map_err(damaged)?.enumerate() {
        if number >= NETWORKS_MAX {
            return Err(fail(format!("has more than the {NETWORKS_MAX} networks that are allowed")));
        }
        let found = network.map_err(damaged)?;
        let offset = found.offset().unwrap_or(usize::MAX);
        let country = match known.get(&offset) {
            Some(&country) => country,
            None => *known.entry(offset).or_insert(country_of(&found).map_err(fail)?),
        };
        has_country |= country != UNKNOWN;
        let network = found.network().map_err(damaged)?;
        content.push(network.network(), network.broadcast(), country).map_err(fail)?;
    }
    if has_country {
        return Ok(());
    }
    let kind = shown(&reader.metadata().database_type);
    Err(fail(format!("is a database of `{kind}` that names no country; allowed: one of countries or cities")))
}

fn country_of(found: &LookupResult<'_, &[u8]>) -> Result<u8, String> {
    let record: Option<Record<'_>> =
        found.decode().map_err(|error| format!("has a record that cannot be read: {error}"))?;
    let code = record.and_then(|record| {
        let placed = record.country.and_then(|country| country.code()).or(record.country_code);
        placed.or_else(|| record.registered_country.and_then(|country| country.code()))
    });
    match code {
        None | Some("") => Ok(UNKNOWN),
        Some(code) => codes::position(code)
            .ok_or_else(|| format!("has the country code `{}`; allowed: two capital letters, as in JP", shown(code))),
    }
}

/// The attribution that the maker asks for, and the day the file was made.
fn source(reader: &Reader<&[u8]>) -> String {
    let metadata = reader.metadata();
    let kind = shown(&metadata.database_type);
    let by = if kind.starts_with("GeoLite2") {
        "includes GeoLite2 data created by MaxMind, available from https://www.maxmind.com".to_owned()
    } else if kind.starts_with("DBIP") {
        "IP geolocation by DB-IP, https://db-ip.com".to_owned()
    } else {
        metadata.description.get("en").map_or_else(|| format!("database {kind}"), |text| shown(text))
    };
    let made = i64::try_from(metadata.build_epoch).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    made.map_or(by.clone(), |made| format!("{by}, made {}", made.strftime("%Y-%m-%d")))
}

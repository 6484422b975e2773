//! A release: the published numbers of one period of one site. Immutable; safe to print, store and hand out.

mod outline;

use std::io::{Read, Write};

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use serde::{Deserialize, Serialize};

use crate::{
    calendar::{Period, PeriodKind},
    tables::{Bounds, Table},
    terms::Cost,
    units::SiteName,
};
pub use outline::{Outline, TableSum};

/// The version of the stored form: this byte, the release (compressed: its keys are alike), and the BLAKE3 hash of both.
const VERSION: u8 = 3;
const DIGEST_BYTES: usize = 32;
/// What the allocator adds to a piece of memory, with its rounding.
const PIECE_BYTES: usize = 16;

/// A release that has no stored form. It cannot happen to one that was drawn.
#[derive(Debug, thiserror::Error)]
#[error("a release that cannot be stored: {0}")]
pub struct EncodeError(String);

/// The bytes are not what [`Release::to_bytes`] gave: damaged, or of a version that this program does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no release, or a damaged one")]
pub struct DecodeError;

/// A published period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Release {
    /// Counts up over all sites.
    pub number: u64,
    /// The site.
    pub site: SiteName,
    /// The time zone by which the period was cut.
    pub zone: String,
    /// The period.
    pub period: Period,
    /// When it was sealed, in seconds since 1970, cut to the hour.
    pub sealed_at_unix_s: i64,
    /// What it took from the budget of each visitor-day in it, by the terms of that day.
    pub costs: Vec<Cost>,
    /// The bounds that the numbers were counted under.
    pub bounds: Bounds,
    /// Why there are no numbers, if there are none.
    pub gap: Option<String>,
    /// The site's own numbers.
    pub site_numbers: Option<SiteNumbers>,
    /// The hours of a day, or the one hour of an hour's release.
    pub hours: Vec<HourNumbers>,
    /// The other tables.
    pub tables: Vec<TableNumbers>,
}

/// A noisy count and the standard deviation of its noise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Noisy {
    /// The count with noise: may be negative.
    pub count: i64,
    /// Thousandths of the standard deviation.
    pub sigma_milli: u64,
}

/// An estimated number of distinct visitors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Thousandths of the estimate: may be negative.
    pub estimate_milli: i64,
    /// Thousandths of its standard error.
    pub standard_error_milli: u64,
}

/// Numbers of the site as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiteNumbers {
    /// Page views by rank in the visit; the first is the number of visits.
    pub ranks: Vec<Noisy>,
    /// Visits that hit a bound.
    pub limited: Noisy,
    /// Distinct visitors of a week or month. For a day they are the visits.
    pub visitors: Option<Measured>,
}

/// Numbers of one hour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HourNumbers {
    /// Elapsed hours since local midnight.
    pub hour: u8,
    /// Visits begun, visitors who came from an earlier hour's visit, then second, third ... views in the hour.
    pub counts: Vec<i64>,
    /// Thousandths of the standard deviation of each.
    pub sigma_milli: u64,
}

/// Numbers of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableNumbers {
    /// Which table.
    pub table: Table,
    /// Thousandths of the standard deviation of every counter.
    pub sigma_milli: u64,
    /// What a new key had to reach; 0 where every key is public.
    pub threshold: i64,
    /// By key, in the order of the keys.
    pub keys: Vec<KeyNumbers>,
}

/// Numbers of a key. Stored without names of fields: there are many of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Unnamed", into = "Unnamed")]
pub struct KeyNumbers {
    /// The key.
    pub key: String,
    /// Pages: first and repeat views. All others: visits. Empty in a quarter, which publishes names alone.
    pub counts: Vec<i64>,
    /// Pages in a month: distinct visitors.
    pub visitors: Option<Measured>,
}

type Unnamed = (String, Vec<i64>, Option<Measured>);

impl From<Unnamed> for KeyNumbers {
    fn from((key, counts, visitors): Unnamed) -> Self {
        Self { key, counts, visitors }
    }
}

impl From<KeyNumbers> for Unnamed {
    fn from(KeyNumbers { key, counts, visitors }: KeyNumbers) -> Self {
        (key, counts, visitors)
    }
}

impl Release {
    /// Its stored form.
    ///
    /// # Errors
    /// When it has none.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EncodeError> {
        let plain = postcard::to_allocvec(self).map_err(|e| EncodeError(e.to_string()))?;
        let mut compressed = ZlibEncoder::new(vec![VERSION], Compression::default());
        let all = compressed.write_all(&plain).and_then(|()| compressed.finish());
        let mut bytes = all.map_err(|e| EncodeError(e.to_string()))?;
        let digest = blake3::hash(&bytes);
        bytes.extend_from_slice(digest.as_bytes());
        Ok(bytes)
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// When the bytes are not what [`Self::to_bytes`] gave.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        postcard::from_bytes(&plain(bytes)?).map_err(|_| DecodeError)
    }

    /// About how much memory it takes, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let vec = |counts: &Vec<i64>| PIECE_BYTES + size_of_val(&counts[..]);
        let hours = self.hours.iter().map(|hour| size_of_val(hour) + vec(&hour.counts));
        let keys = self.tables.iter().flat_map(|table| &table.keys);
        let keys = keys.map(|key| size_of_val(key) + PIECE_BYTES + key.key.len() + vec(&key.counts));
        size_of_val(self) + hours.chain(keys).sum::<usize>()
    }

    /// Of what kind the period is.
    #[must_use]
    pub fn kind(&self) -> PeriodKind {
        self.period.kind
    }

    /// What it took from the budget of a visitor-day in it at most, in billionths of rho.
    #[must_use]
    pub fn rho_nano(&self) -> u64 {
        self.costs.iter().map(|cost| cost.rho_nano).max().unwrap_or(0)
    }

    /// A table's numbers.
    #[must_use]
    pub fn table(&self, table: Table) -> Option<&TableNumbers> {
        self.tables.iter().find(|t| t.table == table)
    }
}

/// The release within the stored form, once it is sure that nothing of it has changed.
fn plain(bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let (content, digest) = bytes.split_last_chunk::<DIGEST_BYTES>().ok_or(DecodeError)?;
    let Some((&VERSION, compressed)) = content.split_first() else { return Err(DecodeError) };
    if blake3::hash(content).as_bytes() != digest {
        return Err(DecodeError);
    }
    let mut body = Vec::new();
    ZlibDecoder::new(compressed).read_to_end(&mut body).map_err(|_| DecodeError)?;
    Ok(body)
}

impl TableNumbers {
    /// A key's numbers.
    #[must_use]
    pub fn key(&self, key: &str) -> Option<&KeyNumbers> {
        self.keys.binary_search_by(|k| k.key.as_str().cmp(key)).ok().map(|i| &self.keys[i])
    }
}

#[cfg(test)]
mod tests;

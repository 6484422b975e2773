//! A release without its keys: the numbers of the site, and what the keys of each complete table add up to.
//!
//! It is here because a series and the overview of all sites need hundreds of releases and nothing else of them; a release
//! has thousands of keys. It is made of a release, or read from the stored form without keeping one key. It holds nothing
//! that the release does not say.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};

use super::{DecodeError, HourNumbers, Measured, Noisy, PIECE_BYTES, Release, SiteNumbers, TableNumbers, plain};
use crate::{
    calendar::Period,
    keys::SERVER_ERRORS,
    tables::{Bounds, Table},
    terms::Cost,
};

/// What a release says of its site as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// Its number.
    pub number: u64,
    /// Its period.
    pub period: Period,
    /// Whether it failed its own checks and has no numbers.
    pub is_gap: bool,
    /// The site's own numbers.
    pub site_numbers: Option<SiteNumbers>,
    /// The tables of which every visit stands under exactly one published key, in the order of the release.
    pub sums: Box<[TableSum]>,
    /// Visits with an error of the server; none where errors are not counted.
    pub server_errors: Option<Noisy>,
}

/// The sum of a table's counters, each of which counts every visit under one key: the visits once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableSum {
    /// Which table.
    pub table: Table,
    /// Thousandths of the standard deviation of every counter.
    pub sigma_milli: u64,
    /// How many counters there are.
    pub counters: u32,
    /// What they add up to, with noise.
    pub count: i64,
}

/// What is read of a table's keys.
#[derive(Default)]
struct Summed {
    counters: u32,
    count: i64,
    server_errors: Option<i64>,
}

impl Summed {
    fn add(&mut self, key: &str, counters: u32, count: i64) {
        self.counters = self.counters.saturating_add(counters);
        self.count = self.count.saturating_add(count);
        if key == SERVER_ERRORS {
            self.server_errors = Some(count);
        }
    }
}

impl Release {
    /// The release without its keys.
    #[must_use]
    pub fn outline(&self) -> Outline {
        let read = |table: &TableNumbers| {
            let mut keys = Summed::default();
            for key in &table.keys {
                let counters = u32::try_from(key.counts.len()).unwrap_or(u32::MAX);
                keys.add(&key.key, counters, key.counts.iter().fold(0, |sum, count| sum.saturating_add(*count)));
            }
            (table.table, table.sigma_milli, table.threshold, keys)
        };
        let of_use = |table: &&TableNumbers| table.table.is_complete() || table.table == Table::Status;
        let tables = self.tables.iter().filter(of_use).map(read);
        Outline::of((self.number, self.period, self.gap.is_some()), self.site_numbers.clone(), tables)
    }
}

impl Outline {
    fn of(
        (number, period, is_gap): (u64, Period, bool),
        site_numbers: Option<SiteNumbers>,
        tables: impl Iterator<Item = (Table, u64, i64, Summed)>,
    ) -> Self {
        let (mut sums, mut server_errors) = (Vec::new(), None);
        for (table, sigma_milli, threshold, keys) in tables {
            if table == Table::Status {
                server_errors = keys.server_errors.map(|count| Noisy { count, sigma_milli });
            }
            if table.is_complete() && threshold == 0 && keys.counters > 0 {
                sums.push(TableSum { table, sigma_milli, counters: keys.counters, count: keys.count });
            }
        }
        Self { number, period, is_gap, site_numbers, sums: sums.into(), server_errors }
    }

    /// Reads the stored form of a release, as [`Release::from_bytes`] does, but keeps none of its keys.
    ///
    /// # Errors
    /// When the bytes are not what [`Release::to_bytes`] gave.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let plain = plain(bytes)?;
        let stored: Stored<'_> = postcard::from_bytes(&plain).map_err(|_| DecodeError)?;
        let (number, _, _, period, _, _, _, gap, site_numbers, _, tables) = stored;
        Ok(Self::of((number, period, gap.is_some()), site_numbers, tables.into_iter()))
    }

    /// About how much memory it takes, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let ranks = self.site_numbers.as_ref().map_or(0, |numbers| size_of_val(&numbers.ranks[..]));
        size_of_val(self) + ranks + size_of_val(&self.sums[..]) + 2 * PIECE_BYTES
    }
}

/// The fields of a [`Release`] in their order, texts where they lie.
type Stored<'s> = (
    u64,
    &'s str,
    &'s str,
    Period,
    i64,
    Vec<Cost>,
    Bounds,
    Option<&'s str>,
    Option<SiteNumbers>,
    Vec<HourNumbers>,
    Vec<(Table, u64, i64, Summed)>,
);

/// The counters of a key: how many, and their sum.
struct Counts(u32, i64);

impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Adding;
        impl<'de> Visitor<'de> for Adding {
            type Value = Counts;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("counters")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut counters: A) -> Result<Counts, A::Error> {
                let mut sum = Counts(0, 0);
                while let Some(count) = counters.next_element()? {
                    sum = Counts(sum.0.saturating_add(1), sum.1.saturating_add(count));
                }
                Ok(sum)
            }
        }
        deserializer.deserialize_seq(Adding)
    }
}

impl<'de> Deserialize<'de> for Summed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Adding;
        impl<'de> Visitor<'de> for Adding {
            type Value = Summed;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("keys")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut keys: A) -> Result<Summed, A::Error> {
                let mut sum = Summed::default();
                while let Some((key, counts, _)) = keys.next_element::<(&str, Counts, Option<Measured>)>()? {
                    sum.add(key, counts.0, counts.1);
                }
                Ok(sum)
            }
        }
        deserializer.deserialize_seq(Adding)
    }
}

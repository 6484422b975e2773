//! The rows of the database: their keys and their contents. All of these are in clear, because they are public or tell
//! nothing of a visitor.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::Damaged;
use crate::{
    calendar::{Day, Period, PeriodKind},
    keys::Epoch,
    release::terms::Terms,
    tables::Table,
    tally::{Part, ProducerId},
    units::SiteName,
};

/// The layout's version. A program that finds another refuses to open.
pub(crate) const FORMAT: u32 = 6;

pub(crate) const FORMAT_KEY: &[u8] = b"m/format";
/// In the place of a version: a backup is being put back and is not complete.
pub(crate) const FORMAT_UNFINISHED: u32 = u32::MAX;
/// By what the right key of the producers is known.
pub(crate) const PRODUCER_KEY_KEY: &[u8] = b"m/producers";
/// The last time known, see [`crate::seal`].
pub(crate) const CLOCK_KEY: &[u8] = b"m/clock";
/// While what may have been published before an older copy was put back is being closed.
pub(crate) const COPY_KEY: &[u8] = b"m/copy";
pub(crate) const HEAD_KEY: &[u8] = b"m/head";
pub(crate) const BASE_KEY: &[u8] = b"m/base";
pub(crate) const JOURNAL_PREFIX: &[u8] = b"j/";
pub(crate) const RELEASE_PREFIX: &[u8] = b"r/";
/// Parts of cells.
pub(crate) const PART_PREFIX: &[u8] = b"o/";
pub(crate) const SITE_PREFIX: &[u8] = b"s/";
pub(crate) const INDEX_PREFIX: &[u8] = b"x/";
pub(crate) const PRODUCER_PREFIX: &[u8] = b"p/";
pub(crate) const LOST_PREFIX: &[u8] = b"l/";
pub(crate) const PUBLIC_KEY_PREFIX: &[u8] = b"k/";

/// What is kept of a site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SiteRow {
    pub(crate) zone: String,
    pub(crate) created_unix_ms: i64,
    /// Under which terms its days are counted, in the order of their first days.
    pub(crate) terms: Vec<Terms>,
}

/// What is kept of a producer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProducerRow {
    pub(crate) sequence: u64,
    pub(crate) complete_through_unix_ms: i64,
    pub(crate) cursor: Vec<u8>,
    /// When it last stated a watermark, cut to the hour. 0: it never did, or it has said that it is finished.
    pub(crate) stated_unix_ms: i64,
    /// The end of the hour in which it last sent something of days before the site's first start; 0: it never did.
    pub(crate) imported_unix_ms: i64,
    /// Whose it is: the sender with a secret that alone is told of it. Nobody's yet: format 5 wrote it, and the first to come
    /// with its name and a secret is its owner.
    pub(crate) owner: Option<ProducerId>,
}

/// A place in the journal's chain: a record's sequence and digest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChainPoint {
    pub(crate) sequence: u64,
    pub(crate) digest: [u8; 32],
}

pub(crate) fn site_key(site: &SiteName) -> Vec<u8> {
    [SITE_PREFIX, site.as_str().as_bytes()].concat()
}

pub(crate) fn producer_prefix(site: &SiteName) -> Vec<u8> {
    format!("p/{site}/").into_bytes()
}

pub(crate) fn producer_key(site: &SiteName, producer: &ProducerId) -> Vec<u8> {
    [&producer_prefix(site)[..], producer].concat()
}

pub(crate) fn journal_key(sequence: u64) -> Vec<u8> {
    [JOURNAL_PREFIX, &sequence.to_be_bytes()].concat()
}

/// The sequence of a journal row's key, whichever part of the record it is.
pub(crate) fn parse_journal_key(key: &[u8]) -> Option<u64> {
    let sequence = key.strip_prefix(JOURNAL_PREFIX)?.first_chunk()?;
    Some(u64::from_be_bytes(*sequence))
}

pub(crate) fn release_key(number: u64) -> Vec<u8> {
    [RELEASE_PREFIX, &number.to_be_bytes()].concat()
}

fn period_text(period: Period) -> String {
    format!("{}/{}/{}", period.kind.name(), period.start.number(), period.hour)
}

fn parse_period(text: &str) -> Option<Period> {
    let mut parts = text.split('/');
    let (kind, start, hour) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let kind = PeriodKind::named(kind)?;
    parts.next().is_none().then_some(Period { kind, start: Day::from_number(start), hour })
}

/// `o/SITE/KIND/DAY/HOUR/`: all parts of an epoch's cell.
pub(crate) fn parts_prefix(epoch: &Epoch) -> Vec<u8> {
    format!("o/{}/{}/", epoch.site, period_text(epoch.period)).into_bytes()
}

/// The same with the number of a part.
pub(crate) fn part_key(epoch: &Epoch, part: Part) -> Vec<u8> {
    [&parts_prefix(epoch)[..], &part.number().to_be_bytes()].concat()
}

pub(crate) fn parse_part_key(key: &[u8]) -> Option<(Epoch, Part)> {
    let (text, part) = key.strip_prefix(PART_PREFIX)?.split_last_chunk()?;
    let epoch = parse_site_and_period(std::str::from_utf8(text).ok()?.strip_suffix('/')?)?;
    Some((epoch, Part::from_number(u32::from_be_bytes(*part))?))
}

/// `x/SITE/KIND/DAY/HOUR`: that a period is released, and as what number.
pub(crate) fn index_key(site: &SiteName, period: Period) -> Vec<u8> {
    format!("x/{site}/{}", period_text(period)).into_bytes()
}

pub(crate) fn parse_index_key(row: &[u8]) -> Option<Epoch> {
    parse_site_and_period(std::str::from_utf8(row.strip_prefix(INDEX_PREFIX)?).ok()?)
}

/// `l/SITE/KIND/DAY/HOUR`: a week or month of which some days were restored without their sums.
pub(crate) fn lost_key(epoch: &Epoch) -> Vec<u8> {
    format!("l/{}/{}", epoch.site, period_text(epoch.period)).into_bytes()
}

pub(crate) fn parse_lost_key(row: &[u8]) -> Option<Epoch> {
    parse_site_and_period(std::str::from_utf8(row.strip_prefix(LOST_PREFIX)?).ok()?)
}

fn parse_site_and_period(text: &str) -> Option<Epoch> {
    let (site, period) = text.split_once('/')?;
    Some(Epoch { site: SiteName::new(site).ok()?, period: parse_period(period)? })
}

/// `k/SITE/TABLE/KEY`: a key that was published once.
pub(crate) fn public_key(site: &SiteName, table: Table, key: &str) -> Vec<u8> {
    format!("k/{site}/{}/{key}", table.name()).into_bytes()
}

pub(crate) fn parse_public_key(row: &[u8]) -> Option<(SiteName, Table, Box<str>)> {
    let text = std::str::from_utf8(row.strip_prefix(PUBLIC_KEY_PREFIX)?).ok()?;
    let mut parts = text.splitn(3, '/');
    let (site, table, key) = (parts.next()?, parts.next()?, parts.next()?);
    Some((SiteName::new(site).ok()?, Table::named(table)?, key.into()))
}

pub(crate) fn encode(value: &impl Serialize) -> Result<Vec<u8>, Damaged> {
    postcard::to_allocvec(value).map_err(|e| Damaged::new(format!("a row that cannot be encoded: {e}")))
}

pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, Damaged> {
    postcard::from_bytes(bytes).map_err(|_| Damaged::new(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_as_what_they_were() {
        let site = SiteName::new("www.example-1").unwrap();
        let day = Day::from_number(-3);
        for period in [Period::hour(day, 24), Period::day(day), Period::week_of(day), Period::month_of(day)] {
            let epoch = Epoch { site: site.clone(), period };
            assert_eq!(parse_index_key(&index_key(&site, period)), Some(epoch.clone()));
            for part in [Part::REST, Part::ALL, Part::from_number(0x002f_2f2f).unwrap()] {
                assert_eq!(parse_part_key(&part_key(&epoch, part)), Some((epoch.clone(), part)));
            }
        }
        let row = public_key(&site, Table::Page, "/a/b?c=d");
        assert_eq!(parse_public_key(&row), Some((site, Table::Page, "/a/b?c=d".into())));
    }
}

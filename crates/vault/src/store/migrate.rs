//! What a directory of the format before holds, and how it becomes what is written today. The one place where a migration
//! stands: everything else reads and writes today's form alone.
//!
//! Format 5 stored the tables of a tally by their places in two lists, and had no tables that are closed to new keys. Such a
//! directory is marked as today's when it is opened. Tallies ended with who had sent something and when, which is not read
//! any more. Its sections say in which form they are and are read through here; the next checkpoint, at a clean stop at the
//! latest, writes them anew. Its producers belonged to nobody, and are written anew with the mark.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use super::{
    Damaged, ReadError, Step,
    reader::LaneReader,
    rows::{self, ProducerRow},
};
use crate::{
    calendar::PeriodKind,
    names::TextMap,
    sketch::Sketch,
    tables::{Table, TableSet},
    tally::{Counters, Counts, PageDay, PageMonthTally, Pairs, SiteTally, Texts, Visitors},
};

/// The format before today's.
pub(crate) const FORMAT_BEFORE: u32 = 5;

/// The places of tables whose keys are texts.
const TEXTS: [Table; 4] = [Table::Referrer, Table::Campaign, Table::Entry, Table::Error];
/// The places of tables that count by positions in a public list.
const LISTED: [Table; 11] = [
    Table::Browser,
    Table::Os,
    Table::Device,
    Table::Language,
    Table::Country,
    Table::Domain,
    Table::ResponseTime,
    Table::ResponseSize,
    Table::HourOfWeek,
    Table::Status,
    Table::Bot,
];
/// The places of tables in a quarter.
const VOTES: [Table; 3] = [Table::Page, Table::Referrer, Table::Campaign];

#[derive(Serialize, Deserialize)]
struct Day<A, C> {
    visitors: Visitors,
    pairs: Pairs,
    site: SiteTally,
    hours: BTreeMap<u8, Counters>,
    pages: TextMap<PageDay>,
    attributes: A,
    closed: C,
}

#[derive(Serialize, Deserialize)]
struct Month<A> {
    site: SiteTally,
    visitors: Sketch,
    pages: TextMap<PageMonthTally>,
    attributes: A,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
struct ByPlace {
    texts: [Texts; TEXTS.len()],
    listed: [Counters; LISTED.len()],
}

#[derive(Serialize)]
struct ByTable {
    texts: BTreeMap<u8, Texts>,
    listed: BTreeMap<u8, Counters>,
}

/// A producer's row of format 5.
#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
struct Producer {
    sequence: u64,
    complete_through_unix_ms: i64,
    cursor: Vec<u8>,
}

/// Puts the producers of format 5 into a step, in the form of today and without an owner.
pub(crate) fn producers(lane: &LaneReader, step: &mut Step) -> Result<(), ReadError> {
    for row in lane.scan(rows::PRODUCER_PREFIX) {
        let (key, value) = row?;
        step.put_row(&key, &producer(&value)?)?;
    }
    Ok(())
}

/// A producer's row of format 5 in the form of today.
pub(crate) fn producer(before: &[u8]) -> Result<ProducerRow, Damaged> {
    let Producer { sequence, complete_through_unix_ms, cursor } = rows::decode(before, "a producer's row")?;
    Ok(ProducerRow { sequence, complete_through_unix_ms, cursor, ..ProducerRow::default() })
}

/// A tally of format 5 in the form of today.
pub(crate) fn tally(kind: PeriodKind, before: &[u8]) -> postcard::Result<Zeroizing<Vec<u8>>> {
    match kind {
        PeriodKind::Hour => Ok(Zeroizing::new(before.to_vec())),
        // The same without what it ended with: pages stand there today.
        PeriodKind::Week => rewrite(before, |week: (SiteTally, Sketch)| week),
        PeriodKind::Day => rewrite(before, |day: Day<ByPlace, ()>| {
            let Day { visitors, pairs, site, hours, pages, attributes, closed: () } = day;
            let (attributes, closed) = (by_table(attributes), TableSet::default());
            Day { visitors, pairs, site, hours, pages, attributes, closed }
        }),
        PeriodKind::Month => rewrite(before, |month: Month<ByPlace>| {
            let Month { site, visitors, pages, attributes } = month;
            Month { site, visitors, pages, attributes: by_table(attributes) }
        }),
        PeriodKind::Quarter => rewrite(before, |votes: [Texts; VOTES.len()]| by_number(VOTES, votes)),
    }
}

fn rewrite<B: DeserializeOwned, T: Serialize>(
    before: &[u8],
    change: impl FnOnce(B) -> T,
) -> postcard::Result<Zeroizing<Vec<u8>>> {
    postcard::to_allocvec(&change(postcard::from_bytes(before)?)).map(Zeroizing::new)
}

fn by_table(before: ByPlace) -> ByTable {
    ByTable { texts: by_number(TEXTS, before.texts), listed: by_number(LISTED, before.listed) }
}

/// What each table counted, by its number; not those that counted nothing.
fn by_number<C: Counts, const PLACES: usize>(tables: [Table; PLACES], counts: [C; PLACES]) -> BTreeMap<u8, C> {
    let counted = tables.into_iter().zip(counts).filter(|(_, counts)| !counts.is_empty());
    counted.map(|(table, counts)| (table.number(), counts)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        names::Name,
        tally::{DayTally, MonthTally, QuarterTally},
    };

    /// With what a tally ended: one producer, and when its first and last batch were committed.
    const ACTIVITY: (u8, [u8; 16], Option<(i64, i64)>) = (1, [3; 16], Some((7, 7)));

    /// Each table with a count of its own.
    fn attributes() -> ByPlace {
        let (mut texts, mut listed): ([Texts; 4], [Counters; 11]) = Default::default();
        for (table, texts) in TEXTS.into_iter().zip(&mut texts) {
            *texts.at(Name::of("key")) = 100 + u64::from(table.number());
        }
        for (table, counters) in LISTED.into_iter().zip(&mut listed) {
            counters.add(2, 100 + u64::from(table.number()));
        }
        ByPlace { texts, listed }
    }

    #[test]
    fn a_producer_keeps_its_place_and_is_nobodys() {
        let before = Producer { sequence: 300, complete_through_unix_ms: -7, cursor: vec![1, 2] };
        let row = producer(&postcard::to_allocvec(&before).unwrap()).unwrap();
        assert_eq!((row.sequence, row.complete_through_unix_ms, &*row.cursor), (300, -7, &[1, 2][..]));
        assert_eq!(row.owner, None);
    }

    #[test]
    fn every_table_of_a_day_keeps_its_counts() {
        let (visitors, pairs, site) =
            (Visitors::default(), Pairs::default(), SiteTally { limited: 9, ..SiteTally::default() });
        let (hours, pages) = (BTreeMap::new(), TextMap::default());
        let day = Day { visitors, pairs, site, hours, pages, attributes: attributes(), closed: () };
        let bytes = tally(PeriodKind::Day, &postcard::to_allocvec(&(day, ACTIVITY)).unwrap()).unwrap();
        let day: DayTally = postcard::from_bytes(&bytes).unwrap();
        assert!(day.site.limited == 9);
        let all = day.attributes(TableSet::all());
        assert!(TEXTS.into_iter().all(|t| all.texts(t).get("key") == Some(&(100 + u64::from(t.number())))));
        assert!(LISTED.into_iter().all(|t| all.listed(t).get(2) == 100 + u64::from(t.number())));
        // Written again it is the same: nothing is left of the form before.
        assert_eq!(postcard::to_allocvec(&day).unwrap(), *bytes);
    }

    #[test]
    fn every_table_of_a_month_and_of_a_quarter_keeps_its_counts() {
        let MonthTally { site, visitors, .. } = MonthTally::default();
        let month = Month { site, visitors, pages: TextMap::default(), attributes: attributes() };
        let bytes = tally(PeriodKind::Month, &postcard::to_allocvec(&(month, ACTIVITY)).unwrap()).unwrap();
        let month: MonthTally = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(month.attributes.texts(Table::Error).get("key"), Some(&113));
        assert_eq!(month.attributes.listed(Table::Bot).get(2), 116);
        let mut votes: [Texts; 3] = Default::default();
        *votes[2].at(Name::of("news")) = 5;
        let bytes = tally(PeriodKind::Quarter, &postcard::to_allocvec(&votes).unwrap()).unwrap();
        let quarter: QuarterTally = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(quarter.votes(Table::Campaign).get("news"), Some(&5));
        assert_eq!(quarter.votes(Table::Page).len() + quarter.votes(Table::Referrer).len(), 0);
    }
}

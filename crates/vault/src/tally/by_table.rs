//! Counts by table: in memory by the table's place, stored by its number.
//!
//! A table that is added later so changes nothing of what is stored. What a later version has counted of tables that this one
//! does not know is kept as it is: it merges, is stored again, and is in no release.

use std::{
    collections::BTreeMap,
    fmt,
    marker::PhantomData,
    ops::{Index, IndexMut},
};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, Visitor},
};

use crate::tables::{TABLES, Table};

/// What a table counts.
pub(crate) trait Counts: Clone + Default {
    /// Whether it counted nothing. It is not stored then.
    fn is_empty(&self) -> bool;
    /// Adds what another counted.
    fn merge(&mut self, other: &Self);
    /// Forgets all, and keeps the memory.
    fn clear(&mut self);
}

/// One for each table.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ByTable<C> {
    known: [C; TABLES.len()],
    unknown: BTreeMap<u8, C>,
}

impl<C: Counts> Default for ByTable<C> {
    fn default() -> Self {
        Self { known: std::array::from_fn(|_| C::default()), unknown: BTreeMap::new() }
    }
}

impl<C> Index<Table> for ByTable<C> {
    type Output = C;

    fn index(&self, table: Table) -> &C {
        &self.known[usize::from(table.number())]
    }
}

impl<C> IndexMut<Table> for ByTable<C> {
    fn index_mut(&mut self, table: Table) -> &mut C {
        &mut self.known[usize::from(table.number())]
    }
}

impl<C: Counts> ByTable<C> {
    pub(super) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.known.iter_mut().zip(&other.known) {
            mine.merge(theirs);
        }
        for (number, theirs) in &other.unknown {
            self.unknown.entry(*number).or_default().merge(theirs);
        }
    }

    pub(super) fn clear(&mut self) {
        self.known.iter_mut().for_each(Counts::clear);
        self.unknown.clear();
    }

    /// What tables counted that counted something, by their numbers.
    fn stored(&self) -> impl Iterator<Item = (u8, &C)> {
        let known = Table::ALL.into_iter().map(|table| (table.number(), &self[table]));
        known
            .chain(self.unknown.iter().map(|(number, counts)| (*number, counts)))
            .filter(|(_, counts)| !counts.is_empty())
    }

    fn take_in(&mut self, number: u8, counts: C) -> bool {
        let place = match Table::numbered(number) {
            Some(table) => &mut self[table],
            None => self.unknown.entry(number).or_default(),
        };
        let is_first = place.is_empty();
        *place = counts;
        is_first
    }
}

/// A map from the numbers of tables, in their order.
impl<C: Counts + Serialize> Serialize for ByTable<C> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.stored().collect::<Vec<_>>())
    }
}

impl<'de, C: Counts + Deserialize<'de>> Deserialize<'de> for ByTable<C> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(ByNumber(PhantomData))
    }
}

struct ByNumber<C>(PhantomData<C>);

impl<'de, C: Counts + Deserialize<'de>> Visitor<'de> for ByNumber<C> {
    type Value = ByTable<C>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("counts by the numbers of tables")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut rows: A) -> Result<ByTable<C>, A::Error> {
        let mut all = ByTable::default();
        while let Some((number, counts)) = rows.next_entry()? {
            if !all.take_in(number, counts) {
                return Err(A::Error::custom("a table that is there twice"));
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::Counters;

    fn counters(position: usize, count: u64) -> Counters {
        let mut counters = Counters::default();
        counters.add(position, count);
        counters
    }

    #[test]
    fn tables_are_stored_by_their_numbers_and_empty_ones_are_not() {
        let mut all = ByTable::<Counters>::default();
        all[Table::Os] = counters(1, 300);
        all[Table::Bot] = counters(0, 5);
        let bytes = postcard::to_allocvec(&all).unwrap();
        // Two tables: number 4 with two positions, 0 and 300; number 16 with one.
        assert_eq!(bytes, [2, 4, 2, 0, 0xac, 2, 16, 1, 5]);
        assert!(postcard::from_bytes::<ByTable<Counters>>(&bytes).unwrap() == all);
    }

    #[test]
    fn what_a_later_version_counted_is_kept_and_moves_nothing() {
        // A table with number 200.
        let mut later = postcard::from_bytes::<ByTable<Counters>>(&[2, 4, 1, 7, 200, 1, 9]).unwrap();
        assert_eq!(later[Table::Os].get(0), 7);
        assert!(Table::ALL.into_iter().all(|table| table == Table::Os || later[table].is_empty()));
        let more = later.clone();
        later.merge(&more);
        assert_eq!(postcard::to_allocvec(&later).unwrap(), [2, 4, 1, 14, 200, 1, 18]);
        later.clear();
        assert!(later == ByTable::default());
    }

    #[test]
    fn a_table_that_is_there_twice_is_refused() {
        assert!(postcard::from_bytes::<ByTable<Counters>>(&[2, 4, 1, 7, 4, 1, 7]).is_err());
    }
}

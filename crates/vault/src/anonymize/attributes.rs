//! Under what a visit counts in the tables that count each visit once.
//!
//! It is here so that no table is told from another by its place in a list: whoever puts a value in and whoever takes it out
//! names the table. It is made for every page view, so it is a few numbers in one piece: places are worked out at compile time.

use crate::{
    names::NameId,
    tables::{Counts, TABLES, Table},
};

/// The place of each table among those that count in one way; only those of such tables mean something.
const fn places(of: Counts) -> ([usize; TABLES.len()], usize) {
    let (mut places, mut count, mut number) = ([0; TABLES.len()], 0, 0);
    while number < TABLES.len() {
        if TABLES[number].counts as u8 == of as u8 {
            places[number] = count;
            count += 1;
        }
        number += 1;
    }
    (places, count)
}

/// The tables that count in one way, in the order of their places.
const fn tables<const COUNT: usize>(of: Counts) -> [Table; COUNT] {
    let (mut tables, mut count, mut number) = ([Table::Site; COUNT], 0, 0);
    while number < TABLES.len() {
        if TABLES[number].counts as u8 == of as u8 {
            tables[count] = TABLES[number].table;
            count += 1;
        }
        number += 1;
    }
    tables
}

const POSITION_PLACES: [usize; TABLES.len()] = places(Counts::VisitsByPosition).0;
const POSITIONS: usize = places(Counts::VisitsByPosition).1;
const LISTED: [Table; POSITIONS] = tables(Counts::VisitsByPosition);

const NAME_PLACES: [usize; TABLES.len()] = places(Counts::VisitsByText).0;
const NAMES: usize = places(Counts::VisitsByText).1;
const NAMED: [Table; NAMES] = tables(Counts::VisitsByText);

/// What a visit counts under, by table.
#[derive(Clone, Copy, Default)]
pub(crate) struct Attributes {
    /// Positions in public lists.
    positions: [u16; POSITIONS],
    /// Texts, among the names of the batch.
    names: [NameId; NAMES],
}

impl Attributes {
    /// Sets the position in the public list of a table.
    pub(crate) fn set_position(&mut self, table: Table, position: u16) {
        debug_assert_eq!(table.spec().counts, Counts::VisitsByPosition);
        self.positions[POSITION_PLACES[usize::from(table.number())]] = position;
    }

    /// Sets the text of a table.
    pub(crate) fn set_name(&mut self, table: Table, name: NameId) {
        debug_assert_eq!(table.spec().counts, Counts::VisitsByText);
        self.names[NAME_PLACES[usize::from(table.number())]] = name;
    }

    /// The text of a table.
    pub(crate) fn name(&self, table: Table) -> NameId {
        debug_assert_eq!(table.spec().counts, Counts::VisitsByText);
        self.names[NAME_PLACES[usize::from(table.number())]]
    }

    /// All positions, with their tables.
    pub(crate) fn positions(&self) -> impl Iterator<Item = (Table, u16)> {
        LISTED.into_iter().zip(self.positions)
    }

    /// All texts, with their tables.
    pub(crate) fn names(&self) -> impl Iterator<Item = (Table, NameId)> {
        NAMED.into_iter().zip(self.names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_that_counts_visits_has_a_place_of_its_own() {
        let mut attributes = Attributes::default();
        for table in LISTED {
            attributes.set_position(table, table.number().into());
        }
        assert!(attributes.positions().all(|(table, position)| position == u16::from(table.number())));
        let of = |counts| Table::ALL.into_iter().filter(|table| table.spec().counts == counts).collect::<Vec<_>>();
        assert_eq!(attributes.positions().map(|(table, _)| table).collect::<Vec<_>>(), of(Counts::VisitsByPosition));
        assert_eq!(attributes.names().map(|(table, _)| table).collect::<Vec<_>>(), of(Counts::VisitsByText));
    }
}

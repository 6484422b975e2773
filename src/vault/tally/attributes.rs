//! Counts by the keys of the attribute tables: what a visit counts once, by its first page view, and errors and robots.

use serde::{Deserialize, Serialize};

use super::Counters;
use crate::vault::{
    anonymize::Visit,
    names::{Beside, Name, TextMap},
    tables::{LISTED, TEXTS, Table, TableSet},
};

/// Counts by the keys of each attribute table.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::vault) struct AttributeTally {
    /// By text, in the order of [`TEXTS`].
    texts: [Texts; TEXTS.len()],
    /// By position in a public list, in the order of [`LISTED`].
    listed: [Counters; LISTED.len()],
}

// What a visit brings is in this order.
const _: () = assert!(matches!(TEXTS, [Table::Referrer, Table::Campaign, Table::Entry, Table::Error]));

/// Counts by key.
pub(in crate::vault) type Texts = TextMap<u64>;

impl AttributeTally {
    pub(super) fn clear(&mut self) {
        self.texts.iter_mut().for_each(TextMap::clear);
        self.listed = Default::default();
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.texts.iter_mut().zip(&other.texts) {
            merge_texts(mine, theirs, |_| true);
        }
        for (mine, theirs) in self.listed.iter_mut().zip(&other.listed) {
            mine.merge(theirs);
        }
    }

    /// Adds what is in public lists of a visit, by its first page view.
    pub(super) fn add_listed_of(&mut self, visit: &Visit, active: TableSet) {
        // The first tables of the list, in its order.
        for (slot, position) in visit.listed.into_iter().enumerate() {
            if active.contains(LISTED[slot]) {
                self.listed[slot].add(usize::from(position), 1);
            }
        }
    }

    /// Adds one to a text, here and in a delta.
    pub(super) fn add_text(&mut self, delta: &mut Self, table: Table, key: Name<'_>) {
        if let Some(slot) = table.text() {
            let (mine, theirs) = (&mut self.texts[slot], &mut delta.texts[slot]);
            let place = mine.place_at(key);
            let beside = mine.beside(place, Beside::Delta, theirs);
            *mine.value(place) += 1;
            *theirs.value(beside) += 1;
        }
    }

    pub(super) fn add_texts(&mut self, table: Table, key: Name<'_>, count: u64) {
        if let Some(slot) = table.text() {
            *self.texts[slot].at(key) += count;
        }
    }

    pub(super) fn add_listed(&mut self, table: Table, position: u16) {
        if let Some(slot) = table.listed() {
            self.listed[slot].add(usize::from(position), 1);
        }
    }

    /// The counts of a table whose keys are texts.
    pub(in crate::vault) fn texts(&self, table: Table) -> Option<&Texts> {
        table.text().map(|slot| &self.texts[slot])
    }

    /// The counts of a table with a public list.
    pub(in crate::vault) fn listed(&self, table: Table) -> Option<&Counters> {
        table.listed().map(|slot| &self.listed[slot])
    }

    /// All that a table counted.
    fn sum(&self, table: Table) -> u64 {
        let listed = self.listed(table).map(Counters::sum);
        listed.or_else(|| Some(self.texts(table)?.values().sum())).unwrap_or(0)
    }

    /// Whether each table that counts every visit once did so. `active`: on every day; `ever`: on any day.
    pub(super) fn balances(&self, visits: u64, active: TableSet, ever: TableSet) -> bool {
        let once = |table: Table| table.is_complete() || table.is_part_of_total();
        Table::attributes().filter(|table| once(*table)).all(|table| match self.sum(table) {
            sum if active.contains(table) => sum == visits,
            sum if ever.contains(table) => sum <= visits,
            sum => sum == 0,
        })
    }
}

/// Adds the counts of those keys that are wanted.
pub(super) fn merge_texts(mine: &mut Texts, theirs: &Texts, wanted: impl Fn(&str) -> bool) {
    for (name, count) in theirs.rows().filter(|(name, _)| wanted(name.text)) {
        *mine.at(name) += count;
    }
}

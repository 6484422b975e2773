//! Counts by the keys of the attribute tables: what a visit counts once, by its first page view, and errors and robots.

use serde::{Deserialize, Serialize};

use super::{ByTable, Counters};
use crate::{
    anonymize::Visit,
    names::{Beside, Name, TextMap},
    tables::{Table, TableSet},
};

/// Counts by the keys of each attribute table.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AttributeTally {
    /// By text.
    texts: ByTable<Texts>,
    /// By position in a public list.
    listed: ByTable<Counters>,
}

/// Counts by key.
pub(crate) type Texts = TextMap<u64>;

impl AttributeTally {
    pub(super) fn clear(&mut self) {
        self.texts.clear();
        self.listed.clear();
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.texts.merge(&other.texts);
        self.listed.merge(&other.listed);
    }

    /// Adds what is in public lists of a visit, by its first page view.
    pub(super) fn add_listed_of(&mut self, visit: &Visit, active: TableSet) {
        for (table, position) in visit.attributes.positions() {
            if active.contains(table) {
                self.listed[table].add(usize::from(position), 1);
            }
        }
    }

    /// Adds one to a text, here and in a delta.
    pub(super) fn add_text(&mut self, delta: &mut Self, table: Table, key: Name<'_>) {
        let (mine, theirs) = (&mut self.texts[table], &mut delta.texts[table]);
        let place = mine.place_at(key);
        let beside = mine.beside(place, Beside::Delta, theirs);
        *mine.value(place) += 1;
        *theirs.value(beside) += 1;
    }

    pub(super) fn add_texts(&mut self, table: Table, key: Name<'_>, count: u64) {
        *self.texts[table].at(key) += count;
    }

    pub(super) fn add_listed(&mut self, table: Table, position: usize) {
        self.listed[table].add(position, 1);
    }

    #[cfg(feature = "lab")]
    pub(super) fn set_listed(&mut self, table: Table, counts: Counters) {
        self.listed[table] = counts;
    }

    /// The counts of a table whose keys are texts.
    pub(crate) fn texts(&self, table: Table) -> &Texts {
        &self.texts[table]
    }

    /// The counts of a table that counts by positions in its public list.
    pub(crate) fn listed(&self, table: Table) -> &Counters {
        &self.listed[table]
    }

    /// All that a table counted.
    fn sum(&self, table: Table) -> u64 {
        self.listed[table].sum() + self.texts[table].values().sum::<u64>()
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

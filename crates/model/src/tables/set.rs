//! Sets of tables, such as those that a site counts. Stored in the terms of each site: a table is the bit of its number.

use serde::{Deserialize, Serialize};

use super::{OfSite, Table};

/// A set of tables.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSet(u32);

impl TableSet {
    /// All tables.
    #[must_use]
    pub fn all() -> Self {
        Table::ALL.into_iter().collect()
    }

    /// All tables but those that need what not every site has: a list of countries, host names of clients, several hosts.
    #[must_use]
    pub fn without_sources() -> Self {
        let needs_nothing = |table: &Table| !table.spec().needs_source && table.spec().of_site != OfSite::Hosts;
        Table::ALL.into_iter().filter(needs_nothing).collect()
    }

    /// Whether a table is in it.
    #[must_use]
    pub fn contains(self, table: Table) -> bool {
        self.0 >> table as u32 & 1 == 1
    }

    /// The tables of both.
    #[must_use]
    pub fn with_all(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The same without a table.
    #[must_use]
    pub fn without(self, table: Table) -> Self {
        Self(self.0 & !(1 << table as u32))
    }
}

impl FromIterator<Table> for TableSet {
    fn from_iter<I: IntoIterator<Item = Table>>(tables: I) -> Self {
        Self(tables.into_iter().fold(0, |bits, table| bits | 1 << table as u32))
    }
}

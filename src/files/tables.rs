//! The names of tables in the names of files: what somebody who looks for them would type.

use crate::vault::Table;

/// The name of a table's file, without its extension.
#[must_use]
pub fn file_name(table: Table) -> &'static str {
    match table {
        Table::Site => "traffic",
        Table::Page => "pages",
        Table::Referrer => "referrers",
        Table::Browser => "browsers",
        Table::Os => "systems",
        Table::Device => "devices",
        Table::Language => "languages",
        Table::Country => "countries",
        Table::Domain => "domains",
        Table::Campaign => "campaigns",
        Table::Entry => "entries",
        Table::HourOfWeek => "hours-of-week",
        Table::Status => "error-classes",
        Table::Error => "errors",
        Table::ResponseTime => "response-times",
        Table::ResponseSize => "response-sizes",
        Table::Bot => "robots",
        Table::Hostname => "hosts",
        Table::Reader => "readers",
    }
}

/// The table of a file's name, or of the name that configurations and exports have for it.
#[must_use]
pub fn named(name: &str) -> Option<Table> {
    Table::ALL.into_iter().find(|table| file_name(*table) == name || table.name() == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_table_has_a_name_of_its_own() {
        let names: BTreeSet<&str> = Table::ALL.map(file_name).into();
        assert_eq!(names.len(), Table::ALL.len());
        for table in Table::ALL {
            assert_eq!((named(file_name(table)), named(table.name())), (Some(table), Some(table)));
        }
        assert_eq!(named("visitors"), None);
    }
}

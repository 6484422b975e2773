//! What every row of the tables must hold, and the sensitivities that follow from the bounds.

use super::*;

#[test]
fn the_pages_sensitivity_is_that_of_the_worst_visitor() {
    let squared = |views, page| Bounds { views_per_visitor_day: views, views_per_page: page }.pages_l2_squared();
    assert_eq!(squared(8, 1), 8);
    assert_eq!(squared(8, 2), 8);
    // Two pages three times (1 + 4 each) and one twice (1 + 1).
    assert_eq!(squared(8, 3), 12);
    assert_eq!(squared(8, 8), 1 + 49);
    assert_eq!(squared(1, 1), 1);
}

#[test]
fn public_keys_are_distinct_and_every_table_has_its_place() {
    for table in Table::attributes() {
        let mut keys = table.public_keys().to_vec();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), table.public_keys().len(), "{}", table.name());
        let is_listed = matches!(table.spec().counts, Counts::VisitsByPosition | Counts::VisitsByDeeds);
        let has_one_list = table.key_space() == KeySpace::Public && table.spec().of_site == OfSite::Nothing;
        assert_eq!(is_listed, table.is_complete() && has_one_list, "{}", table.name());
        assert!(!table.has_period(PeriodKind::Quarter), "{}", table.name());
        assert_eq!(Table::named(table.name()), Some(table));
    }
    for table in Table::ALL {
        assert_eq!(
            postcard::to_allocvec(&table).unwrap(),
            [table.number()],
            "{} is stored by its number",
            table.name()
        );
        assert_eq!(Table::numbered(table.number()), Some(table));
    }
    let all = TableSet::all();
    assert!(Table::ALL.into_iter().all(|table| all.contains(table) && !all.without(table).contains(table)));
}

#[test]
fn the_operators_guide_names_every_table_that_can_be_left_out() {
    let guide = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/OPERATIONS.md");
    let names: Vec<&str> = Table::attributes().map(Table::name).collect();
    assert!(std::fs::read_to_string(guide).unwrap().contains(&format!("of `{}`", names.join(" "))), "{names:?}");
}

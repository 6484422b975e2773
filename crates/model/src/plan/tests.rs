//! What every plan keeps to, and the table of docs/PRIVACY.md.

use super::*;
use crate::tables::Bounds;

#[test]
fn the_whole_plan_spends_at_most_the_budget() {
    for (name, shares) in [("small", Shares::SMALL), ("standard", Shares::STANDARD), ("busy", Shares::BUSY)] {
        assert_eq!(Shares::named(name), Some(shares));
        assert_eq!(shares.sum(), BASIS_POINTS);
        let privacy = Privacy::default();
        let plan = Plan::new(&privacy, &shares, TableSet::all());
        // What the noise really spends: D^2 / (2 (sigma^2 - 1)) for each mechanism.
        let spent: f64 = plan
            .mechanisms
            .iter()
            .map(|m| f64::from(m.l2_squared) / (2.0 * ((m.sigma_milli as f64 / 1e3).powi(2) - 1.0)))
            .sum();
        let total = privacy.rho().0 as f64 / 1e9;
        assert!(spent <= total, "{name}: {spent} of {total}");
        assert!(spent > total * 0.999, "{name} leaves budget unused: {spent} of {total}");
    }
}

#[test]
fn the_widest_bounds_move_no_more_counters_than_the_accounting_allows_for() {
    let views = crate::tables::VIEWS_PER_DAY_MAX;
    let bounds = crate::tables::Bounds { views_per_visitor_day: views, views_per_page: views };
    let plan = Plan::new(&Privacy { bounds, ..Privacy::default() }, &Shares::SMALL, TableSet::all());
    let moved: u32 = plan.mechanisms.iter().map(|m| m.moved_counters(plan.bound)).sum();
    assert!(moved <= MOVED_COUNTERS_MAX / 2, "{moved}: the rest is for tables to come");
}

#[test]
fn every_choice_of_new_keys_has_a_threshold_and_nothing_else_has() {
    let plan = Plan::new(&Privacy::default(), &Shares::STANDARD, TableSet::all());
    assert!(plan.mechanisms.iter().all(|m| (m.threshold > 0) == m.selects()));
    // Pages, referrers, campaigns and errors by day and month; all but errors by quarter.
    assert_eq!(plan.mechanisms.iter().filter(|m| m.selects()).count(), 11);
    // And pages by week, where these have a share: each choice has a smaller part of delta then.
    let weekly = Plan::new(&Privacy::default(), &Shares::SMALL, TableSet::all());
    assert!(weekly.has_weeks_of_pages() && !plan.has_weeks_of_pages());
    assert_eq!(weekly.mechanisms.iter().filter(|m| m.selects()).count(), 12);
    assert!(weekly.mechanisms.iter().all(|m| (m.threshold > 0) == m.selects()));
    assert!((weekly.delta_selection * 12.0 - plan.delta_selection * 11.0).abs() < 1e-20);
}

#[test]
fn a_table_that_is_not_counted_leaves_its_share_to_the_others() {
    let privacy = Privacy::default();
    let all = Plan::new(&privacy, &Shares::STANDARD, TableSet::all());
    let less = TableSet::all().without(Table::Country).without(Table::Domain);
    let less = Plan::new(&privacy, &Shares::STANDARD, less);
    assert!(less.get(Table::Country, PeriodKind::Day, What::Counters).is_none());
    let sigma = |plan: &Plan| plan.get(Table::Device, PeriodKind::Day, What::Counters).unwrap().sigma_milli;
    assert!(sigma(&less) < sigma(&all));
    assert!(less.rho() <= privacy.rho());
}

/// The table of docs/PRIVACY.md: `cargo test -p headcount-model plan_table -- --ignored --nocapture`.
#[test]
#[ignore = "prints a table"]
fn plan_table() {
    let privacy = Privacy::default();
    let plan = |name, has_list| {
        let privacy = Privacy { bounds: Bounds::of_profile(name), ..privacy };
        Plan::new(&privacy, &Shares::named(name).unwrap().for_pages(has_list), TableSet::without_sources())
    };
    let cell = |m: &Mechanism, unit: f64| {
        let share = 100.0 * m.rho_nano as f64 / privacy.rho_nano() as f64;
        let sigma = m.sigma_milli as f64 / 1e3 / unit;
        let threshold = if m.threshold > 0 { format!(", T {:.0}", m.threshold as f64 / unit) } else { String::new() };
        format!("{share:.2} %, {sigma:.1}{threshold}")
    };
    let plans = ["small", "standard", "busy"].map(|name| plan(name, true));
    let open = plan("small", false);
    println!("| table | period | numbers | D² | `small` | `standard` | `busy` | `small`, no list |");
    println!("|---|---|---|---|---|---|---|---|");
    for m in &plans[0].mechanisms {
        let unit = if m.what == What::Votes && m.table == Table::Page { 100.0 } else { 1.0 };
        let of = |plan: &Plan| plan.same(m).map_or("–".to_owned(), |m| cell(m, unit));
        let cells: Vec<String> = plans.iter().chain([&open]).map(of).collect();
        let square = |m: &Mechanism| format!("{:.0}", f64::from(m.l2_squared) / (unit * unit));
        let mut squares: Vec<String> =
            [&plans[0], &plans[1]].into_iter().filter_map(|p| p.same(m)).map(square).collect();
        squares.dedup();
        let (table, period, what) = (m.table.name(), m.period.name(), m.what.name());
        println!("| {table} | {period} | {what} | {} | {} |", squares.join(", "), cells.join(" | "));
    }
}

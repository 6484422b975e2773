//! The short form of `benches/utility`: one small site, few repetitions, all by fixed seeds.

use super::*;

#[test]
fn a_small_site_gets_more_than_by_wikimedias_settings() {
    let (place, worlds) = made_up(300, 200, "small", false, 3, 1);
    let mut report = Report::default();
    look(&place, &worlds, &mut report).unwrap();
    println!("{}", report.markdown());
    assert_eq!(report.verdicts.len(), 6);
    for verdict in &report.verdicts {
        // Of the month's 300 keys that are zero, the 0.1 % that are allowed make three with a chance of 0.4 % and fewer else: so few keys
        // cannot be judged by their share, which the long form does with thousands.
        let failures: Vec<_> = verdict.failures.iter().filter(|failure| **failure != "spurious").collect();
        assert!(
            failures.is_empty() && verdict.headcount.spurious_keys <= 2 + verdict.headcount.zero_keys / 1_000,
            "{verdict:?}"
        );
        assert!(verdict.headcount.zero_keys > 100, "there are pages that nobody opens");
    }
    // Every way is there: three profiles with and without a sitemap, and `small` with the bounds of the others, by day, week and
    // month; four budgets of Wikimedia's by day and month, and the two that there are for a week.
    assert_eq!(report.pages.len(), 3 * (6 + 1) + 2 * 4 + 2);
    let json: serde_json::Value = serde_json::from_str(&report.json().unwrap()).unwrap();
    assert_eq!(json["verdicts"].as_array().unwrap().len(), 6);
}

#[test]
fn the_same_seed_gives_the_same_tables() {
    let tables = || {
        let (place, worlds) = made_up(40, 30, "small", true, 1, 7);
        let mut report = Report::default();
        look(&place, &worlds, &mut report).unwrap();
        report.markdown()
    };
    assert_eq!(tables(), tables());
}

#[test]
fn the_first_month_names_pages_with_links_and_without() {
    let rows = found::rows(300, 200, 4, 1).unwrap();
    for row in &rows {
        println!("{row:?}");
        // A list that has four pages in five, as links that are followed, and none.
        let wanted = row.coverage.map_or(0.25, |coverage| if coverage >= 0.8 { 0.8 } else { 0.5 });
        assert!(row.named >= wanted && row.median_error.is_some_and(|error| error <= 0.2), "{row:?}");
    }
    assert_eq!(rows.len(), 5);
}

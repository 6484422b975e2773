//! The short form of `benches/utility`: one small site, few repetitions, all by fixed seeds.

use super::*;

#[test]
fn a_small_site_gets_more_than_by_wikimedias_settings() {
    let (place, world) = made_up(300, 200, "small", false, 3, 1);
    let mut report = Report::default();
    look(&place, &world, &mut report).unwrap();
    println!("{}", report.markdown());
    assert_eq!(report.verdicts.len(), 4);
    for verdict in &report.verdicts {
        assert!(verdict.failures.is_empty(), "{verdict:?}");
        assert!(verdict.headcount.zero_keys > 100, "there are pages that nobody opens");
    }
    // Every way is there: three profiles with and without a sitemap, and four budgets of Wikimedia's, by day and month.
    assert_eq!(report.pages.len(), 2 * (6 + 4));
    let json: serde_json::Value = serde_json::from_str(&report.json().unwrap()).unwrap();
    assert_eq!(json["verdicts"].as_array().unwrap().len(), 4);
}

#[test]
fn the_same_seed_gives_the_same_tables() {
    let tables = || {
        let (place, world) = made_up(40, 30, "small", true, 1, 7);
        let mut report = Report::default();
        look(&place, &world, &mut report).unwrap();
        report.markdown()
    };
    assert_eq!(tables(), tables());
}

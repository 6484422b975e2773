//! The short form of `benches/utility`: one small site, few repetitions, all by fixed seeds.

use super::*;

/// What an interval that touches zero promises of a key that is truly zero: above its upper end lie 2.5 % of all draws.
const SPURIOUS_PROMISED: f64 = 0.025;
/// Standard deviations of a binomial that chance is allowed.
const SLACK: f64 = 4.0;

#[test]
fn a_small_site_gets_more_than_by_wikimedias_settings() {
    let (place, world) = made_up(300, 200, "small", false, 3, 1);
    let mut report = Report::default();
    look(&place, &world, &mut report).unwrap();
    println!("{}", report.markdown());
    assert_eq!(report.verdicts.len(), 4);
    for verdict in &report.verdicts {
        let score = &verdict.headcount;
        assert!(verdict.failures.iter().all(|failure| *failure == "spurious"), "{verdict:?}");
        let expected = score.zero_keys as f64 * SPURIOUS_PROMISED;
        assert!(score.zero_keys > 100, "there are pages that nobody opens");
        assert!(score.spurious_keys as f64 <= expected + SLACK * expected.sqrt() + 1.0, "{verdict:?}");
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

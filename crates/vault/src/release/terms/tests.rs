//! No day spends more than its own terms promise, whatever changes around it.

use headcount_model::threshold::threshold;
use proptest::prelude::*;

use super::*;
use crate::{
    SiteSettings,
    calendar::{Calendar, PeriodKind},
    release::{
        budget::{Accounting, SigmaMilli},
        shares::{Privacy, Shares},
    },
    store::rows,
    units::SiteName,
};

fn day(text: &str) -> Day {
    Day::from_date(text.parse().unwrap())
}

fn terms(from: Day, epsilon: f64, bounds: (u8, u8), profile: &str) -> Terms {
    let bounds = Bounds { views_per_visitor_day: bounds.0, views_per_page: bounds.1.min(bounds.0) };
    Terms {
        from,
        privacy: Privacy::new(epsilon, 1e-7, bounds),
        profile: profile.to_owned(),
        shares: Shares::named(profile).unwrap(),
        tables: TableSet::without_sources(),
        has_page_list: true,
    }
}

fn first(epsilon: f64) -> Terms {
    terms(Day::from_number(i32::MIN), epsilon, (8, 2), "standard")
}

#[test]
fn a_change_holds_from_the_next_midnight() {
    let today = day("2026-11-24");
    let same = History::settle(vec![first(3.0)], &first(3.0), today, None);
    assert_eq!(same.terms().count(), 1);
    let changed = History::settle(vec![first(3.0)], &first(1.0), today, None);
    assert_eq!(changed.of_day(today).terms.privacy.epsilon, 3.0);
    assert_eq!(changed.of_day(today.plus(1)).terms.privacy.epsilon, 1.0);
    // A day that has data already, a few minutes before its midnight, keeps its terms.
    let ahead = History::settle(vec![first(3.0)], &first(1.0), today, Some(today.plus(1)));
    assert_eq!(ahead.of_day(today.plus(1)).terms.privacy.epsilon, 3.0);
    assert_eq!(ahead.of_day(today.plus(2)).terms.privacy.epsilon, 1.0);
}

#[test]
fn what_has_not_begun_can_be_withdrawn_and_what_has_begun_cannot() {
    let today = day("2026-11-24");
    let stored = || vec![first(3.0), terms(today.plus(1), 1.0, (8, 2), "standard")];
    let back = History::settle(stored(), &first(3.0), today, None);
    assert_eq!(back.terms().count(), 1);
    let other = History::settle(stored(), &first(2.0), today, None);
    assert_eq!(other.terms().map(|t| t.privacy.epsilon).collect::<Vec<_>>(), [3.0, 2.0]);
    // The clock went back: terms under which a day was counted stay.
    let counted = History::settle(stored(), &first(3.0), today, Some(today.plus(1)));
    assert_eq!(counted.terms().map(|t| t.privacy.epsilon).collect::<Vec<_>>(), [3.0, 1.0, 3.0]);
    assert_eq!(counted.terms().last().unwrap().from, today.plus(2));
}

/// Terms as they were stored before there was a second rule of accounting.
#[derive(serde::Serialize)]
struct Before {
    from: Day,
    promise: (f64, f64, Bounds),
    profile: String,
    shares: Shares,
    tables: TableSet,
    has_page_list: bool,
}

#[test]
fn stored_terms_keep_their_rule_and_the_one_in_force_begins_at_the_next_midnight() {
    let today = day("2026-11-24");
    let configured = first(3.0);
    let Terms { from, privacy, profile, shares, tables, has_page_list } = configured.clone();
    let promise = (privacy.epsilon, privacy.delta, privacy.bounds);
    let bytes = rows::encode(&Before { from, promise, profile, shares, tables, has_page_list }).unwrap();
    let stored: Terms = rows::decode(&bytes, "terms").unwrap();
    assert_eq!((stored.privacy.accounting, stored.has_page_list), (Accounting::Concentrated, true));
    assert_eq!(rows::encode(&stored).unwrap(), bytes, "they are stored again as they were");
    assert_eq!(stored.privacy.rho_nano(), 150_420_556);

    let history = History::settle(vec![stored.clone()], &configured, today, None);
    assert_eq!(history.of_day(today).terms, stored);
    assert_eq!(history.of_day(today.plus(1)).terms.privacy, configured.privacy);
    let settled: Vec<Terms> = history.terms().cloned().collect();
    let again = rows::encode(&settled).unwrap();
    assert_eq!(rows::decode::<Vec<Terms>>(&again, "terms").unwrap(), settled);
    // Days of both in one month: its noise is that of the rule before, which is the larger.
    let month = history.of_period(Period::month_of(today));
    for mechanism in &month.plan.mechanisms {
        let of =
            |day| history.of_day(day).plan.get(mechanism.table, mechanism.period, mechanism.what).unwrap().sigma_milli;
        assert_eq!(mechanism.sigma_milli, of(today).max(of(today.plus(1))));
    }
}

#[test]
fn the_share_of_a_week_of_pages_is_stored_where_there_is_one() {
    let none = terms(day("2026-11-24"), 3.0, (8, 2), "standard");
    let some = terms(day("2026-11-25"), 3.0, (5, 2), "small");
    assert!(none.shares.week_pages == 0 && some.shares.week_pages > 0);
    let all = vec![none.clone(), some.clone(), none.clone()];
    let bytes = rows::encode(&all).unwrap();
    assert_eq!(rows::decode::<Vec<Terms>>(&bytes, "terms").unwrap(), all);
    // Two bytes more than the same without it, and nothing more where it is not there.
    let without = Terms { shares: Shares { week_pages: 0, ..some.shares }, ..some.clone() };
    assert_eq!(rows::encode(&some).unwrap().len(), rows::encode(&without).unwrap().len() + 2);
    assert_eq!(rows::encode(&without).unwrap().last(), Some(&3));
    // The share for finding pages by month stands after it, or alone.
    let month =
        |week_pages| Terms { shares: Shares { week_pages, month_selection: 700, ..some.shares }, ..some.clone() };
    for both in [vec![month(0), none.clone()], vec![month(9), none.clone()]] {
        let bytes = rows::encode(&both).unwrap();
        assert_eq!(rows::decode::<Vec<Terms>>(&bytes, "terms").unwrap(), both);
    }
    let line = serde_json::to_string(&some).unwrap();
    assert_eq!(serde_json::from_str::<Terms>(&line).unwrap(), some);
    assert!(!serde_json::to_string(&none).unwrap().contains("week_pages"));
}

#[test]
fn a_week_has_pages_where_all_of_its_days_have_a_budget_for_them() {
    // A Wednesday.
    let change = day("2026-11-25");
    let history = History::of(vec![first(3.0), terms(change, 3.0, (5, 2), "small")]);
    let of_week = |day: Day| history.of_period(Period::week_of(day));
    let (before, across, after) = (of_week(change.plus(-7)), of_week(change), of_week(change.plus(7)));
    assert!(!before.plan.has_weeks_of_pages() && !across.plan.has_weeks_of_pages());
    assert!(after.plan.has_weeks_of_pages());
    // The days that could have had one paid nothing for it.
    let spent = |under: &Under, from: Day| under.costs.iter().find(|c| c.terms_from == from).unwrap().rho_nano;
    let of_pages = after.plan.get(Table::Page, PeriodKind::Week, crate::release::plan::What::Counters).unwrap();
    assert!(spent(&across, change) + of_pages.rho_nano <= spent(&after, change));
}

#[test]
fn the_first_month_of_a_small_site_without_a_list_ends_with_a_month() {
    let plain = || SiteSettings::plain(SiteName::new("www").unwrap(), Calendar::new("UTC").unwrap());
    let small = || SiteSettings { profile: "small".to_owned(), shares: Shares::SMALL, ..plain() };
    let first = |settings: SiteSettings, today| settings.first_terms(Privacy::default(), day(today));
    for (today, later) in [("2026-11-01", "2026-12-01"), ("2026-11-17", "2026-12-01"), ("2026-11-18", "2027-01-01")] {
        let terms = first(small(), today);
        assert_eq!((terms.len(), terms[1].from, terms[1].shares), (2, day(later), Shares::SMALL), "{today}");
        assert_eq!((terms[0].from, terms[0].shares), (Day::from_number(i32::MIN), Shares::SMALL_FIRST_MONTH));
        // A restart with the same settings changes nothing; other settings end it.
        let settled = History::settle(terms.clone(), &terms[1], day(today).plus(3), None);
        assert_eq!(settled.terms().cloned().collect::<Vec<_>>(), terms);
        let listed = Terms { has_page_list: true, ..terms[1].clone() };
        let settled = History::settle(terms, &listed, day(today).plus(3), None);
        assert!(settled.of_day(day(today).plus(3)).plan.has_monthly_votes());
        assert_eq!(settled.of_day(day(today).plus(4)).terms.shares, Shares::SMALL);
        assert_eq!(settled.terms().count(), 2);
    }
    for others in [plain(), SiteSettings { has_page_list: true, ..small() }] {
        assert_eq!(first(others, "2026-11-01").len(), 1);
    }
}

#[test]
fn terms_of_a_later_version_are_refused() {
    let mut bytes = rows::encode(&first(3.0)).unwrap();
    *bytes.last_mut().unwrap() |= 4;
    assert!(rows::decode::<Terms>(&bytes, "terms").is_err());
}

fn any_terms() -> impl Strategy<Value = Vec<Terms>> {
    let one = (1_i32..40, 0.2_f64..6.0, (1_u8..=10, 1_u8..=4), 0_usize..3, 0_u32..4);
    let changes = prop::collection::vec(one, 0..4);
    // So many of them, from the first on, are from before the rule in force.
    (changes, 0_usize..=4).prop_map(|(changes, older)| {
        let mut from = day("2026-10-01");
        let mut all = vec![first(3.0)];
        for (days, epsilon, bounds, profile, skip) in changes {
            from = from.plus(days);
            let mut next = terms(from, epsilon, bounds, ["small", "standard", "busy"][profile]);
            next.has_page_list = skip % 2 == 0;
            if profile == 0 && skip == 1 {
                next.shares = Shares::SMALL_FIRST_MONTH;
            }
            if skip == 0 {
                next.tables = TableSet::all().without(Table::Campaign);
            }
            all.push(next);
        }
        all.iter_mut().take(older).for_each(|terms| terms.privacy.accounting = Accounting::Concentrated);
        all
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_day_spends_more_than_its_own_terms_promise(all in any_terms(), offset in 0_i32..150) {
        let history = History::of(all);
        let day = day("2026-09-15").plus(offset);
        let own = history.of_day(day);
        let mut spent = 0;
        for kind in PeriodKind::ALL {
            // A day takes in its hours.
            if kind != PeriodKind::Hour {
                let under = history.of_period(Period::of(kind, day));
                // Nothing is drawn for which one of its days has no budget.
                for of_period in Period::of(kind, day).days() {
                    let plan = &history.of_day(of_period).plan;
                    prop_assert!(under.plan.mechanisms.iter().filter(|m| m.period == kind)
                        .all(|m| plan.get(m.table, kind, m.what).is_some()));
                }
                prop_assert!(under.plan.mechanisms.iter().all(|m| under.always.contains(m.table)));
                let cost = under.costs.iter().find(|cost| cost.terms_from == own.terms.from).unwrap();
                spent += cost.rho_nano;
                prop_assert!(under.bounds.views_per_visitor_day >= own.bounds().views_per_visitor_day);
                // What is drawn is at least the noise, and at least the threshold, of the day's own terms.
                for mine in own.plan.mechanisms.iter().filter(|m| m.period == kind && under.always.contains(m.table)) {
                    let Some(drawn) = under.plan.get(mine.table, kind, mine.what) else {
                        // Another of its days has no budget for it.
                        let mut days = Period::of(kind, day).days();
                        let lacks = |day| history.of_day(day).plan.get(mine.table, kind, mine.what).is_none();
                        prop_assert!(days.any(lacks), "{mine:?}");
                        continue;
                    };
                    prop_assert!(drawn.sigma_milli >= mine.sigma_milli);
                    prop_assert!(drawn.threshold >= mine.threshold);
                }
            }
        }
        let promised = own.terms.privacy.rho_nano();
        prop_assert!(spent <= promised, "{spent} of {promised}");
    }
}

#[test]
fn a_wider_noise_under_other_terms_raises_the_threshold_for_all_of_them() {
    let mut loud = terms(day("2026-10-10"), 0.5, (8, 2), "standard");
    // Much more delta: its own threshold is low for its sigma.
    loud.privacy.delta = 1e-4;
    let history = History::of(vec![first(3.0), loud]);
    let under = history.of_period(Period::month_of(day("2026-10-10")));
    let drawn = under.plan.get(Table::Page, PeriodKind::Month, crate::release::plan::What::Counters).unwrap();
    // Eleven choices of keys share a tenth of 1e-7.
    let wanted = threshold(SigmaMilli(drawn.sigma_milli), 1e-8 / 11.0, &[1; 8]);
    assert_eq!(drawn.threshold, wanted);
}

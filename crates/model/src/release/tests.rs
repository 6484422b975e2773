//! The stored form of a release: what is written is read again, and what is damaged is not.

use proptest::prelude::*;

use super::*;
use crate::{calendar::Day, keys::SERVER_ERRORS};

fn release() -> Release {
    let noisy = |count| Noisy { count, sigma_milli: 2_500 };
    let day = Day::from_number(20_781);
    Release {
        number: 7,
        site: SiteName::new("www").unwrap(),
        zone: "Asia/Tokyo".to_owned(),
        period: Period::day(day),
        sealed_at_unix_s: 1_795_600_800,
        costs: vec![Cost { terms_from: day, rho_nano: 123 }],
        bounds: Bounds::default(),
        gap: None,
        site_numbers: Some(SiteNumbers {
            ranks: [12, -3].map(noisy).to_vec(),
            limited: noisy(0),
            visitors: Some(Measured { estimate_milli: 9_500, standard_error_milli: 1_200 }),
        }),
        hours: vec![HourNumbers { hour: 3, counts: vec![1, 0, -2], sigma_milli: 900 }],
        tables: vec![TableNumbers {
            table: Table::Page,
            sigma_milli: 4_000,
            threshold: 60,
            keys: vec![KeyNumbers { key: "/".to_owned(), counts: vec![70, 3], visitors: None }],
        }],
    }
}

#[test]
fn what_was_stored_is_read_again() {
    assert_eq!(Release::from_bytes(&release().to_bytes().unwrap()), Ok(release()));
}

#[test]
fn a_changed_or_cut_form_is_refused() {
    let whole = release().to_bytes().unwrap();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x10;
        assert_eq!(Release::from_bytes(&changed), Err(DecodeError), "byte {at}");
        assert_eq!(Outline::from_bytes(&changed), Err(DecodeError), "byte {at}");
        assert_eq!(Release::from_bytes(&whole[..at]), Err(DecodeError), "the first {at} bytes");
    }
}

proptest! {
    #[test]
    fn the_outline_of_the_stored_form_is_that_of_the_release(
        tables in prop::collection::vec((0..Table::ALL.len(), 0_u64..9_000, 0_i64..3, prop::collection::vec(
            ("[a-z/]{0,9}|4xx|5xx", prop::collection::vec(any::<i64>(), 0..4), any::<bool>()), 0..20,
        )), 0..9),
        has_gap: bool,
        has_site_numbers: bool,
    ) {
        let measured = Measured { estimate_milli: -5, standard_error_milli: 7 };
        let key = |(key, counts, has_visitors): (String, Vec<i64>, bool)| {
            KeyNumbers { key, counts, visitors: has_visitors.then_some(measured) }
        };
        let table = |(table, sigma_milli, threshold, keys): (usize, u64, i64, Vec<_>)| {
            let keys = keys.into_iter().map(key).collect();
            TableNumbers { table: Table::ALL[table], sigma_milli, threshold, keys }
        };
        let mut release = release();
        release.tables = tables.into_iter().map(table).collect();
        release.gap = has_gap.then(|| "a sum is off".to_owned());
        release.site_numbers = release.site_numbers.filter(|_| has_site_numbers);
        prop_assert_eq!(Outline::from_bytes(&release.to_bytes().unwrap()), Ok(release.outline()));
    }
}

#[test]
fn an_outline_has_the_visits_of_complete_tables_and_the_errors_of_the_server() {
    let key = |key: &str, count| KeyNumbers { key: key.to_owned(), counts: vec![count], visitors: None };
    let table = |table, keys: &[(&str, i64)]| {
        let keys = keys.iter().map(|(name, count)| key(name, *count)).collect();
        TableNumbers { table, sigma_milli: 2_000, threshold: 0, keys }
    };
    let mut release = release();
    assert_eq!((release.outline().sums.len(), release.outline().server_errors), (0, None));
    release.tables.push(table(Table::Device, &[("desktop", 9), ("mobile", -2)]));
    release.tables.push(table(Table::Status, &[("4xx", 30), (SERVER_ERRORS, 4)]));
    let outline = release.outline();
    let sum = TableSum { table: Table::Device, sigma_milli: 2_000, counters: 2, count: 7 };
    assert_eq!((&*outline.sums, outline.server_errors), (&[sum][..], Some(Noisy { count: 4, sigma_milli: 2_000 })));
}

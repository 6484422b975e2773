//! The stored form of a release: what is written is read again, and what is damaged is not.

use super::*;
use crate::calendar::Day;

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
        assert_eq!(Release::from_bytes(&whole[..at]), Err(DecodeError), "the first {at} bytes");
    }
}

//! The guard on keys: what counts as what once a table has closed, when the guard is asked, and that what it decided lasts.
//! That a visitor moves nothing further than declared, whenever it closes, is tested in `neighbours`.

use super::{folding::commit, *};
use crate::calendar::Period;
use guard::KeyGuard;
use headcount_model::guard::KEYS_FREE;
use keys::Epoch;
use names::Name;
use release::index::{PublicKeys, PublishedPeriods, SiteIndex};

fn page_table() -> TableSet {
    [Table::Page].into_iter().collect()
}

/// The local day of noon, of the site that these tests count.
fn today() -> Epoch {
    let date = crate::calendar::Day::from_number(i32::try_from(NOON_UNIX_MS / DAY_MS).unwrap());
    Epoch { site: SiteName::new("www").unwrap(), period: Period::day(date) }
}

/// Gives a day so many pages, without visitors.
fn fill(day: &mut tally::DayTally, pages: u64) {
    for n in 0..pages {
        day.pages.place_at(Name::of(&format!("/filled/{n}")));
    }
}

#[test]
fn where_a_table_has_closed_public_keys_keep_their_names_and_all_others_are_one() {
    let house = House::new();
    let anonymizer = anonymizer(&house.keys());
    let plain = SiteSettings::plain(SiteName::new("www").unwrap(), Calendar::new("UTC").unwrap());
    let site = plain_site(&SiteSettings { known_pages: vec!["/listed".into()], ..plain });
    let public = PublicKeys::from([(Table::Page, ["/published".into()].into())]);
    let (index, sealed) = (SiteIndex { public, ..SiteIndex::default() }, PublishedPeriods::default());
    let (mut open, mut delta) = (cells::Cells::default(), cells::Cells::default());
    let bounder = bound::Bounder::new(&site, &index);
    let mut scratch = anonymize::Scratch::default();
    let mut add = |visitor: u32, target: &str, open: &mut cells::Cells| {
        let event = view(NOON_UNIX_MS, visitor, target);
        let seen = anonymizer.anonymize(&site, event, NOON_UNIX_MS, &sealed, &mut scratch).unwrap();
        let anonymize::Anonymized::Seen(visit) = seen else { panic!("a page view is seen") };
        bounder.add(visit, &scratch.names, open, &mut delta)
    };
    assert_eq!(add(1, "/first", &mut open), Outcome::Counted);
    open.days.get_mut(&today()).unwrap().close(page_table());
    // Neither has a row: both are public.
    assert_eq!(add(2, "/listed", &mut open), Outcome::Counted);
    assert_eq!(add(2, "/published", &mut open), Outcome::Counted);
    // What has a row is one with what has none, so the third view of them is beyond the bound on views of a page.
    assert_eq!(add(2, "/first", &mut open), Outcome::Counted);
    assert_eq!(add(2, "/new", &mut open), Outcome::Counted);
    assert_eq!(add(2, "/newer", &mut open), Outcome::BeyondBound);
    let day = delta.days.values().next().unwrap();
    let counts = |page: &str| (day.pages[page].counts.first, day.pages[page].counts.repeat);
    assert_eq!((counts("/listed"), counts("/published"), counts("/first")), ((1, 0), (1, 0), (1, 0)));
    assert_eq!(counts(OTHER_KEY), (1, 1));
    assert_eq!(day.pages.len(), 4);
    assert!(day.balances(true, TableSet::without_sources()));
}

/// What a committer has of today after a batch that comes so many seconds after a day was filled with pages.
fn after_a_batch(pages: u64, seconds: i64) -> (House, Opened, Lane) {
    let house = House::new();
    let mut opened = open(house.options(), house.clock.clone()).unwrap();
    let lane = opened.intake.lane(&SiteName::new("www").unwrap(), "p", SECRET, "").unwrap();
    commit(&mut opened.committer, &lane, batch(1, vec![view(NOON_UNIX_MS, 1, "/seen")], 0));
    fill(opened.committer.cells_mut().days.get_mut(&today()).unwrap(), pages);
    house.clock.set(house.clock.now_unix_ms() + 1_000 * seconds);
    commit(&mut opened.committer, &lane, batch(2, vec![view(NOON_UNIX_MS, 2, "/seen")], 0));
    (house, opened, lane)
}

#[test]
fn a_table_of_far_too_many_keys_closes_and_stays_closed_after_a_crash() {
    let (house, opened, _lane) = after_a_batch(2 * KEYS_FREE + 100_000, 1);
    let day = &opened.committer.cells().days[&today()];
    assert!(day.is_closed(Table::Page) && !day.is_closed(Table::Referrer));
    assert_eq!(day.pages[OTHER_KEY].counts.first, 1, "the batch after the ask counts as others");
    let after = House { directory: tempfile::tempdir().unwrap(), clock: house.clock.clone(), seed: house.seed };
    copy(&house.data(), &after.data());
    copy(&house.keys(), &after.keys());
    copy(&house.archive(), &after.archive());
    let read = open(after.options(), after.clock.clone()).unwrap();
    let day = &read.committer.cells().days[&today()];
    assert!(day.is_closed(Table::Page), "what was counted under it is on the disk, so it is too");
    assert_eq!((day.pages["/seen"].counts.first, day.pages[OTHER_KEY].counts.first), (1, 1));
}

#[test]
fn nothing_closes_below_what_is_free_or_before_the_clock_asks() {
    let (_house, opened, _lane) = after_a_batch(KEYS_FREE - 2, 3_600);
    assert!(!opened.committer.cells().days[&today()].is_closed(Table::Page));
    // However many keys come, they do not ask.
    let (_house, opened, _lane) = after_a_batch(2 * KEYS_FREE + 100_000, 0);
    assert!(!opened.committer.cells().days[&today()].is_closed(Table::Page));
}

#[test]
fn as_many_asks_are_due_as_seconds_have_passed() {
    let mut guard = KeyGuard::new(10_500);
    let due: Vec<i64> = [10_999, 11_000, 11_999, 14_001, 9_000, 9_999, 10_000].map(|now| guard.due(now)).into();
    assert_eq!(due, [0, 1, 0, 3, 0, 0, 1]);
    assert_eq!(guard.due(i64::MAX), 60);
}

#[test]
fn the_noise_of_a_table_is_that_of_the_days_key() {
    let house = House::new();
    let draw = |epoch: &Epoch, table| {
        let keys = keys::KeyRing::open(&house.keys()).unwrap().for_writing(epoch).unwrap();
        release::noise::ReleaseNoise::kept(&keys.guard_key(table)).laplace(1_000_000_000).unwrap()
    };
    let tomorrow = Epoch { period: Period::day(today().period.start.plus(1)), ..today() };
    let drawn = [draw(&today(), Table::Page), draw(&today(), Table::Referrer), draw(&tomorrow, Table::Page)];
    assert_eq!(draw(&today(), Table::Page), drawn[0], "the same after a restart");
    assert!(drawn[0] != drawn[1] && drawn[0] != drawn[2] && drawn[1] != drawn[2], "{drawn:?}");
}

#[test]
fn the_noise_is_that_of_laplace() {
    let mut noise = release::noise::SystemNoise::new().fresh().unwrap();
    let draws: Vec<f64> = (0..20_000).map(|_| noise.laplace(50).unwrap() as f64).collect();
    let mean = draws.iter().sum::<f64>() / 20_000.0;
    let size = draws.iter().map(|draw| draw.abs()).sum::<f64>() / 20_000.0;
    let beyond = draws.iter().filter(|draw| draw.abs() >= 150.0).count();
    // Standard errors: 0.5, 0.35 and 31.
    assert!(mean.abs() < 3.0 && (size - 50.0).abs() < 2.5, "{mean}, {size}");
    assert!((800..1_200).contains(&beyond), "{beyond}: e^-3 of all are 996");
}

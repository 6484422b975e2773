//! A directory that the format before wrote is opened, goes on as one of today, and has lost and moved nothing.
//!
//! tests/golden/stored/README.md says how the directories were made and what is in them.

use super::{folding::commit, *};
use crate::calendar::{Day, Period};
use admin::verify;
use keys::Epoch;
use store::{migrate::FORMAT_BEFORE, rows};
use tally::{DayTally, MonthTally};

/// 2026-11-27T23:30:00Z, the evening of the day that is open.
const EVENING_UNIX_MS: i64 = 1_795_822_200_000;

/// Unpacks a directory of a version before.
fn unpack(name: &str) -> House {
    let house = House { directory: tempfile::tempdir().unwrap(), clock: ManualClock::at(EVENING_UNIX_MS), seed: 7 };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/stored").join(name);
    let unpacked =
        std::process::Command::new("tar").arg("-xzf").arg(file).arg("-C").arg(house.directory.path()).status();
    assert!(unpacked.unwrap().success(), "{name} is unpacked");
    house
}

fn epoch(site: &str, period: Period) -> Epoch {
    Epoch { site: SiteName::new(site).unwrap(), period }
}

fn position(table: Table, key: &str) -> usize {
    table.public_keys().iter().position(|known| *known == key).unwrap()
}

fn assert_attributes(all: &tally::AttributeTally, days: u64) {
    let listed = [
        (Table::Browser, "Firefox", 47),
        (Table::Os, "Linux", 47),
        (Table::Device, "desktop", 47),
        (Table::Status, "4xx", 5),
        (Table::Status, "5xx", 0),
        (Table::Bot, "Googlebot", 3),
        (Table::ResponseSize, "1-2 KiB", 47),
    ];
    for (table, key, count) in listed {
        assert_eq!(all.listed(table).get(position(table, key)), days * count, "{} {key}", table.name());
    }
    let texts = [
        (Table::Referrer, "example.net", 40),
        (Table::Campaign, "news / mail / spring", 7),
        (Table::Entry, "/a", 40),
        (Table::Entry, "/c", 7),
        (Table::Error, "4xx /gone", 5),
    ];
    for (table, key, count) in texts {
        assert_eq!(all.texts(table).get(key), Some(&(days * count)), "{} {key}", table.name());
    }
}

fn assert_day(day: &DayTally) {
    let ranks: Vec<u64> = (0..3).map(|rank| day.site.ranks.get(rank)).collect();
    assert_eq!(ranks, [47, 10, 0]);
    // The five with errors are visitors too; the robots are marked beside them.
    assert_eq!((day.visitors.len(), day.pairs.len()), (50, 57));
    assert_eq!((day.pages["/a"].counts.first, day.pages["/b"].counts.first, day.pages["/c"].counts.first), (40, 10, 7));
    assert_attributes(&day.attributes(TableSet::without_sources().without(Table::Reader)), 1);
    assert!(day.balances(true, TableSet::without_sources().without(Table::Reader)));
}

fn assert_month(month: &MonthTally) {
    // Two days are published; their sums stand here.
    assert_eq!((month.site.ranks.get(0), month.site.ranks.get(1)), (94, 20));
    assert_eq!(month.pages["/a"].counts.first, 80);
    assert_attributes(&month.attributes, 2);
}

fn assert_open(committer: &Committer) {
    for site in ["www", "tokyo"] {
        let today = day("2026-11-27");
        assert_day(&committer.cells().days[&epoch(site, Period::day(today))]);
        assert_month(&committer.cells().months[&epoch(site, Period::month_of(today))]);
        let week = &committer.cells().weeks[&epoch(site, Period::week_of(today))];
        assert_eq!((week.site.ranks.get(0), week.pages.len()), (94, 0));
        let quarter =
            &committer.cells().quarters[&epoch(site, Period::of(crate::calendar::PeriodKind::Quarter, today))];
        assert_eq!(quarter.votes(Table::Referrer).get("example.net"), Some(&80));
        assert!(quarter.votes(Table::Page).get("/a").is_some_and(|votes| *votes == 80 * 77));
    }
}

fn format(committer: &Committer) -> Option<u32> {
    committer.lane().row(rows::FORMAT_KEY, "the format row").unwrap()
}

fn assert_published(releases: &Releases) {
    for site in ["www", "tokyo"] {
        for date in ["2026-11-24", "2026-11-25"] {
            let release = releases.get(&SiteName::new(site).unwrap(), Period::day(day(date))).unwrap().unwrap();
            let visits = release.site_numbers.as_ref().unwrap().ranks[0];
            // Six standard deviations of the noise.
            assert!((visits.count - 47).abs() * 1_000 < 6 * i64::try_from(visits.sigma_milli).unwrap(), "{visits:?}");
            assert!(release.table(Table::Browser).unwrap().key("Firefox").is_some());
        }
    }
}

/// Opens, counts on top, checks, and opens again.
fn goes_on(name: &str) {
    let house = unpack(name);
    assert_eq!(verify(&house.directories(), house.clock.clone()).unwrap().damaged, [""; 0], "as it was");
    let Opened { intake, mut committer, releases, .. } = open(house.options(), house.clock.clone()).unwrap();
    assert_eq!(format(&committer), Some(rows::FORMAT));
    assert_open(&committer);
    assert_published(&releases);
    assert!(
        committer.cells().epochs().all(|epoch| committer.stored().dirty.contains(epoch)),
        "all is to be written anew"
    );

    // Who came before is known still: two views of one page are the most, and one was counted.
    let lane = intake.lane(&SiteName::new("www").unwrap(), "another", SECRET, "").unwrap();
    let again = || AccessEvent::at(EVENING_UNIX_MS, 200).from_whom("10.5.0.1", "", BROWSER).for_what("GET", "/a");
    let new = AccessEvent::at(EVENING_UNIX_MS, 200).from_whom("10.5.1.1", "", BROWSER).for_what("GET", "/a");
    commit(&mut committer, &lane, batch(1, vec![again(), again(), new], 0));
    let today = epoch("www", Period::day(Day::from_date("2026-11-27".parse().unwrap())));
    let counted = |committer: &Committer| {
        let day = &committer.cells().days[&today];
        (day.site.ranks.get(0), day.site.ranks.sum(), day.site.limited, day.pages["/a"].counts.repeat)
    };
    assert_eq!(counted(&committer), (48, 59, 1, 1));
    committer.write_all().unwrap();
    drop((lane, intake, committer, releases));

    let Opened { committer, .. } = open(house.options(), house.clock.clone()).unwrap();
    assert_eq!(counted(&committer), (48, 59, 1, 1));
    assert!(committer.stored().dirty.is_empty(), "nothing is left in the form before");
    drop(committer);
    assert_eq!(verify(&house.directories(), house.clock.clone()).unwrap().damaged, [""; 0], "as it is");
}

#[test]
fn a_directory_of_the_format_before_that_was_stopped_goes_on() {
    assert_eq!(FORMAT_BEFORE + 1, rows::FORMAT);
    goes_on("format-5-stopped.tar.gz");
}

#[test]
fn a_directory_of_the_format_before_that_was_killed_goes_on() {
    goes_on("format-5-killed.tar.gz");
}

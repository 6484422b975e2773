//! Stored forms, byte by byte. Whatever fails here has changed what is on people's disks: it needs a format of its own and a
//! migration, or must not change.

use std::collections::BTreeMap;

use super::*;
use crate::{
    calendar::{Day, Period, PeriodKind},
    golden::{assert_bytes, assert_text, bytes, is_writing},
};
use anonymize::{Attributes, Seen, Sighting, Visit};
use bound::Bounder;
use cells::Cells;
use keys::Epoch;
use limit::VisitorDay;
use names::{NameId, Names};
use release::index::SiteIndex;
use store::{Step, archive::Archive, backup, rows};
use tally::{DayTally, MonthTally, Part, QuarterTally, WeekTally};

/// 2026-11-02, a Monday.
fn date() -> Day {
    day("2026-11-02")
}

fn visit(number: u64, names: &mut Names) -> Sighting {
    let mut last = NameId::default();
    let mut attributes = Attributes::default();
    for (place, (table, _)) in (0_u16..).zip(attributes.positions().collect::<Vec<_>>()) {
        attributes.set_position(table, place + 1);
    }
    for (table, _) in attributes.names().collect::<Vec<_>>() {
        attributes.set_name(table, names.id(table.name(), &mut last));
    }
    let visit = Visit {
        hour: 9,
        pair_tag: 0x0100 + number,
        other_pair_tag: 0x0200 + number,
        week_tag: Some(0x0300_0000_0000_0000 + number),
        month_tag: Some(0x0400_0000_0000_0000 + number),
        page: names.id("/a", &mut last),
        attributes,
        marks: VisitorDay::mark_browser(),
    };
    Sighting { day: date(), visitor_tag: 0x1000 + number, seen: Seen::Visit(visit) }
}

/// Two visits, an error, a robot, and a style sheet.
fn counted() -> Cells {
    let settings = SiteSettings {
        tables: TableSet::all(),
        hosts: vec!["a.example".to_owned(), "b.example".to_owned()],
        ..SiteSettings::plain(SiteName::new("www").unwrap(), Calendar::new("UTC").unwrap())
    };
    let (site, index, mut names) = (plain_site(&settings), SiteIndex::default(), Names::default());
    let bounder = Bounder::new(&site, &index);
    let (mut open, mut delta) = (Cells::default(), Cells::default());
    let mut sightings = vec![visit(1, &mut names), visit(2, &mut names)];
    let key = names.id("4xx /gone", &mut NameId::default());
    let robot = Seen::Robot { family: 2, ended: Outcome::Bot };
    for (number, seen) in [(1, Seen::Error { class: 0, key }), (3, robot), (2, Seen::Files)] {
        sightings.push(Sighting { day: date(), visitor_tag: 0x1000 + number, seen });
    }
    for sighting in sightings {
        bounder.add(sighting, &names, &mut open, &mut delta);
    }
    delta
}

#[test]
fn golden_tallies() {
    let mut cells = counted();
    let epoch = |period| Epoch { site: SiteName::new("www").unwrap(), period };
    let (of_day, of_month) = (epoch(Period::day(date())), epoch(Period::month_of(date())));
    let of_week = epoch(Period::week_of(date()));
    let whole = |cells: &Cells, epoch: &Epoch| cells.encode(epoch).unwrap().unwrap();
    assert_bytes("stored/tally-day", "A day's tally as a journal record has it.", &whole(&cells, &of_day));
    assert_bytes("stored/tally-week", "A week's tally.", &whole(&cells, &of_week));
    assert_bytes("stored/tally-month", "A month's tally as a journal record has it.", &whole(&cells, &of_month));
    let day: DayTally = postcard::from_bytes(&whole(&cells, &of_day)).unwrap();
    let mut week = cells.weeks[&of_week].clone();
    week.absorb(&day, true);
    let week = week.encode().unwrap();
    assert_bytes("stored/tally-week-pages", "A week's tally with pages: these follow the rest.", &week);
    assert!(WeekTally::decode(&week).unwrap().encode().unwrap() == week);
    cells.months.get_mut(&of_month).unwrap().absorb(&day, TableSet::all());
    let mut month = cells.months[&of_month].clone();
    month.absorb_votes(&day, |_| false);
    let month = month.encode().unwrap();
    assert_bytes("stored/tally-month-votes", "A month's tally with votes: these follow the rest.", &month);
    assert!(MonthTally::decode(&month).unwrap().encode().unwrap() == month);
    let mut quarter = QuarterTally::default();
    quarter.absorb(&day, |_, _| false);
    let quarter = postcard::to_allocvec(&quarter).unwrap();
    assert_bytes("stored/tally-quarter", "A quarter's tally: the table's number, then what speaks for keys.", &quarter);
    let mut part = |epoch: &Epoch, part| cells.encode_part(epoch, part).unwrap().unwrap();
    assert_bytes(
        "stored/part-day-rest",
        "Of a day's cell what does not grow with visitors.",
        &part(&of_day, Part::REST),
    );
    assert_bytes("stored/part-day-tags", "Of a day's cell the visitors and pairs.", &part(&of_day, Part::ALL));
    assert_bytes(
        "stored/part-month-rest",
        "Of a month's cell all but the pages' sketches.",
        &part(&of_month, Part::REST),
    );
    assert_bytes("stored/part-month-sketches", "Of a month's cell the pages' sketches.", &part(&of_month, Part::ALL));
    // They are read as what they were written from.
    let mut read = Cells::default();
    for (name, part) in [("rest", Part::REST), ("tags", Part::ALL)] {
        read.merge_part(&of_day, part, &bytes(&format!("stored/part-day-{name}"))).unwrap();
    }
    assert!(read.days == cells.days);
}

fn terms() -> Terms {
    let settings = SiteSettings {
        tables: TableSet::all(),
        hosts: vec!["a.example".to_owned(), "b.example".to_owned()],
        ..SiteSettings::plain(SiteName::new("www").unwrap(), Calendar::new("Asia/Tokyo").unwrap())
    };
    settings.terms(Privacy::default())
}

fn site_row() -> rows::SiteRow {
    rows::SiteRow { zone: "Asia/Tokyo".to_owned(), created_unix_ms: 1_700_000_000_123, terms: vec![terms()] }
}

fn release() -> Release {
    let noisy = |count| Noisy { count, sigma_milli: 9_500 };
    let key =
        |key: &str, counts: &[i64], visitors| KeyNumbers { key: key.to_owned(), counts: counts.to_vec(), visitors };
    let numbers = |(place, table): (i64, Table)| TableNumbers {
        table,
        sigma_milli: 12_000,
        threshold: 40 + place,
        keys: vec![
            key("a", &[place, -place], Some(Measured { estimate_milli: -1_600, standard_error_milli: 2_500 })),
            key("b", &[300], None),
        ],
    };
    Release {
        number: 300,
        site: SiteName::new("www").unwrap(),
        zone: "Asia/Tokyo".to_owned(),
        period: Period::month_of(date()),
        sealed_at_unix_s: 1_793_620_800,
        costs: vec![Cost { terms_from: date(), rho_nano: 75_000_000 }],
        bounds: Bounds::default(),
        gap: Some("why".to_owned()),
        site_numbers: Some(SiteNumbers {
            ranks: vec![noisy(900), noisy(-3)],
            limited: noisy(4),
            visitors: Some(Measured { estimate_milli: 640_125, standard_error_milli: 7_000 }),
        }),
        hours: vec![HourNumbers { hour: 23, counts: vec![1, -2], sigma_milli: 31_000 }],
        tables: (0..).zip(Table::ALL).map(numbers).collect(),
    }
}

#[test]
fn golden_rows() {
    let row = rows::ProducerRow {
        sequence: 300,
        complete_through_unix_ms: 1_793_620_800_000,
        cursor: vec![1, 2, 255],
        stated_unix_ms: 1_793_620_800_000,
        imported_unix_ms: 1_793_617_200_000,
        owner: Some([0xab; 16]),
    };
    let what = "p/SITE/ID: sequence, watermark, cursor, hours of the last statement and import, owner.";
    assert_bytes("stored/row-producer", what, &rows::encode(&row).unwrap());
    assert_bytes("stored/row-site", "s/SITE: time zone, first start, terms.", &rows::encode(&site_row()).unwrap());
    assert!(rows::decode::<rows::SiteRow>(&bytes("stored/row-site"), "it").unwrap() == site_row());
    let point = rows::ChainPoint { sequence: 300, digest: [0xab; 32] };
    assert_bytes("stored/row-head", "m/head and m/base: a place in the journal.", &rows::encode(&point).unwrap());
    assert_bytes("stored/row-format", "m/format: the version of the layout.", &rows::encode(&rows::FORMAT).unwrap());
}

#[test]
fn golden_keys_of_rows() {
    let site = SiteName::new("www.example-1").unwrap();
    let mut all: Vec<(String, Vec<u8>)> = Vec::new();
    for kind in PeriodKind::ALL {
        let epoch = Epoch { site: site.clone(), period: Period::of(kind, date()) };
        all.push((format!("part of a {}", kind.name()), rows::part_key(&epoch, Part::ALL)));
        all.push((format!("release of a {}", kind.name()), rows::index_key(&site, epoch.period)));
        all.push((format!("lost {}", kind.name()), rows::lost_key(&epoch)));
    }
    for table in Table::ALL {
        all.push((format!("published key of table {}", table.number()), rows::public_key(&site, table, "a/b")));
    }
    all.push(("producer".to_owned(), rows::producer_key(&site, &[0xab; 16])));
    all.push(("site".to_owned(), rows::site_key(&site)));
    all.push(("journal record".to_owned(), rows::journal_key(300)));
    all.push(("release".to_owned(), rows::release_key(300)));
    let lines = all.iter().map(|(what, key)| format!("{what}: {}\n", key.escape_ascii()));
    assert_text("stored/row-keys.txt", &lines.collect::<String>());
}

#[test]
fn golden_numbers() {
    let tables = Table::ALL.map(|table| format!("{} {}\n", table.number(), table.name()));
    assert_text("stored/numbers-tables.txt", &tables.concat());
    let number = |value: &dyn Fn() -> Vec<u8>| value()[0];
    let kinds = PeriodKind::ALL.map(|kind| format!("{} {}\n", number(&|| rows::encode(&kind).unwrap()), kind.name()));
    assert_text("stored/numbers-periods.txt", &kinds.concat());
}

#[test]
fn golden_releases() {
    let release = release();
    let plain = rows::encode(&release).unwrap();
    assert_bytes("stored/release", "A release before it is compressed: one table each, by its number.", &plain);
    assert!(rows::decode::<Release>(&bytes("stored/release"), "it").unwrap() == release);
    // What another version has compressed otherwise is read all the same: it is compared as what it holds.
    if is_writing() {
        let stored = release.to_bytes().unwrap();
        assert_bytes("stored/release-compressed", "r/NUMBER: version, release (zlib), digest of both.", &stored);
    }
    assert!(Release::from_bytes(&bytes("stored/release-compressed")).unwrap() == release);
    assert_eq!(release.to_bytes().unwrap()[0], bytes("stored/release-compressed")[0]);
}

#[test]
fn golden_archive() {
    let directory = tempfile::tempdir().unwrap();
    let mut archive = Archive::open(directory.path()).unwrap();
    archive.append_settings(&SiteName::new("www").unwrap(), &site_row()).unwrap();
    archive.append(&release()).unwrap();
    let files: BTreeMap<String, String> = all_bytes(directory.path())
        .into_iter()
        .map(|(path, bytes)| (path.strip_prefix(directory.path()).unwrap().display().to_string(), bytes))
        .map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap()))
        .collect();
    let text: String = files.iter().map(|(name, text)| format!("{name}:\n{text}")).collect();
    assert_text("stored/archive.txt", &text);
}

#[test]
fn golden_backup() {
    let directory = tempfile::tempdir().unwrap();
    let mut lane = StoredLane::open(directory.path(), 0).unwrap();
    let mut step = Step::default();
    step.put_row(rows::FORMAT_KEY, &rows::FORMAT).unwrap();
    step.put(b"s/www".to_vec(), b"a row".to_vec());
    lane.writer.commit(step).unwrap();
    let mut written = Vec::new();
    backup::write(&lane.reader, directory.path(), &mut written).unwrap();
    assert_bytes("stored/backup", "A backup of a database with a format, a site's row and their digest.", &written);
}

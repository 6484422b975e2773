//! Export, restore, backup and verify: what was published comes back as it was, what is damaged is named, and nothing is
//! published twice.

use std::{collections::BTreeMap, fs, path::PathBuf};

use super::*;
use crate::calendar::{Period, PeriodKind};
use admin::{Restore, Verified, export, restore, verify};
use store::rows;

/// Three weeks of October and November with a published week and month, and an open day.
fn history(house: &House) -> Running {
    let running = house.open();
    for site in ["www", "tokyo"] {
        let lane = running.lane(site, "p");
        let crowd = |days_ago: i64| (0..40).map(move |n| view(NOON_UNIX_MS - days_ago * DAY_MS, n, "/a"));
        let events = (1..=20).flat_map(crowd).collect();
        block_on(lane.send(batch(1, events, NOON_UNIX_MS))).unwrap();
        running.wait_for(site, Period::month_of(day("2026-10-20")));
        block_on(lane.send(batch(2, crowd(0).collect(), 0))).unwrap();
    }
    running
}

/// All releases of a vault as they are stored.
fn releases(house: &House) -> BTreeMap<u64, Release> {
    let running = house.open();
    let numbers = running.releases.numbers_after(None, 0);
    let all = numbers.iter().map(|n| (*n, running.releases.by_number(*n).unwrap().unwrap().as_ref().clone()));
    let all = all.collect();
    running.close();
    all
}

fn checked(house: &House) -> Verified {
    verify(&house.directories(), house.clock.clone()).unwrap()
}

/// Changes rows behind the back of everything.
fn tamper(house: &House, with: impl FnOnce(&sled::Db)) {
    let db = store::engine::sled::open_database(&house.data().join("db")).unwrap();
    with(&db);
    db.flush().unwrap();
}

fn one_key(db: &sled::Db, prefix: &str) -> Vec<u8> {
    db.scan_prefix(prefix).keys().next().unwrap().unwrap().to_vec()
}

#[test]
fn export_and_restore_come_full_circle_byte_for_byte() {
    let house = House::new();
    history(&house).close();
    let (first, second) = (house.directory.path().join("first"), house.directory.path().join("second"));
    let exported = export(&house.data(), &first).unwrap();
    assert_eq!(exported.sites, 2);
    let other = House::new();
    let what = Restore { directories: other.directories(), from: Some(first.clone()), backup: None };
    let restored = restore(&what).unwrap();
    assert_eq!((restored.releases, restored.known), (exported.releases, 0));
    // November has days of which only the archive knows.
    let lost: Vec<String> = restored.lost.iter().map(ToString::to_string).collect();
    assert_eq!(lost, ["tokyo/month-2026-11-01", "www/month-2026-11-01"]);
    export(&other.data(), &second).unwrap();
    let strip = |root: &PathBuf| -> Vec<_> {
        all_bytes(root).into_iter().map(|(p, b)| (p.strip_prefix(root).unwrap().to_owned(), b)).collect()
    };
    assert_eq!(strip(&first), strip(&second));
    assert_eq!(releases(&other), releases(&house));
    // Nothing to do the second time.
    let again = restore(&Restore { from: None, ..what }).unwrap();
    assert_eq!((again.releases, again.known), (0, exported.releases));
    assert_eq!(checked(&other).damaged, [""; 0]);
    let taken = export(&house.data(), &first).err().unwrap();
    assert!(taken.to_string().contains("not empty"), "{taken}");
}

#[test]
fn an_older_copy_is_refused_and_completed_from_the_archive() {
    let house = House::new();
    history(&house).close();
    let old = house.directory.path().join("old");
    copy(&house.data(), &old);
    // The day is published after the copy was taken.
    house.clock.set(NOON_UNIX_MS + DAY_MS);
    let today = Period::day(day("2026-11-02"));
    let running = house.open();
    block_on(running.lane("www", "p").send(batch(3, vec![], NOON_UNIX_MS + DAY_MS))).unwrap();
    let published = running.wait_for("www", today);
    running.close();
    let whole = releases(&house);
    fs::remove_dir_all(house.data().join("db")).unwrap();
    copy(&old.join("db"), &house.data().join("db"));

    let behind = house.open_with(house.options()).err().unwrap();
    assert!(matches!(behind, OpenError::Behind { .. }), "{behind}");
    fs::remove_file(house.data().join("witness")).unwrap();
    let ahead = house.open_with(house.options()).err().unwrap();
    assert!(matches!(ahead, OpenError::ArchiveAhead { .. }), "{ahead}");
    assert!(ahead.to_string().contains("headcount restore"), "{ahead}");

    let restored = restore(&Restore { directories: house.directories(), from: None, backup: None }).unwrap();
    assert_eq!(
        restored.lost.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["www/week-2026-11-02", "www/month-2026-11-01"]
    );
    let running = house.open();
    assert_eq!(running.wait_for("www", today), published);
    // What had come for it since is refused, and the month is a gap whose key is gone.
    let lane = running.lane("www", "p");
    let late = block_on(lane.send(batch(3, vec![view(NOON_UNIX_MS, 1, "/")], 0))).unwrap();
    assert_eq!(count(&late, Outcome::Late), 1);
    house.clock.set(NOON_UNIX_MS + 40 * DAY_MS);
    block_on(lane.send(batch(4, vec![], NOON_UNIX_MS + 40 * DAY_MS))).unwrap();
    let month = running.wait_for("www", Period::month_of(day("2026-11-02")));
    assert!(month.gap.as_ref().unwrap().contains("restored"), "{:?}", month.gap);
    drop(lane);
    running.close();
    assert!(!house.keys().join("www.month-2026-11-01.key").exists());
    let now = releases(&house);
    assert!(whole.iter().filter(|(_, r)| r.period.kind != PeriodKind::Hour).all(|(n, r)| now[n] == *r));
    assert_eq!(checked(&house).damaged, [""; 0]);
}

#[test]
fn a_backup_of_a_running_server_brings_back_what_was_open() {
    let house = House::new();
    let running = history(&house);
    let file = house.directory.path().join("backup");
    let mut bytes = block_on(running.admin.back_up()).unwrap();
    std::io::copy(&mut bytes, &mut fs::File::create(&file).unwrap()).unwrap();
    let before = running.releases.numbers_after(None, 0).len();
    running.close();
    let what = Restore { directories: house.directories(), from: None, backup: Some(file.clone()) };
    let taken = restore(&what).err().unwrap();
    assert!(matches!(taken, AdminError::NotEmpty(_)), "{taken}");

    fs::remove_dir_all(house.data().join("db")).unwrap();
    let restored = restore(&what).unwrap();
    assert_eq!((restored.releases, restored.known), (0, before));
    let running = house.open();
    let lane = running.lane("www", "p");
    let greeting = block_on(lane.send(batch(0, vec![], 0))).unwrap();
    assert_eq!(greeting.durable_sequence, 2);
    // The limiter is back too: each of the forty has one view today, and may have one more of this page.
    let views = |n: i64| (0..40).map(|v| view(NOON_UNIX_MS + n, v, "/a")).collect();
    let counted = block_on(lane.send(batch(3, views(1), 0))).unwrap();
    let beyond = block_on(lane.send(batch(4, views(2), 0))).unwrap();
    assert_eq!((count(&counted, Outcome::Counted), count(&beyond, Outcome::BeyondBound)), (40, 40));
    drop(lane);
    running.close();

    let mut damaged = fs::read(&file).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(&file, &damaged).unwrap();
    assert!(matches!(admin::check_backup(&file), Err(AdminError::Backup(_))));
    fs::write(&file, &damaged[..middle]).unwrap();
    assert!(matches!(restore(&what), Err(AdminError::Backup(_))));
}

#[test]
fn a_restore_that_was_cut_is_not_opened() {
    let house = House::new();
    history(&house).close();
    let mut lane = StoredLane::open(&house.data(), 0).unwrap();
    recover::mark_unfinished(&mut lane.writer).unwrap();
    drop(lane);
    let refused = house.open_with(house.options()).err().unwrap();
    assert!(matches!(refused, OpenError::Unfinished(_)), "{refused}");
    // Without a backup the archive alone fills it.
    let restored = restore(&Restore { directories: house.directories(), from: None, backup: None }).unwrap();
    assert!(restored.releases > 0 && restored.known == 0);
    house.open().close();
}

#[test]
fn a_row_that_is_lost_altered_or_older_is_found() {
    type Hand = fn(&sled::Db, &[u8]);
    let hands: [Hand; 2] = [
        |db, key| {
            db.remove(key).unwrap();
        },
        |db, key| {
            let mut value = db.get(key).unwrap().unwrap().to_vec();
            match value.last_mut() {
                Some(last) => *last ^= 1,
                None => value.push(0),
            }
            db.insert(key, value).unwrap();
        },
    ];
    let house = House::new();
    history(&house).close();
    assert_eq!(checked(&house).damaged, [""; 0]);
    let good = house.directory.path().join("good");
    copy(&house.data(), &good);
    for prefix in ["m/head", "m/format", "s/", "p/", "o/", "x/", "m/sum"] {
        for hand in hands {
            tamper(&house, |db| hand(db, &one_key(db, prefix)));
            let refused = house.open_with(house.options()).err();
            assert!(refused.is_some(), "a changed row {prefix} was not found");
            assert!(!checked(&house).damaged.is_empty(), "{prefix}");
            fs::remove_dir_all(house.data()).unwrap();
            copy(&good, &house.data());
        }
    }
    // A release is read when it is asked for, and checked then.
    for hand in hands {
        tamper(&house, |db| hand(db, &one_key(db, "r/")));
        let damaged = checked(&house).damaged;
        assert!(damaged.len() == 1 && damaged[0].starts_with("release "), "{damaged:?}");
        fs::remove_dir_all(house.data()).unwrap();
        copy(&good, &house.data());
    }
}

#[test]
fn damage_in_the_archive_is_named() {
    let house = House::new();
    history(&house).close();
    let file = house.archive().join("www").join("2026-10.jsonl");
    let good = fs::read_to_string(&file).unwrap();
    fs::write(&file, good.replacen("\"count\":", "\"count\":1", 1)).unwrap();
    let damaged = checked(&house).damaged;
    assert!(damaged.iter().any(|d| d.contains("2026-10.jsonl") && d.contains("line 2")), "{damaged:?}");
    let refused = restore(&Restore { directories: house.directories(), from: None, backup: None }).err().unwrap();
    assert!(
        matches!(refused, AdminError::Open(OpenError::Commit(CommitError::Archive(ArchiveError::Line { .. })))),
        "{refused}"
    );
    // A line that is missing at the end leaves the chain whole; the database knows of it.
    let cut = good.trim_end().rfind('\n').unwrap() + 1;
    fs::write(&file, &good[..cut]).unwrap();
    let damaged = checked(&house).damaged;
    assert!(damaged.len() == 1 && damaged[0].contains("missing in the archive"), "{damaged:?}");
    // Moved away, it is written anew.
    fs::rename(house.archive(), house.directory.path().join("away")).unwrap();
    house.open().close();
    assert_eq!(checked(&house).damaged, [""; 0]);
}

#[test]
fn a_directory_of_another_version_is_refused() {
    let house = House::new();
    history(&house).close();
    let good = house.directory.path().join("good");
    copy(&house.data(), &good);
    for found in [2, rows::FORMAT - 2, rows::FORMAT + 1] {
        let mut lane = StoredLane::open(&house.data(), 0).unwrap();
        let mut step = store::Step::default();
        step.put_row(rows::FORMAT_KEY, &found).unwrap();
        lane.writer.commit(step).unwrap();
        drop(lane);
        let refused = house.open_with(house.options()).err().unwrap();
        assert!(matches!(refused, OpenError::Format { found: f, .. } if f == found), "{refused}");
        assert!(checked(&house).damaged.iter().any(|what| what.contains("matching version")));
        fs::remove_dir_all(house.data()).unwrap();
        copy(&good, &house.data());
    }
}

#[test]
fn a_format_that_is_missing_is_named_and_not_written() {
    let house = House::new();
    history(&house).close();
    tamper(&house, |db| assert!(db.remove("m/format").unwrap().is_some()));
    let damaged = checked(&house).damaged;
    assert!(damaged.iter().any(|what| what.contains("format")), "{damaged:?}");
    tamper(&house, |db| assert!(db.get("m/format").unwrap().is_none()));
}

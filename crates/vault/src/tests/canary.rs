//! Canaries: addresses, cookies, user agents and e-mail addresses that must be found nowhere on the disk, neither in
//! clear nor as a plain hash, before sealing nor after.

use std::io::Read as _;

use super::*;
use crate::calendar::{Day, Period, PeriodKind};
use commit::journal::{Checkpoint, Place};
use keys::KeyRing;
use store::{lane::Lane as StoredLane, rows};

const ADDRESS: &str = "203.0.113.77";
const COOKIE: &str = "canary-cookie-5f1c";
const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0 CanaryAgent/7";
const MAIL: &str = "hanako.canary@example.jp";

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(haystack, needle).is_some()
}

/// What must not be found: the texts themselves and their plain hashes.
fn forbidden() -> Vec<Vec<u8>> {
    let texts = [ADDRESS, COOKIE, "CanaryAgent", MAIL, "hanako.canary"];
    let plain = texts.iter().map(|text| text.as_bytes().to_vec());
    let hashes = [ADDRESS, COOKIE, AGENT, MAIL].into_iter().flat_map(|text| {
        let blake3 = blake3::hash(text.as_bytes()).as_bytes().to_vec();
        let sip = siphasher::sip::SipHasher24::new().hash(text.as_bytes());
        [blake3, sip.to_le_bytes().to_vec(), sip.to_be_bytes().to_vec()]
    });
    plain.chain(hashes).collect()
}

fn assert_clean(house: &House, when: &str) {
    for (path, bytes) in all_bytes(house.directory.path()) {
        for (i, needle) in forbidden().iter().enumerate() {
            assert!(!contains(&bytes, needle), "canary {i} is in {} {when}", path.display());
        }
    }
}

#[test]
fn no_canary_reaches_the_disk() {
    let house = House::new();
    let running = house.open();
    let lane = running.lane("www", "canary-producer");
    let canary = |cookie: &str, n: u32| {
        AccessEvent::at(NOON_UNIX_MS, 200)
            .from_whom(ADDRESS, cookie, AGENT)
            .for_what("GET", format!("/unsubscribe/{MAIL}/{n}?mail={MAIL}"))
            .with_context(format!("https://forum.example/{MAIL}?u={COOKIE}"), "ja")
    };
    let events = (0..6).flat_map(|n| [canary("", n), canary(COOKIE, n)]).collect();
    let receipt = block_on(lane.send(batch(1, events, 0))).unwrap();
    // The replaced address makes all six targets' first parts equal; their last parts differ.
    assert_eq!(count(&receipt, Outcome::Counted), 12);
    assert_clean(&house, "while the day is open");
    drop(lane);
    running.close();
    assert_clean(&house, "after a checkpoint");

    let running = house.open();
    let lane = running.lane("www", "canary-producer");
    // Past the end of the quarter, the longest period with a key.
    let after = NOON_UNIX_MS + 70 * DAY_MS;
    house.clock.set(after);
    block_on(lane.send(batch(2, vec![], after))).unwrap();
    let day = Day::from_date("2026-11-02".parse().unwrap());
    running.wait_for("www", Period::of(PeriodKind::Quarter, day));
    drop(lane);
    running.close();
    assert_clean(&house, "after sealing");
    for (path, bytes) in all_bytes(&house.data()) {
        assert!(!contains(&bytes, b"canary-producer"), "the producer's name is in {}", path.display());
    }
    // With the keys of all its periods destroyed, nothing on the disk can be decrypted any more. The quarter that runs has one,
    // though nobody came in it. The other file is a number that every reader sees.
    let mut keys: Vec<_> = std::fs::read_dir(house.keys()).unwrap().map(|e| e.unwrap().file_name()).collect();
    keys.sort();
    assert_eq!(keys, ["producers.key", "releases", "www.quarter-2027-01-01.key"]);
}

#[test]
fn a_backup_holds_no_canary_and_no_key() {
    let house = House::new();
    let running = house.open();
    let event = AccessEvent::at(NOON_UNIX_MS, 200).from_whom(ADDRESS, COOKIE, AGENT);
    let event = event.for_what("GET", format!("/{MAIL}")).with_context(format!("https://forum.example/{MAIL}"), "ja");
    block_on(running.lane("www", "p").send(batch(1, vec![event], 0))).unwrap();
    let mut backup = Vec::new();
    block_on(running.admin.back_up()).unwrap().read_to_end(&mut backup).unwrap();
    assert!(contains(&backup, b"www"), "a backup holds rows as they are");
    for (i, needle) in forbidden().iter().enumerate() {
        assert!(!contains(&backup, needle), "canary {i} is in the backup");
    }
    let keys = all_bytes(&house.keys()).into_iter().filter(|(path, _)| path.extension().is_some_and(|e| e == "key"));
    let keys: Vec<_> = keys.collect();
    // Of the producers, and of the day, the week, the month.
    assert!(keys.len() >= 4, "{}", keys.len());
    for (path, bytes) in keys {
        let half = bytes.len().min(32) / 2;
        let parts = [&bytes[bytes.len() - half..], &bytes[bytes.len() - 2 * half..bytes.len() - half]];
        assert!(!parts.iter().any(|part| contains(&backup, part)), "{} is in the backup", path.display());
    }
    running.close();
}

#[test]
fn no_key_that_is_left_opens_what_a_sealed_day_counted() {
    let house = House::new();
    let running = house.open();
    let lane = running.lane("www", "p");
    block_on(lane.send(batch(1, (0..50).map(|n| view(NOON_UNIX_MS, n, "/")).collect(), 0))).unwrap();
    drop(lane);
    running.close();
    // A copy of everything, as a thief of the disk would have taken it while the day was open.
    let day = Epoch {
        site: SiteName::new("www").unwrap(),
        period: Period::day(Day::from_date("2026-11-02".parse().unwrap())),
    };
    let lane = StoredLane::open(&house.data(), 0).unwrap().reader;
    // Some of the visitors, not the rest.
    let (key, stored) = lane.scan(&rows::parts_prefix(&day)).last().unwrap().unwrap();
    let (_, part) = rows::parse_part_key(&key).unwrap();
    let checkpoint: Checkpoint = rows::decode(&stored, "the cell").unwrap();
    drop(lane);
    let stolen = house.directory.path().join("stolen");
    std::fs::create_dir(&stolen).unwrap();
    for (path, bytes) in all_bytes(&house.keys()) {
        std::fs::write(stolen.join(path.file_name().unwrap()), bytes).unwrap();
    }
    let open = |ring: &KeyRing, with: &Epoch| {
        let keys = ring.existing(with).unwrap();
        checkpoint.section.open(&day, &keys, Place::Part(part, checkpoint.through)).is_ok()
    };
    assert!(open(&KeyRing::open(&stolen).unwrap(), &day), "with its own key it can be read");

    house.clock.set(NOON_UNIX_MS + DAY_MS);
    let running = house.open();
    block_on(running.lane("www", "p").send(batch(2, vec![], NOON_UNIX_MS + DAY_MS))).unwrap();
    running.wait_for("www", day.period);
    running.close();
    let left = KeyRing::open(&house.keys()).unwrap();
    let epochs = left.on_disk().unwrap();
    assert!(!epochs.is_empty() && !epochs.contains(&day), "the week, the month and the quarter are open: {epochs:?}");
    for epoch in epochs {
        assert!(!open(&left, &epoch), "the key of {epoch} opens the day");
    }
}

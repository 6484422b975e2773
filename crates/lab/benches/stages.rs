//! How long each stage of an event's way takes by itself. Times differ from machine to machine and from hour to hour:
//! `benches/instructions` has numbers that do not. Run it with `cargo bench -p headcount-lab --bench stages`.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a test or benchmark stops at what it did not expect, chooses its numbers and gives nothing to others"
)]

mod load;

use std::cell::RefCell;

use divan::{Bencher, counter::ItemsCount};
use headcount::rpc::read_batch;
use headcount_lab::Published;
use headcount_vault::probe::{Seen, Stages};
use load::{
    encode::{self, Parcel},
    traffic::{Size, Traffic},
};

/// Batches of 1,000 events of one site, which are gone through again and again.
const BATCHES: usize = 200;
const EVENTS_PER_BATCH: usize = 1_000;
/// Batches that are committed together.
const GROUP: usize = 8;

fn main() {
    divan::main();
}

fn parcels() -> Vec<Parcel> {
    let size = Size { sites: 1, ..Size::standard((BATCHES * EVENTS_PER_BATCH) as u64, 1) };
    encode::batches(&Traffic::new(size), EVENTS_PER_BATCH).0.swap_remove(0)
}

fn anonymized(stages: &Stages, parcel: &Parcel) -> Seen {
    let seen = read_batch(&parcel.bytes, |events| stages.anonymize(events)).expect("a batch");
    seen.map_err(|error| error.to_string()).expect("keys")
}

/// Stages whose caches are warm, and that have counted nothing.
fn warm(parcels: &[Parcel]) -> Stages {
    let stages = Stages::new().map_err(|error| error.to_string()).expect("a directory");
    for parcel in parcels {
        drop(anonymized(&stages, parcel));
    }
    stages
}

/// Runs a stage on one batch after the other.
fn each(bencher: Bencher<'_, '_>, mut stage: impl FnMut(&Parcel)) {
    let parcels = parcels();
    let mut batches = parcels.iter().cycle();
    bencher.counter(ItemsCount::new(EVENTS_PER_BATCH)).bench_local(|| stage(batches.next().expect("a batch")));
}

#[divan::bench]
fn read(bencher: Bencher<'_, '_>) {
    each(bencher, |parcel| {
        read_batch(&parcel.bytes, |events| events.count());
    });
}

#[divan::bench]
fn read_and_anonymize(bencher: Bencher<'_, '_>) {
    let stages = warm(&parcels());
    each(bencher, |parcel| drop(anonymized(&stages, parcel)));
}

/// A day that begins: most views are the first of their visitor and page.
#[divan::bench]
fn bound_and_count(bencher: Bencher<'_, '_>) {
    let parcels = parcels();
    let stages = RefCell::new(warm(&parcels));
    let seen: Vec<Seen> = parcels.iter().map(|parcel| anonymized(&stages.borrow(), parcel)).collect();
    bencher
        .counter(ItemsCount::new(BATCHES * EVENTS_PER_BATCH))
        .with_inputs(|| stages.borrow_mut().forget())
        .bench_local_values(|()| {
            for batch in &seen {
                stages.borrow_mut().bound(batch);
            }
        });
}

/// A group of a day that has just begun: its delta as bytes, encrypted, on the disk.
fn grouped(bencher: Bencher<'_, '_>, stage: impl Fn(&mut Stages)) {
    let parcels = parcels();
    let stages = RefCell::new(warm(&parcels));
    let seen: Vec<Seen> = parcels.iter().map(|parcel| anonymized(&stages.borrow(), parcel)).collect();
    let mut groups = seen.chunks(GROUP).enumerate().cycle();
    let make = || {
        let (number, group) = groups.next().expect("a group");
        let mut stages = stages.borrow_mut();
        if number == 0 {
            stages.forget();
        }
        for batch in group {
            stages.bound(batch);
        }
    };
    bencher
        .counter(ItemsCount::new(GROUP * EVENTS_PER_BATCH))
        .with_inputs(make)
        .bench_local_values(|()| stage(&mut stages.borrow_mut()));
}

#[divan::bench]
fn encode(bencher: Bencher<'_, '_>) {
    grouped(bencher, |stages| drop(stages.encode()));
}

#[divan::bench]
fn encode_and_encrypt(bencher: Bencher<'_, '_>) {
    grouped(bencher, |stages| {
        let encoded = stages.encode();
        drop(stages.encrypt(encoded).map_err(|error| error.to_string()).expect("keys"));
    });
}

#[divan::bench]
fn encode_encrypt_and_commit(bencher: Bencher<'_, '_>) {
    grouped(bencher, |stages| {
        let encoded = stages.encode();
        let sealed = stages.encrypt(encoded).map_err(|error| error.to_string()).expect("keys");
        stages.commit(&sealed).map_err(|error| error.to_string()).expect("a disk");
    });
}

/// A day of all batches, which is over.
fn counted() -> Stages {
    let parcels = parcels();
    let mut stages = warm(&parcels);
    for parcel in &parcels {
        let seen = anonymized(&stages, parcel);
        stages.bound(&seen);
    }
    stages
}

/// The release of a day, as it goes onto the disk.
#[divan::bench]
fn seal(bencher: Bencher<'_, '_>) {
    let stages = counted();
    bencher.bench_local(|| stages.seal().map_err(|error| error.to_string()).expect("a release"));
}

/// The top 100 pages of a day, of an answer that is not kept.
#[divan::bench]
fn query(bencher: Bencher<'_, '_>) {
    let (site, release, _) = counted().seal().map_err(|error| error.to_string()).expect("a release");
    let published = Published::new(site, release);
    bencher.bench_local(|| published.top_pages().map_err(|error| error.to_string()).expect("an answer"));
}

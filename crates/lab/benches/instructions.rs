//! How many instructions an event takes in each stage. A fixed piece of work that `benches/instructions` runs under
//! callgrind; by itself it prints nothing but how much there was.

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

use headcount::rpc::read_batch;
use headcount_vault::probe::{Encoded, Sealed, Seen, Stages};
use load::{
    Result, encode,
    traffic::{Size, Traffic},
};

/// Batches of 1,000 events; the first ones fill the caches and the cells.
const BATCHES: usize = 40;
const EVENTS_PER_BATCH: usize = 1_000;
/// Batches that are committed together.
const GROUP: usize = 4;

fn main() -> Result<()> {
    let size = Size { sites: 1, ..Size::standard((BATCHES * EVENTS_PER_BATCH) as u64, 1) };
    let (batches, _) = encode::batches(&Traffic::new(size), EVENTS_PER_BATCH);
    let mut stages = Stages::new().map_err(|error| error.to_string())?;
    // Patterns are compiled once and agents and referrers are remembered: what is measured is the way of each day.
    for parcel in &batches[0] {
        let seen = read_batch(&parcel.bytes, |events| stages.anonymize(events)).ok_or("unreadable")?;
        seen.map_err(|error| error.to_string())?;
    }
    let (mut events, mut bytes) = (0, 0);
    for group in batches[0].chunks(GROUP) {
        for parcel in group {
            read_stage(&parcel.bytes);
            let seen = anonymize_stage(&stages, &parcel.bytes)?;
            events += bound_stage(&mut stages, &seen);
        }
        let encoded = encode_stage(&mut stages);
        let sealed = encrypt_stage(&mut stages, encoded)?;
        bytes += commit_stage(&mut stages, &sealed)?;
    }
    println!("{events} events, {bytes} bytes in the journal");
    Ok(())
}

#[inline(never)]
fn read_stage(bytes: &[u8]) {
    read_batch(bytes, |events| assert_eq!(events.count(), EVENTS_PER_BATCH));
}

#[inline(never)]
fn anonymize_stage(stages: &Stages, bytes: &[u8]) -> Result<Seen> {
    let seen = read_batch(bytes, |events| stages.anonymize(events)).ok_or("unreadable")?;
    seen.map_err(|error| error.to_string().into())
}

#[inline(never)]
fn bound_stage(stages: &mut Stages, seen: &Seen) -> usize {
    stages.bound(seen)
}

#[inline(never)]
fn encode_stage(stages: &mut Stages) -> Encoded {
    stages.encode()
}

#[inline(never)]
fn encrypt_stage(stages: &mut Stages, encoded: Encoded) -> Result<Sealed> {
    stages.encrypt(encoded).map_err(|error| error.to_string().into())
}

#[inline(never)]
fn commit_stage(stages: &mut Stages, sealed: &Sealed) -> Result<usize> {
    stages.commit(sealed).map_err(|error| error.to_string().into())
}

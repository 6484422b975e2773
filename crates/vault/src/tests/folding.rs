//! Checkpoints: wherever one is cut short, what is read back is what was counted.

use std::{
    collections::BTreeMap,
    pin::pin,
    task::{Context, Waker},
};

use super::*;
use keys::Epoch;

/// Commits a batch, and waits until it is durable.
pub(super) fn commit(committer: &mut Committer, lane: &Lane, batch: TestBatch) {
    let mut answer = pin!(lane.send(batch));
    let context = &mut Context::from_waker(Waker::noop());
    // A long batch is handed over after some turns.
    while answer.as_mut().poll(context).is_pending() {
        committer.commit_waiting().unwrap();
    }
}

/// The sketches of all months, as they are stored.
fn sketches(committer: &Committer) -> BTreeMap<(&Epoch, &str), Vec<u8>> {
    let bytes = |sketch: &sketch::Sketch| postcard::to_allocvec(sketch).unwrap();
    let mut all = BTreeMap::new();
    for (epoch, month) in &committer.cells().months {
        all.insert((epoch, ""), bytes(&month.visitors));
        all.extend(month.pages.iter().map(|(page, tally)| ((epoch, page), bytes(&tally.visitors))));
    }
    all
}

/// What a process would read that begins now, after this one was killed.
fn assert_same_after_a_crash(house: &House, committer: &Committer, when: &str) {
    let after = House { directory: tempfile::tempdir().unwrap(), clock: house.clock.clone(), seed: house.seed };
    copy(&house.data(), &after.data());
    copy(&house.keys(), &after.keys());
    copy(&house.archive(), &after.archive());
    let opened = open(after.options(), after.clock.clone()).unwrap();
    let read = &opened.committer;
    assert!(read.cells().days == committer.cells().days, "the days {when}");
    assert!(sketches(read) == sketches(committer), "the months {when}");
}

#[test]
fn a_checkpoint_that_is_cut_short_loses_and_doubles_nothing() {
    let house = House::new();
    let Opened { intake, mut committer, .. } = open(house.options(), house.clock.clone()).unwrap();
    let lane = intake.lane(&SiteName::new("www").unwrap(), "p", SECRET, "").unwrap();
    let mut sequence = 0;
    let (mut steps, mut parts) = (0, 0);
    for (round, visitors) in [30, 120, 480].into_iter().enumerate() {
        // Ever more visitors, so that parts are split; those of before come again.
        let mut views = |visitors: u32| -> TestBatch {
            sequence += 1;
            let view = |n: u32| view(NOON_UNIX_MS, n, &format!("/p{}", (u64::from(n) * 7 + sequence) % 40));
            batch(sequence, (0..visitors).map(view).collect(), 0)
        };
        commit(&mut committer, &lane, views(visitors));
        committer.begin_checkpoint();
        while committer.is_in_checkpoint() {
            if steps % 3 == 0 {
                committer.write_some().unwrap();
            } else {
                commit(&mut committer, &lane, views(3));
            }
            steps += 1;
            assert_same_after_a_crash(&house, &committer, &format!("after step {steps}, in round {round}"));
        }
        let of_round: usize = committer.stored().parts.values().map(std::collections::BTreeSet::len).sum();
        assert!(of_round > parts, "parts are split as they grow");
        parts = of_round;
    }
    assert!(steps > 30, "{steps} steps");
    committer.write_all().unwrap();
    let (stored, head) = (committer.stored(), committer.head());
    assert_eq!((stored.base, stored.trimmed), (head, head.sequence));
    assert_same_after_a_crash(&house, &committer, "at the end");
}

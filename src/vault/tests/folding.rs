//! Checkpoints: wherever one is cut short, what is read back is what was counted.

use std::{
    collections::BTreeMap,
    pin::pin,
    task::{Context, Waker},
};

use super::*;
use keys::Epoch;
use store::{
    journal::{Checkpoint, Place},
    rows,
};

/// Commits a batch, and waits until it is durable.
pub(super) fn commit(keeper: &mut Keeper, lane: &Lane, batch: TestBatch) {
    let mut answer = pin!(lane.send(batch));
    let context = &mut Context::from_waker(Waker::noop());
    assert!(answer.as_mut().poll(context).is_pending());
    let commit = keeper.commits.try_recv().unwrap();
    keeper.commit_group(commit).unwrap();
    keeper.writer.settle().unwrap();
    assert!(answer.as_mut().poll(context).is_ready());
}

/// The sketches of all months, as they are stored.
fn sketches(keeper: &Keeper) -> BTreeMap<(&Epoch, &str), Vec<u8>> {
    let bytes = |sketch: &sketch::Sketch| postcard::to_allocvec(sketch).unwrap();
    let mut all = BTreeMap::new();
    for (epoch, month) in &keeper.cells.months {
        all.insert((epoch, ""), bytes(&month.visitors));
        all.extend(month.pages.iter().map(|(page, tally)| ((epoch, page), bytes(&tally.visitors))));
    }
    all
}

/// What a process would read that begins now, after this one was killed.
fn assert_same_after_a_crash(house: &House, keeper: &Keeper, when: &str) {
    let after = House { directory: tempfile::tempdir().unwrap(), clock: house.clock.clone(), seed: house.seed };
    copy(&house.data(), &after.data());
    copy(&house.keys(), &after.keys());
    copy(&house.archive(), &after.archive());
    let opened = open(after.options(), after.clock.clone()).unwrap();
    let read = &opened.keeper;
    assert!(read.cells.days == keeper.cells.days, "the days {when}");
    assert!(sketches(read) == sketches(keeper), "the months {when}");
}

#[test]
fn a_checkpoint_that_is_cut_short_loses_and_doubles_nothing() {
    let house = House::new();
    let Opened { intake, mut keeper, .. } = open(house.options(), house.clock.clone()).unwrap();
    let lane = intake.lane(&SiteName::new("www").unwrap(), "p").unwrap();
    let mut sequence = 0;
    let (mut steps, mut parts) = (0, 0);
    for (round, visitors) in [30, 120, 480].into_iter().enumerate() {
        // Ever more visitors, so that parts are split; those of before come again.
        let mut views = |visitors: u32| -> TestBatch {
            sequence += 1;
            let view = |n: u32| view(NOON_UNIX_MS, n, &format!("/p{}", (u64::from(n) * 7 + sequence) % 40));
            batch(sequence, (0..visitors).map(view).collect(), 0)
        };
        commit(&mut keeper, &lane, views(visitors));
        keeper.begin_fold().unwrap();
        while keeper.fold.is_some() {
            if steps % 3 == 0 {
                keeper.go_on_folding().unwrap();
                keeper.writer.settle().unwrap();
            } else {
                commit(&mut keeper, &lane, views(3));
            }
            steps += 1;
            assert_same_after_a_crash(&house, &keeper, &format!("after step {steps}, in round {round}"));
        }
        let of_round: usize = keeper.parts.values().map(std::collections::BTreeSet::len).sum();
        assert!(of_round > parts, "parts are split as they grow");
        parts = of_round;
    }
    assert!(steps > 30, "{steps} steps");
    keeper.checkpoint().unwrap();
    assert_eq!((keeper.base, keeper.trimmed), (keeper.head, keeper.head.sequence));
    assert_same_after_a_crash(&house, &keeper, "at the end");
}

/// Puts all cells back as the version before stored them: as a whole, through the journal's head.
fn store_as_a_whole(keeper: &Keeper) {
    let mut step = store::disk::Step::default();
    step.put_row(rows::FORMAT_KEY, &rows::FORMAT_OF_WHOLE_CELLS).unwrap();
    let through = keeper.head.sequence;
    for epoch in keeper.cells.epochs() {
        let section = keeper.section(epoch, Place::Whole(through), keeper.cells.encode(epoch)).unwrap();
        keeper.disk.remove_cell(&mut step, epoch).unwrap();
        let bytes = rows::encode(&Checkpoint { through, section }).unwrap();
        step.put_long(&rows::whole_key(epoch), &bytes).unwrap();
    }
    keeper.disk.commit(step).unwrap();
}

#[test]
fn cells_of_the_version_before_are_read_and_split() {
    let house = House::new();
    let Opened { intake, mut keeper, .. } = open(house.options(), house.clock.clone()).unwrap();
    let lane = intake.lane(&SiteName::new("www").unwrap(), "p").unwrap();
    let views = |visitors: std::ops::Range<u32>| visitors.map(|n| view(NOON_UNIX_MS, n, "/a")).collect();
    commit(&mut keeper, &lane, batch(1, views(0..60), 0));
    store_as_a_whole(&keeper);
    // The cells hold the first record, which the journal still has, and lack the second.
    commit(&mut keeper, &lane, batch(2, views(30..90), 0));
    assert!(keeper.base.sequence == 0 && keeper.parts.is_empty());
    assert_same_after_a_crash(&house, &keeper, "in the form before");
    let counted = keeper.cells.days.values().map(tally::DayTally::halved_bytes).collect::<Vec<_>>();
    drop((lane, intake, keeper));
    assert_eq!(upkeep::verify(&house.directories(), house.clock.clone()).unwrap().damaged, [""; 0]);
    let Opened { mut keeper, .. } = open(house.options(), house.clock.clone()).unwrap();
    assert_eq!(keeper.cells.days.values().map(tally::DayTally::halved_bytes).collect::<Vec<_>>(), counted);
    assert!(
        keeper.disk.scan(rows::WHOLE_PREFIX).next().is_none() && keeper.parts.values().all(|parts| parts.len() > 1)
    );
    keeper.checkpoint().unwrap();
    assert_same_after_a_crash(&house, &keeper, "in today's form");
}

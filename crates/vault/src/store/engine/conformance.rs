//! What every engine must do, checked for each of them by the same tests: steps are whole or not there, rows are read in
//! order, long values come back whole, a stale fence writes nothing, and an open sees exactly the steps that were made
//! durable, also after a crash.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{
    Changes, Fate, Fence, Opened, Range, StepError, is_long,
    memory::{Fault, Memory},
    open,
};
use crate::{
    store::{
        CommitError, Damaged, OpenError, ReadError, Step,
        digest::RowDigest,
        lane::{Lane, check},
        rows,
    },
    tests::copy,
};

/// An engine under test: how a lane is opened, again and again.
trait Engine {
    fn open(&self) -> Opened;

    /// The next open finds what is durable at this moment. Gives what those who have it open now still write to.
    fn crash(&mut self) -> Option<tempfile::TempDir> {
        None
    }
}

impl Engine for Memory {
    fn open(&self) -> Opened {
        Memory::open(self)
    }
}

/// A data directory.
struct Sled(tempfile::TempDir);

impl Engine for Sled {
    fn open(&self) -> Opened {
        open(self.0.path(), 0).unwrap()
    }

    fn crash(&mut self) -> Option<tempfile::TempDir> {
        let after = directory();
        copy(self.0.path(), after.path());
        Some(std::mem::replace(&mut self.0, after))
    }
}

/// In memory where the system has such a place: no power is cut here.
fn directory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Every engine with a new lane.
fn engines() -> Vec<(&'static str, Box<dyn Engine>)> {
    vec![("memory", Box::new(Memory::default())), ("sled", Box::new(Sled(directory())))]
}

/// The fence after another one.
fn after(fence: Fence, mark: u64) -> Fence {
    Fence { steps: fence.steps + 1, digest: [mark, 1, 2, 3] }
}

#[derive(Debug, Clone)]
enum Op {
    Step(Changes),
    /// A step by somebody who does not know of the last one.
    Stale(Changes),
    Reopen,
    Crash,
    Scan(Vec<u8>),
}

/// Keys of a few rows, long and short, close to each other and to the ends of kinds.
fn key() -> impl Strategy<Value = Vec<u8>> {
    let kind = prop::sample::select(&[b"j/", b"o/", b"r/", b"k/", b"s/", b"m/"][..]);
    (kind, prop::sample::select(vec![0_u8, 1, b'/', 254, 255]), prop::sample::select(vec![0_u8, 255]))
        .prop_map(|(kind, one, two)| [&kind[..], &[one, two]].concat())
}

fn value(key: &[u8], length: usize, fill: u8) -> Vec<u8> {
    // Of a long one: around the ends of pieces, and some of them.
    let length = if is_long(key) { [0, 1, 4_091, 4_092, 4_093, 8_188, 8_189, 30_000][length % 8] } else { length };
    (0..length).map(|at| fill.wrapping_add(at as u8)).collect()
}

fn changes() -> impl Strategy<Value = Changes> {
    let change = (key(), prop::option::weighted(0.7, (0_usize..40, any::<u8>())));
    prop::collection::vec(change, 0..6).prop_map(|changes| {
        let put =
            |key: Vec<u8>, of: Option<(usize, u8)>| (key.clone(), of.map(|(length, fill)| value(&key, length, fill)));
        changes.into_iter().map(|(key, of)| put(key, of)).collect()
    })
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => changes().prop_map(Op::Step),
        1 => changes().prop_map(Op::Stale),
        1 => Just(Op::Reopen),
        1 => Just(Op::Crash),
        2 => prop_oneof![Just(vec![]), Just(b"j/".to_vec()), Just(b"o/\xff".to_vec()), key()].prop_map(Op::Scan),
    ]
}

fn assert_same(lane: &Opened, model: &BTreeMap<Vec<u8>, Vec<u8>>, range: &Range, what: &str) {
    let expected: Vec<_> = model.iter().filter(|(key, _)| range.contains(key)).collect();
    let found: Vec<_> = lane.reader.scan(range).map(Result::unwrap).collect();
    assert_eq!(found.iter().map(|(key, value)| (key, value)).collect::<Vec<_>>(), expected, "{what}");
    let keys: Vec<_> = lane.reader.keys(range).map(Result::unwrap).collect();
    assert_eq!(keys.iter().collect::<Vec<_>>(), expected.iter().map(|(key, _)| *key).collect::<Vec<_>>(), "{what}");
    for (key, value) in expected {
        assert_eq!(lane.reader.get(key).unwrap().as_ref(), Some(value), "{what}");
    }
}

fn run(what: &str, engine: &mut dyn Engine, ops: &[Op]) {
    let (mut lane, mut model, mut last) = (engine.open(), BTreeMap::new(), Fence::default());
    for (mark, op) in (1..).zip(ops) {
        match op {
            Op::Step(changes) => {
                let to = after(last, mark);
                lane.writer.commit(changes, &last, &to).unwrap();
                last = to;
                for (key, value) in changes {
                    match value {
                        Some(value) => model.insert(key.clone(), value.clone()),
                        None => model.remove(key),
                    };
                }
            }
            Op::Stale(changes) => {
                let stale = after(last, u64::MAX);
                let refused = lane.writer.commit(changes, &stale, &after(stale, mark)).unwrap_err();
                assert!(matches!(refused, StepError::Fenced(found) if found == last), "{what}: {refused:?}");
                // An engine may need a new open after it was wrong about its lane.
                drop(lane);
                lane = engine.open();
                assert_same(&lane, &model, &Range::all(), what);
            }
            Op::Reopen | Op::Crash => {
                let left_behind = if matches!(op, Op::Crash) { engine.crash() } else { None };
                drop(lane);
                drop(left_behind);
                lane = engine.open();
                assert_same(&lane, &model, &Range::all(), what);
            }
            Op::Scan(prefix) => assert_same(&lane, &model, &Range::beginning_with(prefix), what),
        }
        assert_eq!(lane.reader.fence().unwrap(), last, "{what}");
        assert!(lane.high_water.is_none_or(|said| said.steps <= last.steps), "{what}");
    }
    assert_same(&lane, &model, &Range::all(), what);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn steps_are_whole_in_order_and_fenced(ops in prop::collection::vec(op(), 1..20)) {
        for (what, mut engine) in engines() {
            run(what, &mut *engine, &ops);
        }
    }
}

#[test]
fn a_range_has_the_keys_that_begin_so_and_no_others() {
    let prefixes: [&[u8]; 5] = [b"", b"j/", b"o/\xff", b"\xff\xff", b"j/\xff\xff"];
    let keys: [&[u8]; 8] = [b"", b"j/", b"j/\xff\xff\x01", b"j0", b"o/\xff\x00", b"o0", b"\xff\xff", b"\xff\xff\xff"];
    for prefix in prefixes {
        let range = Range::beginning_with(prefix);
        for key in keys {
            assert_eq!(range.contains(key), key.starts_with(prefix), "{prefix:?} {key:?}");
        }
    }
}

fn step(key: &[u8], value: &[u8]) -> Step {
    let mut step = Step::default();
    step.put(key, value);
    step
}

fn lane(engine: &dyn Engine) -> Result<Lane, OpenError> {
    let opened = engine.open();
    let last = check(&opened, opened.high_water)?;
    Ok(Lane::of(opened, last))
}

#[test]
fn a_step_in_doubt_is_counted_once_or_the_writer_stops() {
    let memory = Memory::default();
    let mut open = lane(&memory).unwrap();
    open.writer.commit(step(b"k/1", b"one")).unwrap();
    // Whether it was lost before or after, it is there once, and the next step follows it.
    for (fault, key) in [(Fault::LostBefore, b"k/2"), (Fault::LostAfter, b"k/3")] {
        memory.fail(fault);
        open.writer.commit(step(key, b"in doubt")).unwrap();
        assert_eq!(open.reader.get(key).unwrap().as_deref(), Some(&b"in doubt"[..]), "{fault:?}");
    }
    assert_eq!(memory.open().reader.fence().unwrap().steps, 3);
    memory.fail(Fault::Refused);
    assert!(matches!(open.writer.commit(step(b"k/4", b"")), Err(CommitError::Read(ReadError::Engine(_)))));
    assert_eq!(open.reader.get(b"k/4").unwrap(), None);
    memory.fail(Fault::Unknown);
    assert!(matches!(open.writer.commit(step(b"k/5", b"")), Err(CommitError::Read(ReadError::Engine(_)))));
    // Only the next open tells.
    assert!(lane(&memory).unwrap().reader.get(b"k/5").unwrap().is_some());
}

#[test]
fn of_two_who_believe_to_own_a_lane_one_is_kept_out() {
    let memory = Memory::default();
    let (mut ours, mut theirs) = (lane(&memory).unwrap(), lane(&memory).unwrap());
    ours.writer.commit(step(b"k/1", b"ours")).unwrap();
    let fenced = theirs.writer.commit(step(b"k/1", b"theirs")).unwrap_err();
    assert!(matches!(fenced, CommitError::Fenced { found: 1, known: 0 }), "{fenced}");
    assert_eq!(ours.reader.get(b"k/1").unwrap().as_deref(), Some(&b"ours"[..]));
    // A lost step of theirs is not taken for one of ours.
    let from = memory.open().reader.fence().unwrap();
    let to = after(from, 9);
    ours.writer.commit(step(b"k/2", b"ours")).unwrap();
    assert_eq!(memory.open().writer.fate(&from, &to), Fate::Fenced(memory.open().reader.fence().unwrap()));
}

#[test]
fn rows_that_are_not_those_that_were_written_last_are_refused() {
    for (what, engine) in engines() {
        let mut open = lane(&*engine).unwrap();
        open.writer.commit(step(b"o/long", &[7; 9_000])).unwrap();
        open.writer.commit(step(b"k/short", b"x")).unwrap();
        // The journal and the releases have digests of their own.
        open.writer.commit(step(b"j/1", &[1; 5_000])).unwrap();
        open.writer.commit(step(b"r/1", b"release")).unwrap();
        drop(open);
        let mut raw = engine.open();
        let last = raw.reader.fence().unwrap();
        assert_eq!(RowDigest::over(&*raw.reader).unwrap().0, last.digest, "{what}");
        // A row changes, and the digest stays.
        let to = Fence { steps: last.steps + 1, ..last };
        raw.writer.commit(&Changes::from([(b"o/long".to_vec(), Some(vec![8; 9_000]))]), &last, &to).unwrap();
        drop(raw);
        let refused = lane(&*engine).err().unwrap().to_string();
        let damaged = Damaged::new("rows are missing, altered, or older than the others").to_string();
        assert_eq!(refused, damaged, "{what}");
        drop(refused);
    }
}

#[test]
fn a_cell_goes_with_all_its_parts_as_of_the_step() {
    use crate::{
        calendar::{Day, Period},
        keys::Epoch,
        tally::Part,
        units::SiteName,
    };
    let day = |number| Epoch { site: SiteName::new("www").unwrap(), period: Period::day(Day::from_number(number)) };
    for (what, engine) in engines() {
        let mut open = lane(&*engine).unwrap();
        let mut put = Step::default();
        for epoch in [day(1), day(12)] {
            put.put(rows::part_key(&epoch, Part::REST), [1; 10]);
            put.put(rows::part_key(&epoch, Part::ALL), [2; 9_000]);
        }
        open.writer.commit(put).unwrap();
        let mut remove = Step::default();
        remove.remove_cell(&day(1));
        open.writer.commit(remove).unwrap();
        assert!(!open.reader.has_cell(&day(1)) && open.reader.has_cell(&day(12)), "{what}");
        let mut clear = Step::default();
        clear.remove_all();
        open.writer.commit(clear).unwrap();
        assert_eq!(open.reader.scan(b"").count(), 0, "{what}");
        drop(open);
        assert!(lane(&*engine).is_ok(), "{what}");
    }
}

//! What can happen to a vault in a simulation: batches, faults, and time. Everything is relative to what is there when it
//! happens (the clock, a producer's last sequence), so that any part of a history is a history too and shrinks well.

use proptest::prelude::*;

/// Sites that are simulated.
pub(super) const SITES: u8 = 3;
/// Producers of each site.
pub(super) const PRODUCERS: u8 = 3;
/// Visitors who come again and again.
const VISITORS: u8 = 6;
/// Pages that they share. The last one is in no list of known pages.
pub(super) const PAGES: u8 = 6;
/// Which settings a start may have.
pub(super) const CHOICES: u8 = 4;

/// One thing that happens.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Op {
    /// Batches that the committer finds waiting together.
    Send(Group),
    /// The committer seals what is due.
    Seal,
    /// Every release is read again.
    Query,
    /// The journal is cut while the process runs.
    Checkpoint,
    /// The process is gone, and comes back.
    Crash,
    /// The process is gone at a draw of noise while it seals, or before, at the destruction of the last key, and comes
    /// back.
    CrashInSeal { draws: u16, key: KeyLeft },
    /// A clean stop and a start.
    Restart,
    /// The disk as it would be found after a crash now is put aside.
    Image,
    /// What was put aside is opened; what came after it has never been.
    Restore,
    /// Time goes by.
    Forward { minutes: u32 },
    /// The clock is set back.
    Back { minutes: u32 },
    /// The next start has other settings.
    Settings(u8),
    /// The process is gone, the key of an open day, week or month is lost, and that is given up.
    LoseKey { which: u8 },
}

/// What a crash left of the key of the period that was sealed last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum KeyLeft {
    Nothing,
    Whole,
    Zeroed,
}

/// Batches that are committed together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    pub(super) batches: Vec<Sending>,
    /// Minutes that go by, and whether the committer seals what is due, after the events were made anonymous and before they
    /// are committed.
    pub(super) waits: Option<u16>,
    pub(super) fate: Fate,
}

/// What becomes of the process that takes a group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fate {
    Answered,
    /// It is gone before the step.
    GoneBefore,
    /// It is gone after the step, and the senders never hear of it.
    GoneAfter,
}

/// One batch of one producer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sending {
    pub(super) site: u8,
    pub(super) producer: u8,
    pub(super) which: Which,
    pub(super) acts: Vec<Act>,
    /// The producer is complete up to this many minutes before now (after now, where negative).
    pub(super) complete_minutes_back: Option<i32>,
}

/// Which sequence a batch has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Which {
    Next,
    /// The last one again: what a second connection, or one that was cut, sends.
    Again,
    /// One that is durable for long.
    Old(u8),
    /// One that leaves a gap.
    Skip(u8),
    Hello,
}

/// What a visitor does.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Act {
    pub(super) who: Who,
    pub(super) page: u8,
    /// Before now (after now, where negative). 0: the event says no time.
    pub(super) minutes_back: i32,
    pub(super) kind: Kind,
    pub(super) times: u8,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Who {
    Visitor(u8),
    /// Somebody who comes this once, to a page that nobody else ever sees.
    Canary,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    View,
    Robot,
    NotFound,
    Failure,
    Asset,
    Post,
}

impl Op {
    /// Its name in the statistics.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Send(group) if group.fate == Fate::GoneBefore => "send, gone before the step",
            Self::Send(group) if group.fate == Fate::GoneAfter => "send, gone before the answer",
            Self::Send(group) if group.waits.is_some() => "send, sealed while under way",
            Self::Send(_) => "send",
            Self::Seal => "seal",
            Self::Query => "query",
            Self::Checkpoint => "checkpoint",
            Self::Crash => "crash",
            Self::CrashInSeal { .. } => "crash while sealing",
            Self::Restart => "restart",
            Self::Image => "image",
            Self::Restore => "restore",
            Self::Forward { .. } => "clock forward",
            Self::Back { .. } => "clock back",
            Self::Settings(_) => "other settings",
            Self::LoseKey { .. } => "key lost",
        }
    }
}

fn act() -> impl Strategy<Value = Act> {
    let who = prop_oneof![5 => (0..VISITORS).prop_map(Who::Visitor), 1 => Just(Who::Canary)];
    let minutes_back = prop_oneof![
        2 => Just(0),
        6 => 1..720_i32,
        3 => 1..4_320_i32,
        1 => 1..60_000_i32,
        1 => -12..0_i32,
    ];
    let kind = prop_oneof![
        12 => Just(Kind::View),
        1 => Just(Kind::Robot),
        1 => Just(Kind::NotFound),
        1 => Just(Kind::Failure),
        1 => Just(Kind::Asset),
        1 => Just(Kind::Post),
    ];
    (who, 0..PAGES, minutes_back, kind, 1_u8..4).prop_map(|(who, page, minutes_back, kind, times)| Act {
        who,
        page,
        minutes_back,
        kind,
        times,
    })
}

fn sending() -> impl Strategy<Value = Sending> {
    let which = prop_oneof![
        12 => Just(Which::Next),
        2 => Just(Which::Again),
        1 => any::<u8>().prop_map(Which::Old),
        1 => any::<u8>().prop_map(Which::Skip),
        1 => Just(Which::Hello),
    ];
    let complete = prop_oneof![
        3 => Just(None),
        2 => Just(Some(0)),
        2 => (-100..3_000_i32).prop_map(Some),
    ];
    (0..SITES, 0..PRODUCERS, which, prop::collection::vec(act(), 0..8), complete).prop_map(
        |(site, producer, which, acts, complete_minutes_back)| Sending {
            site,
            producer,
            which,
            acts,
            complete_minutes_back,
        },
    )
}

fn group() -> impl Strategy<Value = Group> {
    let fate = prop_oneof![10 => Just(Fate::Answered), 1 => Just(Fate::GoneBefore), 1 => Just(Fate::GoneAfter)];
    let waits = prop_oneof![8 => Just(None), 1 => (0..2_000_u16).prop_map(Some)];
    (prop::collection::vec(sending(), 1..4), waits, fate).prop_map(|(batches, waits, fate)| Group {
        batches,
        waits,
        fate,
    })
}

fn forward() -> impl Strategy<Value = Op> {
    let minutes = prop_oneof![
        5 => 1..180_u32,
        5 => 180..2_880_u32,
        2 => 2_880..15_000_u32,
        1 => 15_000..50_000_u32,
    ];
    minutes.prop_map(|minutes| Op::Forward { minutes })
}

fn back() -> impl Strategy<Value = Op> {
    let minutes = prop_oneof![3 => 1..300_u32, 2 => 300..4_000_u32, 1 => 4_000..20_000_u32];
    minutes.prop_map(|minutes| Op::Back { minutes })
}

fn op() -> impl Strategy<Value = Op> {
    let key = prop::sample::select(vec![KeyLeft::Nothing, KeyLeft::Whole, KeyLeft::Zeroed]);
    prop_oneof![
        16 => group().prop_map(Op::Send),
        7 => Just(Op::Seal),
        1 => Just(Op::Query),
        1 => Just(Op::Checkpoint),
        2 => Just(Op::Crash),
        2 => (0..3_000_u16, key).prop_map(|(draws, key)| Op::CrashInSeal { draws, key }),
        2 => Just(Op::Restart),
        1 => Just(Op::Image),
        1 => Just(Op::Restore),
        7 => forward(),
        1 => back(),
        1 => (0..CHOICES).prop_map(Op::Settings),
        1 => any::<u8>().prop_map(|which| Op::LoseKey { which }),
    ]
}

/// Histories of up to so many things.
pub(super) fn history(ops_max: usize) -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(op(), 1..=ops_max)
}

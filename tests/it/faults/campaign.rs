//! Kills under load, one after the other on one data directory, with accounts kept over all of them.

use std::{
    collections::BTreeMap,
    os::unix::process::ExitStatusExt,
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

use headcount::proto::ExportReleasesResponse;

use super::{
    Dice,
    fleet::{DAYS, FIRST_DAY, Fleet, VISITORS_PER_DAY},
    quiet_args,
    shim::{CHANGES, EIO, ENOSPC, EROFS, EVERYTHING, Faults, Field, NEEDS_ROOM},
    truth::{self, Named},
};
use crate::harness::{Ended, House, Server};

/// How long the server may take to run into its fault, or the disk's errors to show.
const PATIENCE: Duration = Duration::from_secs(60);
/// After this long it counts as hanging.
const HUNG: Duration = Duration::from_secs(10);
/// A number may be this many standard deviations off: one false alarm in some hundred million numbers.
const SIGMAS: f64 = 6.0;

/// Ways to die.
const WAYS: [&str; 9] = [
    "SIGKILL at a random moment",
    "before a change of the disk",
    "in the middle of a write",
    "after a sync, before the answer",
    "power failure",
    "while it stops",
    "disk full",
    "disk broken",
    "disk read-only",
];

/// The index of "disk broken" in [`WAYS`].
const BROKEN: usize = 7;

/// The result.
#[derive(Default)]
pub struct Figures {
    pub kills: u64,
    pub by_way: BTreeMap<&'static str, u64>,
    pub acked: u64,
    pub refused: u64,
    pub lost: u64,
    pub doubled: u64,
    pub days_checked: u64,
    /// How often it neither answered nor stopped after a disk error, and was killed.
    pub hung: u64,
    /// All other violations.
    pub wrong: Vec<String>,
}

/// A campaign under way.
pub struct Campaign {
    house: House,
    args: Vec<String>,
    faults: Faults,
    fleet: Fleet,
    dice: Dice,
    seen: BTreeMap<Named, ExportReleasesResponse>,
    figures: Figures,
}

impl Campaign {
    /// None if faults cannot be injected here.
    pub fn new(seed: u64) -> Option<Self> {
        let house = House::new();
        let faults = Faults::new(&house)?;
        let args = quiet_args(&house);
        let (fleet, dice) = (Fleet::new(3), Dice::new(seed));
        Some(Self { house, args, faults, fleet, dice, seen: BTreeMap::new(), figures: Figures::default() })
    }

    /// Kills that many times in chapters of `each`; after each chapter the totals of its days are compared.
    pub fn run(mut self, kills: u64, each: u64, mut progress: impl FnMut(&Figures)) -> Figures {
        for chapter in 0..kills.div_ceil(each) {
            self.fleet.load(self.dice.next());
            while self.figures.kills < kills.min((chapter + 1) * each) {
                let way = usize::try_from(self.dice.below(WAYS.len() as u64)).expect("a way");
                self.die(way);
                *self.figures.by_way.entry(WAYS[way]).or_default() += 1;
                self.figures.kills += 1;
            }
            self.fleet.pause();
            self.end_chapter(usize::try_from(chapter).expect("a chapter"));
            self.figures.acked = self.fleet.acked();
            progress(&self.figures);
        }
        let findings = self.fleet.findings();
        self.figures.refused = findings.refused.load(Ordering::SeqCst);
        self.figures.lost += findings.lost.load(Ordering::SeqCst);
        self.figures.wrong.append(&mut findings.wrong.lock().expect("the list"));
        self.figures
    }

    /// What is set before the server starts.
    fn faults_of(&mut self, way: usize) -> Vec<(Field, i64)> {
        let mut number = |below| i64::try_from(self.dice.below(below)).expect("a number") + 1;
        match way {
            1 => vec![(Field::KillBefore, number(250))],
            2 => vec![(Field::Tear, number(250))],
            3 => vec![(Field::KillAfterSync, number(60))],
            4 => {
                let mixed = if number(2) == 1 { 0 } else { number(1 << 40) };
                vec![(Field::PowerAt, number(60)), (Field::LiveNames, number(2) - 1), (Field::Mixed, mixed)]
            }
            6..=8 => {
                let (errno, kinds) = [(ENOSPC, NEEDS_ROOM), (EIO, EVERYTHING), (EROFS, CHANGES)][way - 6];
                vec![(Field::FailFrom, number(200)), (Field::FailErrno, errno), (Field::FailKinds, kinds)]
            }
            _ => Vec::new(),
        }
    }

    fn die(&mut self, way: usize) {
        let faults = self.faults_of(way);
        let ended = match self.faults.launch(&self.args, &faults) {
            Err(ended) => ended,
            Ok(server) => self.die_under_load(server, way),
        };
        self.fleet.server_is_at(None);
        self.look_at(&ended, way);
        self.faults.power_comes_back();
    }

    fn die_under_load(&mut self, mut server: Server, way: usize) -> Ended {
        self.fleet.server_is_at(Some(server.url()));
        match way {
            0 => self.let_it_run(&mut server),
            5 => {
                self.let_it_run(&mut server);
                let later = i64::try_from(self.dice.below(40)).expect("a number");
                self.faults.set(Field::KillBefore, self.faults.get(Field::Calls) + 1 + later);
                server.terminate();
                return server.ended();
            }
            6..=8 => {
                self.wait(&mut server, |this| this.faults.get(Field::Failed) > 0);
                // It has run into the error: it stops, or refuses until the disk works again.
                let refused = self.fleet.findings().refused.load(Ordering::SeqCst);
                let begun = Instant::now();
                let waits = |this: &Self| this.fleet.findings().refused.load(Ordering::SeqCst) <= refused + 3;
                while server.is_running() && waits(self) && begun.elapsed() < HUNG {
                    thread::sleep(Duration::from_millis(1));
                }
                self.figures.hung += u64::from(server.is_running() && waits(self));
                self.faults.set(Field::FailFrom, 0);
            }
            _ => self.wait(&mut server, |_| false),
        }
        server.kill_and_look()
    }

    /// Usually until something was acknowledged, and a random while longer.
    fn let_it_run(&mut self, server: &mut Server) {
        if self.dice.below(2) == 0 {
            let acked = self.fleet.acked();
            self.wait(server, |this| this.fleet.acked() > acked);
        }
        thread::sleep(Duration::from_millis(self.dice.below(80)));
    }

    /// Until the condition holds or the server has ended.
    fn wait(&self, server: &mut Server, is_so: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while server.is_running() && !is_so(self) {
            assert!(begun.elapsed() < PATIENCE, "the fault was not met: {}", server.log());
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// It may be killed, stop as requested, or stop because of the disk and say so; nothing else.
    fn look_at(&mut self, ended: &Ended, way: usize) {
        if way == BROKEN && ended.log.contains("sled-0.34.7/src/pagecache/logger.rs") {
            // While it ends after a sync that failed, sled syncs once more and panics; tests/it/disk.rs has a test of it.
            return;
        }
        let is_killed = ended.status.signal() == Some(9);
        let stopped_well = way == 5 && ended.status.success();
        let says_why = (6..=8).contains(&way) && ended.status.code() == Some(1) && ended.log.contains("headcount: ");
        if ended.log.contains("panicked") || !(is_killed || stopped_well || says_why) {
            self.figures.wrong.push(format!("{}: {ended:?}", WAYS[way]));
        }
    }

    /// Publishes the chapter, with some kills meanwhile, and compares its totals.
    fn end_chapter(&mut self, chapter: usize) {
        self.fleet.end_chapter();
        for _ in 0..3 {
            let at = i64::try_from(self.dice.below(160)).expect("a number") + 1;
            match self.faults.launch(&self.args, &[(Field::KillBefore, at)]) {
                Ok(mut server) => {
                    let _ = self.fleet.settle(&server.url());
                    while server.is_running() && !self.is_published(&server.url(), chapter) {}
                    server.kill();
                }
                Err(ended) => self.look_at(&ended, 1),
            }
        }
        let server = self.house_opens();
        if let Err(status) = self.fleet.settle(&server.url()) {
            self.figures.wrong.push(format!("the rest is not taken: {status}"));
        }
        let begun = Instant::now();
        while !self.is_published(&server.url(), chapter) {
            assert!(begun.elapsed() < PATIENCE, "the chapter is not published: {}", server.log());
        }
        for day in 0..DAYS {
            self.compare(FIRST_DAY + DAYS * i64::try_from(chapter).expect("a chapter") + day, chapter);
        }
        let log = server.stop();
        assert!(!log.contains("panicked"), "{log}");
    }

    fn house_opens(&self) -> Server {
        self.faults.launch(&self.args, &[]).unwrap_or_else(|ended| {
            let kept = self.house.directory.path().display();
            panic!("the server does not start on what was left in {kept}: {ended:?}")
        })
    }

    /// Whether all days of a chapter are published. What was read once must not change.
    fn is_published(&mut self, url: &str, chapter: usize) -> bool {
        let Ok(releases) = truth::export(url) else { return false };
        for (named, release) in &self.seen {
            // Hours become part of their day.
            let is_hour = named.1 == headcount::proto::PeriodKind::Hour;
            if releases.get(named) != Some(release) && !is_hour {
                self.figures.wrong.push(format!("{named:?} was published and is now another or gone"));
            }
        }
        self.seen = releases;
        let last = FIRST_DAY + DAYS * (i64::try_from(chapter).expect("a chapter") + 1) - 1;
        self.seen.contains_key(&truth::day(last))
    }

    fn compare(&mut self, day: i64, chapter: usize) {
        let named = truth::day(day);
        let expected = i64::try_from(self.fleet.visitors_of_chapter(chapter)).expect("a count");
        let Some(release) = self.seen.get(&named).filter(|release| release.gap.is_empty()) else {
            self.figures.wrong.push(format!("{named:?} has no numbers"));
            return;
        };
        let read = |name| truth::counter(release, name).expect("the counter");
        let ((visits, visits_error), (second, second_error)) = (read("access-1"), read("access-2"));
        let batches = |visitors: i64| visitors.unsigned_abs().div_ceil(VISITORS_PER_DAY);
        let off = visits - expected;
        if off as f64 > SIGMAS * visits_error || second as f64 > SIGMAS * second_error {
            self.figures.doubled += batches(off.max(second));
        } else if (off as f64) < -SIGMAS * visits_error {
            self.figures.lost += batches(off);
        }
        self.figures.days_checked += 1;
    }
}

impl Figures {
    pub fn last_line(&self) -> String {
        format!("crash: {} kills, {} acked, {} lost, {} doubled", self.kills, self.acked, self.lost, self.doubled)
    }

    pub fn is_good(&self) -> bool {
        self.lost == 0 && self.doubled == 0 && self.wrong.is_empty()
    }
}

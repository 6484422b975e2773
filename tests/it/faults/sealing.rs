//! One sealing, interrupted at a chosen change of the disk, and what must hold afterwards.

use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

use headcount::proto::ExportReleasesResponse;

use super::{
    scene::{self, BATCHES, OPEN_DAY, PUBLISHED_DAY, Scene, VISITORS},
    shim::{Faults, Field},
    truth::{self, Named},
};
use crate::harness::{House, Server};

const PATIENCE: Duration = Duration::from_secs(60);
const SIGMAS: f64 = 6.0;

/// Where a sealing is interrupted, counted from the request.
#[derive(Clone, Copy, Debug)]
pub enum Break {
    /// Killed before this change.
    Before(i64),
    /// Killed in the middle of this write.
    Within(i64),
    /// The power fails before this sync; whether names survive as they are, and the seed of what else survives (0: nothing).
    Power(i64, i64, i64),
}

/// How many changes and syncs a sealing makes.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub changes: i64,
    pub syncs: i64,
}

type Seen = BTreeMap<Named, ExportReleasesResponse>;

/// Counts the changes of an undisturbed sealing. None if faults cannot be injected here.
pub fn measure(scene: &Scene) -> Option<Span> {
    let (house, args) = scene.copy();
    let faults = Faults::new(&house)?;
    let server = faults.launch(&args, &[]).expect("it starts");
    let (calls, syncs) = (faults.get(Field::Calls), faults.get(Field::Syncs));
    seal(&server, &mut Seen::new());
    wait_for(&server, || only_the_producers_key_is_left(&house));
    let span = Span { changes: faults.get(Field::Calls) - calls, syncs: faults.get(Field::Syncs) - syncs };
    server.stop();
    Some(span)
}

/// Interrupts a sealing, opens the directory again and lets it finish. The error says what is wrong afterwards.
pub fn break_off(scene: &Scene, at: Break) -> Result<(), String> {
    let (house, args) = scene.copy();
    let faults = Faults::new(&house).ok_or("no faults")?;
    let mut seen = scene.published.clone();
    let with_image = [(Field::PowerAt, i64::MAX)];
    let server = faults.launch(&args, if matches!(at, Break::Power(..)) { &with_image } else { &[] });
    let server = server.map_err(|ended| format!("{at:?}: it does not start: {ended:?}"))?;
    let (calls, syncs) = (faults.get(Field::Calls), faults.get(Field::Syncs));
    match at {
        Break::Before(n) => faults.set(Field::KillBefore, calls + n),
        Break::Within(n) => faults.set(Field::Tear, calls + n),
        Break::Power(n, live_names, mixed) => {
            faults.set(Field::LiveNames, live_names);
            faults.set(Field::Mixed, mixed);
            faults.set(Field::PowerAt, syncs + n);
        }
    }
    seal(&server, &mut seen);
    let ended = server.kill_and_look();
    if ended.log.contains("panicked") {
        return Err(format!("{at:?}: {}", ended.log));
    }
    if matches!(at, Break::Power(..)) {
        faults.power_comes_back();
    }
    check(&faults, &house, &args, &seen).map_err(|what| format!("{at:?}: {what}"))
}

fn seal(server: &Server, seen: &mut Seen) {
    scene::send(&server.url(), vec![scene::ending()]);
    look(server, seen);
}

/// Reads what is published, until all of it is or the server is gone.
fn look(server: &Server, seen: &mut Seen) {
    while let Ok(releases) = scene::of_2015(&server.url()) {
        let is_all = scene::to_be_sealed().iter().all(|named| releases.contains_key(named));
        *seen = releases;
        if is_all {
            return;
        }
    }
}

fn check(faults: &Faults, house: &House, args: &[String], seen: &Seen) -> Result<(), String> {
    let server = faults.launch(args, &[]).map_err(|ended| format!("it does not start again: {ended:?}"))?;
    // Those whose release was seen must be closed at once, before anything is sent.
    let at_once = scene::of_2015(&server.url()).map_err(|status| status.to_string())?;
    unchanged(seen, &at_once)?;
    // Stated once more in a batch of its own, so that the test need not wait for the server's next look.
    let endings = vec![scene::ending(), scene::complete(BATCHES + 2, OPEN_DAY + 7)];
    if let Some(Err(status)) = scene::send(&server.url(), endings).pop() {
        return Err(format!("the end is not taken: {status}"));
    }
    let mut after = Seen::new();
    look(&server, &mut after);
    unchanged(seen, &after)?;
    unchanged(&at_once, &after)?;
    wait_for(&server, || only_the_producers_key_is_left(house));
    let wanted = scene::to_be_sealed();
    for named in &wanted {
        let release = after.get(named).ok_or_else(|| format!("{named:?} is not published"))?;
        if !release.gap.is_empty() {
            return Err(format!("{named:?} is a gap: {}", release.gap));
        }
    }
    let expected = scene_visits();
    for (named, visits) in expected {
        let (value, error) = truth::counter(&after[&named], "access-1").ok_or("no visits")?;
        if (value - visits).abs() as f64 > SIGMAS * error {
            return Err(format!("{named:?} has {value} visits, not {visits} (standard error {error})"));
        }
    }
    let log = server.stop();
    if log.contains("panicked") { Err(log) } else { Ok(()) }
}

/// The visits of the scene's periods.
fn scene_visits() -> Vec<(Named, i64)> {
    let wanted = scene::to_be_sealed();
    let mut visits = vec![(truth::day(PUBLISHED_DAY), VISITORS)];
    visits.extend([OPEN_DAY, OPEN_DAY + 1].map(|day| (truth::day(day), VISITORS)));
    visits.push((wanted[2].clone(), 2 * VISITORS));
    visits.push((wanted[3].clone(), 3 * VISITORS));
    visits
}

/// Everything that was seen is unchanged.
fn unchanged(before: &Seen, after: &Seen) -> Result<(), String> {
    match before.iter().find(|(named, release)| after.get(*named) != Some(*release)) {
        None => Ok(()),
        Some((named, _)) => {
            Err(format!("{named:?} was published, and is now {:?}", after.get(named).map(|_| "another")))
        }
    }
}

fn only_the_producers_key_is_left(house: &House) -> bool {
    let names = fs::read_dir(house.path("keys")).expect("the keys").filter_map(Result::ok).map(|e| e.file_name());
    // The other file is a number that every reader sees.
    names.into_iter().all(|name| name == "producers.key" || name == "releases")
}

fn wait_for(server: &Server, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "keys are left of what is published: {}", server.log());
        std::thread::sleep(Duration::from_millis(2));
    }
}

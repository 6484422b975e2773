//! Runs a history against a vault on a real disk and the model beside it, and compares them after every step.
//!
//! No thread runs: the committer is moved step by step, so that a crash can come between any two of them. A crash leaves a copy
//! of the directories as they are at that moment; what was opened before is dropped only after that, and its directories
//! are thrown away, so that nothing that is written while it is dropped helps.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, Ordering},
    },
};

use super::{
    super::*,
    model::Model,
    ops::{KeyLeft, Op, PAGES},
    rules::{LATENESS_MS, Terms},
};
use crate::{
    calendar::{Day, Period, PeriodKind},
    clock::Clock,
    units::MS_PER_MINUTE,
};
use release::{
    budget::SigmaMilli,
    noise::{Noise, NoiseFault},
};

/// 2026-10-23T12:00:00Z: before the end of a month in which Berlin's summer time ends, and before New York's does.
const START_UNIX_MS: i64 = NOON_UNIX_MS - 10 * DAY_MS;
/// The clock goes no further than this, so that no history grows without bounds.
const CLOCK_MAX_UNIX_MS: i64 = START_UNIX_MS + 500 * DAY_MS;
/// Canaries of one history; after them everybody is a usual visitor.
pub(super) const CANARIES: u32 = 40;
/// A page that is in no list.
pub(super) const HIDDEN_PAGE: &str = "/hidden";

/// The pages that the sites know.
pub(super) fn known_pages() -> &'static [String] {
    static PAGES_KNOWN: LazyLock<Vec<String>> = LazyLock::new(|| {
        let shared = (0..PAGES - 1).map(|page| format!("/p{page}"));
        shared.chain((0..CANARIES).map(|n| format!("/canary{n:02}"))).collect()
    });
    &PAGES_KNOWN
}

/// No noise, and no randomness either after a while, if a crash is wanted then.
struct Quiet {
    draws_left: Arc<AtomicI64>,
}

/// Draws that never run out.
const FOREVER: i64 = i64::MAX;

impl Noise for Quiet {
    fn sample(&mut self, _: SigmaMilli) -> Result<i64, NoiseFault> {
        if self.draws_left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            return Err(NoiseFault::Range);
        }
        Ok(0)
    }
}

/// An open vault whose committer is moved by hand.
pub(super) struct Opened {
    pub(super) intake: Intake,
    pub(super) committer: Committer,
    pub(super) releases: Releases,
}

/// A vault, its disk, its clock, and the model.
pub(super) struct World {
    directory: tempfile::TempDir,
    generation: u32,
    clock: Arc<ManualClock>,
    draws_left: Arc<AtomicI64>,
    pub(super) opened: Option<Opened>,
    pub(super) model: Model,
    /// What was put aside, with what the model knew then.
    image: Option<(PathBuf, Model)>,
    choice: u8,
    pub(super) canaries: u32,
    /// How often what happened.
    pub(super) happened: BTreeMap<&'static str, u64>,
}

/// In memory where the system has such a place: no power is cut here, so syncs need not reach a disk, and are slow.
fn directory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Runs a history to its end: then everything that was counted must be released.
pub(super) fn run(history: &[Op]) -> BTreeMap<&'static str, u64> {
    let mut world = World::new();
    for op in history {
        world.step(op);
    }
    world.finish();
    world.happened
}

impl World {
    pub(super) fn new() -> Self {
        let mut world = Self {
            directory: directory(),
            generation: 0,
            clock: ManualClock::at(START_UNIX_MS),
            draws_left: Arc::new(AtomicI64::new(FOREVER)),
            opened: None,
            model: Model::new(),
            image: None,
            choice: 0,
            canaries: 0,
            happened: BTreeMap::new(),
        };
        world.open(Vec::new());
        world
    }

    pub(super) fn step(&mut self, op: &Op) {
        *self.happened.entry(op.name()).or_default() += 1;
        match op {
            Op::Send(group) => self.send(group),
            Op::Seal => self.seal(),
            Op::Query => self.check_all(),
            // As under load: each commit takes some of it along. A restart ends it.
            Op::Checkpoint => self.checkpoint(),
            Op::Crash => self.crash(),
            Op::CrashInSeal { draws, key } => self.crash_in_seal(*draws, *key),
            Op::Restart => self.restart(),
            Op::Image => self.put_aside(),
            Op::Restore => self.restore(),
            Op::Forward { minutes } => self.move_clock(i64::from(*minutes)),
            Op::Back { minutes } => self.move_clock(-i64::from(*minutes)),
            Op::Settings(choice) => self.choice = *choice,
            Op::LoseKey { which } => self.lose_key(*which),
        }
    }

    /// Nothing that was acknowledged is lost: three days after the last of it, all days with data are released.
    fn finish(&mut self) {
        self.crash();
        let newest = self.model.sites.iter().filter_map(|site| site.days.keys().last()).max().copied();
        let newest_unix_ms = newest.map_or(0, |day| i64::from(day.number()) * DAY_MS);
        self.clock.set(self.now().max(newest_unix_ms) + 3 * DAY_MS);
        self.seal();
        let open: Vec<Day> = self.model.sites.iter().flat_map(|site| site.days.keys().copied()).collect();
        assert!(open.is_empty(), "{open:?} should be released");
        self.restart();
    }

    pub(super) fn now(&self) -> i64 {
        self.clock.now_unix_ms()
    }

    pub(super) fn opened(&mut self) -> &mut Opened {
        self.opened.as_mut().expect("an open vault")
    }

    pub(super) fn home(&self) -> PathBuf {
        self.directory.path().join(self.generation.to_string())
    }

    pub(super) fn move_clock(&mut self, minutes: i64) {
        let moved = self.now() + minutes * MS_PER_MINUTE;
        self.clock.set(moved.clamp(START_UNIX_MS - 30 * DAY_MS, CLOCK_MAX_UNIX_MS));
    }

    fn options(&self, give_up: Vec<String>) -> Options {
        let settings = |site: &super::model::SiteModel| {
            let terms = Terms::chosen(self.choice, true);
            SiteSettings {
                is_configured: true,
                profile: terms.profile.to_owned(),
                shares: Shares::named(terms.profile).unwrap(),
                tables: terms.tables(),
                known_pages: known_pages().to_vec(),
                has_page_list: true,
                ..SiteSettings::plain(site.name.clone(), calendar(&site.zone))
            }
        };
        let configured = self.model.sites.iter().filter(|site| site.is_configured);
        let on_demand = self.model.sites.iter().find(|site| !site.is_configured).unwrap();
        Options {
            data: self.home().join("data"),
            keys: self.home().join("keys"),
            archive: self.home().join("archive"),
            journal_mib: 64,
            limits: SMALL,
            reserve_mib: 0,
            privacy: Terms::chosen(self.choice, true).privacy(),
            sites: configured.map(settings).collect(),
            countries: Vec::new(),
            groups: Vec::new(),
            site_policy: SitePolicy::Any(calendar(&on_demand.zone)),
            max_lateness_ms: LATENESS_MS,
            accepted_clock_unix_ms: Some(i64::MAX),
            give_up,
        }
    }

    fn try_open(&mut self, give_up: Vec<String>) -> Result<(), OpenError> {
        self.draws_left.store(FOREVER, Ordering::SeqCst);
        let noise = Box::new(Quiet { draws_left: self.draws_left.clone() });
        let crate::Opened { intake, committer, releases, .. } =
            open_with_noise(self.options(give_up), self.clock.clone(), noise)?;
        self.opened = Some(Opened { intake, committer, releases });
        Ok(())
    }

    fn open(&mut self, give_up: Vec<String>) {
        let is_given_up = !give_up.is_empty();
        self.try_open(give_up).unwrap_or_else(|fault| panic!("the vault does not open: {fault}"));
        let (now, choice) = (self.now(), self.choice);
        for site in &mut self.model.sites {
            site.start(choice, now);
        }
        self.know_pages();
        self.meet_releases(is_given_up);
        self.check_all();
        self.greet_all();
    }

    pub(super) fn know_pages(&mut self) {
        let opened = self.opened.as_ref().expect("an open vault");
        for site in &self.model.sites {
            opened.intake.know_pages(&site.name, known_pages());
        }
    }

    /// Begins a checkpoint, or goes on with the one under way.
    fn checkpoint(&mut self) {
        let committer = &mut self.opened().committer;
        if committer.is_in_checkpoint() {
            committer.write_some().unwrap();
        } else {
            committer.begin_checkpoint();
        }
        committer.commit_waiting().unwrap();
    }

    fn restart(&mut self) {
        self.opened().committer.write_all().unwrap();
        self.opened = None;
        self.open(Vec::new());
    }

    /// The next directories: what a crash leaves of those in use, which are thrown away.
    fn fall(&mut self) {
        let before = self.home();
        self.generation += 1;
        copy(&before, &self.home());
        self.opened = None;
        fs::remove_dir_all(before).unwrap();
    }

    pub(super) fn crash(&mut self) {
        self.fall();
        self.open(Vec::new());
    }

    fn put_aside(&mut self) {
        if let Some((old, _)) = self.image.take() {
            fs::remove_dir_all(old).unwrap();
        }
        let aside = self.directory.path().join("aside");
        copy(&self.home(), &aside);
        self.image = Some((aside, self.model.clone()));
    }

    fn restore(&mut self) {
        let Some((aside, model)) = self.image.clone() else { return self.crash() };
        let before = self.home();
        self.opened = None;
        fs::remove_dir_all(before).unwrap();
        self.generation += 1;
        copy(&aside, &self.home());
        self.model = model;
        self.open(Vec::new());
    }

    fn lose_key(&mut self, which: u8) {
        let mut open: Vec<Epoch> = Vec::new();
        for site in &self.model.sites {
            let days = site.days.keys().map(|day| Period::day(*day));
            let longer =
                site.longer.iter().filter(|(_, longer)| !longer.visitors.is_empty()).map(|(period, _)| *period);
            open.extend(days.chain(longer).map(|period| Epoch { site: site.name.clone(), period }));
        }
        self.fall();
        let Some(Epoch { site, period }) = open.get(usize::from(which) % open.len().max(1)) else {
            return self.open(Vec::new());
        };
        let name = format!("{}-{}", period.kind.name(), period.start);
        fs::remove_file(self.home().join("keys").join(format!("{site}.{name}.key"))).unwrap();
        let epoch = format!("{site}/{name}");
        let refused = self.try_open(Vec::new()).expect_err("a key is missing").to_string();
        assert!(refused.contains(&format!("({epoch})")), "{refused}");
        self.open(vec![epoch]);
    }

    pub(super) fn seal(&mut self) {
        self.opened().committer.seal_due().unwrap();
        self.meet_releases(false);
        self.check_keys();
        let now = self.now();
        for site in &self.model.sites {
            assert_eq!(site.overdue(now), None, "{} at {now}", site.name);
        }
    }

    fn crash_in_seal(&mut self, draws: u16, key: KeyLeft) {
        let keys = self.home().join("keys-before");
        copy(&self.home().join("keys"), &keys);
        let latest = self.model.latest;
        self.draws_left.store(draws.into(), Ordering::SeqCst);
        let ended = self.opened().committer.seal_due();
        assert!(matches!(ended, Ok(()) | Err(CommitError::Noise(_))), "{ended:?}");
        self.meet_releases(false);
        self.fall();
        let keys = self.home().join("keys-before");
        if self.model.latest > latest && key != KeyLeft::Nothing {
            self.put_back_last_key(&keys, key);
        }
        fs::remove_dir_all(keys).unwrap();
        self.open(Vec::new());
    }

    /// The crash came between the last release and the end of its key.
    fn put_back_last_key(&self, before: &Path, left: KeyLeft) {
        let latest = self.model.latest;
        let mut released = self.model.sites.iter().flat_map(|site| site.released.values());
        let release = released.find(|release| release.number == latest).unwrap();
        let epoch = Epoch { site: release.site.clone(), period: release.period };
        let name = format!("{}.{}-{}.key", epoch.site, epoch.period.kind.name(), epoch.period.start);
        let (from, to) = (before.join(&name), self.home().join("keys").join(&name));
        if from.exists() && epoch.period.kind != PeriodKind::Hour {
            fs::copy(from, &to).unwrap();
            if left == KeyLeft::Zeroed {
                fs::write(to, [0; 32]).unwrap();
            }
        }
    }

    /// Takes note of the releases that are new.
    fn meet_releases(&mut self, is_given_up: bool) {
        let (now, latest) = (self.now(), self.model.latest);
        let releases = self.opened().releases.clone();
        for number in releases.numbers_after(None, latest) {
            let release = releases.by_number(number).unwrap().expect("what is listed can be read");
            self.model.meet(&release, now, is_given_up);
        }
    }
}

fn calendar(zone: &jiff::tz::TimeZone) -> Calendar {
    Calendar::new(zone.iana_name().unwrap()).unwrap()
}

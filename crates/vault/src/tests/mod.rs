//! Tests of the vault as a whole: from events to releases, over restarts, on a real database.

mod canary;
mod closing;
mod copies;
mod flow;
mod folding;
mod fresh_noise;
mod golden;
mod keeping;
mod known;
mod migrating;
mod neighbours;
mod noised;
mod producers;
mod schedule;
mod sealing;
mod simulation;
mod tables;
mod terms;

use std::{path::Path, sync::Arc, thread::JoinHandle};

use super::*;
use crate::{calendar::Calendar, clock::ManualClock, units::SiteName};
use release::noise::{Noise, SeededNoise};

/// A browser that is no robot.
pub(super) const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
/// 2026-11-02T12:00:00Z, a Monday.
pub(super) const NOON_UNIX_MS: i64 = 1_793_620_800_000;
pub(super) const DAY_MS: i64 = 86_400_000;

/// Small cells are split too, and a checkpoint takes many steps.
pub(super) const SMALL: Limits = Limits { part_bytes_max: 64, step_bytes: 128 };

/// A vault in a directory of its own, with a clock moved by hand and noise from a seed.
pub(super) struct House {
    pub(super) directory: tempfile::TempDir,
    pub(super) clock: Arc<ManualClock>,
    pub(super) seed: u64,
}

/// An open vault.
pub(super) struct Running {
    pub(super) intake: Intake,
    pub(super) releases: Releases,
    pub(super) admin: Admin,
    committer: JoinHandle<Result<(), CommitError>>,
}

impl House {
    pub(super) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), clock: ManualClock::at(NOON_UNIX_MS), seed: 7 }
    }

    pub(super) fn data(&self) -> std::path::PathBuf {
        self.directory.path().join("data")
    }

    pub(super) fn keys(&self) -> std::path::PathBuf {
        self.directory.path().join("keys")
    }

    pub(super) fn archive(&self) -> std::path::PathBuf {
        self.directory.path().join("archive")
    }

    pub(super) fn directories(&self) -> admin::Directories {
        admin::Directories { data: self.data(), keys: self.keys(), archive: self.archive() }
    }

    pub(super) fn options(&self) -> Options {
        Options {
            data: self.data(),
            keys: self.keys(),
            archive: self.archive(),
            journal_mib: 64,
            limits: SMALL,
            reserve_mib: 0,
            privacy: Privacy::default(),
            sites: Vec::new(),
            countries: Vec::new(),
            groups: Vec::new(),
            site_policy: SitePolicy::Any(Calendar::new("UTC").unwrap()),
            max_lateness_ms: DAY_MS,
            accepted_clock_unix_ms: Some(i64::MAX),
            give_up: Vec::new(),
        }
    }

    pub(super) fn open(&self) -> Running {
        self.open_with(self.options()).unwrap()
    }

    pub(super) fn open_with(&self, options: Options) -> Result<Running, OpenError> {
        let noise = Box::new(SeededNoise::new(self.seed));
        let Opened { intake, committer, releases, admin } = open_with_noise(options, self.clock.clone(), noise)?;
        Ok(Running { intake, releases, admin, committer: std::thread::spawn(move || committer.run()) })
    }
}

/// What all producers of these tests are bound to that do not say otherwise.
pub(super) const SECRET: &[u8] = b"the secret of these tests";

impl Running {
    pub(super) fn lane(&self, site: &str, producer: &str) -> Lane {
        self.lane_with(site, producer, SECRET)
    }

    pub(super) fn lane_with(&self, site: &str, producer: &str, secret: &[u8]) -> Lane {
        self.intake.lane(&SiteName::new(site).unwrap(), producer, secret, "").unwrap()
    }

    /// Waits until a release is published, at most ninety seconds: a busy disk makes every sync slow.
    pub(super) fn wait_for(&self, site: &str, period: crate::calendar::Period) -> Arc<Release> {
        let site = SiteName::new(site).unwrap();
        let mut seen = self.releases.watch();
        block_on(async {
            let found = async {
                loop {
                    if let Some(release) = self.releases.get(&site, period).unwrap() {
                        return release;
                    }
                    seen.changed().await.unwrap();
                }
            };
            tokio::time::timeout(std::time::Duration::from_secs(90), found).await.expect("a release in time")
        })
    }

    pub(super) fn close(self) {
        drop((self.intake, self.releases));
        self.committer.join().unwrap().unwrap();
    }
}

/// A site under the terms that its settings and the usual promise ask for.
pub(super) fn plain_site(settings: &SiteSettings) -> site::Site {
    let terms = settings.terms(Privacy::default());
    site::Site::new(settings, release::terms::History::of(vec![terms]))
}

pub(super) fn anonymizer(keys: &Path) -> anonymize::Anonymizer {
    let countries = anonymize::network::Countries::load(&[]).unwrap();
    anonymize::Anonymizer::new(Arc::new(keys::KeyRing::open(keys).unwrap()), countries)
}

/// No known pages.
static NO_PAGES: std::collections::BTreeSet<Box<str>> = std::collections::BTreeSet::new();

/// Draws releases of a site without known pages.
pub(super) fn draw<'a>(
    site: &'a site::Site,
    under: &'a release::terms::Under,
    public: &'a release::index::PublicKeys,
    noise: &'a mut dyn Noise,
) -> release::draw::Draw<'a> {
    release::draw::Draw { site, known_pages: &NO_PAGES, under, public, noise }
}

pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// A page view by a visitor who is known by a number.
pub(super) fn view(time_unix_ms: i64, visitor: u32, target: &str) -> AccessEvent<'static> {
    let address = format!("10.{}.{}.{}", visitor >> 16 & 255, visitor >> 8 & 255, visitor & 255);
    AccessEvent::at(time_unix_ms, 200)
        .from_whom(address, String::new(), BROWSER.to_owned())
        .for_what("GET".to_owned(), target.to_owned())
}

/// A batch of events that are there already.
pub(super) type TestBatch = Batch<Vec<AccessEvent<'static>>>;

pub(super) fn batch(sequence: u64, events: Vec<AccessEvent<'static>>, complete_through_unix_ms: i64) -> TestBatch {
    Batch { sequence, length: events.len(), events, complete_through_unix_ms, cursor: vec![1, 2, 3] }
}

/// How many events of a receipt ended in a way.
pub(super) fn count(receipt: &Receipt, outcome: Outcome) -> u32 {
    receipt.books.iter().flat_map(OutcomeCounts::close).find(|(o, ..)| *o == outcome).map_or(0, |(_, count, _)| count)
}

/// Every file below a directory, with its bytes.
pub(super) fn all_bytes(directory: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(all_bytes(&path));
        } else {
            found.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    found
}

/// The day of a date.
pub(super) fn day(text: &str) -> crate::calendar::Day {
    crate::calendar::Day::from_date(text.parse().unwrap())
}

/// Copies a directory with all below it.
pub(super) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

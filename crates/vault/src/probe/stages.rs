//! The way of an event in single steps, each of which a benchmark can time by itself: anonymise, bound, encode, encrypt,
//! commit, seal. Batches go in; nothing comes out but how much there was, and a release.

use std::sync::Arc;

use headcount_model::source::ReadError;

use super::{fault, release};
use crate::{
    AccessEvent, Privacy, Release, SiteInfo, SiteSettings, Table, TableSet,
    anonymize::{Anonymized, Anonymizer, Scratch, Sighting, network::Countries},
    bound::Bounder,
    calendar::Calendar,
    cells::Cells,
    commit::journal::{Place, Record, Section},
    keys::KeyRing,
    names::Names,
    release::{
        draw::Draw,
        index::{PublicKeys, SiteIndex},
        noise::SystemNoise,
        terms::History,
    },
    sites::settings::Site,
    store::{
        Step,
        lane::Lane,
        rows::{self, ChainPoint},
    },
    units::SiteName,
};

/// A site with all tools, and its open cells.
pub struct Stages {
    site: Site,
    index: SiteIndex,
    keys: Arc<KeyRing>,
    anonymizer: Anonymizer,
    open: Cells,
    delta: Cells,
    lane: Lane,
    head: ChainPoint,
    _directory: tempfile::TempDir,
}

/// A batch that was anonymised.
pub struct Seen {
    names: Names,
    sightings: Vec<(u32, Sighting)>,
}

/// A delta, encoded; then also encrypted.
pub struct Encoded(Vec<(crate::Epoch, Vec<u8>)>);
/// A record of the journal.
pub struct Sealed(Vec<u8>, ChainPoint);

impl Stages {
    /// Everything empty, in a directory that is removed at the end.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn new() -> Result<Self, ReadError> {
        let directory =
            tempfile::tempdir().map_err(|source| fault(crate::FileError { path: std::env::temp_dir(), source }))?;
        // Unwrap safety: a fixed name that is one, and UTC is always known.
        let (name, calendar) = (SiteName::new("lab").expect("a name"), Calendar::new("UTC").expect("a zone"));
        let settings = SiteSettings {
            tables: TableSet::all(),
            hosts: vec!["www.site-0.example".to_owned()],
            ..SiteSettings::plain(name, calendar)
        };
        let site = Site::new(&settings, History::of(vec![settings.terms(Privacy::default())]));
        let keys = Arc::new(KeyRing::open(&directory.path().join("keys")).map_err(fault)?);
        Ok(Self {
            site,
            index: SiteIndex::default(),
            anonymizer: Anonymizer::new(keys.clone(), Countries::load(&[]).map_err(fault)?),
            keys,
            open: Cells::default(),
            delta: Cells::default(),
            lane: Lane::open(&directory.path().join("data"), 0).map_err(fault)?,
            head: ChainPoint::default(),
            _directory: directory,
        })
    }

    /// Tags in place of visitors.
    ///
    /// # Errors
    /// When a key cannot be made.
    pub fn anonymize<'m>(&self, events: impl Iterator<Item = AccessEvent<'m>>) -> Result<Seen, ReadError> {
        let (mut scratch, mut sightings) = (Scratch::default(), Vec::with_capacity(events.size_hint().0));
        for (index, event) in (0..).zip(events) {
            let seen = self.anonymizer.anonymize(&self.site, event, i64::MAX / 2, &self.index.sealed, &mut scratch);
            if let Anonymized::Seen(sighting) = seen.map_err(fault)? {
                sightings.push((index, sighting));
            }
        }
        Ok(Seen { names: std::mem::take(&mut scratch.names), sightings })
    }

    /// Into the open cells and the delta. Gives how many were page views, errors or robots.
    pub fn bound(&mut self, seen: &Seen) -> usize {
        let bounder = Bounder::new(&self.site, &self.index);
        let mut count = 0;
        bounder.add_all(&seen.names, &seen.sightings, &mut self.open, &mut self.delta, |_, _| count += 1);
        count
    }

    /// Forgets what was counted, as if the day began anew.
    pub fn forget(&mut self) {
        self.open = Cells::default();
        self.delta.clear();
    }

    /// The delta as bytes; then it is empty.
    #[must_use]
    pub fn encode(&mut self) -> Encoded {
        let delta = &self.delta;
        let encoded = delta.epochs().filter_map(|epoch| Some((epoch.clone(), delta.encode(epoch)?.ok()?)));
        let encoded = Encoded(encoded.collect());
        self.delta.clear();
        encoded
    }

    /// Encrypted and chained to the record before.
    ///
    /// # Errors
    /// When there is no key or no randomness.
    pub fn encrypt(&mut self, encoded: Encoded) -> Result<Sealed, ReadError> {
        let seal = |(epoch, bytes)| {
            let keys = self.keys.for_writing(&epoch).map_err(fault)?;
            Section::seal(&epoch, &keys, Place::After(self.head), bytes).map_err(fault)
        };
        let sections = encoded.0.into_iter().map(seal).collect::<Result<_, _>>()?;
        let (bytes, point) = Record::finish(sections, self.head).map_err(fault)?;
        Ok(Sealed(bytes, point))
    }

    /// Onto the disk. Gives the record's length in bytes.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn commit(&mut self, sealed: &Sealed) -> Result<usize, ReadError> {
        let Sealed(bytes, point) = sealed;
        let mut step = Step::default();
        step.put(rows::journal_key(point.sequence), &bytes[..]);
        step.put_row(rows::HEAD_KEY, point).map_err(fault)?;
        self.lane.writer.commit(step).map_err(fault)?;
        self.head = *point;
        Ok(bytes.len())
    }

    /// The first open day: its site, its release with every page public, and the release's length in bytes.
    ///
    /// # Errors
    /// When there is no day or no randomness.
    pub fn seal(&self) -> Result<(SiteInfo, Release, usize), ReadError> {
        let (epoch, tally) = self.open.days.iter().next().ok_or(ReadError::new("nothing is counted"))?;
        let (site, day) = (&self.site, epoch.period.start);
        let under = site.history.of_period(epoch.period);
        let pages = tally.pages.keys().map(Into::into).collect();
        let (known_pages, public) = (&*site.known_pages(), PublicKeys::from([(Table::Page, pages)]));
        let mut noise = SystemNoise::new().fresh().map_err(fault)?;
        let mut draw = Draw { site, known_pages, under: &under, public: &public, noise: &mut noise };
        let body = draw.day(day, tally, &[]).map_err(fault)?;
        let release = release(site, &under, epoch.period, 1, body);
        let bytes = release.to_bytes().map_err(fault)?.len();
        let info = SiteInfo {
            name: site.name.clone(),
            calendar: site.calendar.clone(),
            profile: "lab".to_owned(),
            has_known_pages: false,
            days: Some((day, day)),
            releases: 1,
            latest_release: 1,
            next_due_unix_s: 0,
            label: Arc::default(),
        };
        Ok((info, release, bytes))
    }
}

//! Publishing: one atomic step with the release in and the cell out; then the archive, then readers, and only then the end of
//! the key.

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::watch;

use super::{due, schedule::hour_of};
use crate::{
    calendar::{Period, PeriodKind},
    commit::writer::Writer,
    keys::{Epoch, KeyRing},
    release::{
        block::Release,
        draw::{Body, Draw},
        index::{Index, PublishedPeriods},
        noise::{NoiseFault, NoiseSource},
        reader::stored_release,
        terms::Under,
    },
    sites::settings::Site,
    store::{CommitError, Damaged, ReadError, Step, archive::Archive, reader::LaneReader, rows},
    tables::Table,
};

/// Draws releases and makes them public.
pub(crate) struct Publisher {
    lane: LaneReader,
    archive: Archive,
    noise: Box<dyn NoiseSource + Send>,
    keys: Arc<KeyRing>,
    index: Arc<RwLock<Index>>,
    latest: watch::Sender<u64>,
}

/// What makes one release.
pub(super) struct Publication<'p> {
    pub(super) site: &'p Site,
    pub(super) period: Period,
    pub(super) under: Under,
    /// Its numbers, or why there are none.
    pub(super) body: Result<Body, String>,
    /// Hours that were published by themselves and are in it from now on.
    pub(super) hours: &'p [Period],
    /// Since when it is due by the schedule.
    pub(super) since_unix_ms: i64,
}

impl Publication<'_> {
    fn release(self, number: u64) -> Release {
        let (body, gap) = match self.body {
            Ok(body) => (body, None),
            Err(why) => (Body::default(), Some(why)),
        };
        Release {
            number,
            site: self.site.name.clone(),
            zone: self.site.calendar.zone_name().to_owned(),
            period: self.period,
            sealed_at_unix_s: hour_of(self.since_unix_ms) / 1_000,
            // A gap tells nothing.
            costs: if gap.is_some() { Vec::new() } else { self.under.costs },
            bounds: self.under.bounds,
            gap,
            site_numbers: body.site_numbers,
            hours: body.hours,
            tables: body.tables,
        }
    }
}

impl Publisher {
    pub(crate) fn new(
        lane: LaneReader,
        archive: Archive,
        noise: Box<dyn NoiseSource + Send>,
        keys: Arc<KeyRing>,
        index: Arc<RwLock<Index>>,
        latest: watch::Sender<u64>,
    ) -> Self {
        Self { lane, archive, noise, keys, index, latest }
    }

    /// Notes beside the keys that there were so many releases.
    pub(crate) fn note_release(&self, number: u64) {
        self.keys.note_release(number);
    }

    /// What readers see.
    pub(super) fn index(&self) -> &RwLock<Index> {
        &self.index
    }

    /// What is sealed of a site.
    pub(super) fn sealed(&self, site: &Site) -> Arc<PublishedPeriods> {
        due::sealed(&self.index, site).0
    }

    /// A release that is published.
    pub(super) fn stored(&self, number: u64) -> Result<Release, ReadError> {
        stored_release(&self.lane, number)
    }

    /// Lends what a draw needs. Only this thread writes to the index, so holding it keeps nobody waiting.
    pub(super) fn draw<T>(
        &mut self,
        site: &Site,
        under: &Under,
        with: impl FnOnce(&mut Draw<'_>) -> Result<T, NoiseFault>,
    ) -> Result<T, NoiseFault> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let none = Default::default();
        let public = index.sites.get(&site.name).map_or(&none, |of_site| &of_site.public);
        let known_pages = &*site.known_pages();
        // Its random bits have a key of their own, which goes when this ends.
        let mut noise = self.noise.of_release()?;
        with(&mut Draw { site, known_pages, under, public, noise: &mut *noise })
    }

    /// Publishes a period. Where this fails nobody has seen its numbers, or everybody will: then they are durable.
    pub(super) fn publish(
        &mut self,
        what: Publication<'_>,
        mut step: Step,
        writer: &mut Writer,
    ) -> Result<(), CommitError> {
        let (site, period, hours) = (what.site, what.period, what.hours);
        let number = self.index.read().unwrap_or_else(PoisonError::into_inner).last_release + 1;
        let release = what.release(number);
        let epoch = Epoch { site: site.name.clone(), period };
        let ends_a_cell = release.gap.is_none() && period.kind != PeriodKind::Hour;
        let new_keys = self.new_public_keys(site, &release);
        self.put(&release, &new_keys, hours, &mut step)?;
        if ends_a_cell {
            step.remove_cell(&epoch);
        }
        writer.commit_and_wait(step)?;
        let (_, created_unix_ms) = due::sealed(&self.index, site);
        self.archive.append_settings(&site.name, &site.row(created_unix_ms))?;
        self.archive.append(&release)?;
        self.keys.note_release(number);
        self.follow(site, period, number, hours, new_keys);
        if ends_a_cell {
            self.keys.destroy(&epoch)?;
        }
        crate::telemetry::released(&site.name, period, number, release.gap.is_some());
        self.latest.send_replace(number);
        Ok(())
    }

    /// Destroys the key of a period of which nothing is left.
    pub(super) fn destroy_key(&self, epoch: &Epoch) -> Result<(), CommitError> {
        Ok(self.keys.destroy(epoch)?)
    }

    /// Puts a release into a step, and takes out what it holds from now on.
    fn put(
        &self,
        release: &Release,
        new_keys: &[(Table, Box<str>)],
        hours: &[Period],
        step: &mut Step,
    ) -> Result<(), CommitError> {
        let site = &release.site;
        step.put(rows::release_key(release.number), release.to_bytes().map_err(Damaged::from)?);
        step.put_row(&rows::index_key(site, release.period), &release.number)?;
        for (table, key) in new_keys {
            step.put(rows::public_key(site, *table, key), []);
        }
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let sealed = index.sites.get(site).map(|of_site| &of_site.sealed);
        for hour in hours {
            step.remove(rows::index_key(site, *hour));
            if let Some(number) = sealed.and_then(|sealed| sealed.release(*hour)) {
                step.remove(rows::release_key(number));
            }
        }
        Ok(())
    }

    fn new_public_keys(&self, site: &Site, release: &Release) -> Vec<(Table, Box<str>)> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let of_site = index.sites.get(&site.name);
        let is_known = |table, key: &str| of_site.is_some_and(|i| i.is_public(table, key));
        let open = release.tables.iter().filter(|t| t.table.is_open_key_space());
        open.flat_map(|t| t.keys.iter().map(|k| (t.table, k.key.as_str())))
            .filter(|(table, key)| !is_known(*table, key))
            .map(|(table, key)| (table, key.into()))
            .collect()
    }

    /// Memory follows what is durable: readers see the release from here on.
    fn follow(&self, site: &Site, period: Period, number: u64, hours: &[Period], new_keys: Vec<(Table, Box<str>)>) {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        index.last_release = number;
        let entry = index.sites.entry(site.name.clone()).or_default();
        let sealed = Arc::make_mut(&mut entry.sealed);
        sealed.insert(period, number);
        for hour in hours {
            sealed.remove(*hour);
        }
        for (table, key) in new_keys {
            entry.public.entry(table).or_default().insert(key);
        }
    }
}

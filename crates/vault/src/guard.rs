//! Asks, by the clock, whether tables of open days take in more keys. [`headcount_model::guard`] says when one closes, and why
//! that tells next to nothing of any visitor.
//!
//! When is asked follows from the clock alone, never from what comes in: once for each second that has passed. The noise on
//! a table's threshold follows from the day's key, so it is the same after a restart and goes with that key; the noise of each
//! ask is fresh. A table that closes does so in memory at once, and on the disk with the next group of batches, the first that
//! it makes a difference to.

use std::sync::{PoisonError, RwLock};

use headcount_model::guard::{Guard, KEYS_FREE};
use zeroize::Zeroizing;

use crate::{
    calendar::Day,
    commit::open::OpenCells,
    keys::{Epoch, EpochKeys, KeyRing},
    release::{
        index::{Index, SiteIndex},
        noise::{NoiseFault, ReleaseNoise, SystemNoise},
    },
    site::Site,
    sites::registry::Registry,
    store::CommitError,
    tables::{Table, TableSet},
    tally::DayTally,
};

/// Asks that are made up for at most, where the process stood still.
const ASKS_AT_ONCE_MAX: i64 = 60;

/// The clock of the asks.
pub(super) struct KeyGuard {
    /// The second of the last one.
    asked_unix_s: i64,
    noise: SystemNoise,
}

impl KeyGuard {
    pub(super) fn new(now_unix_ms: i64) -> Self {
        Self { asked_unix_s: now_unix_ms.div_euclid(1_000), noise: SystemNoise::new() }
    }

    /// How many asks are due.
    pub(super) fn due(&mut self, now_unix_ms: i64) -> i64 {
        let now_unix_s = now_unix_ms.div_euclid(1_000);
        let passed = now_unix_s.saturating_sub(self.asked_unix_s);
        self.asked_unix_s = now_unix_s;
        passed.clamp(0, ASKS_AT_ONCE_MAX)
    }

    /// Asks all large tables as often as is due, and closes those that are to.
    pub(super) fn ask(
        &mut self,
        open: &mut OpenCells,
        keys: &KeyRing,
        registry: &Registry,
        index: &RwLock<Index>,
        now_unix_ms: i64,
    ) -> Result<(), CommitError> {
        let asks = self.due(now_unix_ms);
        let large = |(_, day): &(&Epoch, &DayTally)| tables().any(|table| day.keys_of(table) as u64 >= KEYS_FREE);
        if asks == 0 || !open.cells().days.iter().any(|day| large(&day)) {
            return Ok(());
        }
        let mut fresh = self.noise.fresh()?;
        let mut closing = Vec::new();
        let index = index.read().unwrap_or_else(PoisonError::into_inner);
        let none = SiteIndex::default();
        for (epoch, day) in open.cells().days.iter().filter(large) {
            let Some(site) = registry.get(&epoch.site) else { continue };
            let of_site = index.sites.get(&epoch.site).unwrap_or(&none);
            let asked = Asked { site: &site, index: of_site, date: epoch.period.start, day };
            closing.push((epoch.clone(), asked.closing(&*keys.existing(epoch)?, &mut fresh, asks)?));
        }
        drop(index);
        for (epoch, tables) in closing.into_iter().filter(|(_, tables)| *tables != TableSet::default()) {
            crate::telemetry::keys_close(&epoch.site, epoch.period);
            open.close(epoch, tables);
        }
        Ok(())
    }
}

/// The tables that take in new keys.
fn tables() -> impl Iterator<Item = Table> {
    Table::ALL.into_iter().filter(|table| table.is_open_key_space())
}

/// A day that is asked.
struct Asked<'a> {
    site: &'a Site,
    index: &'a SiteIndex,
    date: Day,
    day: &'a DayTally,
}

impl Asked<'_> {
    /// The tables that close now.
    fn closing(&self, keys: &EpochKeys, fresh: &mut ReleaseNoise, asks: i64) -> Result<TableSet, NoiseFault> {
        let mut closing = Vec::new();
        for table in tables().filter(|table| !self.day.is_closed(*table)) {
            let Some(guard) = self.site.terms_of(self.date).plan.guard(table) else { continue };
            let asked = keys_beside_public(self.site, self.index, self.day, table);
            if closes(guard, asked, &keys.guard_key(table), fresh, asks)? {
                closing.push(table);
            }
        }
        Ok(closing.into_iter().collect())
    }
}

/// How many keys a table has, less all that are public, whether or not these have a row: what is public follows from lists
/// and from what is published.
pub(super) fn keys_beside_public(site: &Site, index: &SiteIndex, day: &DayTally, table: Table) -> u64 {
    let listed = if table == Table::Page { site.known_pages().len() } else { table.public_keys().len() };
    let published = index.public.get(&table).map_or(0, |keys| keys.len());
    day.keys_of(table).saturating_sub(listed + published) as u64
}

/// Whether a table closes at one of so many asks.
pub(super) fn closes(
    guard: Guard,
    keys: u64,
    key_of_day: &Zeroizing<[u8; 32]>,
    fresh: &mut ReleaseNoise,
    asks: i64,
) -> Result<bool, NoiseFault> {
    if !guard.may_close(keys) {
        return Ok(false);
    }
    let of_day = ReleaseNoise::kept(key_of_day).laplace(guard.scale)?;
    for _ in 0..asks {
        if guard.closes(keys, of_day, fresh.laplace(guard.scale)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

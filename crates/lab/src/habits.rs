//! What browsers, languages and referrers the visitors of a made-up site have, each by Zipf's law.

use headcount_model::{rng::SplitMix64, tables::Table};
use headcount_vault::probe::Facts;

use super::{alias::Alias, crowd::name};

/// Hosts that link to a made-up site and are in no public list.
const OPEN_HOSTS: usize = 300;
/// The share of visits that such hosts send.
const OPEN_HOST_SHARE: f64 = 0.15;

/// What browsers and referrers the visitors of a made-up site have.
pub(super) struct Habits {
    listed: [(Table, Alias); 4],
    public_referrers: Alias,
    open_referrers: Alias,
    open_hosts: Vec<Box<str>>,
}

impl Habits {
    pub(super) fn new() -> Self {
        let listed = [Table::Browser, Table::Os, Table::Device, Table::Language];
        Self {
            listed: listed.map(|table| (table, Alias::zipf(table.public_keys().len()))),
            public_referrers: Alias::zipf(Table::Referrer.public_keys().len()),
            open_referrers: Alias::zipf(OPEN_HOSTS),
            open_hosts: (0..OPEN_HOSTS).map(|host| name("www-", host)).collect(),
        }
    }

    /// A visit's facts: a person's browser stays the same, the referrer does not.
    pub(super) fn facts(&self, person_seed: u64, bits: &mut SplitMix64) -> Facts {
        let mut of_person = SplitMix64::new(person_seed);
        // Cast safety: public lists are far shorter than 65,536.
        let positions = self.listed.each_ref().map(|(table, habit)| (*table, habit.pick(&mut of_person) as u16));
        let referrer = if bits.next_unit() < OPEN_HOST_SHARE {
            self.open_hosts[self.open_referrers.pick(bits) as usize].clone()
        } else {
            Table::Referrer.public_keys()[self.public_referrers.pick(bits) as usize].into()
        };
        Facts::made_up(positions, referrer)
    }
}

//! Releases in memory, for tests.

#![allow(clippy::unwrap_used, reason = "what a test did not expect may stop it")]

use std::{collections::BTreeMap, sync::Arc};

use headcount_model::{
    calendar::{Calendar, Day, Period, PeriodKind},
    release::{HourNumbers, KeyNumbers, Noisy, Release, SiteNumbers, TableNumbers},
    source::{ReadError, SiteInfo},
    tables::{Bounds, Table},
    units::SiteName,
};

use super::{Source, range::Dates};

/// A source that holds what a test puts in.
pub struct Memory {
    /// Its sites, by name; all releases are the first one's.
    pub names: Vec<SiteName>,
    /// By period.
    pub releases: BTreeMap<Period, Arc<Release>>,
}

impl Memory {
    /// Sites without releases.
    #[must_use]
    pub fn new(names: &[&str]) -> Self {
        let mut names: Vec<SiteName> = names.iter().map(|n| SiteName::new(n).unwrap()).collect();
        names.sort();
        Self { names, releases: BTreeMap::new() }
    }

    /// Puts in a release of a period with these site counts by rank, each with sigma 2.
    pub fn put(&mut self, period: Period, ranks: &[i64]) -> &mut Release {
        let noisy = |&count: &i64| Noisy { count, sigma_milli: 2_000 };
        let release = Release {
            number: self.releases.len() as u64 + 1,
            site: self.names[0].clone(),
            zone: "Europe/Paris".to_owned(),
            period,
            sealed_at_unix_s: 0,
            costs: Vec::new(),
            bounds: Bounds::default(),
            gap: None,
            site_numbers: Some(SiteNumbers {
                ranks: ranks.iter().map(noisy).collect(),
                limited: noisy(&3),
                visitors: None,
            }),
            hours: Vec::new(),
            tables: Vec::new(),
        };
        self.releases.insert(period, Arc::new(release));
        self.edit(period)
    }

    /// A release to change.
    pub fn edit(&mut self, period: Period) -> &mut Release {
        Arc::get_mut(self.releases.get_mut(&period).unwrap()).unwrap()
    }

    fn days(&self) -> Option<(Day, Day)> {
        let mut days = self.releases.keys().filter(|p| p.kind == PeriodKind::Day).map(|p| p.start);
        let first = days.next()?;
        Some((first, days.next_back().unwrap_or(first)))
    }
}

impl Source for Memory {
    fn sites(&self) -> Vec<SiteInfo> {
        let info = |name: &SiteName| SiteInfo {
            name: name.clone(),
            calendar: Calendar::new("Europe/Paris").unwrap(),
            profile: "standard".to_owned(),
            has_known_pages: false,
            days: self.days(),
            releases: self.releases.len(),
            latest_release: self.releases.values().map(|release| release.number).max().unwrap_or(0),
            next_due_unix_s: 0,
            label: Arc::default(),
        };
        self.names.iter().map(info).collect()
    }
    fn get(&self, _: &SiteName, period: Period) -> Result<Option<Arc<Release>>, ReadError> {
        Ok(self.releases.get(&period).cloned())
    }
    fn published(&self, _: &SiteName, kind: PeriodKind, from: Day, to: Day) -> Vec<Period> {
        self.releases.keys().copied().filter(|p| p.kind == kind && p.start >= from && p.start <= to).collect()
    }
    fn bounds(&self, _: &SiteName) -> Bounds {
        Bounds::default()
    }
}

/// Dates as people write them; an empty text is left out.
#[must_use]
pub fn dates(from: &str, to: &str) -> Dates {
    let day = |text: &str| (!text.is_empty()).then(|| Day::from_date(text.parse().unwrap()));
    Dates { from: day(from), to: day(to) }
}

/// An hour's numbers with sigma 1.
pub fn hour(hour: u8, counts: &[i64]) -> HourNumbers {
    HourNumbers { hour, counts: counts.to_vec(), sigma_milli: 1_000 }
}

/// A table with sigma 1 and a threshold of 10. The keys are put in order.
pub fn table(table: Table, keys: &[(&str, &[i64])]) -> TableNumbers {
    let mut keys: Vec<KeyNumbers> = keys
        .iter()
        .map(|(key, counts)| KeyNumbers { key: (*key).to_owned(), counts: counts.to_vec(), visitors: None })
        .collect();
    keys.sort_by(|a, b| a.key.cmp(&b.key));
    TableNumbers { table, sigma_milli: 1_000, threshold: 10, keys }
}

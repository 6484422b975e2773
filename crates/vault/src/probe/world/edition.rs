//! What one profile publishes of a world, drawn by the real code. It is read as a server's releases are.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use headcount_model::{
    rng::mix,
    source::{ReadError, Source},
};

use super::{Visitors, World, count_day, site};
use crate::{
    Bounds, Release, SiteInfo, Table,
    calendar::{Day, Period, PeriodKind},
    probe::{fault, release},
    release::{
        draw::Draw,
        index::{PublicKeys, SiteIndex},
        noise::SeededNoise,
    },
    sites::settings::Site,
    tally::{MonthTally, QuarterTally},
    units::SiteName,
};

/// A site's releases in memory.
pub struct Edition<'w> {
    world: &'w World,
    site: Site,
    releases: BTreeMap<Period, Arc<Release>>,
    /// Keys that were published once.
    public: PublicKeys,
}

impl World {
    /// Publishes everything, in the order in which a server does, with noise from a seed. `list`: the pages that are known
    /// without looking at any visitor, where the site has such a list.
    ///
    /// # Errors
    /// When noise cannot be drawn.
    pub fn publish(&self, profile: &str, list: Option<&[Box<str>]>, seed: u64) -> Result<Edition<'_>, ReadError> {
        self.publish_as(profile, list, seed, None)
    }

    /// The same where each day's votes skip what was public by then, as they do in a server. The visitors must be those that
    /// were counted.
    ///
    /// # Errors
    /// When noise cannot be drawn.
    pub fn publish_with_votes(
        &self,
        profile: &str,
        list: Option<&[Box<str>]>,
        seed: u64,
        visitors: Visitors<'_>,
    ) -> Result<Edition<'_>, ReadError> {
        self.publish_as(profile, list, seed, Some(visitors))
    }

    fn publish_as(
        &self,
        profile: &str,
        list: Option<&[Box<str>]>,
        seed: u64,
        visitors: Option<Visitors<'_>>,
    ) -> Result<Edition<'_>, ReadError> {
        let site = site(profile, list, self.bounds, self.first_day());
        let mut releases: BTreeMap<Period, Arc<Release>> = BTreeMap::new();
        let (mut public, mut noise) = (PublicKeys::new(), SeededNoise::new(seed));
        // What speaks for pages that were not public when a day was published.
        let mut votes: BTreeMap<Period, MonthTally> = BTreeMap::new();
        let mut periods: Vec<Period> =
            self.days.keys().chain(self.weeks.keys()).chain(self.months.keys()).copied().collect();
        periods.sort_by_key(|period| (period.end_day(), period.kind));
        for (number, period) in (1..).zip(periods) {
            let under = site.history.of_period(period);
            let known_pages = &*site.known_pages();
            let mut draw = Draw { site: &site, known_pages, under: &under, public: &public, noise: &mut noise };
            let body = match period.kind {
                PeriodKind::Hour | PeriodKind::Quarter => continue,
                PeriodKind::Day => {
                    let day = &self.days[&period].tally;
                    if site.terms_of(period.start).plan.has_monthly_votes() {
                        let index = SiteIndex { public: public.clone(), ..SiteIndex::default() };
                        let of_month = votes.entry(Period::month_of(period.start)).or_default();
                        let is_public = |page: &str| known_pages.contains(page) || index.is_public(Table::Page, page);
                        match visitors {
                            Some(visitors) => {
                                let again = count_day(&self.pages, period.start, self.bounds, &index, &visitors);
                                of_month.absorb_votes(&again.day.tally, is_public);
                            }
                            None => of_month.absorb_votes(day, is_public),
                        }
                    }
                    draw.day(period.start, day, &[])
                }
                PeriodKind::Week => draw.week(&self.weeks[&period].tally),
                PeriodKind::Month => match votes.remove(&period) {
                    Some(mut month) => {
                        month.merge(&self.months[&period].tally);
                        draw.month(&month)
                    }
                    None => draw.month(&self.months[&period].tally),
                },
            };
            let release = release(&site, &under, period, number, body.map_err(fault)?);
            for table in release.tables.iter().filter(|t| t.table.is_open_key_space()) {
                let keys = public.entry(table.table).or_default();
                keys.extend(table.keys.iter().map(|key| Box::<str>::from(key.key.as_str())));
            }
            releases.insert(period, Arc::new(release));
        }
        Ok(Edition { world: self, site, releases, public })
    }

    /// The first day that was counted.
    fn first_day(&self) -> Day {
        self.days.keys().next().map_or(Day::from_number(0), |period| period.start)
    }

    /// Billionths of rho that a profile spends on the page table of a kind of period.
    #[must_use]
    pub fn rho_of_pages(profile: &str, kind: PeriodKind) -> u64 {
        let site = site(profile, Some(&[]), Bounds::of_profile(profile), Day::from_number(0));
        let plan = &site.history.of_day(Day::from_number(0)).plan;
        let of_pages = plan.mechanisms.iter().filter(|m| m.table == Table::Page && m.period == kind);
        of_pages.map(|m| m.rho_nano).sum()
    }
}

impl Edition<'_> {
    /// The names of a table that were published once.
    #[must_use]
    pub fn public_names(&self, table: Table) -> BTreeSet<Box<str>> {
        self.public.get(&table).cloned().unwrap_or_default()
    }

    /// Draws the quarter of the last day, after all days and months. Votes were cast as if no page were public: with those
    /// that became public meanwhile left out, others would have more.
    ///
    /// # Errors
    /// When noise cannot be drawn.
    pub fn quarter(&self, seed: u64) -> Result<Release, ReadError> {
        let mut tally = QuarterTally::default();
        for counted in self.world.days.values() {
            tally.absorb(&counted.tally, |table, key| self.public.get(&table).is_some_and(|keys| keys.contains(key)));
        }
        let last = self.world.days.keys().next_back().map_or(Day::from_number(0), |period| period.start);
        let period = Period::of(PeriodKind::Quarter, last);
        let under = self.site.history.of_period(period);
        let known_pages = &*self.site.known_pages();
        // Noise of its own.
        let noise = &mut SeededNoise::new(mix(seed, u64::MAX));
        let mut draw = Draw { site: &self.site, known_pages, under: &under, public: &self.public, noise };
        let body = draw.quarter(&tally).map_err(fault)?;
        Ok(release(&self.site, &under, period, 0, body))
    }

    /// What is public about the site.
    #[must_use]
    pub fn info(&self) -> SiteInfo {
        let mut days = self.world.days.keys().map(|period| period.start);
        let first = days.next();
        SiteInfo {
            name: self.site.name.clone(),
            calendar: self.site.calendar.clone(),
            profile: "lab".to_owned(),
            has_known_pages: !self.site.known_pages().is_empty(),
            days: first.map(|first| (first, days.next_back().unwrap_or(first))),
            releases: self.releases.len(),
            latest_release: self.releases.values().map(|release| release.number).max().unwrap_or(0),
            next_due_unix_s: 0,
            label: Arc::default(),
        }
    }
}

impl Source for Edition<'_> {
    fn sites(&self) -> Vec<SiteInfo> {
        vec![self.info()]
    }
    fn get(&self, _: &SiteName, period: Period) -> Result<Option<Arc<Release>>, ReadError> {
        Ok(self.releases.get(&period).cloned())
    }
    fn published(&self, _: &SiteName, kind: PeriodKind, from: Day, to: Day) -> Vec<Period> {
        self.releases.keys().copied().filter(|p| p.kind == kind && p.start >= from && p.start <= to).collect()
    }
    fn bounds(&self, _: &SiteName) -> Bounds {
        self.world.bounds
    }
}

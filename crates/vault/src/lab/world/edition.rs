//! What one profile publishes of a world, drawn by the real code, and asked about through the real query layer.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use headcount_model::source::ReadError;

use super::{World, fault, site};
use crate::{
    Bounds, Release, SiteInfo, Table,
    calendar::{Day, Period, PeriodKind},
    query::{
        AskError, Source,
        estimate::measure::Measure,
        number::Number,
        range::Dates,
        top::{PageAsk, PageSize, TopAsk, top},
        traffic::{Figures, TrafficAsk, traffic},
    },
    release::{
        draw::{Body, Draw},
        index::PublicKeys,
        noise::SeededNoise,
        terms::Under,
    },
    site::Site,
    tally::QuarterTally,
    units::SiteName,
};

/// A site's releases in memory.
pub(in crate::lab) struct Edition<'w> {
    world: &'w World,
    site: Site,
    releases: BTreeMap<Period, Arc<Release>>,
    /// Keys that were published once.
    public: PublicKeys,
}

/// What a reader learns of a page.
#[derive(Debug, Clone, Copy)]
pub(in crate::lab) struct Reading {
    /// Visits that saw it.
    pub(in crate::lab) visits: Number,
    /// Its page views.
    pub(in crate::lab) views: Number,
}

impl World {
    /// Publishes everything, in the order in which a server does, with noise from a seed.
    pub(in crate::lab) fn publish(
        &self,
        profile: &str,
        pages_are_known: bool,
        seed: u64,
    ) -> Result<Edition<'_>, AskError> {
        let site = site(profile, pages_are_known.then_some(&self.pages));
        let mut releases: BTreeMap<Period, Arc<Release>> = BTreeMap::new();
        let (mut public, mut noise) = (PublicKeys::new(), SeededNoise::new(seed));
        let mut periods: Vec<Period> =
            self.days.keys().chain(self.weeks.keys()).chain(self.months.keys()).copied().collect();
        periods.sort_by_key(|period| (period.end_day(), period.kind));
        for (number, period) in (1..).zip(periods) {
            let under = site.history.of_period(period);
            let known_pages = &*site.known_pages();
            let mut draw = Draw { site: &site, known_pages, under: &under, public: &public, noise: &mut noise };
            let body = match period.kind {
                PeriodKind::Hour | PeriodKind::Quarter => continue,
                PeriodKind::Day => draw.day(period.start, &self.days[&period].tally, &[]),
                PeriodKind::Week => draw.week(&self.weeks[&period].tally),
                PeriodKind::Month => draw.month(&self.months[&period].tally),
            };
            let release = release(&site, under, period, number, body.map_err(fault)?);
            for table in release.tables.iter().filter(|t| t.table.is_open_key_space()) {
                let keys = public.entry(table.table).or_default();
                keys.extend(table.keys.iter().map(|key| Box::<str>::from(key.key.as_str())));
            }
            releases.insert(period, Arc::new(release));
        }
        Ok(Edition { world: self, site, releases, public })
    }

    /// Billionths of rho that a profile spends on the page table of a kind of period.
    pub(in crate::lab) fn rho_of_pages(profile: &str, kind: PeriodKind) -> u64 {
        let site = site(profile, Some(&[]));
        let plan = &site.history.of_day(Day::from_number(0)).plan;
        let of_pages = plan.mechanisms.iter().filter(|m| m.table == Table::Page && m.period == kind);
        of_pages.map(|m| m.rho_nano).sum()
    }
}

/// As the sealing makes it.
pub(in crate::lab) fn release(site: &Site, under: Under, period: Period, number: u64, body: Body) -> Release {
    Release {
        number,
        site: site.name.clone(),
        zone: site.calendar.zone_name().to_owned(),
        period,
        sealed_at_unix_s: 0,
        bounds: under.bounds,
        costs: under.costs,
        gap: None,
        site_numbers: body.site_numbers,
        hours: body.hours,
        tables: body.tables,
    }
}

impl Edition<'_> {
    /// The names of a table that were published once.
    pub(in crate::lab) fn public_names(&self, table: Table) -> BTreeSet<Box<str>> {
        self.public.get(&table).cloned().unwrap_or_default()
    }

    /// Draws the quarter of the last day, after all days and months. Votes were cast as if no page were public: with those
    /// that became public meanwhile left out, others would have more.
    pub(in crate::lab) fn quarter(&self, seed: u64) -> Result<Body, AskError> {
        let mut tally = QuarterTally::default();
        for counted in self.world.days.values() {
            tally.absorb(&counted.tally, |table, key| self.public.get(&table).is_some_and(|keys| keys.contains(key)));
        }
        let last = self.world.days.keys().next_back().map_or(Day::from_number(0), |period| period.start);
        let under = self.site.history.of_period(Period::of(PeriodKind::Quarter, last));
        let known_pages = &*self.site.known_pages();
        // Noise of its own.
        let noise = &mut SeededNoise::new(crate::lab::crowd::mix(seed, u64::MAX));
        let mut draw = Draw { site: &self.site, known_pages, under: &under, public: &self.public, noise };
        draw.quarter(&tally).map_err(fault)
    }

    /// What is published of every page of the key space, by its number.
    pub(in crate::lab) fn pages(&self, period: Period) -> Result<Vec<Option<Reading>>, AskError> {
        let mut readings = vec![None; self.world.pages.len()];
        let table = self.releases.get(&period).and_then(|release| release.table(Table::Page));
        for row in self.rows(Table::Page, period)? {
            // A day's answer has them; of a month the answer has distinct visitors, so they are summed up as it does.
            let visits = match (period.kind, row.visitors, table.and_then(|t| Some((t, t.key(&row.key)?)))) {
                (PeriodKind::Day, Some(visits), _) => visits,
                (_, _, Some((table, key))) => Number::of(Measure::counted(key.counts[0], table.sigma_milli), 0),
                _ => continue,
            };
            if let Some(&number) = self.world.numbers.get(row.key.as_str()) {
                readings[number as usize] = Some(Reading { visits, views: row.count });
            }
        }
        Ok(readings)
    }

    /// What is published of the keys of an attribute table.
    pub(in crate::lab) fn attributes(
        &self,
        table: Table,
        period: Period,
    ) -> Result<BTreeMap<String, Number>, AskError> {
        Ok(self.rows(table, period)?.into_iter().map(|row| (row.key, row.count)).collect())
    }

    /// The site's numbers in every hour, day, week or month from a day to a day.
    pub(in crate::lab) fn traffic(&self, kind: PeriodKind, from: Day, to: Day) -> Result<Vec<Figures>, AskError> {
        let ask = TrafficAsk { dates: Dates::of(from, to), granularity: kind };
        Ok(traffic(self, &self.info(), &ask)?.points.into_iter().map(|point| point.figures).collect())
    }

    /// All rows of a table at once: page by page, each page would work out all of them again.
    fn rows(&self, table: Table, period: Period) -> Result<Vec<headcount_query::top::Row>, AskError> {
        let ask = TopAsk { table, dates: Dates::of(period.start, period.end_day().plus(-1)) };
        let page = PageAsk { size: PageSize::ALL, ..PageAsk::default() };
        Ok(top(self, &self.info(), &ask, &page)?.rows)
    }

    fn info(&self) -> SiteInfo {
        let mut days = self.world.days.keys().map(|period| period.start);
        let first = days.next();
        SiteInfo {
            name: self.site.name.clone(),
            calendar: self.site.calendar.clone(),
            profile: "lab".to_owned(),
            has_known_pages: !self.site.known_pages().is_empty(),
            days: first.map(|first| (first, days.next_back().unwrap_or(first))),
            releases: self.releases.len(),
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
        Bounds::default()
    }
}

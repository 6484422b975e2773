//! What one profile publishes of a world, asked about through the real query layer.

use std::collections::BTreeMap;

use headcount_model::{calendar::PeriodKind, source::Source};
use headcount_vault::probe::{self, Visitors, World};

use crate::{
    Table,
    calendar::{Day, Period},
    query::{
        AskError,
        estimate::measure::Measure,
        number::Number,
        range::{Compare, Dates},
        top::{PageAsk, PageSize, Row, TopAsk, top},
        traffic::{Figures, TrafficAsk, traffic},
    },
};

/// A site's releases in memory.
pub(super) struct Edition<'w> {
    world: &'w World,
    published: probe::Edition<'w>,
}

/// What a reader learns of a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    /// Visits that saw it.
    pub(super) visits: Number,
    /// Its page views.
    pub(super) views: Number,
}

impl<'w> Edition<'w> {
    /// Publishes everything with noise from a seed. `list`: as in [`World::publish`].
    pub(super) fn new(world: &'w World, profile: &str, list: Option<&[Box<str>]>, seed: u64) -> Result<Self, AskError> {
        Ok(Self { world, published: world.publish(profile, list, seed)? })
    }

    /// The same for a site whose votes for pages matter. `visitors`: as in [`World::publish_with_votes`].
    pub(super) fn with_votes(
        world: &'w World,
        profile: &str,
        list: Option<&[Box<str>]>,
        seed: u64,
        visitors: Visitors<'_>,
    ) -> Result<Self, AskError> {
        Ok(Self { world, published: world.publish_with_votes(profile, list, seed, visitors)? })
    }

    /// What is published of every page of the key space, by its number.
    pub(super) fn pages(&self, period: Period) -> Result<Vec<Option<Reading>>, AskError> {
        let mut readings = vec![None; self.world.pages.len()];
        let release = self.published.get(&self.published.info().name, period)?;
        let table = release.as_ref().and_then(|release| release.table(Table::Page));
        for row in self.rows(Table::Page, period)? {
            // A day's answer has them; of a month the answer has distinct visitors, and of a week none, so they are summed up.
            let visits = match (period.kind, row.visitors, table.and_then(|t| Some((t, t.key(&row.key)?)))) {
                (PeriodKind::Day, Some(visits), _) => visits,
                (_, _, Some((table, key))) => Number::of(Measure::counted(key.counts[0], table.sigma_milli), 0),
                (PeriodKind::Week, _, None) => match self.visits_by_days(&row.key, period)? {
                    Some(visits) => visits,
                    None => continue,
                },
                _ => continue,
            };
            if let Some(number) = self.world.number_of(&row.key) {
                readings[number as usize] = Some(Reading { visits, views: row.count });
            }
        }
        Ok(readings)
    }

    /// The visits that saw a page in a week, by its days, where each of them has the page.
    fn visits_by_days(&self, page: &str, week: Period) -> Result<Option<Number>, AskError> {
        let mut visits = Measure::default();
        for day in week.days().map(Period::day) {
            let release = self.published.get(&self.published.info().name, day)?;
            let Some(table) = release.as_ref().and_then(|release| release.table(Table::Page)) else { return Ok(None) };
            let Some(key) = table.key(page) else { return Ok(None) };
            visits = visits.plus(Measure::counted(key.counts[0], table.sigma_milli));
        }
        Ok(Some(Number::of(visits, 0)))
    }

    /// What is published of the keys of an attribute table.
    pub(super) fn attributes(&self, table: Table, period: Period) -> Result<BTreeMap<String, Number>, AskError> {
        Ok(self.rows(table, period)?.into_iter().map(|row| (row.key, row.count)).collect())
    }

    /// The site's numbers in every hour, day, week or month from a day to a day.
    pub(super) fn traffic(&self, kind: PeriodKind, from: Day, to: Day) -> Result<Vec<Figures>, AskError> {
        let ask = TrafficAsk { dates: Dates::of(from, to), granularity: kind, compare: Compare::None };
        let answer = traffic(&self.published, &self.published.info(), &ask)?;
        Ok(answer.points.into_iter().map(|point| point.figures).collect())
    }

    /// All rows of a table at once: page by page, each page would work out all of them again.
    fn rows(&self, table: Table, period: Period) -> Result<Vec<Row>, AskError> {
        let ask = TopAsk { table, dates: Dates::of(period.start, period.end_day().plus(-1)), compare: Compare::None };
        let page = PageAsk { size: PageSize::ALL, ..PageAsk::default() };
        Ok(top(&self.published, &self.published.info(), &ask, &page)?.rows)
    }
}

//! A made-up site for tests: what really happened, and releases of it with the noise of a real plan.
//!
//! Pages follow Zipf's law, the week has a rhythm, days differ (log-normal), each page differs from day to day and drifts,
//! some pages jump for a day, some appear and some die. The site may grow or shrink.

use std::collections::{BTreeMap, BTreeSet};

use headcount_model::{
    calendar::{Day, Period, PeriodKind},
    plan::{Mechanism, Plan, What},
    release::{HourNumbers, KeyNumbers, Noisy, Release, SiteNumbers, TableNumbers},
    shares::{Privacy, Shares},
    tables::{Bounds, Table, TableSet},
    units::SiteName,
};
use jiff::civil::date;

use super::random::Random;

use crate::fixture::Memory;

/// The first day of every made-up site.
pub(crate) const FIRST: (i16, i8, i8) = (2026, 8, 1);
const RANKS: usize = 8;
const WORKDAYS: [f64; 5] = [1.1, 1.15, 1.15, 1.1, 1.0];
const ATTRIBUTES: [(Table, usize); 4] =
    [(Table::Browser, 20), (Table::Os, 12), (Table::Device, 4), (Table::Language, 47)];

/// How a made-up site lives.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) shares: Shares,
    pub(crate) visits: f64,
    pub(crate) pages: usize,
    pub(crate) days: i32,
    pub(crate) seed: u64,
    /// How much a page differs from day to day: standard deviation of the logarithm.
    pub(crate) restless: f64,
    /// How likely a page jumps on a day.
    pub(crate) jumps: f64,
    /// The exponent of Zipf's law: the share of a page goes with its rank to the power of minus this.
    pub(crate) exponent: f64,
    /// By which part of itself the site grows in a day; negative where it shrinks.
    pub(crate) growth: f64,
    /// What a Saturday and a Sunday have of an average day.
    pub(crate) weekend: f64,
    /// Whether a sitemap names all pages. Where none does, a page is published once it passed the threshold, and visits
    /// begin on pages.
    pub(crate) is_listed: bool,
}

/// What really happened in a period.
#[derive(Debug, Clone, Default)]
pub(crate) struct Truth {
    pub(crate) ranks: [i64; RANKS],
    /// By table and position of the key: first views and repeat views, or visits.
    pub(crate) tables: BTreeMap<Table, Vec<[i64; 2]>>,
    pub(crate) hours: Vec<[i64; 2]>,
}

/// A made-up site, published.
pub(crate) struct Synthetic {
    pub(crate) memory: Memory,
    pub(crate) truth: BTreeMap<Period, Truth>,
}

/// The name of a key by its position.
pub(crate) fn key(position: usize) -> String {
    format!("/{position:05}")
}

impl Truth {
    fn add(&mut self, day: &Self) {
        self.ranks.iter_mut().zip(day.ranks).for_each(|(a, b)| *a += b);
        for (table, keys) in &day.tables {
            let mine = self.tables.entry(*table).or_insert_with(|| vec![[0; 2]; keys.len()]);
            mine.iter_mut().zip(keys).for_each(|(a, b)| *a = [a[0] + b[0], a[1] + b[1]]);
        }
    }

    pub(crate) fn visits(&self) -> i64 {
        self.ranks[0]
    }

    pub(crate) fn views(&self) -> i64 {
        self.ranks.iter().sum()
    }

    /// What all counters of a key have together.
    pub(crate) fn of(&self, table: Table, position: usize) -> i64 {
        self.tables[&table][position].iter().sum()
    }
}

impl World {
    /// A site of some hundred visits a day.
    pub(crate) fn small() -> Self {
        Self {
            shares: Shares::SMALL,
            visits: 300.0,
            pages: 200,
            days: 122,
            seed: 1,
            restless: 0.3,
            jumps: 0.003,
            exponent: 1.0,
            growth: 0.0,
            weekend: 0.75,
            is_listed: true,
        }
    }

    /// Lives and publishes.
    pub(crate) fn publish(&self) -> Synthetic {
        let mut publisher = Publisher {
            plan: Plan::new(&Privacy::default(), &self.shares, TableSet::without_sources()).mechanisms,
            random: Random::new(self.seed ^ 0x5eed),
            of_weeks: Random::new(self.seed ^ 0x7eed),
            memory: Memory::new(&["www"]),
            public: (!self.is_listed).then(BTreeSet::new),
        };
        let (mut truth, first) = (BTreeMap::new(), Day::from_date(date(FIRST.0, FIRST.1, FIRST.2)));
        let mut life = Life::new(self);
        for day in (0..self.days).map(|n| first.plus(n)) {
            let now = life.day(self, day);
            publisher.publish(Period::day(day), &now);
            for period in [Period::week_of(day), Period::month_of(day)] {
                truth.entry(period).or_insert_with(Truth::default).add(&now);
            }
            truth.insert(Period::day(day), now);
            for period in [Period::week_of(day), Period::month_of(day)] {
                if period.end_day() == day.plus(1) && period.start >= first {
                    publisher.publish(period, &truth[&period]);
                }
            }
        }
        Synthetic { memory: publisher.memory, truth }
    }
}

/// The state of a site from day to day.
struct Life {
    random: Random,
    levels: Vec<f64>,
    lives: Vec<(i32, i32)>,
}

impl Life {
    fn new(world: &World) -> Self {
        let mut random = Random::new(world.seed);
        let levels = (1..=world.pages).map(|rank| random.factor(0.2) * (rank as f64).powf(-world.exponent)).collect();
        let mut life = |_| {
            let when = FIRST_DAY_OF_CHANGE + (random.unit() * 90.0) as i32;
            match random.unit() {
                u if u < 0.05 => (when, i32::MAX),
                u if u < 0.1 => (0, when),
                _ => (0, i32::MAX),
            }
        };
        let lives = (0..world.pages).map(&mut life).collect();
        Self { random, levels, lives }
    }

    fn day(&mut self, world: &World, day: Day) -> Truth {
        let random = &mut self.random;
        let since = day.number() - Day::from_date(date(FIRST.0, FIRST.1, FIRST.2)).number();
        let weekday = (day.number() - day.monday().number()) as usize;
        let rhythm = WORKDAYS.get(weekday).copied().unwrap_or(world.weekend);
        let mut ranks = [0; RANKS];
        let mean = world.visits * (1.0 + world.growth).powi(since) * rhythm * random.factor(0.15);
        ranks[0] = random.poisson(mean);
        for rank in 1..RANKS {
            ranks[rank] = (0..ranks[rank - 1]).filter(|_| random.unit() < 0.57).count() as i64;
        }
        let mut weights = Vec::with_capacity(world.pages);
        for (level, life) in self.levels.iter_mut().zip(&self.lives) {
            *level *= random.factor(0.02);
            let jump = if random.unit() < world.jumps { 4.0 + 6.0 * random.unit() } else { 1.0 };
            let alive = f64::from(u8::from((life.0..life.1).contains(&since)));
            weights.push(*level * random.factor(world.restless) * jump * alive);
        }
        let views: i64 = ranks.iter().sum();
        let split = |random: &mut Random, n: i64| {
            let first = (0..n).filter(|_| random.unit() < 0.88).count() as i64;
            [first, n - first]
        };
        let pages: Vec<[i64; 2]> = scatter(random, views, &weights).into_iter().map(|n| split(random, n)).collect();
        let mut tables = BTreeMap::new();
        if !world.is_listed {
            // A visit begins with the first view of a page.
            let (mut visits, mut firsts) = (ranks[0], pages.iter().map(|[first, _]| *first).sum::<i64>());
            let mut begins = |_: i64| {
                let is_entry = random.unit() * (firsts as f64) < visits as f64;
                (firsts, visits) = (firsts - 1, visits - i64::from(is_entry));
                i64::from(is_entry)
            };
            let entries = pages.iter().map(|[first, _]| [(0..*first).map(&mut begins).sum(), 0]).collect();
            tables.insert(Table::Entry, entries);
        }
        tables.insert(Table::Page, pages);
        for (table, keys) in ATTRIBUTES {
            let weights: Vec<f64> = (1..=keys).map(|rank| random.factor(0.1) * f64::powf(rank as f64, -1.3)).collect();
            tables.insert(table, scatter(random, ranks[0], &weights).into_iter().map(|n| [n, 0]).collect());
        }
        let rhythm: Vec<f64> = (0..24).map(|h| if (7..22).contains(&h) { 1.0 } else { 0.1 }).collect();
        let (begun, further) = (scatter(random, ranks[0], &rhythm), scatter(random, views - ranks[0], &rhythm));
        let hours = begun.into_iter().zip(further).map(|(a, b)| [a, b]).collect();
        Truth { ranks, tables, hours }
    }
}

const FIRST_DAY_OF_CHANGE: i32 = 25;

/// Throws `count` balls into boxes by weight.
fn scatter(random: &mut Random, count: i64, weights: &[f64]) -> Vec<i64> {
    let mut sums = Vec::with_capacity(weights.len());
    let mut total = 0.0;
    for weight in weights {
        total += weight;
        sums.push(total);
    }
    let mut boxes = vec![0; weights.len()];
    for _ in 0..count {
        let at = random.unit() * total;
        boxes[sums.partition_point(|sum| *sum <= at).min(weights.len() - 1)] += 1;
    }
    boxes
}

/// Draws noise and puts releases into memory, in the order in which they appear.
struct Publisher {
    plan: Vec<Mechanism>,
    random: Random,
    /// For the tables of weeks: whether a plan has these leaves all other noise as it is.
    of_weeks: Random,
    memory: Memory,
    /// The pages that are published, where no list names all of them.
    public: Option<BTreeSet<usize>>,
}

impl Publisher {
    fn mechanism(&self, table: Table, period: PeriodKind, what: What) -> Option<&Mechanism> {
        self.plan.iter().find(|m| (m.table, m.period, m.what) == (table, period, what))
    }

    fn publish(&mut self, period: Period, truth: &Truth) {
        let kind = period.kind;
        let visits = self.mechanism(Table::Site, kind, What::Visits).unwrap().sigma_milli;
        let further = self.mechanism(Table::Site, kind, What::FurtherViews).unwrap().sigma_milli;
        let mut noisy = |count: i64, sigma_milli| Noisy { count: count + self.random.noise(sigma_milli), sigma_milli };
        let ranks: Vec<Noisy> =
            truth.ranks.iter().enumerate().map(|(r, n)| noisy(*n, if r == 0 { visits } else { further })).collect();
        let site_numbers = Some(SiteNumbers { ranks, limited: noisy(0, further), visitors: None });
        // Pages first: entry pages follow them.
        let tables: Vec<TableNumbers> =
            truth.tables.iter().filter_map(|(t, keys)| self.table(*t, kind, keys)).collect();
        let hour_sigma = self.mechanism(Table::Site, PeriodKind::Hour, What::Counters).unwrap().sigma_milli;
        let hours = truth.hours.iter().enumerate().map(|(hour, [begun, more])| {
            let exact = [*begun, 0, *more, 0, 0, 0, 0, 0, 0];
            let counts = exact.iter().map(|n| n + self.random.noise(hour_sigma)).collect();
            HourNumbers { hour: hour as u8, counts, sigma_milli: hour_sigma }
        });
        let hours = hours.collect();
        let release = self.memory.put(period, &[]);
        *release = Release {
            site: SiteName::new("www").unwrap(),
            bounds: Bounds::default(),
            site_numbers,
            hours,
            tables,
            ..release.clone()
        };
    }

    fn table(&mut self, table: Table, kind: PeriodKind, keys: &[[i64; 2]]) -> Option<TableNumbers> {
        let mechanism = *self.mechanism(table, kind, What::Counters)?;
        let counters = if table == Table::Page { 2 } else { 1 };
        let mut numbers = Vec::with_capacity(keys.len());
        for (position, exact) in keys.iter().enumerate() {
            let random = if kind == PeriodKind::Week { &mut self.of_weeks } else { &mut self.random };
            let counts: Vec<i64> = exact[..counters].iter().map(|n| n + random.noise(mechanism.sigma_milli)).collect();
            if self.appears(table, position, counts[0] >= mechanism.threshold) {
                numbers.push(KeyNumbers { key: key(position), counts, visitors: None });
            }
        }
        Some(TableNumbers { table, sigma_milli: mechanism.sigma_milli, threshold: mechanism.threshold, keys: numbers })
    }

    /// Whether a key is published: from the first time on that its page passed the threshold.
    fn appears(&mut self, table: Table, position: usize, has_passed: bool) -> bool {
        match (&mut self.public, table) {
            (Some(public), Table::Page) => has_passed && public.insert(position) || public.contains(&position),
            (Some(public), Table::Entry) => public.contains(&position),
            _ => true,
        }
    }
}

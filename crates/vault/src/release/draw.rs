//! Draws the noise: from the exact tally of a period to the numbers of its release. Called once for a period, ever.
//!
//! Every key of a public key space gets noise, zeros too, in the order of the keys. A new key of an open key space
//! appears where its noisy count passes the threshold; keys once published are public from then on.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    block::{HourNumbers, KeyNumbers, Measured, Noisy, SiteNumbers, TableNumbers},
    estimate,
    index::PublicKeys,
    noise::{Noise, NoiseFault},
    plan::{Mechanism, What},
    terms::Under,
};
use crate::{
    calendar::{Day, PeriodKind},
    site::Site,
    sketch::{PAGE_PRECISION, Precision, SITE_PRECISION, Sketch},
    tables::{Counts, KeySpace, OTHER_KEY, Table},
    tally::{AttributeTally, Counters, DayTally, MonthTally, PageTally, QuarterTally, SiteTally, Texts, WeekTally},
};

/// The numbers of a release, before it has a number of its own.
#[derive(Default)]
pub(crate) struct Body {
    pub(crate) site_numbers: Option<SiteNumbers>,
    pub(crate) hours: Vec<HourNumbers>,
    pub(crate) tables: Vec<TableNumbers>,
}

/// Draws releases of one site.
pub(crate) struct Draw<'a> {
    pub(crate) site: &'a Site,
    /// The pages that are known without looking at any visitor.
    pub(crate) known_pages: &'a BTreeSet<Box<str>>,
    /// The plan and the bounds of the period.
    pub(crate) under: &'a Under,
    pub(crate) public: &'a PublicKeys,
    pub(crate) noise: &'a mut dyn Noise,
}

type Drawn<T> = Result<T, NoiseFault>;

/// Exact counts by key; a key that is not there counted nothing.
type Exact<'k> = BTreeMap<&'k str, [u64; 2]>;

impl<'a> Draw<'a> {
    /// A day, with those of its hours that were not published before. An hour that was, without numbers, is not drawn.
    pub(crate) fn day(&mut self, day: Day, tally: &DayTally, published: &[(u8, Option<HourNumbers>)]) -> Drawn<Body> {
        let mut hours = Vec::new();
        for hour in 0..self.site.calendar.hours_in(day) {
            match published.iter().find(|(published, _)| *published == hour) {
                Some((_, numbers)) => hours.extend(numbers.clone()),
                None => hours.extend(self.hour(hour, tally)?),
            }
        }
        let pages = tally.pages.iter().map(|(key, page)| (key, page.counts));
        let mut tables: Vec<TableNumbers> = self.pages(PeriodKind::Day, pages, &BTreeSet::new())?.into_iter().collect();
        self.attributes(PeriodKind::Day, &tally.attributes(self.under.always), &mut tables)?;
        Ok(Body { site_numbers: self.site_numbers(PeriodKind::Day, &tally.site, None)?, hours, tables })
    }

    /// An hour of a day.
    pub(crate) fn hour(&mut self, hour: u8, tally: &DayTally) -> Drawn<Option<HourNumbers>> {
        let Some(mechanism) = self.mechanism(Table::Site, PeriodKind::Hour, What::Counters) else { return Ok(None) };
        let none = Counters::default();
        let counters = tally.hours.get(&hour).unwrap_or(&none);
        // Visits begun, arrivals, and the second to the last view in the hour.
        let positions = usize::from(self.under.bounds.views_per_visitor_day) + 1;
        let counts = (0..positions).map(|p| self.noisy(&mechanism, counters.get(p))).collect::<Drawn<_>>()?;
        Ok(Some(HourNumbers { hour, counts, sigma_milli: mechanism.sigma_milli }))
    }

    /// A week.
    pub(crate) fn week(&mut self, tally: &WeekTally) -> Drawn<Body> {
        let pages = tally.pages.iter().map(|(key, page)| (key, *page));
        let tables = self.pages(PeriodKind::Week, pages, &BTreeSet::new())?.into_iter().collect();
        let site_numbers = self.site_numbers(PeriodKind::Week, &tally.site, Some(&tally.visitors))?;
        Ok(Body { site_numbers, tables, ..Body::default() })
    }

    /// A month. The pages that its votes make public have numbers at once, as all public ones.
    pub(crate) fn month(&mut self, tally: &MonthTally) -> Drawn<Body> {
        let found = match self.mechanism(Table::Page, PeriodKind::Month, What::Votes) {
            Some(mechanism) => self.found(&mechanism, &tally.votes)?,
            None => BTreeSet::new(),
        };
        let pages = tally.pages.iter().map(|(key, page)| (key, page.counts));
        let mut tables: Vec<TableNumbers> = self.pages(PeriodKind::Month, pages, &found)?.into_iter().collect();
        if let Some(mechanism) = self.mechanism(Table::Page, PeriodKind::Month, What::Visitors) {
            for numbers in tables.iter_mut().flat_map(|table| &mut table.keys) {
                let sketch = tally.pages.get(numbers.key.as_str()).map(|page| &page.visitors);
                numbers.visitors = Some(self.visitors(&mechanism, PAGE_PRECISION, sketch)?);
            }
        }
        self.attributes(PeriodKind::Month, &tally.attributes, &mut tables)?;
        let site_numbers = self.site_numbers(PeriodKind::Month, &tally.site, Some(&tally.visitors))?;
        Ok(Body { site_numbers, tables, ..Body::default() })
    }

    /// A quarter: the names of keys that become public, without any number.
    pub(crate) fn quarter(&mut self, tally: &QuarterTally) -> Drawn<Body> {
        let mut body = Body::default();
        for table in QuarterTally::TABLES {
            let Some(mechanism) = self.mechanism(table, PeriodKind::Quarter, What::Votes) else { continue };
            let found = self.found(&mechanism, tally.votes(table))?;
            let name = |key: &str| KeyNumbers { key: key.to_owned(), counts: Vec::new(), visitors: None };
            body.tables.push(numbers_of(&mechanism, found.into_iter().map(name).collect()));
        }
        Ok(body)
    }

    /// The keys that votes make public: those that are not, and whose noisy votes reach the threshold.
    fn found<'v>(&mut self, mechanism: &Mechanism, votes: &'v Texts) -> Drawn<BTreeSet<&'v str>> {
        let public = self.public_keys(mechanism.table);
        let candidates: BTreeMap<&str, u64> = votes.iter().map(|(key, votes)| (key, *votes)).collect();
        let mut found = BTreeSet::new();
        for (key, votes) in candidates.into_iter().filter(|(key, _)| !public.contains(key)) {
            if self.noisy(mechanism, votes)? >= mechanism.threshold {
                found.insert(key);
            }
        }
        Ok(found)
    }

    fn mechanism(&self, table: Table, kind: PeriodKind, what: What) -> Option<Mechanism> {
        self.under.plan.get(table, kind, what).copied()
    }

    fn site_numbers(
        &mut self,
        kind: PeriodKind,
        tally: &SiteTally,
        sketch: Option<&Sketch>,
    ) -> Drawn<Option<SiteNumbers>> {
        let find = |what| self.mechanism(Table::Site, kind, what);
        let (Some(visits), Some(further)) = (find(What::Visits), find(What::FurtherViews)) else { return Ok(None) };
        let visitors = find(What::Visitors).zip(sketch);
        let mut ranks = Vec::new();
        for rank in 0..usize::from(self.under.bounds.views_per_visitor_day) {
            let mechanism = if rank == 0 { &visits } else { &further };
            let count = self.noisy(mechanism, tally.ranks.get(rank))?;
            ranks.push(Noisy { count, sigma_milli: mechanism.sigma_milli });
        }
        let limited = Noisy { count: self.noisy(&further, tally.limited)?, sigma_milli: further.sigma_milli };
        let visitors = match visitors {
            Some((mechanism, sketch)) => Some(self.visitors(&mechanism, SITE_PRECISION, Some(sketch))?),
            None => None,
        };
        Ok(Some(SiteNumbers { ranks, limited, visitors }))
    }

    fn pages<'k>(
        &mut self,
        kind: PeriodKind,
        pages: impl Iterator<Item = (&'k str, PageTally)>,
        found: &BTreeSet<&str>,
    ) -> Drawn<Option<TableNumbers>> {
        let Some(mechanism) = self.mechanism(Table::Page, kind, What::Counters) else { return Ok(None) };
        let exact: Exact<'_> = pages.map(|(key, page)| (key, [page.first, page.repeat])).collect();
        self.open(&mechanism, &exact, 2, found).map(Some)
    }

    fn attributes(&mut self, kind: PeriodKind, tally: &AttributeTally, out: &mut Vec<TableNumbers>) -> Drawn<()> {
        for table in Table::attributes() {
            let Some(mechanism) = self.mechanism(table, kind, What::Counters) else { continue };
            let texts = || tally.texts(table).iter().map(|(key, count)| (key, [*count, 0]));
            let numbers = match table.key_space() {
                KeySpace::None => continue,
                KeySpace::Public if table.spec().counts == Counts::VisitsByText => {
                    self.named(&mechanism, tally.texts(table).iter())?
                }
                KeySpace::Public => self.listed(&mechanism, tally.listed(table))?,
                KeySpace::Open => self.open(&mechanism, &texts().collect(), 1, &BTreeSet::new())?,
                KeySpace::Pages => {
                    let pages = out.iter().find(|t| t.table == Table::Page);
                    let keys: Vec<String> = pages.into_iter().flat_map(|t| &t.keys).map(|k| k.key.clone()).collect();
                    self.each(&mechanism, keys.iter().map(String::as_str), &texts().collect(), 1)?
                }
            };
            out.push(numbers);
        }
        Ok(())
    }

    /// Every key of a public list, in the order of the keys.
    fn listed(&mut self, mechanism: &Mechanism, counters: &Counters) -> Drawn<TableNumbers> {
        let keys = mechanism.table.public_keys().iter().enumerate();
        let exact: Exact<'_> = keys.map(|(at, key)| (*key, [counters.get(at), 0])).collect();
        self.each(mechanism, exact.keys().copied(), &exact, 1)
    }

    /// Every key of a public list that a site gives. What was counted under a key that is in the list no more is `(other)`: it
    /// moves another counter by as much.
    fn named<'k>(
        &mut self,
        mechanism: &Mechanism,
        counts: impl Iterator<Item = (&'k str, &'k u64)>,
    ) -> Drawn<TableNumbers> {
        let keys = self.public_keys(mechanism.table);
        let mut exact: Exact<'_> = BTreeMap::new();
        for (key, count) in counts {
            let key = keys.get(key).copied().unwrap_or(OTHER_KEY);
            exact.entry(key).or_default()[0] += count;
        }
        self.each(mechanism, keys.into_iter(), &exact, 1)
    }

    /// These keys, in this order.
    fn each<'k>(
        &mut self,
        mechanism: &Mechanism,
        keys: impl Iterator<Item = &'k str>,
        exact: &Exact<'_>,
        counters: usize,
    ) -> Drawn<TableNumbers> {
        let mut numbers = Vec::new();
        for key in keys {
            let exact = exact.get(key).copied().unwrap_or_default();
            let counts = exact[..counters].iter().map(|n| self.noisy(mechanism, *n)).collect::<Drawn<_>>()?;
            numbers.push(KeyNumbers { key: key.to_owned(), counts, visitors: None });
        }
        Ok(numbers_of(mechanism, numbers))
    }

    /// Every public key, also those that were just `found`, and of the others those that pass the threshold.
    fn open(
        &mut self,
        mechanism: &Mechanism,
        exact: &Exact<'_>,
        counters: usize,
        found: &BTreeSet<&str>,
    ) -> Drawn<TableNumbers> {
        let public: BTreeSet<&str> =
            self.public_keys(mechanism.table).into_iter().chain(found.iter().copied()).collect();
        let candidates: BTreeSet<&str> = public.iter().copied().chain(exact.keys().copied()).collect();
        let mut keys = Vec::new();
        for key in candidates {
            let exact = exact.get(key).copied().unwrap_or_default();
            let first = self.noisy(mechanism, exact[0])?;
            if first < mechanism.threshold && !public.contains(key) {
                continue;
            }
            let mut counts = vec![first];
            for &count in &exact[1..counters] {
                counts.push(self.noisy(mechanism, count)?);
            }
            keys.push(KeyNumbers { key: key.to_owned(), counts, visitors: None });
        }
        Ok(numbers_of(mechanism, keys))
    }

    /// What is public of a table before this release.
    fn public_keys(&self, table: Table) -> BTreeSet<&'a str> {
        let published = self.public.get(&table).into_iter().flatten().map(|key| &**key);
        let listed = table.public_keys().iter().copied();
        listed.chain(self.site.own_keys(table, self.known_pages)).chain(published).collect()
    }

    fn visitors(&mut self, mechanism: &Mechanism, precision: Precision, sketch: Option<&Sketch>) -> Drawn<Measured> {
        let empty = Sketch::new(precision);
        let released = estimate::released_form(&sketch.unwrap_or(&empty).histogram());
        let noisy = released.into_iter().map(|bin| self.noise_on(mechanism, bin)).collect::<Drawn<Vec<i64>>>()?;
        #[expect(
            clippy::expect_used,
            reason = "Unwrap safety: the histogram has the length that its precision asks for."
        )]
        let found = estimate::cardinality(&noisy, precision, mechanism.sigma()).expect("a whole histogram");
        Ok(Measured {
            estimate_milli: milli(found.estimate),
            standard_error_milli: milli(found.standard_error).unsigned_abs(),
        })
    }

    fn noisy(&mut self, mechanism: &Mechanism, exact: u64) -> Drawn<i64> {
        self.noise_on(mechanism, i64::try_from(exact).unwrap_or(i64::MAX / 2))
    }

    fn noise_on(&mut self, mechanism: &Mechanism, exact: i64) -> Drawn<i64> {
        Ok(exact.saturating_add(self.noise.sample(mechanism.sigma())?))
    }
}

fn numbers_of(mechanism: &Mechanism, keys: Vec<KeyNumbers>) -> TableNumbers {
    TableNumbers { table: mechanism.table, sigma_milli: mechanism.sigma_milli, threshold: mechanism.threshold, keys }
}

/// Thousandths, as an integer. Estimates are far below the range of an i64.
#[expect(
    clippy::cast_possible_truncation,
    reason = "Cast safety: `as` saturates, and a NaN (which the estimator never gives) would be zero."
)]
fn milli(value: f64) -> i64 {
    (value * 1e3).round() as i64
}

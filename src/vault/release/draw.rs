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
};
use crate::{
    calendar::{Day, PeriodKind},
    vault::{
        site::Site,
        sketch::{Precision, Sketch},
        tables::{Bounds, PAGE_PRECISION, SITE_PRECISION, Table},
        tally::{AttributeTally, Counters, DayTally, MonthTally, PageTally, SiteTally, WeekTally},
    },
};

/// The numbers of a release, before it has a number of its own.
pub(in crate::vault) struct Body {
    pub(in crate::vault) site_numbers: Option<SiteNumbers>,
    pub(in crate::vault) hours: Vec<HourNumbers>,
    pub(in crate::vault) tables: Vec<TableNumbers>,
}

/// Draws releases of one site.
pub(in crate::vault) struct Draw<'a> {
    pub(in crate::vault) site: &'a Site,
    pub(in crate::vault) bounds: Bounds,
    pub(in crate::vault) public: &'a PublicKeys,
    pub(in crate::vault) noise: &'a mut dyn Noise,
}

type Drawn<T> = Result<T, NoiseFault>;

impl<'a> Draw<'a> {
    /// A day, with those of its hours that were not published before.
    pub(in crate::vault) fn day(&mut self, day: Day, tally: &DayTally, published: &[HourNumbers]) -> Drawn<Body> {
        let mut hours = Vec::new();
        for hour in 0..self.site.calendar.hours_in(day) {
            match published.iter().find(|h| h.hour == hour) {
                Some(numbers) => hours.push(numbers.clone()),
                None => hours.push(self.hour(hour, tally)?),
            }
        }
        let mut tables = vec![self.pages_of_day(tally)?];
        self.attributes(PeriodKind::Day, &tally.attributes, &mut tables)?;
        Ok(Body { site_numbers: Some(self.site_numbers(PeriodKind::Day, &tally.site, None)?), hours, tables })
    }

    /// An hour of a day.
    pub(in crate::vault) fn hour(&mut self, hour: u8, tally: &DayTally) -> Drawn<HourNumbers> {
        let mechanism = *self.site.plan.get(Table::Site, PeriodKind::Hour, What::Counters);
        let none = Counters::default();
        let counters = tally.hours.get(&hour).unwrap_or(&none);
        // Visits begun, arrivals, and the second to the last view in the hour.
        let positions = usize::from(self.bounds.views_per_visitor_day) + 1;
        let counts = (0..positions).map(|p| self.noisy(&mechanism, counters.get(p))).collect::<Drawn<_>>()?;
        Ok(HourNumbers { hour, counts, sigma_milli: mechanism.sigma_milli })
    }

    /// A week.
    pub(in crate::vault) fn week(&mut self, tally: &WeekTally) -> Drawn<Body> {
        let numbers = self.site_numbers(PeriodKind::Week, &tally.site, Some(&tally.visitors))?;
        Ok(Body { site_numbers: Some(numbers), hours: Vec::new(), tables: Vec::new() })
    }

    /// A month.
    pub(in crate::vault) fn month(&mut self, tally: &MonthTally) -> Drawn<Body> {
        let mut tables = vec![self.pages_of_month(tally)?];
        self.attributes(PeriodKind::Month, &tally.attributes, &mut tables)?;
        let numbers = self.site_numbers(PeriodKind::Month, &tally.site, Some(&tally.visitors))?;
        Ok(Body { site_numbers: Some(numbers), hours: Vec::new(), tables })
    }

    fn site_numbers(&mut self, kind: PeriodKind, tally: &SiteTally, sketch: Option<&Sketch>) -> Drawn<SiteNumbers> {
        let visits = *self.site.plan.get(Table::Site, kind, What::Visits);
        let further = *self.site.plan.get(Table::Site, kind, What::FurtherViews);
        let mut ranks = Vec::new();
        for rank in 0..usize::from(self.bounds.views_per_visitor_day) {
            let mechanism = if rank == 0 { &visits } else { &further };
            let count = self.noisy(mechanism, tally.ranks.get(rank))?;
            ranks.push(Noisy { count, sigma_milli: mechanism.sigma_milli });
        }
        let limited = Noisy { count: self.noisy(&further, tally.limited)?, sigma_milli: further.sigma_milli };
        let visitors = match sketch {
            Some(sketch) => {
                let mechanism = *self.site.plan.get(Table::Site, kind, What::Visitors);
                Some(self.visitors(&mechanism, SITE_PRECISION, Some(sketch))?)
            }
            None => None,
        };
        Ok(SiteNumbers { ranks, limited, visitors })
    }

    fn pages_of_day(&mut self, tally: &DayTally) -> Drawn<TableNumbers> {
        let mechanism = *self.site.plan.get(Table::Page, PeriodKind::Day, What::Counters);
        let counts = tally.pages.iter().map(|(key, page)| (&**key, *page)).collect();
        self.pages(&mechanism, counts)
    }

    fn pages_of_month(&mut self, tally: &MonthTally) -> Drawn<TableNumbers> {
        let counters = *self.site.plan.get(Table::Page, PeriodKind::Month, What::Counters);
        let visitors = *self.site.plan.get(Table::Page, PeriodKind::Month, What::Visitors);
        let counts = tally.pages.iter().map(|(key, page)| (&**key, page.counts)).collect();
        let mut table = self.pages(&counters, counts)?;
        for numbers in &mut table.keys {
            let sketch = tally.pages.get(numbers.key.as_str()).map(|page| &page.visitors);
            numbers.visitors = Some(self.visitors(&visitors, PAGE_PRECISION, sketch)?);
        }
        Ok(table)
    }

    fn pages(&mut self, mechanism: &Mechanism, counts: BTreeMap<&str, PageTally>) -> Drawn<TableNumbers> {
        let pairs = counts.into_iter().map(|(key, page)| (key, vec![page.first, page.repeat])).collect();
        let known = self.site.known_pages();
        let public: BTreeSet<&str> = known.iter().map(|k| &**k).collect();
        self.table(mechanism, public, pairs, 2)
    }

    fn attributes(&mut self, kind: PeriodKind, tally: &AttributeTally, out: &mut Vec<TableNumbers>) -> Drawn<()> {
        for table in Table::ATTRIBUTES {
            let mechanism = *self.site.plan.get(table, kind, What::Counters);
            let public: BTreeSet<&str> = table.public_keys().iter().copied().collect();
            let mut counts: BTreeMap<&str, Vec<u64>> =
                public.iter().map(|key| (*key, vec![tally.get(table, key)])).collect();
            if table == Table::Referrer {
                counts.extend(tally.referrers.iter().map(|(key, count)| (&**key, vec![*count])));
            }
            out.push(self.table(&mechanism, public, counts, 1)?);
        }
        Ok(())
    }

    /// Every public key, and of the others those that pass the threshold.
    fn table<'k>(
        &mut self,
        mechanism: &Mechanism,
        mut public: BTreeSet<&'k str>,
        counts: BTreeMap<&'k str, Vec<u64>>,
        counters: usize,
    ) -> Drawn<TableNumbers>
    where
        'a: 'k,
    {
        // Through a copy of the reference, so that drawing may go on while the keys are borrowed.
        let published: &PublicKeys = self.public;
        public.extend(published.get(&mechanism.table).into_iter().flatten().map(|key| &**key));
        let none = vec![0; counters];
        let mut keys = Vec::new();
        let candidates: BTreeSet<&str> = public.iter().copied().chain(counts.keys().copied()).collect();
        for key in candidates {
            let exact = counts.get(key).unwrap_or(&none);
            let first = self.noisy(mechanism, exact[0])?;
            let is_new = !public.contains(key);
            if is_new && (mechanism.threshold == 0 || first < mechanism.threshold) {
                continue;
            }
            let mut noisy = vec![first];
            for &count in &exact[1..] {
                noisy.push(self.noisy(mechanism, count)?);
            }
            keys.push(KeyNumbers { key: key.to_owned(), counts: noisy, visitors: None });
        }
        Ok(TableNumbers {
            table: mechanism.table,
            sigma_milli: mechanism.sigma_milli,
            threshold: mechanism.threshold,
            keys,
        })
    }

    fn visitors(&mut self, mechanism: &Mechanism, precision: Precision, sketch: Option<&Sketch>) -> Drawn<Measured> {
        let empty = Sketch::new(precision);
        let histogram = sketch.unwrap_or(&empty).histogram();
        let noisy: Vec<i64> = histogram.iter().map(|&n| self.noisy(mechanism, u64::from(n))).collect::<Drawn<_>>()?;
        // Unwrap safety: the histogram has the length that its precision asks for.
        let found = estimate::cardinality(&noisy, precision, mechanism.sigma()).expect("a whole histogram");
        Ok(Measured {
            estimate_milli: milli(found.estimate),
            standard_error_milli: milli(found.standard_error).unsigned_abs(),
        })
    }

    fn noisy(&mut self, mechanism: &Mechanism, exact: u64) -> Drawn<i64> {
        let exact = i64::try_from(exact).unwrap_or(i64::MAX / 2);
        Ok(exact.saturating_add(self.noise.sample(mechanism.sigma())?))
    }
}

/// Thousandths, as an integer. Estimates are far below the range of an i64.
fn milli(value: f64) -> i64 {
    // Cast safety: `as` saturates, and a NaN (which the estimator never gives) would be zero.
    (value * 1e3).round() as i64
}

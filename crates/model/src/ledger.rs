//! What was promised to visitors and what was spent of it, release by release.

use std::sync::Arc;

use crate::{
    calendar::{Day, HOURS_PER_DAY_MAX, Period, PeriodKind},
    plan::Mechanism,
    regular::Regular,
    release::Release,
    source::{ReadError, Source},
    terms::Terms,
    units::SiteName,
};

/// What was spent of the budget of the visitor-days of one day.
#[derive(Debug, Clone, PartialEq)]
pub struct DayLedger {
    /// The day.
    pub day: Day,
    /// The first day of its terms; the smallest day there is for the first terms of a site.
    pub terms_from: Day,
    /// What was promised not to be exceeded, in billionths of rho.
    pub promised_rho_nano: u64,
    /// By release: its period, its number, what it took in billionths of rho. Hours that are published before their day
    /// each take the share of all hours, because one visitor-day may lie in a single one; they share it once.
    pub spent: Vec<(Period, u64, u64)>,
}

impl DayLedger {
    /// What was spent in all.
    #[must_use]
    pub fn spent_rho_nano(&self) -> u64 {
        let of = |is_hour: bool| self.spent.iter().filter(move |(p, ..)| (p.kind == PeriodKind::Hour) == is_hour);
        // A visitor-day raises at most its bound of counters over all hours together: their cost is not added up.
        of(true).map(|(.., rho)| *rho).max().unwrap_or(0) + of(false).map(|(.., rho)| *rho).sum::<u64>()
    }
}

/// Gives every release by its number, and the terms that it was drawn under.
pub trait Ledger: Source {
    /// The terms under which a site counts today, and those that begin later.
    fn terms(&self, site: &SiteName) -> Option<(Terms, Vec<Terms>)>;

    /// The terms under which a site counts on a day.
    fn terms_of(&self, site: &SiteName, day: Day) -> Option<Terms>;

    /// How a site's budget is used under the terms of today.
    fn mechanisms(&self, site: &SiteName) -> Option<Vec<Mechanism>>;

    /// What is promised to a visitor of a site who comes on every day of a week, a month and a year, under the terms of today.
    fn regulars(&self, site: &SiteName) -> Option<[Regular; 3]>;

    /// The numbers of all releases after one, of one site or of all, oldest first.
    fn numbers_after(&self, site: Option<&SiteName>, after: u64) -> Vec<u64>;

    /// The periods of all releases of a site and their numbers, in no order.
    fn numbered(&self, site: &SiteName) -> Vec<(Period, u64)>;

    /// A release by its number. An hour's release goes when its day is released, which then holds the hour.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn by_number(&self, number: u64) -> Result<Option<Arc<Release>>, ReadError>;

    /// What was spent of a day's budget, by the releases that hold it.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn day_ledger(&self, site: &SiteName, day: Day) -> Result<Option<DayLedger>, ReadError> {
        let Some(terms) = self.terms_of(site, day) else { return Ok(None) };
        let mut spent = Vec::new();
        for kind in PeriodKind::ALL {
            let hours = if kind == PeriodKind::Hour { HOURS_PER_DAY_MAX } else { 1 };
            for hour in 0..hours {
                let period = Period { hour, ..Period::of(kind, day) };
                let Some(release) = self.get(site, period)? else { continue };
                // A gap has no numbers and takes nothing. It may even name terms that were withdrawn after it was given up.
                let mut costs = release.costs.iter().filter(|_| release.gap.is_none());
                let cost = costs.find(|cost| cost.terms_from == terms.from);
                spent.push((period, release.number, cost.map_or(0, |cost| cost.rho_nano)));
            }
        }
        let promised_rho_nano = terms.privacy.rho_nano();
        Ok(Some(DayLedger { day, terms_from: terms.from, promised_rho_nano, spent }))
    }
}

//! The hours of a day, made to add up to it.
//!
//! An hour's own noise is large where a site is small, and most of its nights are empty. The day is known better, and so is
//! which part of a day an hour usually has. So each hour leans on its past (`usual`), and then the hours are moved
//! to the nearest numbers that are not negative and add up to what the day shows (`project`), none past its own
//! interval. Hours never move their day: one that was published early lacks what came later.

use std::sync::Arc;

use headcount_model::{
    calendar::PeriodKind,
    release::{HourNumbers, Release},
    source::ReadError,
    units::SiteName,
};

use super::{
    super::{Source, State, number::Number, state},
    measure::Measure,
    past::{DAYS, latest},
    project::{Goal, Span, project, whole},
    usual::{self, Past, Scatter, Share},
    within::{FURTHER, VISITS, series},
};

/// An hour as a reader gets it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hour {
    /// Elapsed hours since local midnight.
    pub hour: u8,
    /// Visits that began in it.
    pub visits: Number,
    /// Distinct visitors.
    pub visitors: Number,
    /// Page views.
    pub views: Number,
}

/// What hours are parts of.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// What the day shows of visits and views.
    pub visits: i64,
    /// See `visits`.
    pub views: i64,
    /// Earlier days.
    past: Vec<Arc<Release>>,
}

impl Context {
    /// A day that shows these visits and views, with up to 28 earlier days of as many hours.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn read(
        source: &impl Source,
        site: &SiteName,
        day: &Release,
        (visits, views): (i64, i64),
    ) -> Result<Self, ReadError> {
        let is_alike = |release: &Release| release.number < day.number && release.hours.len() == day.hours.len();
        let of_use = |period| match state(source, site, period)? {
            State::Numbers(release) if is_alike(&release) => Ok(Some(release)),
            _ => Ok(None),
        };
        let past = latest(source, site, (PeriodKind::Day, DAYS), day.period.start, of_use)?;
        Ok(Self { visits, views, past })
    }
}

/// How many of an hour's counters are summed for visits, visitors and views.
const VISITS_OF: usize = 1;
const VISITORS_OF: usize = 2;
const VIEWS_OF: usize = usize::MAX;

/// Hours by themselves; as parts of their day where these are all hours of it.
#[must_use]
pub fn hours(numbers: &[HourNumbers], day: Option<&Context>) -> Vec<Hour> {
    let visits = fit(numbers, VISITS_OF, day);
    let visitors = fit(numbers, VISITORS_OF, day);
    let views = fit(numbers, VIEWS_OF, day);
    let hour = |(i, numbers): (usize, &HourNumbers)| Hour {
        hour: numbers.hour,
        visits: visits[i],
        visitors: visitors[i],
        views: views[i],
    };
    numbers.iter().enumerate().map(hour).collect()
}

fn sum(hour: &HourNumbers, counters: usize) -> Measure {
    Measure::sum(hour.counts.iter().take(counters).map(|count| Measure::counted(*count, hour.sigma_milli)))
}

fn fit(hours: &[HourNumbers], counters: usize, day: Option<&Context>) -> Vec<Number> {
    let measures: Vec<Measure> = hours.iter().map(|hour| sum(hour, counters)).collect();
    let numbers: Vec<Number> = measures.iter().map(|measure| Number::of(*measure, 0)).collect();
    let Some(day) = day else { return numbers };
    let total = if counters == VIEWS_OF { day.views } else { day.visits } as f64;
    // A visitor may be there in many hours of a day.
    let goal = if counters == VISITORS_OF { Goal::Free } else { Goal::Exactly(total) };
    let span = |(number, best): (&Number, Measure)| Span {
        target: best.value,
        spread: best.variance,
        low: number.low as f64,
        high: number.high as f64,
    };
    let best = lean(&measures, counters, total, &day.past);
    let spans: Vec<Span> = numbers.iter().zip(best).map(span).collect();
    let shown = whole(&project(&spans, goal));
    numbers.into_iter().zip(shown).map(|(number, shown)| number.showing(shown)).collect()
}

/// Each hour with what it usually has of a day.
fn lean(measures: &[Measure], counters: usize, total: f64, past: &[Arc<Release>]) -> Vec<Measure> {
    let of_day = |release: &Release| -> f64 {
        let whole = |s: super::within::Series| {
            if counters == VIEWS_OF { s[VISITS].plus(s[FURTHER]).value } else { s[VISITS].value }
        };
        series(&release.outline()).map_or(0.0, whole).max(0.0)
    };
    let days: Vec<(&Release, f64)> = past.iter().map(|release| (&**release, of_day(release))).collect();
    let share = |hour: usize| {
        let mut past = Past::default();
        for (release, whole) in &days {
            past.counts = past.counts.plus(sum(&release.hours[hour], counters));
            past.total += whole;
            past.days += 1.0;
        }
        usual::share([past, Past::default()])
    };
    let shares: Vec<Option<Share>> = (0..measures.len()).map(share).collect();
    let mut scatter = Scatter::default();
    for (release, whole) in &days {
        for (hour, share) in release.hours.iter().zip(&shares) {
            if let Some(share) = share {
                scatter.learn(sum(hour, counters), share.0.value * whole);
            }
        }
    }
    let best = |(measure, share): (&Measure, Option<Share>)| {
        share.map_or(*measure, |share| usual::lean(*measure, share.of(total), 1.0, scatter.relative()))
    };
    measures.iter().zip(shares).map(best).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_add_up_to_their_day_and_stay_in_their_intervals() {
        let counts = [[-40, 3], [-12, 0], [90, 20], [160, 70], [30, -9]];
        let numbers: Vec<HourNumbers> = (0..5)
            .map(|h| HourNumbers { hour: h, counts: counts[usize::from(h)].to_vec(), sigma_milli: 30_000 })
            .collect();
        let day = |visits, views| Context { visits, views, past: Vec::new() };
        let found = hours(&numbers, Some(&day(200, 300)));
        assert_eq!(found.iter().map(|h| h.visits.estimate.unwrap()).sum::<i64>(), 200);
        assert_eq!(found.iter().map(|h| h.views.estimate.unwrap()).sum::<i64>(), 300);
        let alone = hours(&numbers, None);
        for (fitted, own) in found.iter().zip(&alone) {
            assert_eq!((fitted.visits.low, fitted.visits.high), (own.visits.low, own.visits.high));
            assert_eq!(fitted.visitors, own.visitors);
        }
        // A total that no interval allows is met as nearly as they do.
        let far = hours(&numbers, Some(&day(1_000_000, 0)));
        assert!(far.iter().all(|h| h.visits.estimate == Some(h.visits.high) && h.views.estimate == Some(h.views.low)));
        assert!(hours(&[], Some(&day(5, 5))).is_empty());
    }
}

//! The hours of a day, made to add up to it.
//!
//! An hour's own noise is large where a site is small, and most of its nights are empty. The day is known better, so the
//! hours are moved to the nearest numbers that are not negative and add up to what the day shows ([`super::project`]),
//! none past its own interval. Hours never move their day: one that was published early lacks what came later.

use super::{
    super::number::Number,
    measure::Measure,
    project::{Goal, Span, project, whole},
};
use crate::vault::HourNumbers;

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

/// Hours by themselves; with what the whole day shows of visits and views, where these are all hours of it.
#[must_use]
pub fn hours(numbers: &[HourNumbers], day: Option<(i64, i64)>) -> Vec<Hour> {
    let sums = |counters: usize| -> Vec<Measure> {
        let sum = |hour: &HourNumbers| {
            Measure::sum(hour.counts.iter().take(counters).map(|count| Measure::counted(*count, hour.sigma_milli)))
        };
        numbers.iter().map(sum).collect()
    };
    let visits = fit(&sums(1), day.map(|(visits, _)| visits));
    let views = fit(&sums(usize::MAX), day.map(|(_, views)| views));
    let visitors = fit(&sums(2), None);
    let hour = |(i, numbers): (usize, &HourNumbers)| Hour {
        hour: numbers.hour,
        visits: visits[i],
        visitors: visitors[i],
        views: views[i],
    };
    numbers.iter().enumerate().map(hour).collect()
}

fn fit(measures: &[Measure], total: Option<i64>) -> Vec<Number> {
    let numbers: Vec<Number> = measures.iter().map(|measure| Number::of(*measure, 0)).collect();
    let Some(total) = total else { return numbers };
    let span = |(number, measure): (&Number, &Measure)| Span {
        target: measure.value,
        spread: measure.variance,
        low: number.low as f64,
        high: number.high as f64,
    };
    let spans: Vec<Span> = numbers.iter().zip(measures).map(span).collect();
    let shown = whole(&project(&spans, Goal::Exactly(total as f64)));
    numbers.into_iter().zip(shown).map(|(number, shown)| number.showing(shown)).collect()
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
        let found = hours(&numbers, Some((200, 300)));
        assert_eq!(found.iter().map(|h| h.visits.estimate.unwrap()).sum::<i64>(), 200);
        assert_eq!(found.iter().map(|h| h.views.estimate.unwrap()).sum::<i64>(), 300);
        let alone = hours(&numbers, None);
        for (fitted, own) in found.iter().zip(&alone) {
            assert_eq!((fitted.visits.low, fitted.visits.high), (own.visits.low, own.visits.high));
            assert_eq!(fitted.visitors, own.visitors);
        }
        // A total that no interval allows is met as nearly as they do.
        let far = hours(&numbers, Some((1_000_000, 0)));
        assert!(far.iter().all(|h| h.visits.estimate == Some(h.visits.high) && h.views.estimate == Some(h.views.low)));
        assert!(hours(&[], Some((5, 5))).is_empty());
    }
}

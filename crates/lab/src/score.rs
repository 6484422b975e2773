//! How far published numbers are from the truth: the measures of every row of the laboratory.

use serde::Serialize;

/// Only keys with at least so many counts are judged: below, any number hidden well enough is mostly noise.
pub(super) const COUNT_MIN: u64 = 10;

/// What one repetition found, key by key.
#[derive(Debug, Default)]
pub(super) struct Pool {
    errors: Vec<f64>,
    errors_unbounded: Vec<f64>,
    dropped: u64,
    published: u64,
    zeros: u64,
    spurious: u64,
}

impl Pool {
    /// A key that is judged: what was published of it, what the method was to count, and what happened without bounds.
    /// What is not published is off by the whole.
    pub(super) fn add(&mut self, estimate: Option<i64>, truth: u64, unbounded: u64) {
        let off = |truth: u64| match estimate {
            Some(estimate) => (estimate as f64 - truth as f64).abs() / truth as f64,
            None => 1.0,
        };
        self.errors.push(off(truth));
        self.errors_unbounded.push(off(unbounded));
        self.dropped += u64::from(estimate.is_none());
    }

    /// Any key of the key space: whether it is published, whether it is said to be above zero, and whether it is.
    pub(super) fn note(&mut self, is_published: bool, is_said_above_zero: bool, is_above_zero: bool) {
        self.published += u64::from(is_published);
        self.zeros += u64::from(!is_above_zero);
        self.spurious += u64::from(is_published && is_said_above_zero && !is_above_zero);
    }
}

/// The mean over all repetitions. Shares are from 0 to 1; `None` where there was nothing to have a share of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Score {
    /// Repetitions.
    pub repetitions: usize,
    /// Judged keys of a repetition.
    pub keys: usize,
    /// Median relative error against what the method was to count.
    pub median_error: Option<f64>,
    /// Median relative error against what happened without bounds.
    pub median_error_unbounded: Option<f64>,
    /// Share of the judged keys that are not published.
    pub dropped: Option<f64>,
    /// Share, of the keys that are truly zero, which are published as above zero.
    pub spurious: Option<f64>,
    /// Share of the same among all published keys.
    pub spurious_of_published: Option<f64>,
    /// How often that was, over all repetitions.
    pub spurious_keys: u64,
    /// Keys that are truly zero, over all repetitions.
    pub zero_keys: u64,
}

impl Score {
    /// The score of all repetitions.
    pub(super) fn of(pools: Vec<Pool>) -> Self {
        let sum = |get: fn(&Pool) -> u64| pools.iter().map(get).sum::<u64>();
        let (zeros, spurious, published) = (sum(|p| p.zeros), sum(|p| p.spurious), sum(|p| p.published));
        let judged = sum(|p| p.errors.len() as u64);
        let dropped = share(sum(|p| p.dropped), judged);
        let (repetitions, keys) = (pools.len(), pools.first().map_or(0, |p| p.errors.len()));
        let (errors, unbounded): (Vec<_>, Vec<_>) =
            pools.into_iter().map(|p| (median(p.errors), median(p.errors_unbounded))).unzip();
        Self {
            repetitions,
            keys,
            median_error: mean(&errors),
            median_error_unbounded: mean(&unbounded),
            dropped,
            spurious: share(spurious, zeros),
            spurious_of_published: share(spurious, published),
            spurious_keys: spurious,
            zero_keys: zeros,
        }
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let high = values.get(middle)?;
    Some(if values.len() % 2 == 1 { *high } else { 0.5 * (values[middle - 1] + high) })
}

fn mean(values: &[Option<f64>]) -> Option<f64> {
    let known: Vec<f64> = values.iter().flatten().copied().collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_by_hand() {
        let mut pool = Pool::default();
        pool.add(Some(12), 10, 20);
        pool.add(None, 100, 100);
        pool.add(Some(30), 20, 20);
        for (published, said, is) in
            [(true, true, true), (false, false, true), (true, true, false), (true, false, false)]
        {
            pool.note(published, said, is);
        }
        let score = Score::of(vec![pool, Pool::default()]);
        assert_eq!((score.repetitions, score.keys), (2, 3));
        assert_eq!((score.median_error, score.median_error_unbounded), (Some(0.5), Some(0.5)));
        assert_eq!((score.dropped, score.spurious), (Some(1.0 / 3.0), Some(0.5)));
        assert_eq!(score.spurious_of_published, Some(1.0 / 3.0));
        assert_eq!(median(vec![3.0, 1.0, 2.0, 10.0]), Some(2.5));
        assert_eq!(Score::of(vec![]).median_error, None);
    }
}

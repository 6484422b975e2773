//! Point estimates made possible: none below zero, sums that agree with their total, each inside its own interval. Pure
//! arithmetic.
//!
//! Of all points inside the intervals that add up to the total, the nearest is taken, distances weighed by inverse
//! spread: minimise `sum (x - target)^2 / spread` under `low <= x <= high` and `sum x = total`. The solution is
//! `x = clamp(target + t spread, low, high)` for one number `t` (Karush, Kuhn, Tucker), and the sum never falls as `t`
//! grows, so halving finds it. With `low = 0` alone this is the projection on a simplex (Duchi, Shalev-Shwartz, Singer,
//! Chandra 2008). Clamping each negative value by itself would add a bias to every sum; this does not.

/// What is known of one number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    /// The best value by itself.
    pub(super) target: f64,
    /// How far from it the truth may lie, as a variance: who is less sure moves more. Not negative.
    pub(super) spread: f64,
    /// The least value allowed.
    pub(super) low: f64,
    /// The greatest value allowed, not below `low`.
    pub(super) high: f64,
}

impl Span {
    /// The same, moved by at most so much.
    pub(super) fn within(self, reach: f64) -> Self {
        let target = self.at(0.0);
        Self { low: self.low.max(target - reach), high: self.high.min(target + reach), ..self }
    }

    fn at(&self, t: f64) -> f64 {
        (self.target + t * self.spread).max(self.low).min(self.high)
    }
}

/// What the numbers must add up to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Goal {
    /// Anything.
    Free,
    /// This at most: a table that shows only a part of its keys.
    AtMost(f64),
    /// Exactly this: a table whose keys are all shown.
    Exactly(f64),
}

/// Halvings: more than a double has digits, so that the result no longer changes.
const STEPS: usize = 128;

/// The nearest possible numbers. Where the intervals do not allow the goal, the sum comes as near to it as they do.
#[must_use]
pub(super) fn project(spans: &[Span], goal: Goal) -> Vec<f64> {
    let at = |t: f64| spans.iter().map(move |span| span.at(t));
    let here: f64 = at(0.0).sum();
    let total = match goal {
        Goal::Exactly(total) if total != here => total,
        Goal::AtMost(total) if total < here => total,
        _ => return at(0.0).collect(),
    };
    let rises = total > here;
    // Far enough that every number that can move stands at its end.
    let far = spans
        .iter()
        .filter(|span| span.spread > 0.0)
        .map(|span| (if rises { span.high } else { span.low } - span.target).abs() / span.spread)
        .fold(0.0, f64::max);
    let far = far.min(f64::MAX / 4.0);
    let (mut left, mut right) = if rises { (0.0, far) } else { (-far, 0.0) };
    for _ in 0..STEPS {
        let middle = left + 0.5 * (right - left);
        if middle <= left || middle >= right {
            break;
        }
        if at(middle).sum::<f64>() < total {
            left = middle;
        } else {
            right = middle;
        }
    }
    at(if rises { right } else { left }).collect()
}

/// Whole numbers near these that add up to the whole number nearest to their sum, by largest remainders (Hamilton's
/// method), each moved by less than one. So what is shown adds up as well.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "Cast safety: `as` saturates, there is no NaN, and a sum of fractions is not negative."
)]
pub(super) fn whole(values: &[f64]) -> Vec<i64> {
    let mut rounded: Vec<i64> = values.iter().map(|value| value.floor() as i64).collect();
    let rest: f64 = values.iter().map(|value| value - value.floor()).sum();
    let missing = rest.round() as usize;
    let mut order: Vec<(f64, usize)> = values.iter().map(|value| value - value.floor()).zip(0..).collect();
    if missing < order.len() {
        // Equal remainders go by position.
        order.select_nth_unstable_by(missing, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    }
    for &(_, position) in order.iter().take(missing) {
        rounded[position] = rounded[position].saturating_add(1);
    }
    rounded
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spans() -> impl Strategy<Value = Vec<Span>> {
        let span = (-50.0..200.0, 0.0..900.0, 0.0..100.0, 0.0..200.0).prop_map(|(target, spread, low, room)| Span {
            target,
            spread,
            low,
            high: low + room,
        });
        prop::collection::vec(span, 1..30)
    }

    proptest! {
        #[test]
        fn sums_agree_where_the_intervals_allow_it(spans in spans(), share in 0.0..1.0) {
            let least: f64 = spans.iter().map(|s| if s.spread > 0.0 { s.low } else { s.at(0.0) }).sum();
            let most: f64 = spans.iter().map(|s| if s.spread > 0.0 { s.high } else { s.at(0.0) }).sum();
            let total = least + share * (most - least);
            let exactly = project(&spans, Goal::Exactly(total));
            prop_assert!((exactly.iter().sum::<f64>() - total).abs() < 1e-6 * (1.0 + total));
            let at_most = project(&spans, Goal::AtMost(total));
            prop_assert!(at_most.iter().sum::<f64>() <= total + 1e-6 * (1.0 + total));
            for (span, value) in spans.iter().zip(exactly.iter().chain(&at_most)) {
                prop_assert!(span.low <= *value && *value <= span.high);
            }
            let shown: i64 = whole(&exactly).iter().sum();
            prop_assert!((shown as f64 - total).abs() < 0.500_001);
        }

        #[test]
        fn no_other_possible_point_is_nearer(spans in spans(), share in 0.01..0.99, i: usize, j: usize, step in -1.0..1.0) {
            let spans: Vec<Span> = spans.into_iter().map(|s| Span { spread: s.spread + 1.0, ..s }).collect();
            let total: f64 = spans.iter().map(|s| s.low + share * (s.high - s.low)).sum();
            let found = project(&spans, Goal::Exactly(total));
            let cost = |x: &[f64]| -> f64 {
                spans.iter().zip(x).map(|(s, x)| (x - s.target).powi(2) / s.spread).sum()
            };
            // Any small exchange between two numbers that the intervals allow costs more.
            let (i, j) = (i % spans.len(), j % spans.len());
            let mut other = found.clone();
            other[i] += step;
            other[j] -= step;
            if i != j && (spans[i].low..=spans[i].high).contains(&other[i])
                && (spans[j].low..=spans[j].high).contains(&other[j]) {
                prop_assert!(cost(&other) >= cost(&found) - 1e-6 * (1.0 + cost(&found)));
            }
        }

        #[test]
        fn the_order_does_not_matter(spans in spans(), total in 0.0..3_000.0) {
            let forth = project(&spans, Goal::Exactly(total));
            let reversed: Vec<Span> = spans.iter().rev().copied().collect();
            let mut back = project(&reversed, Goal::Exactly(total));
            back.reverse();
            for (a, b) in forth.iter().zip(&back) {
                prop_assert!((a - b).abs() < 1e-6 * (1.0 + a.abs()));
            }
        }
    }

    #[test]
    fn clamping_adds_what_projecting_does_not() {
        let free = |target| Span { target, spread: 4.0, low: 0.0, high: f64::MAX };
        let spans = [free(90.0), free(30.0), free(-20.0)];
        assert_eq!(project(&spans, Goal::Free).iter().sum::<f64>(), 120.0);
        let found = project(&spans, Goal::Exactly(100.0));
        assert!((found[0] - 80.0).abs() < 1e-9 && (found[1] - 20.0).abs() < 1e-9 && found[2] == 0.0);
    }

    #[test]
    fn extreme_inputs_stay_finite() {
        let wild = Span { target: 1e300, spread: 1e-300, low: 0.0, high: 1e18 };
        let stuck = Span { target: -5.0, spread: 0.0, low: 0.0, high: 0.0 };
        for total in [0.0, 1e18, -1e18] {
            assert!(project(&[wild, stuck], Goal::Exactly(total)).iter().all(|x| x.is_finite()));
        }
        assert!(project(&[], Goal::Exactly(5.0)).is_empty());
        assert_eq!(whole(&[0.4, 0.4, 0.4]), [1, 0, 0]);
        assert_eq!(whole(&[-0.5, 1e300]), [-1 + 1, i64::MAX]);
    }
}

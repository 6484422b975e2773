//! Days, weeks and months of one series made to agree. Pure arithmetic.
//!
//! Days are measured one by one, and sums of days once more as a whole. For two levels the best linear unbiased estimate
//! is known in closed form (Hay, Rastogi, Miklau, Suciu 2010, "Boosting the accuracy of differentially private histograms
//! through consistency", section 4, for equal variances). Weeks and months overlap, so here it is written for any sums:
//! with leaves `y` of variances `V`, sums `z = A x + noise` of variances `R`, and `G = A V A' + R`,
//!
//! ```text
//! x = y + V A' G^-1 (z - A y)
//! ```
//!
//! `G` has one row a sum, seven at most for a month, so nothing large is ever inverted.

use super::measure::Measure;

/// A measured sum of leaves.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Whole {
    /// What was measured.
    pub(super) measure: Measure,
    /// The positions of its leaves.
    pub(super) leaves: Vec<usize>,
}

/// Leaves and sums of them, reconciled.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    leaves: Vec<Measure>,
    wholes: Vec<Whole>,
    /// For each leaf, how much it moves for each count by which a sum is missed.
    gains: Vec<Vec<f64>>,
    values: Vec<f64>,
}

/// By how much each measurement enters a sum of reconciled leaves.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weights {
    pub(super) leaves: Vec<f64>,
    pub(super) wholes: Vec<f64>,
}

impl Tree {
    pub(super) fn new(leaves: Vec<Measure>, wholes: Vec<Whole>) -> Self {
        let mut of_leaf: Vec<Vec<usize>> = vec![Vec::new(); leaves.len()];
        for (row, whole) in wholes.iter().enumerate() {
            for &leaf in &whole.leaves {
                of_leaf[leaf].push(row);
            }
        }
        let mut square = vec![vec![0.0; wholes.len()]; wholes.len()];
        let mut missed: Vec<f64> = wholes.iter().map(|whole| whole.measure.value).collect();
        for (row, whole) in wholes.iter().enumerate() {
            square[row][row] += whole.measure.variance;
        }
        for (leaf, rows) in leaves.iter().zip(&of_leaf) {
            for &a in rows {
                missed[a] -= leaf.value;
                for &b in rows {
                    square[a][b] += leaf.variance;
                }
            }
        }
        let factor = Cholesky::new(square);
        let gain = |(leaf, rows): (&Measure, &Vec<usize>)| {
            let mut column = vec![0.0; wholes.len()];
            rows.iter().for_each(|&row| column[row] = leaf.variance);
            factor.solve(column)
        };
        let gains: Vec<Vec<f64>> = leaves.iter().zip(&of_leaf).map(gain).collect();
        let moved = |gain: &Vec<f64>| -> f64 { gain.iter().zip(&missed).map(|(g, m)| g * m).sum() };
        let values = leaves.iter().zip(&gains).map(|(leaf, gain)| leaf.value + moved(gain)).collect();
        Self { leaves, wholes, gains, values }
    }

    /// The reconciled value of a leaf.
    pub(super) fn value(&self, leaf: usize) -> f64 {
        self.values[leaf]
    }

    /// How the sum of the chosen leaves is made of the measurements, whose noise is independent. So its variance is the
    /// sum of the squares of these weights, each times the variance of its measurement.
    pub(super) fn weights(&self, chosen: &[usize]) -> Weights {
        let mut wholes = vec![0.0; self.wholes.len()];
        for &leaf in chosen {
            wholes.iter_mut().zip(&self.gains[leaf]).for_each(|(sum, gain)| *sum += gain);
        }
        let mut leaves = vec![0.0; self.leaves.len()];
        chosen.iter().for_each(|&leaf| leaves[leaf] += 1.0);
        for (whole, weight) in self.wholes.iter().zip(&wholes) {
            whole.leaves.iter().for_each(|&leaf| leaves[leaf] -= weight);
        }
        Weights { leaves, wholes }
    }
}

/// The square root of a symmetric matrix that is positive, or nearly: a row without a pivot is left out.
struct Cholesky(Vec<Vec<f64>>);

impl Cholesky {
    fn new(mut matrix: Vec<Vec<f64>>) -> Self {
        /// A pivot below this part of its row's own size is rounding error: its sum says nothing that others do not.
        const PIVOT_MIN: f64 = 1e-12;
        for i in 0..matrix.len() {
            let size = matrix[i][i];
            for j in 0..=i {
                let dot: f64 = (0..j).map(|k| matrix[i][k] * matrix[j][k]).sum();
                let rest = matrix[i][j] - dot;
                matrix[i][j] = if i == j {
                    if rest > size * PIVOT_MIN { rest.sqrt() } else { 0.0 }
                } else if matrix[j][j] > 0.0 {
                    rest / matrix[j][j]
                } else {
                    0.0
                };
            }
        }
        Self(matrix)
    }

    fn solve(&self, mut right: Vec<f64>) -> Vec<f64> {
        let lower = &self.0;
        for i in 0..right.len() {
            let dot: f64 = (0..i).map(|k| lower[i][k] * right[k]).sum();
            right[i] = if lower[i][i] > 0.0 { (right[i] - dot) / lower[i][i] } else { 0.0 };
        }
        for i in (0..right.len()).rev() {
            let dot: f64 = (i + 1..right.len()).map(|k| lower[k][i] * right[k]).sum();
            right[i] = if lower[i][i] > 0.0 { (right[i] - dot) / lower[i][i] } else { 0.0 };
        }
        right
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::dense::{least_squares, variance_of},
        *,
    };
    use proptest::prelude::*;

    /// Four weeks over a month and its neighbours' days.
    fn calendar(values: &[f64], sums: &[f64], variances: (f64, f64, f64)) -> (Vec<Measure>, Vec<Whole>) {
        let leaves = values.iter().map(|v| Measure { value: *v, variance: variances.0 }).collect();
        let whole = |value, variance, leaves| Whole { measure: Measure { value, variance }, leaves };
        let mut wholes: Vec<Whole> =
            (0..4).map(|w| whole(sums[w], variances.1, (7 * w..7 * w + 7).collect())).collect();
        wholes.push(whole(sums[4], variances.2, (3..26).collect()));
        (leaves, wholes)
    }

    proptest! {
        #[test]
        fn the_tree_is_the_dense_solution(
            values in prop::collection::vec(-20.0..400.0, 28),
            sums in prop::collection::vec(0.0..9_000.0, 5),
            variances in (1.0..900.0, 1.0..900.0, 1.0..900.0),
            from in 0_usize..28,
            length in 1_usize..28,
        ) {
            let (leaves, wholes) = calendar(&values, &sums, variances);
            let rows: Vec<(Vec<usize>, Measure)> = leaves.iter().enumerate().map(|(i, m)| (vec![i], *m))
                .chain(wholes.iter().map(|w| (w.leaves.clone(), w.measure))).collect();
            let (expected, covariance) = least_squares(28, &rows);
            let tree = Tree::new(leaves.clone(), wholes.clone());
            for (leaf, value) in expected.iter().enumerate() {
                prop_assert!((tree.value(leaf) - value).abs() < 1e-5, "{} {}", tree.value(leaf), value);
            }
            let chosen: Vec<usize> = (from..(from + length).min(28)).collect();
            let weights = tree.weights(&chosen);
            let part = |weights: &[f64], measures: &mut dyn Iterator<Item = Measure>| -> f64 {
                weights.iter().zip(measures).map(|(w, m)| w * w * m.variance).sum()
            };
            let variance = part(&weights.leaves, &mut leaves.iter().copied())
                + part(&weights.wholes, &mut wholes.iter().map(|w| w.measure));
            let exact = variance_of(&covariance, &chosen);
            prop_assert!((variance - exact).abs() < 1e-6 * exact, "{variance} {exact}");
            // And never noisier than the days alone.
            prop_assert!(variance <= chosen.len() as f64 * variances.0 * (1.0 + 1e-9));
        }
    }

    #[test]
    fn measurements_without_noise_do_no_harm() {
        let exact = Measure { value: 5.0, variance: 0.0 };
        let whole = |value| Whole { measure: Measure { value, variance: 0.0 }, leaves: vec![0, 1] };
        let tree = Tree::new(vec![exact, exact], vec![whole(10.0), whole(10.0)]);
        assert_eq!((tree.value(0), tree.value(1)), (5.0, 5.0));
        let noisy = Measure { value: 4.0, variance: 1.0 };
        let tree = Tree::new(vec![noisy, noisy], vec![whole(10.0), whole(10.0)]);
        assert_eq!((tree.value(0), tree.value(1)), (5.0, 5.0));
    }
}

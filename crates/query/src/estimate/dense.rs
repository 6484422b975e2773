//! A dense least-squares solution for tests: slow, plain, and written without the closed forms that it checks.

use super::measure::Measure;

/// Generalised least squares: each observation is a sum of the unknowns marked in its row. Gives the estimates of all
/// unknowns and their covariance, from the normal equations `X' V^-1 X b = X' V^-1 y`, by Gauss-Jordan with pivoting.
pub(super) fn least_squares(unknowns: usize, rows: &[(Vec<usize>, Measure)]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let mut left = vec![vec![0.0; unknowns]; unknowns];
    let mut right = vec![0.0; unknowns];
    for (members, seen) in rows {
        for &i in members {
            right[i] += seen.value / seen.variance;
            for &j in members {
                left[i][j] += seen.variance.recip();
            }
        }
    }
    let covariance = inverse(left);
    let estimates = covariance.iter().map(|row| row.iter().zip(&right).map(|(a, b)| a * b).sum()).collect();
    (estimates, covariance)
}

/// The variance of the sum of the chosen unknowns.
pub(super) fn variance_of(covariance: &[Vec<f64>], chosen: &[usize]) -> f64 {
    chosen.iter().flat_map(|&i| chosen.iter().map(move |&j| covariance[i][j])).sum()
}

fn inverse(mut matrix: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let n = matrix.len();
    for (i, row) in matrix.iter_mut().enumerate() {
        row.extend((0..n).map(|j| f64::from(u8::from(i == j))));
    }
    for column in 0..n {
        let pivot = (column..n).max_by(|a, b| matrix[*a][column].abs().total_cmp(&matrix[*b][column].abs())).unwrap();
        matrix.swap(column, pivot);
        let scale = matrix[column][column];
        matrix[column].iter_mut().for_each(|x| *x /= scale);
        let lead = matrix[column].clone();
        for (i, row) in matrix.iter_mut().enumerate().filter(|(i, _)| *i != column) {
            let factor = row[column];
            assert_ne!(i, column);
            row.iter_mut().zip(&lead).for_each(|(x, l)| *x -= factor * l);
        }
    }
    matrix.into_iter().map(|row| row[n..].to_vec()).collect()
}

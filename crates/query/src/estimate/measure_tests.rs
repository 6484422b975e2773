//! The closed forms against a dense solution and against simulated noise.

use proptest::prelude::*;

use super::{
    super::{
        dense::{least_squares, variance_of},
        random::Random,
    },
    *,
};

fn measure(value: f64, variance: f64) -> Measure {
    Measure { value, variance }
}

/// One total measured directly and by partitions: as `estimate::site` and `estimate::keys` do it.
fn reconcile(direct: Measure, partitions: &[Vec<Measure>]) -> (Measure, Vec<Vec<Measure>>) {
    let sums: Vec<Measure> = partitions.iter().map(|p| Measure::sum(p.iter().copied())).collect();
    let others = |left_out: Option<usize>| {
        let kept = sums.iter().enumerate().filter(|(i, _)| Some(*i) != left_out).map(|(_, sum)| *sum);
        combine(kept.chain([direct])).unwrap()
    };
    let mut adjusted = partitions.to_vec();
    for (i, parts) in adjusted.iter_mut().enumerate() {
        agree(parts.iter_mut(), others(Some(i)));
    }
    (others(None), adjusted)
}

/// The same by dense least squares. Unknowns: all parts of the first partition, and all but the last of the others,
/// whose last part is the total less the rest. That is awkward in a 0/1 design, so the total enters as a very exact
/// constraint: sum of partition - total = 0 becomes two observations that share one unknown.
fn dense(direct: Measure, partitions: &[Vec<Measure>]) -> (Measure, Vec<Vec<Measure>>) {
    // With constraints Aq = 0 on measured quantities q of covariance V: q - V A' (A V A')^-1 A q.
    let quantities: Vec<Measure> = [direct].into_iter().chain(partitions.iter().flatten().copied()).collect();
    let mut starts = vec![1];
    for p in partitions {
        starts.push(starts.last().unwrap() + p.len());
    }
    let constraint = |c: usize, i: usize| -> f64 {
        if i == 0 { -1.0 } else { f64::from(u8::from((starts[c]..starts[c + 1]).contains(&i))) }
    };
    let (n, m) = (quantities.len(), partitions.len());
    // Gauss elimination of the small system, by least squares on its normal form: (A V A') is made of independent
    // observations "sum of constraints' multipliers", so use the dense solver through its inverse.
    let rows: Vec<(Vec<usize>, Measure)> = (0..m)
        .map(|c| {
            let own: f64 = (1..n).map(|i| constraint(c, i).powi(2) * quantities[i].variance).sum();
            (vec![c], measure(0.0, own.recip()))
        })
        .chain([((0..m).collect(), measure(0.0, direct.variance.recip()))])
        .collect();
    // The information matrix of these observations is exactly A V A', so its inverse is the covariance.
    let (_, inverse) = least_squares(m, &rows);
    let missed: Vec<f64> = (0..m).map(|c| (0..n).map(|i| constraint(c, i) * quantities[i].value).sum()).collect();
    let adjusted: Vec<Measure> = (0..n)
        .map(|i| {
            let reach: Vec<f64> = (0..m).map(|c| constraint(c, i) * quantities[i].variance).collect();
            let (mut value, mut variance) = (quantities[i].value, quantities[i].variance);
            for c in 0..m {
                for d in 0..m {
                    value -= reach[c] * inverse[c][d] * missed[d];
                    variance -= reach[c] * inverse[c][d] * reach[d];
                }
            }
            measure(value, variance)
        })
        .collect();
    let parts = (0..m).map(|c| adjusted[starts[c]..starts[c + 1]].to_vec()).collect();
    (adjusted[0], parts)
}

fn close(a: Measure, b: Measure) -> bool {
    let near = |x: f64, y: f64| (x - y).abs() <= 1e-6 * (1.0 + x.abs().max(y.abs()));
    near(a.value, b.value) && near(a.variance, b.variance)
}

proptest! {
    #[test]
    fn the_closed_form_is_the_dense_solution(
        direct in (0.0..500.0, 1.0..900.0),
        partitions in prop::collection::vec((1.0..900.0, prop::collection::vec(-50.0..300.0, 1..9)), 1..5),
    ) {
        let direct = measure(direct.0, direct.1);
        let partitions: Vec<Vec<Measure>> =
            partitions.iter().map(|(v, values)| values.iter().map(|x| measure(*x, *v)).collect()).collect();
        let (total, parts) = reconcile(direct, &partitions);
        let (dense_total, dense_parts) = dense(direct, &partitions);
        prop_assert!(close(total, dense_total), "{total:?} {dense_total:?}");
        for (ours, theirs) in parts.iter().flatten().zip(dense_parts.iter().flatten()) {
            prop_assert!(close(*ours, *theirs), "{ours:?} {theirs:?}");
        }
        for partition in &parts {
            let sum: f64 = partition.iter().map(|p| p.value).sum();
            prop_assert!((sum - total.value).abs() < 1e-6 * (1.0 + sum.abs()));
            // Never noisier than before.
            prop_assert!(partition.iter().all(|p| p.variance >= 0.0));
        }
    }

    #[test]
    fn the_order_of_parts_does_not_matter(values in prop::collection::vec((-50.0..300.0, 0.0..900.0), 1..9)) {
        let mut forth: Vec<Measure> = values.iter().map(|(x, v)| measure(*x, *v)).collect();
        let mut back: Vec<Measure> = forth.iter().rev().copied().collect();
        agree(forth.iter_mut(), measure(100.0, 10.0));
        agree(back.iter_mut(), measure(100.0, 10.0));
        back.reverse();
        for (a, b) in forth.iter().zip(&back) {
            prop_assert!(close(*a, *b));
        }
    }
}

#[test]
fn two_ways_to_the_variance_of_a_sum_agree() {
    let rows = [(vec![0], measure(3.0, 4.0)), (vec![1], measure(5.0, 9.0)), (vec![0, 1], measure(10.0, 2.0))];
    let (estimates, covariance) = least_squares(2, &rows);
    let mut parts = [measure(3.0, 4.0), measure(5.0, 9.0)];
    agree(&mut parts, measure(10.0, 2.0));
    assert!((estimates[0] - parts[0].value).abs() < 1e-9 && (covariance[1][1] - parts[1].variance).abs() < 1e-9);
    let whole = combine([measure(8.0, 13.0), measure(10.0, 2.0)]).unwrap();
    assert!((variance_of(&covariance, &[0, 1]) - whole.variance).abs() < 1e-9);
}

/// Unbiased, with the stated variance, and 95 of 100 intervals hold the truth: after reconciling with four partitions.
#[test]
fn simulated_estimates_are_unbiased_and_their_intervals_hold() {
    let truth: [&[f64]; 4] =
        [&[120.0, 100.0, 60.0, 20.0], &[299.0, 1.0, 0.0], &[150.0, 150.0], &[300.0, 0.0, 0.0, 0.0, 0.0]];
    let (runs, mut random) = (20_000, Random::new(5));
    let (mut held, mut error, mut squares, mut stated) = ([0_u32; 2], [0.0; 2], [0.0; 2], [0.0; 2]);
    for _ in 0..runs {
        let direct = measure(300.0 + 10.5 * random.normal(), 10.5_f64.powi(2));
        let partitions: Vec<Vec<Measure>> = truth
            .iter()
            .map(|p| p.iter().map(|x| measure(x + 8.6 * random.normal(), 8.6_f64.powi(2))).collect())
            .collect();
        let (total, parts) = reconcile(direct, &partitions);
        for (i, (found, true_count)) in [(total, 300.0), (parts[2][0], 150.0)].into_iter().enumerate() {
            let off = found.value - true_count;
            held[i] += u32::from(off.abs() <= 1.96 * found.standard_error());
            error[i] += off;
            squares[i] += off * off;
            stated[i] = found.variance;
        }
    }
    for i in 0..2 {
        let n = f64::from(runs);
        assert!((error[i] / n).abs() < 4.0 * (stated[i] / n).sqrt(), "bias {}", error[i] / n);
        assert!((squares[i] / n / stated[i] - 1.0).abs() < 0.04, "variance {} of {}", squares[i] / n, stated[i]);
        assert!((0.945..0.955).contains(&(f64::from(held[i]) / n)), "coverage {}", f64::from(held[i]) / n);
    }
    // Four partitions take much of the noise of the total away.
    assert!(stated[0].sqrt() < 0.8 * 10.5, "{}", stated[0].sqrt());
}

#[test]
fn extreme_inputs_stay_finite() {
    assert_eq!(combine([]), None);
    assert_eq!(combine([measure(3.0, 0.0), measure(9.0, 1.0)]), Some(measure(3.0, 0.0)));
    let mut parts = [Measure::counted(i64::MAX, u64::MAX), Measure::counted(i64::MIN, 0)];
    agree(&mut parts, Measure::counted(i64::MIN, u64::MAX));
    assert!(parts.iter().all(|p| p.value.is_finite() && p.variance.is_finite() && p.variance >= 0.0));
    agree(&mut [measure(1.0, 0.0)], measure(2.0, 0.0));
}

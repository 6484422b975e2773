//! The estimate against simulated sketches and against a plain computation with full matrices.
//!
//! Seeds are fixed, so a run that passes passes always. Up to 10^5 visitors are hashed one by one; beyond that each
//! register is drawn from its own distribution.

use headcount_model::rng::SplitMix64;

use super::*;
use crate::{
    release::noise::{Noise, SeededNoise},
    sketch::Sketch,
};

/// What many repetitions of one setting gave.
struct Outcome {
    mean_error: f64,
    rmse: f64,
    mean_standard_error: f64,
    covered: f64,
    runs: f64,
}

impl Outcome {
    /// The mean error in standard deviations of a mean of so many runs.
    fn bias_sigmas(&self) -> f64 {
        self.mean_error / (self.rmse / self.runs.sqrt())
    }
}

/// True histogram of `visitors` hashed one by one.
fn hashed(precision: Precision, visitors: u64, bits: &mut SplitMix64) -> Vec<u32> {
    let mut ranks = vec![0_u8; precision.registers()];
    for _ in 0..visitors {
        let (index, rank) = precision.position(bits.next_u64());
        let register = &mut ranks[usize::from(index)];
        *register = (*register).max(rank);
    }
    count(precision, ranks.into_iter())
}

/// True histogram with every register drawn from P(rank <= k) = exp(-load 2^-k), by inverse.
fn drawn(precision: Precision, visitors: u64, bits: &mut SplitMix64) -> Vec<u32> {
    let load = visitors as f64 / precision.registers() as f64;
    let most = f64::from(precision.rank_max());
    let rank = |_| (load / -(1.0 - bits.next_unit()).ln()).log2().ceil().clamp(0.0, most) as u8;
    count(precision, (0..precision.registers()).map(rank))
}

fn count(precision: Precision, ranks: impl Iterator<Item = u8>) -> Vec<u32> {
    let mut bins = vec![0; usize::from(precision.rank_max()) + 1];
    ranks.for_each(|rank| bins[usize::from(rank)] += 1);
    bins
}

fn noised(bins: &[u32], sigma: SigmaMilli, noise: &mut SeededNoise) -> Vec<i64> {
    released_form(bins).into_iter().map(|bin| bin + noise.sample(sigma).expect("seeded noise works")).collect()
}

fn simulate(precision: Precision, sigma: SigmaMilli, visitors: u64, runs: u32) -> Outcome {
    let mut bits = SplitMix64::new(0x5eed ^ visitors);
    let mut noise = SeededNoise::new(0xf00d ^ visitors);
    let (mut error_sum, mut square_sum, mut se_sum, mut covered) = (0.0, 0.0, 0.0, 0.0);
    for _ in 0..runs {
        let bins = if visitors <= 100_000 {
            hashed(precision, visitors, &mut bits)
        } else {
            drawn(precision, visitors, &mut bits)
        };
        let bins = noised(&bins, sigma, &mut noise);
        let found = cardinality(&bins, precision, sigma).expect("as many bins as ranks");
        let error = found.estimate - visitors as f64;
        error_sum += error;
        square_sum += error * error;
        se_sum += found.standard_error;
        covered += f64::from(u8::from(error.abs() <= 1.96 * found.standard_error));
    }
    let runs = f64::from(runs);
    Outcome {
        mean_error: error_sum / runs,
        rmse: (square_sum / runs).sqrt(),
        mean_standard_error: se_sum / runs,
        covered: covered / runs,
        runs,
    }
}

/// The site's month in the profile `standard`, and a page's month in `small`.
const SITE: (Precision, SigmaMilli) = (Precision::P14, SigmaMilli(17_000));
const PAGE: (Precision, SigmaMilli) = (Precision::P12, SigmaMilli(50_000));

fn assert_sound((precision, sigma): (Precision, SigmaMilli), visitors: u64, runs: u32) {
    let outcome = simulate(precision, sigma, visitors, runs);
    let bias = outcome.bias_sigmas();
    assert!(bias.abs() < 3.0, "{precision:?}, {visitors} visitors: mean error {bias} standard errors");
    // Three standard deviations of a share of 95 %.
    let slack = 3.0 * (0.95 * 0.05 / outcome.runs).sqrt();
    let covered = outcome.covered;
    assert!((covered - 0.95).abs() < slack, "{precision:?}, {visitors} visitors: {covered} covered");
    let ratio = outcome.mean_standard_error / outcome.rmse;
    assert!((0.8..1.25).contains(&ratio), "{precision:?}, {visitors} visitors: stated over real error {ratio}");
}

#[test]
fn site_estimates_are_unbiased_and_their_errors_true() {
    for visitors in [0, 10, 300, 10_000, 1_000_000, 10_000_000] {
        assert_sound(SITE, visitors, 120);
    }
}

#[test]
fn page_estimates_are_unbiased_and_their_errors_true() {
    for visitors in [0, 100, 1_000, 10_000, 1_000_000] {
        assert_sound(PAGE, visitors, 120);
    }
}

#[test]
fn a_site_is_as_exact_as_a_sketch_without_noise() {
    let (precision, sigma) = SITE;
    let hyperloglog = 1.04 / (precision.registers() as f64).sqrt();
    for visitors in [1_000, 3_000, 100_000, 10_000_000] {
        let relative = simulate(precision, sigma, visitors, 300).rmse / visitors as f64;
        assert!(relative < 1.3 * hyperloglog, "{visitors} visitors: {relative}");
    }
    for visitors in [0, 300] {
        let rmse = simulate(precision, sigma, visitors, 100).rmse;
        assert!(rmse < 25.0, "{visitors} visitors: {rmse}");
    }
}

#[test]
fn a_sketch_gives_what_its_registers_give() {
    let mut bits = SplitMix64::new(4);
    let mut sketch = Sketch::new(Precision::P12);
    for _ in 0..5_000 {
        let (index, rank) = sketch.precision().position(bits.next_u64());
        sketch.raise(index, rank);
    }
    let bins = released_form(&sketch.histogram());
    let found = cardinality(&bins, Precision::P12, SigmaMilli(1)).expect("as many bins as ranks");
    assert!((found.estimate - 5_000.0).abs() < 4.0 * found.standard_error);
    assert!(found.standard_error < 1.04 / 64.0 * 5_000.0, "below a large load the error is smaller");
}

#[test]
fn any_bins_give_a_number() {
    let bins = usize::from(Precision::P12.rank_max()) + 1;
    for fill in [i64::MIN / 4, -1_000_000, -5, 0, 5, 1_000_000, i64::MAX / 4] {
        for place in [0, 1, 20, bins - 1] {
            let mut noisy = vec![0; bins];
            noisy[place] = fill;
            let found = cardinality(&noisy, Precision::P12, SigmaMilli(42_000)).expect("as many bins as ranks");
            assert!(found.estimate.is_finite() && found.standard_error.is_finite(), "{found:?}");
            assert!(found.standard_error > 0.0, "{found:?}");
        }
    }
    let short = cardinality(&[0; 10], Precision::P12, SigmaMilli(42_000));
    assert_eq!(short, Err(EstimateFault::Bins { given: 10, expected: 54 }));
}

/// Solves S x = b by elimination with pivots.
fn solve(mut s: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let size = b.len();
    for column in 0..size {
        let pivot = (column..size).max_by(|a, b| s[*a][column].abs().total_cmp(&s[*b][column].abs())).expect("rows");
        s.swap(column, pivot);
        b.swap(column, pivot);
        for row in column + 1..size {
            let factor = s[row][column] / s[column][column];
            let (upper, lower) = s.split_at_mut(row);
            lower[0].iter_mut().zip(&upper[column]).skip(column).for_each(|(x, y)| *x -= factor * y);
            b[row] -= factor * b[column];
        }
    }
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|column| s[row][column] * b[column]).sum();
        b[row] = (b[row] - known) / s[row][row];
    }
    b
}

/// The model as the header states it, slopes by differences, S in full.
fn plain_look(model: &Model, visitors: f64) -> (f64, f64) {
    let (m, last) = (model.registers, model.bins.len() - 1);
    let below = |n: f64, k: usize| {
        if k == last { 1.0 } else { (-n / m * 0.5_f64.powi(k as i32)).exp() }
    };
    let share = |n: f64, k: usize| below(n, k) - if k == 0 { 0.0 } else { below(n, k - 1) };
    let step = visitors * 1e-4;
    let slope: Vec<f64> =
        (0..=last).map(|k| m * (share(visitors + step, k) - share(visitors - step, k)) / (2.0 * step)).collect();
    let residual: Vec<f64> = (0..=last).map(|k| model.bins[k] - m * share(visitors, k)).collect();
    let spread = |j: usize, k: usize| {
        let noise = if k == 0 { model.noise_variance / 4.0 } else { model.noise_variance };
        let own = if j == k { m * share(visitors, k) + noise } else { 0.0 };
        own - m * share(visitors, j) * share(visitors, k) - visitors * slope[j] * slope[k]
    };
    let matrix = (0..=last).map(|j| (0..=last).map(|k| spread(j, k)).collect()).collect();
    let weights = solve(matrix, slope.clone());
    let dot = |values: &[f64]| weights.iter().zip(values).map(|(w, v)| w * v).sum();
    (dot(&residual), dot(&slope))
}

#[test]
fn the_short_way_equals_full_matrices() {
    for visitors in [30_u64, 3_000, 200_000] {
        let bins = hashed(Precision::P12, visitors, &mut SplitMix64::new(visitors));
        let bins = noised(&bins, PAGE.1, &mut SeededNoise::new(9));
        let mut bins: Vec<f64> = bins.iter().map(|count| *count as f64).collect();
        bins[0] /= 2.0;
        let model = Model { bins, registers: 4096.0, noise_variance: PAGE.1.as_sigma().powi(2) };
        for supposed in [0.8, 1.0, 1.3].map(|part| part * visitors as f64) {
            let look = model.look(supposed);
            let (score, information) = plain_look(&model, supposed);
            assert!((look.information / information - 1.0).abs() < 1e-5, "{} {information}", look.information);
            let scale = information.sqrt();
            assert!((look.score - score).abs() < 1e-5 * (score.abs() + scale), "{} {score}", look.score);
        }
    }
}

/// The whole table: `cargo test estimate_table -- --ignored --nocapture`.
#[test]
#[ignore = "takes half a minute; prints the table of errors"]
fn estimate_table() {
    const RUNS: u32 = 1_000;
    println!("     p  sigma  visitors  mean error (its se)      rmse  rmse %  stated  covered %");
    for (precision, sigma) in [SITE, PAGE] {
        for visitors in [0, 10, 100, 300, 1_000, 10_000, 100_000, 1_000_000, 10_000_000] {
            let outcome = simulate(precision, sigma, visitors, RUNS);
            println!(
                "{:>6} {:>6} {visitors:>9} {:>12.2} ({:>5.2}) {:>9.1} {:>7.2} {:>9.1} {:>6.1}",
                precision.bits(),
                sigma.as_sigma(),
                outcome.mean_error,
                outcome.bias_sigmas(),
                outcome.rmse,
                100.0 * outcome.rmse / (visitors as f64).max(1.0),
                outcome.mean_standard_error,
                100.0 * outcome.covered,
            );
        }
    }
}

/// How long an estimate takes: `cargo test estimate_speed -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, not a check"]
fn estimate_speed() {
    for (precision, sigma) in [SITE, PAGE] {
        let bins = drawn(precision, 50_000, &mut SplitMix64::new(1));
        let bins = noised(&bins, sigma, &mut SeededNoise::new(1));
        let start = std::time::Instant::now();
        for _ in 0..200 {
            cardinality(&bins, precision, sigma).expect("as many bins as ranks");
        }
        println!("{precision:?}: {:?} an estimate", start.elapsed() / 200);
    }
}

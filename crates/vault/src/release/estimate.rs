//! The estimate: a number of visitors from a noised sketch.
//!
//! What leaves a sketch is the histogram of its register values with discrete Gaussian noise on every bin. This
//! file turns such a histogram into a number and its standard error. It works on noised numbers alone, so it costs
//! no privacy, and it never sees a sketch.
//!
//! **Released form.** The bin of the unused registers counts double. A visitor-day that uses a register for the first
//! time then changes two bins by 2 and 1, one that raises a used register two bins by 1: the square of the L2 sensitivity
//! is 5. At the same budget the unused registers, which say most while visitors are few, come with noise of
//! sqrt(5)/2 = 1.1 where they would have sqrt(2) = 1.4, and the other bins, which have enough to spare, with 2.2.
//!
//! **Model.** With n visitors on m registers, a register is at most k with probability `F_k = exp(-(n/m) 2^-k)` (1 at
//! the last value), so bin k holds `mu_k = m p_k` registers on average, `p_k = F_k - F_{k-1}`. The bins vary by
//! `m (diag p - p p') - n mu' mu''` (n is fixed, not Poisson: the last term takes that out again), and the noise adds
//! sigma^2 to each, a quarter of it to the first.
//!
//! **Estimate.** The root of the generalised least squares score `mu'(n)' S(n)^-1 (bins - mu(n))`, S the whole
//! covariance. Its mean is zero at the true n, whatever n is; the full Gaussian likelihood, which also reads
//! the size of the residuals, is not that robust and serves only to choose where there is more than one root. Bins
//! that hold nothing but noise have a derivative near zero, so they weigh nothing. Around zero the means are continued
//! to negative n, so that "nobody came" is estimated as zero on average rather than as a little more.

use std::sync::OnceLock;

use super::budget::SigmaMilli;
use crate::sketch::Precision;

/// Each point of the search is this many times the one before. Far narrower than needed to tell two roots apart.
const GRID_RATIO: f64 = 1.5;

/// The search ends at m times this: more visitors than there are people, and far below where registers are full.
const LOAD_MAX: f64 = 1_073_741_824.0;

/// Most steps to a root. About five are needed, and plain halving alone would need forty.
const STEPS_MAX: usize = 80;

/// The search for the root ends at this part of a standard error.
const TOLERANCE_SE: f64 = 1e-6;

/// How often an unused register counts in the released form.
const UNUSED_WEIGHT: i64 = 2;

/// The released form of a histogram of register values, before the noise.
pub(crate) fn released_form(histogram: &[u32]) -> Vec<i64> {
    let weight = |value: usize| if value == 0 { UNUSED_WEIGHT } else { 1 };
    histogram.iter().enumerate().map(|(value, count)| weight(value) * i64::from(*count)).collect()
}

/// An estimated number of visitors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cardinality {
    /// Unbiased, so it may be below zero where few came. Clamp for display only.
    pub estimate: f64,
    /// One standard deviation of the estimate, noise and sketch together, as seen from the estimate.
    pub standard_error: f64,
}

/// The bins cannot be a histogram of a sketch of this precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EstimateFault {
    /// A wrong number of bins.
    #[error("the histogram has {given} bins; a sketch of this precision has {expected}")]
    Bins {
        /// Bins as given.
        given: usize,
        /// Bins of the precision, `rank_max + 1`.
        expected: usize,
    },
}

/// The number of visitors from the noised histogram of register values.
///
/// `noisy` has one bin for each value 0 to `rank_max`: the [`released_form`] plus discrete Gaussian draws of `sigma`.
/// The estimate lies between -m and m * 2^30.
///
/// # Errors
/// [`EstimateFault`] where the number of bins is not `rank_max + 1`.
pub(crate) fn cardinality(
    noisy: &[i64],
    precision: Precision,
    sigma: SigmaMilli,
) -> Result<Cardinality, EstimateFault> {
    let expected = usize::from(precision.rank_max()) + 1;
    if noisy.len() != expected {
        return Err(EstimateFault::Bins { given: noisy.len(), expected });
    }
    let mut bins: Vec<f64> = noisy.iter().map(|count| *count as f64).collect();
    bins[0] /= UNUSED_WEIGHT as f64;
    let model = Model {
        bins,
        registers: precision.registers() as f64,
        // The least variance keeps the covariance invertible: bins without noise always sum to m.
        noise_variance: sigma.as_sigma().powi(2).max(1e-3),
    };
    let (left, right) = model.bracket(grid(precision));
    let estimate = model.root(left, right);
    let standard_error = model.look(estimate).information.sqrt().recip();
    Ok(Cardinality { estimate, standard_error })
}

/// What the bins say and how they came about.
struct Model {
    bins: Vec<f64>,
    registers: f64,
    /// Of every bin but the first.
    noise_variance: f64,
}

/// The model at one supposed number of visitors.
#[derive(Clone, Copy)]
struct Look {
    /// `mu'' S^-1 (bins - mu)`: positive where n should be larger.
    score: f64,
    /// `mu'' S^-1 mu'`: one over the variance of the estimate.
    information: f64,
    /// Minus twice the Gaussian log-likelihood, up to a constant.
    misfit: f64,
}

/// Sums over the bins, each divided by the variance `d_k = m p_k + sigma_k^2` of its bin. `r` is bins - mu, `s` is mu'.
#[derive(Default)]
struct Sums {
    /// `sum p sigma_k^2/d`, which is `1 - m sum p^2/d` without the loss of digits.
    spare: f64,
    ps: f64,
    ss: f64,
    pr: f64,
    sr: f64,
    rr: f64,
    ln_d: f64,
}

/// Mean share of one bin and its slope: `p_k` and `mu'_k`.
fn bin(load: f64, k: usize, last: usize) -> (f64, f64) {
    // 2^-k exactly; at the last value everything above it is in the same bin, which starts where the one below ends.
    let weight = (-(k.min(last - 1) as f64)).exp2();
    let miss = (-load * weight).exp_m1();
    let below = 1.0 + miss;
    if k == 0 {
        (below, -below)
    } else if k == last {
        (-miss, weight * below)
    } else {
        // F_{k-1} = F_k^2, hence p_k = F_k (1 - F_k) without loss for tiny p_k.
        (-below * miss, weight * below * (2.0 * below - 1.0))
    }
}

/// What the bins should hold at one supposed number of visitors. It follows from the precision alone.
struct Supposed {
    visitors: f64,
    bins: Vec<Bin>,
}

/// Mean share of a bin, its slope by the load, and its share for the variance, which is never that of a negative load.
struct Bin {
    share: f64,
    slope: f64,
    spread_share: f64,
}

impl Supposed {
    fn new(visitors: f64, registers: f64, last: usize) -> Self {
        let (load, load_spread) = (visitors / registers, visitors.max(0.0) / registers);
        let bins = (0..=last).map(|k| {
            let (share, slope) = bin(load, k, last);
            let spread_share = if load == load_spread { share } else { bin(load_spread, k, last).0 };
            Bin { share, slope, spread_share }
        });
        Self { visitors, bins: bins.collect() }
    }
}

/// The grid on which roots are looked for. Its exponentials are worked out once for each precision.
fn grid(precision: Precision) -> &'static [Supposed] {
    static GRIDS: [OnceLock<Vec<Supposed>>; 2] = [OnceLock::new(), OnceLock::new()];
    let place = match precision {
        Precision::P12 => 0,
        Precision::P14 => 1,
    };
    GRIDS[place].get_or_init(|| {
        let (registers, last) = (precision.registers() as f64, usize::from(precision.rank_max()));
        points(registers).map(|visitors| Supposed::new(visitors, registers, last)).collect()
    })
}

/// Supposed numbers of visitors: from -m to -1, zero, and from 1 to the end, in equal ratios.
fn points(registers: f64) -> impl Iterator<Item = f64> {
    #[expect(clippy::cast_possible_truncation, reason = "Cast safety: logarithms of small numbers.")]
    let steps_to = |end: f64| (end.ln() / GRID_RATIO.ln()).ceil() as i32;
    let below = steps_to(registers);
    let above = steps_to(registers * LOAD_MAX);
    let negative = (0..below).rev().map(|step| -GRID_RATIO.powi(step));
    let positive = (0..=above).map(|step| GRID_RATIO.powi(step));
    [-registers].into_iter().chain(negative).chain([0.0]).chain(positive)
}

impl Model {
    /// Looks at the bins as if so many visitors had come.
    fn look(&self, visitors: f64) -> Look {
        self.look_at(&Supposed::new(visitors, self.registers, self.bins.len() - 1))
    }

    /// Looks at the bins as if `visitors` had come.
    ///
    /// S = D - U U' with D diagonal and U = [sqrt m p, sqrt n mu'], so S^-1 = D^-1 + D^-1 U M^-1 U' D^-1 with the
    /// 2 x 2 matrix M = 1 - U' D^-1 U, and det S = det D det M (Woodbury).
    fn look_at(&self, supposed: &Supposed) -> Look {
        let (m, n) = (self.registers, supposed.visitors.max(0.0));
        let sums = self.sums(&supposed.bins);
        let (m11, m12, m22) = (sums.spare, -(m * n).sqrt() * sums.ps, 1.0 - n * sums.ss);
        let determinant = (m11 * m22 - m12 * m12).max(f64::MIN_POSITIVE);
        // U' D^-1 applied to the slope and to the residual.
        let slope = (m.sqrt() * sums.ps, n.sqrt() * sums.ss);
        let residual = (m.sqrt() * sums.pr, n.sqrt() * sums.sr);
        let join = |a: (f64, f64), b: (f64, f64)| {
            (m22 * a.0 * b.0 - m12 * (a.0 * b.1 + a.1 * b.0) + m11 * a.1 * b.1) / determinant
        };
        Look {
            score: sums.sr + join(slope, residual),
            information: (sums.ss + join(slope, slope)).max(f64::MIN_POSITIVE),
            misfit: sums.rr + join(residual, residual) + sums.ln_d + determinant.ln(),
        }
    }

    fn sums(&self, supposed: &[Bin]) -> Sums {
        let mut sums = Sums::default();
        for (k, (count, bin)) in self.bins.iter().zip(supposed).enumerate() {
            let (share, s, p) = (bin.share, bin.slope, bin.spread_share);
            let noise = if k == 0 { self.noise_variance / UNUSED_WEIGHT.pow(2) as f64 } else { self.noise_variance };
            let d = self.registers * p + noise;
            let r = count - self.registers * share;
            sums.spare += p * noise / d;
            sums.ps += p * s / d;
            sums.ss += s * s / d;
            sums.pr += p * r / d;
            sums.sr += s * r / d;
            sums.rr += r * r / d;
            sums.ln_d += d.ln();
        }
        sums
    }

    /// Two neighbours on the grid between which the score falls through zero; the best fitting two if that happens
    /// more than once, the nearest end of the grid (twice) if it never does.
    fn bracket(&self, grid: &[Supposed]) -> (f64, f64) {
        let mut best: Option<(f64, f64, f64)> = None;
        let mut left = grid[0].visitors;
        let mut at_left = self.look_at(&grid[0]);
        let all_below = at_left.score <= 0.0;
        for supposed in &grid[1..] {
            let (right, at_right) = (supposed.visitors, self.look_at(supposed));
            let misfit = at_left.misfit.min(at_right.misfit);
            let crosses = at_left.score > 0.0 && at_right.score <= 0.0;
            if crosses && best.is_none_or(|(_, _, least)| misfit < least) {
                best = Some((left, right, misfit));
            }
            (left, at_left) = (right, at_right);
        }
        match best {
            Some((left, right, _)) => (left, right),
            None if all_below => (-self.registers, -self.registers),
            None => (left, left),
        }
    }

    /// The root of the score between two points: Newton with the expected slope, halving where that leaves the bracket.
    fn root(&self, mut left: f64, mut right: f64) -> f64 {
        let mut middle = 0.5 * (left + right);
        for _ in 0..STEPS_MAX {
            let here = self.look(middle);
            if here.score > 0.0 {
                left = middle;
            } else {
                right = middle;
            }
            let newton = middle + here.score / here.information;
            let next = if newton > left && newton < right { newton } else { 0.5 * (left + right) };
            let moved = (next - middle).abs();
            middle = next;
            if moved * here.information.sqrt() < TOLERANCE_SE {
                break;
            }
        }
        middle
    }
}

#[cfg(test)]
mod tests;

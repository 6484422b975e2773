//! Noise that can be repeated, for tests and the laboratory alone: same seed, same draws.
//!
//! The distribution is the discrete Gaussian itself, by inverse of its table of sums (to 2^-53), so that
//! statistical tests say something about the real thing. It protects nobody: production code cannot name it.

use std::collections::HashMap;

use headcount_model::rng::SplitMix64;

use super::{Noise, NoiseFault, SigmaMilli, check};

/// Sums of the probabilities of one sigma, from the lowest value up.
#[derive(Debug)]
struct Table {
    lowest: i64,
    sums: Vec<f64>,
}

impl Table {
    /// Ten sigmas to each side; what lies beyond has probability below 2^-70.
    fn new(sigma: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "Cast safety: a table of so many values fits into memory.")]
        let reach = (10.0 * sigma).ceil() as i64 + 1;
        let weights: Vec<f64> = (-reach..=reach).map(|x| (-0.5 * (x as f64 / sigma).powi(2)).exp()).collect();
        let total: f64 = weights.iter().sum();
        let mut sum = 0.0;
        let sums = weights
            .iter()
            .map(|weight| {
                sum += weight / total;
                sum
            })
            .collect();
        Self { lowest: -reach, sums }
    }

    #[expect(clippy::cast_possible_wrap, reason = "Cast safety: a place in a table in memory.")]
    fn invert(&self, unit: f64) -> i64 {
        let place = self.sums.partition_point(|sum| *sum <= unit).min(self.sums.len() - 1);
        self.lowest + place as i64
    }
}

/// Repeatable discrete Gaussian noise.
#[derive(Debug)]
pub(crate) struct SeededNoise {
    bits: SplitMix64,
    tables: HashMap<SigmaMilli, Table>,
}

impl SeededNoise {
    /// A source whose draws follow from `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self { bits: SplitMix64::new(seed), tables: HashMap::new() }
    }
}

impl Noise for SeededNoise {
    fn sample(&mut self, sigma: SigmaMilli) -> Result<i64, NoiseFault> {
        check(sigma)?;
        let table = self.tables.entry(sigma).or_insert_with(|| Table::new(sigma.as_sigma()));
        Ok(table.invert(self.bits.next_unit()))
    }
}

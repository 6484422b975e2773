//! Choices of different weight in constant time: Walker's alias method, built as Vose does it ("A linear algorithm for
//! generating random numbers with a given distribution", 1991). A month of a large site draws a hundred million pages.

use headcount_model::rng::SplitMix64;

/// A table of weights to draw from.
#[derive(Debug, Clone)]
pub(super) struct Alias {
    /// The chance to stay in a cell, in parts of 2^32, and where one goes otherwise.
    cells: Vec<(u64, u32)>,
}

const WHOLE: f64 = 4_294_967_296.0;

impl Alias {
    /// Item `i` is drawn in proportion to the `i`-th weight. There is at least one weight, and none is negative.
    pub(super) fn new(weights: &[f64]) -> Self {
        let mean = weights.iter().sum::<f64>() / weights.len() as f64;
        let mut rest: Vec<f64> = weights.iter().map(|w| w / mean).collect();
        let mut cells: Vec<(u64, u32)> = (0..weights.len()).map(|i| (1 << 32, position(i))).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) = (0..rest.len()).partition(|&i| rest[i] < 1.0);
        while let (Some(low), Some(high)) = (small.pop(), large.last().copied()) {
            // Cast safety: between 0 and 2^32.
            cells[low] = ((rest[low] * WHOLE) as u64, position(high));
            rest[high] -= 1.0 - rest[low];
            if rest[high] < 1.0 {
                large.pop();
                small.push(high);
            }
        }
        Self { cells }
    }

    /// Weights by Zipf's law with exponent 1: rank `r` (from 1) in proportion to `1 / r`.
    pub(super) fn zipf(length: usize) -> Self {
        let weights: Vec<f64> = (1..=length).map(|rank| 1.0 / rank as f64).collect();
        Self::new(&weights)
    }

    /// Draws an item.
    pub(super) fn pick(&self, bits: &mut SplitMix64) -> u32 {
        let word = bits.next_u64();
        let cell = ((word >> 32) * self.cells.len() as u64) >> 32;
        // Cast safety: below the number of cells, which fits.
        let (stay, other) = self.cells[cell as usize];
        if word & 0xFFFF_FFFF < stay { cell as u32 } else { other }
    }
}

fn position(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_kept() {
        let (alias, mut bits) = (Alias::new(&[1.0, 0.0, 3.0, 6.0]), SplitMix64::new(1));
        let mut counts = [0_i32; 4];
        for _ in 0..100_000 {
            counts[alias.pick(&mut bits) as usize] += 1;
        }
        for (count, expected) in counts.into_iter().zip([10_000, 0, 30_000, 60_000]) {
            assert!((count - expected).abs() < 800, "{counts:?}");
        }
    }
}

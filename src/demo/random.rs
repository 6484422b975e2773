//! Reproducible chance for the demonstration.
//!
//! One small generator and a table of weights. Only integers are used, so that the same seed gives the same log on every
//! machine.
//!
//! It is never used for keys or for noise: those come from the operating system.

use headcount_model::rng::SplitMix64;

/// A stream of reproducible pseudo-random numbers. Not for secrets.
#[derive(Clone, Debug)]
pub struct Random(SplitMix64);

impl Random {
    /// The stream of `seed` for the site or purpose called `name`; different names give unrelated streams.
    pub fn named(seed: u64, name: &str) -> Random {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&seed.to_le_bytes());
        hasher.update(name.as_bytes());
        let mut first_bytes = [0_u8; 8];
        hasher.finalize_xof().fill(&mut first_bytes);
        Random(SplitMix64::new(u64::from_le_bytes(first_bytes)))
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from 0 to `bound - 1`, near enough to uniform for invented traffic; 0 where `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        let product = u128::from(self.bits()) * u128::from(bound);
        // The high half of a product of two 64-bit numbers always fits in 64 bits.
        u64::try_from(product >> 64).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included; `low` where `high` is smaller.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True `permille` times in a thousand.
    pub fn chance(&mut self, permille: u64) -> bool {
        self.below(1_000) < permille
    }

    /// An index into something of length `length`; 0 where it is empty.
    pub fn index(&mut self, length: usize) -> usize {
        let bound = u64::try_from(length).unwrap_or(u64::MAX);
        usize::try_from(self.below(bound)).unwrap_or(0)
    }
}

/// A choice among items of different weight.
#[derive(Clone, Debug)]
pub struct Weights {
    cumulative: Vec<u64>,
}

impl Weights {
    /// A table in which item `i` is picked in proportion to the `i`-th weight.
    pub fn new(weights: impl IntoIterator<Item = u64>) -> Weights {
        let mut sum = 0_u64;
        let cumulative = weights
            .into_iter()
            .map(|weight| {
                sum = sum.saturating_add(weight);
                sum
            })
            .collect();
        Weights { cumulative }
    }

    /// Weights by Zipf's law with exponent 1: the item of rank `r` (from 1) has a weight in proportion to `1 / r`.
    pub fn zipf(length: usize) -> Weights {
        const FIRST_WEIGHT: u64 = 1_000_000;
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        Weights::new((1..=length).map(|rank| FIRST_WEIGHT / rank))
    }

    /// The index of one item; 0 where the table is empty.
    pub fn pick(&self, random: &mut Random) -> usize {
        let total = self.cumulative.last().copied().unwrap_or(0);
        let ticket = random.below(total);
        self.cumulative.partition_point(|&sum| sum <= ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_seeds_give_different_streams() {
        let first = Random::named(1, "www").bits();
        assert_eq!(first, Random::named(1, "www").bits());
        assert_ne!(first, Random::named(2, "www").bits());
        assert_ne!(first, Random::named(1, "embassy").bits());
    }

    #[test]
    fn weights_are_kept() {
        let weights = Weights::new([1, 0, 3]);
        let mut random = Random::named(7, "weights");
        let mut counts = [0_u32; 3];
        for _ in 0..4_000 {
            counts[weights.pick(&mut random)] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((850..1_150).contains(&counts[0]), "{counts:?}");
    }

    #[test]
    fn empty_ranges_are_harmless() {
        let mut random = Random::named(7, "empty");
        assert_eq!(random.below(0), 0);
        assert_eq!(random.between(5, 3), 5);
        assert_eq!(Weights::new([]).pick(&mut random), 0);
    }
}

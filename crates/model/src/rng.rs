//! Random numbers that can be repeated: the same seed gives the same numbers on every machine.
//!
//! For made-up traffic, tests and benches. It protects nobody: keys and noise come from the operating system.

/// The SplitMix64 generator (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014). Fast and
/// repeatable, not secret.
#[derive(Debug, Clone)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// A generator whose whole sequence follows from the seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 (included) to 1 (not included), in steps of 2^-53.
    pub const fn next_unit(&mut self) -> f64 {
        // Cast safety: 53 bits fit into the mantissa of an f64.
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Two numbers as one that looks random.
#[must_use]
pub const fn mix(a: u64, b: u64) -> u64 {
    let a = SplitMix64::new(a).next_u64();
    SplitMix64::new(a ^ b).next_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_values_are_those_of_every_implementation() {
        let mut bits = SplitMix64::new(0);
        assert_eq!(bits.next_u64(), 0xE220_A839_7B1D_CDAF);
        assert_eq!(bits.next_u64(), 0x6E78_9E6A_A1B9_65F4);
    }

    #[test]
    fn a_unit_is_never_one() {
        let mut bits = SplitMix64::new(1);
        assert!((0..10_000).map(|_| bits.next_unit()).all(|unit| (0.0..1.0).contains(&unit)));
    }
}

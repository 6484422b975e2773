//! A digest over many rows that does not depend on their order, so that one step changes it by the rows it changes.
//!
//! Each row has a BLAKE3 hash; the digest is their sum in four 64-bit lanes (Bellare and Micciancio 1997). It is there to
//! find damage: a row that is missing, altered or older than its neighbours. Against somebody who can write to the
//! database it proves nothing.

use serde::{Deserialize, Serialize};

/// The sum over all covered rows, and how many steps led to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RowSum {
    /// Counts up with every durable step.
    pub(super) steps: u64,
    lanes: [u64; 4],
}

fn lanes(key: &[u8], value: &[u8]) -> [u64; 4] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(key.len() as u64).to_le_bytes()).update(key).update(value);
    let hash = *hasher.finalize().as_bytes();
    // Unwrap safety: 32 bytes are four times eight.
    std::array::from_fn(|lane| u64::from_le_bytes(hash[lane * 8..lane * 8 + 8].try_into().expect("eight bytes")))
}

impl RowSum {
    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        for (lane, part) in self.lanes.iter_mut().zip(lanes(key, value)) {
            *lane = lane.wrapping_add(part);
        }
    }

    pub(super) fn remove(&mut self, key: &[u8], value: &[u8]) {
        for (lane, part) in self.lanes.iter_mut().zip(lanes(key, value)) {
            *lane = lane.wrapping_sub(part);
        }
    }

    /// Its 40 bytes.
    pub(super) fn to_bytes(self) -> [u8; 40] {
        let mut bytes = [0; 40];
        let numbers = [self.steps, self.lanes[0], self.lanes[1], self.lanes[2], self.lanes[3]];
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8; 40]) -> Self {
        // Unwrap safety: 40 bytes are five times eight.
        let number = |n: usize| u64::from_le_bytes(bytes[n * 8..n * 8 + 8].try_into().expect("eight bytes"));
        Self { steps: number(0), lanes: [number(1), number(2), number(3), number(4)] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn order_does_not_matter_and_every_row_does(
            rows in prop::collection::btree_map(prop::collection::vec(0_u8..4, 0..4), prop::collection::vec(0_u8..4, 0..4), 1..20),
            lost in 0_usize..20,
        ) {
            let rows: Vec<_> = rows.into_iter().collect();
            let sum = |rows: &mut dyn Iterator<Item = &(Vec<u8>, Vec<u8>)>| {
                let mut sum = RowSum::default();
                rows.for_each(|(key, value)| sum.add(key, value));
                sum
            };
            let whole = sum(&mut rows.iter());
            prop_assert_eq!(sum(&mut rows.iter().rev()), whole);
            prop_assert_eq!(RowSum::from_bytes(&whole.to_bytes()), whole);
            let lost = lost % rows.len();
            let mut without = whole;
            without.remove(&rows[lost].0, &rows[lost].1);
            prop_assert_ne!(without, whole);
            prop_assert_eq!(sum(&mut rows.iter().enumerate().filter(|(n, _)| *n != lost).map(|(_, row)| row)), without);
        }
    }
}

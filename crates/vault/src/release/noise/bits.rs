//! Random bits for one release, from ChaCha20 under a key that is made for this release and wiped after it.
//!
//! Whoever knows the key can compute the noise again. So a key gives one buffer of bits, the first of which are the next
//! key, and is gone then (fast key erasure, Bernstein 2017); what was used of a buffer is wiped at once. Not even an
//! image of the memory taken within a release tells what was drawn before. The buffer lies on the heap, because what
//! moves leaves copies behind. Numbers are exact: nothing is rounded and no floating point is used.

use chacha20::{
    ChaCha20,
    cipher::{KeyIvInit, StreamCipher},
};
use zeroize::{Zeroize, Zeroizing};

/// Length of a key in bytes.
pub(super) const KEY_BYTES: usize = 32;
/// Bytes of the key stream that are computed at a time: the next key and what is drawn from. Whole ChaCha20 blocks, so that
/// the cipher itself keeps none.
const BUFFER_BYTES: usize = 1024;
const _: () = assert!(BUFFER_BYTES.is_multiple_of(64));

/// A source of uniform numbers. Not `Clone`, so that no number is drawn twice.
pub(super) struct Bits {
    /// The next key, then random bytes; zeros where they are used.
    buffer: Box<Zeroizing<[u8; BUFFER_BYTES]>>,
    used_bytes: usize,
}

impl Bits {
    /// Bits that follow from `key`, which nothing else may use.
    pub(super) fn new(key: &Zeroizing<[u8; KEY_BYTES]>) -> Self {
        let mut buffer = Box::new(Zeroizing::new([0; BUFFER_BYTES]));
        buffer[..KEY_BYTES].copy_from_slice(&**key);
        Self { buffer, used_bytes: BUFFER_BYTES }
    }

    fn refill(&mut self) {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        key.copy_from_slice(&self.buffer[..KEY_BYTES]);
        self.buffer.zeroize();
        // A key is used for one stream, so its nonce can be 0. The cipher wipes itself (its feature `zeroize`).
        ChaCha20::new((&*key).into(), &[0; 12].into()).apply_keystream(&mut self.buffer[..]);
        self.used_bytes = KEY_BYTES;
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        if self.used_bytes + N > BUFFER_BYTES {
            self.refill();
        }
        let mut bytes = [0; N];
        let fresh = &mut self.buffer[self.used_bytes..self.used_bytes + N];
        bytes.copy_from_slice(fresh);
        fresh.zeroize();
        self.used_bytes += N;
        bytes
    }

    /// One bit.
    pub(super) fn bit(&mut self) -> bool {
        self.bytes::<1>()[0] & 1 == 1
    }

    /// A number from 0 to `below` - 1, each with the same probability. `below` is positive.
    ///
    /// It takes as many random bits as the largest number has; what is too large is drawn again, less than once on average.
    pub(super) fn uniform(&mut self, below: u128) -> u128 {
        let mask = u128::MAX.checked_shr((below - 1).leading_zeros()).unwrap_or(0);
        loop {
            let drawn = match mask {
                0 => 0,
                1..=0xFF => u128::from(self.bytes::<1>()[0]),
                0x100..=0xFFFF_FFFF => u128::from(u32::from_le_bytes(self.bytes())),
                0x1_0000_0000..=0xFFFF_FFFF_FFFF_FFFF => u128::from(u64::from_le_bytes(self.bytes())),
                _ => u128::from_le_bytes(self.bytes()),
            } & mask;
            if drawn < below {
                return drawn;
            }
        }
    }

    /// True with probability `numerator / denominator`, which is at most 1.
    pub(super) fn chance(&mut self, numerator: u128, denominator: u128) -> bool {
        self.uniform(denominator) < numerator
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_give_equal_bits_and_nothing_that_was_used_stays() {
        let key = Zeroizing::new([7; KEY_BYTES]);
        let (mut one, mut other) = (Bits::new(&key), Bits::new(&key));
        for _ in 0..1_000 {
            assert_eq!(one.uniform(u128::MAX), other.uniform(u128::MAX));
            let used = &one.buffer[KEY_BYTES..one.used_bytes];
            assert!(used.iter().all(|byte| *byte == 0));
            assert_ne!(one.buffer[..KEY_BYTES], key[..], "the first key is gone");
        }
    }

    #[test]
    fn the_first_buffer_is_the_chacha20_key_stream() {
        // RFC 8439, A.1, test vector 1: the block of the key, the nonce and the counter 0.
        let mut bits = Bits::new(&Zeroizing::new([0; KEY_BYTES]));
        assert_eq!(bits.bytes::<4>(), [0xda, 0x41, 0x59, 0x7c]);
        assert_eq!(bits.buffer[..4], [0x76, 0xb8, 0xe0, 0xad]);
    }

    #[test]
    fn uniform_numbers_are_below_and_reach_every_value() {
        let mut bits = Bits::new(&Zeroizing::new([1; KEY_BYTES]));
        assert_eq!(bits.uniform(1), 0);
        for below in [2, 3, 5, 256, 257] {
            // A value stays out with probability below 257 * exp(-40).
            let seen: std::collections::BTreeSet<u128> = (0..40 * below).map(|_| bits.uniform(below)).collect();
            assert!(seen.iter().copied().eq(0..below), "below {below}");
        }
        assert!((0..1_000).any(|_| bits.uniform(1 << 100) > 1 << 99));
        assert!((0..100).all(|_| bits.uniform(u128::MAX) < u128::MAX));
    }
}

//! What is derived from a key: tags of visitors, the key that open counts are encrypted under, producers' numbers.
//!
//! Each use has a key of its own, so that what is tagged for one cannot be joined with what is tagged for another.
//! Nothing here reads or writes a file.

use siphasher::sip::SipHasher24;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{KEY_BYTES, Master};
use crate::{tables::Table, tally::ProducerId, units::SiteName};

/// Pages up to this length, in bytes, are tagged without asking for memory.
const PAIRED_PAGE_BYTES_MAX: usize = 120;

/// What is derived from one epoch's key. Tags under different epochs, or for different uses, cannot be joined.
#[derive(ZeroizeOnDrop)]
pub(crate) struct EpochKeys {
    visitor: [u8; 16],
    pair: [u8; 16],
    seal: [u8; KEY_BYTES],
    guard: [u8; KEY_BYTES],
}

impl EpochKeys {
    pub(super) fn derive(master: &Master) -> Self {
        let mut visitor = blake3::derive_key("headcount 2026 visitor tag", &**master);
        let mut pair = blake3::derive_key("headcount 2026 visitor and page tag", &**master);
        let keys = Self {
            visitor: first_half(&visitor),
            pair: first_half(&pair),
            seal: blake3::derive_key("headcount 2026 seal", &**master),
            guard: blake3::derive_key("headcount 2026 guard on keys", &**master),
        };
        visitor.zeroize();
        pair.zeroize();
        keys
    }

    /// The tag of a visitor in this epoch: SipHash-2-4 under a 128-bit key (Aumasson and Bernstein 2012).
    pub(crate) fn visitor_tag(&self, identity: &[u8]) -> u64 {
        SipHasher24::new_with_key(&self.visitor).hash(identity)
    }

    /// The tag of a visitor on a page. It cannot be joined with the visitor's tag without the key.
    pub(crate) fn pair_tag(&self, visitor_tag: u64, page: &str) -> u64 {
        // In one piece, which is hashed faster than two.
        let mut bytes = [0; 8 + PAIRED_PAGE_BYTES_MAX];
        let Some(place) = bytes.get_mut(8..8 + page.len()) else {
            let whole = [&visitor_tag.to_le_bytes(), page.as_bytes()].concat();
            return SipHasher24::new_with_key(&self.pair).hash(&whole);
        };
        place.copy_from_slice(page.as_bytes());
        bytes[..8].copy_from_slice(&visitor_tag.to_le_bytes());
        SipHasher24::new_with_key(&self.pair).hash(&bytes[..8 + page.len()])
    }

    /// The key of the noise that a table's guard keeps for the whole epoch.
    pub(crate) fn guard_key(&self, table: Table) -> Zeroizing<[u8; KEY_BYTES]> {
        Zeroizing::new(*blake3::keyed_hash(&self.guard, &[table.number()]).as_bytes())
    }

    /// The key under which what is not yet sealed is encrypted.
    pub(crate) fn seal_key(&self) -> &[u8; KEY_BYTES] {
        &self.seal
    }
}

/// The first half of a digest: 128 bits.
pub(crate) fn first_half(bytes: &[u8; KEY_BYTES]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&bytes[..16]);
    half
}

/// The key that names of producers are hashed with.
pub(crate) struct ProducerKey(Master);

impl ProducerKey {
    pub(super) fn of(master: Master) -> Self {
        Self(master)
    }

    /// The producer of a name and a secret.
    pub(crate) fn id(&self, site: &SiteName, producer: &str, secret: &[u8]) -> ProducerId {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        // No producer's name begins so, and each part says where it ends: no name has a zero.
        hasher.update(b"a producer with a secret: ");
        for name in [site.as_str(), producer] {
            hasher.update(name.as_bytes()).update(&[0]);
        }
        let id = first_half(hasher.update(secret).finalize().as_bytes());
        hasher.zeroize();
        id
    }

    /// The producer of a name, as format 5 stored it.
    pub(crate) fn id_by_name(&self, producer: &str) -> ProducerId {
        self.hash(producer.as_bytes())
    }

    /// The producer of an id, as the holder of a token sends it.
    pub(crate) fn owned(&self, id: ProducerId, owner: &str) -> ProducerId {
        self.hash(&[&b"a producer of a token: "[..], &id, owner.as_bytes()].concat())
    }

    /// How many releases there were, as nobody without the key can say it.
    pub(crate) fn mark(&self, release: u64) -> [u8; 24] {
        let mut mark = [0; 24];
        mark[..8].copy_from_slice(&release.to_le_bytes());
        let (number, seal) = mark.split_at_mut(8);
        seal.copy_from_slice(&self.hash(&[&b"a mark of releases: "[..], number].concat()));
        mark
    }

    /// What a mark says; none where it was not made with this key.
    pub(crate) fn marked(&self, mark: &[u8]) -> Option<u64> {
        let release = u64::from_le_bytes(*mark.first_chunk()?);
        (self.mark(release) == mark).then_some(release)
    }

    /// By what the right key is known. It tells nothing of the key.
    pub(crate) fn check(&self) -> [u8; 16] {
        // No producer is named so: a name has no spaces.
        self.hash(b"headcount: is this the key of the producers?")
    }

    fn hash(&self, text: &[u8]) -> [u8; 16] {
        first_half(blake3::keyed_hash(&self.0, text).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    #[test]
    fn a_tag_is_the_hash_of_all_its_parts() {
        use std::hash::Hasher as _;
        let keys = EpochKeys::derive(&Zeroizing::new([7; KEY_BYTES]));
        for length in [0, 1, 7, 8, 30, PAIRED_PAGE_BYTES_MAX, PAIRED_PAGE_BYTES_MAX + 1, 512] {
            let page = "p".repeat(length);
            let mut whole = SipHasher24::new_with_key(&keys.pair);
            whole.write(&0x0123_4567_89ab_cdef_u64.to_le_bytes());
            whole.write(page.as_bytes());
            assert_eq!(keys.pair_tag(0x0123_4567_89ab_cdef, &page), whole.finish(), "{length}");
        }
    }

    #[test]
    fn golden_keys() {
        let keys = EpochKeys::derive(&Zeroizing::new([7; KEY_BYTES]));
        let tag = keys.visitor_tag(b"a visitor");
        let mut all = super::super::files::EPOCH_MARK.to_vec();
        for tag in [tag, keys.pair_tag(tag, "/a")] {
            all.extend_from_slice(&tag.to_le_bytes());
        }
        all.extend_from_slice(keys.seal_key());
        all.extend_from_slice(&ProducerKey::of(Zeroizing::new([7; KEY_BYTES])).id_by_name("p"));
        let what =
            "Of a key of sevens: the mark in its file, tags of a visitor and of a pair, the sealing key, a producer.";
        crate::golden::assert_bytes("stored/keys", what, &all);
    }
}

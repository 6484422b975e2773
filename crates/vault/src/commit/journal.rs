//! Journal records and checkpoints: tallies of open epochs, each encrypted under its own epoch's key.
//!
//! A record's sections are bound to its sequence and to the digest of the record before, so a stale, missing or
//! reordered record is found. The chain can be followed without any key; once an epoch's key is destroyed, its
//! sections are noise.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{Aead, AeadInOut, Payload},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    keys::{Epoch, EpochKeys, KeyFault},
    store::{
        CommitError, Damaged, migrate,
        rows::{ChainPoint, decode, encode},
    },
    tally::Part,
};

const NONCE_BYTES: usize = 24;

/// A tally under its epoch's key: nonce and ciphertext with its tag (XChaCha20-Poly1305).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Section {
    pub(crate) site: String,
    pub(crate) period: crate::calendar::Period,
    nonce: [u8; NONCE_BYTES],
    #[serde(with = "bytes")]
    ciphertext: Vec<u8>,
}

/// One commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) before: [u8; 32],
    pub(crate) sections: Vec<Section>,
}

/// A part of an epoch's cell as of a record of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    /// The part holds all records up to this one.
    pub(crate) through: u64,
    pub(crate) section: Section,
}

/// The stored form of a tally, to which every section is bound. Stored: never renumber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Form {
    /// Tables by their places in lists: what format 5 wrote.
    ByPlace = 2,
    /// Tables by their numbers.
    ByTable = 3,
}

/// What a section is bound to, together with the form of its tally.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// In the record after this one.
    After(ChainPoint),
    /// In a checkpoint through this record: a part of a cell.
    Part(Part, u64),
}

impl Place {
    fn associated_data(self, epoch: &Epoch, form: Form) -> Vec<u8> {
        let form = form as u8;
        match self {
            Self::After(point) => {
                let mut data = format!("headcount journal {form} {epoch} {} ", point.sequence).into_bytes();
                data.extend_from_slice(&point.digest);
                data
            }
            Self::Part(part, through) => {
                format!("headcount part {form} {epoch} {through} {}", part.number()).into_bytes()
            }
        }
    }
}

impl Section {
    /// Encrypts a tally where it lies, so that no copy of it is left.
    pub(crate) fn seal(epoch: &Epoch, keys: &EpochKeys, place: Place, mut tally: Vec<u8>) -> Result<Self, CommitError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(KeyFault::Entropy)?;
        let aad = place.associated_data(epoch, Form::ByTable);
        XChaCha20Poly1305::new(keys.seal_key().into())
            .encrypt_in_place(&nonce.into(), &aad, &mut tally)
            .map_err(|_| Damaged::new("a delta too long to encrypt"))?;
        Ok(Self { site: epoch.site.to_string(), period: epoch.period, nonce, ciphertext: tally })
    }

    /// The tally in the form of today, and the form that it was written in.
    pub(crate) fn open(
        &self,
        epoch: &Epoch,
        keys: &EpochKeys,
        place: Place,
    ) -> Result<(Zeroizing<Vec<u8>>, Form), Damaged> {
        let damaged = || Damaged::new(format!("what is stored of the open period {epoch}, or its key file"));
        if let Some(tally) = self.decrypt(epoch, keys, place, Form::ByTable) {
            return Ok((tally, Form::ByTable));
        }
        let before = self.decrypt(epoch, keys, place, Form::ByPlace).ok_or_else(damaged)?;
        let today = match place {
            // Tags and sketches are stored as they were.
            Place::Part(part, _) if part != Part::REST => before,
            _ => migrate::tally(epoch.period.kind, &before).map_err(|_| damaged())?,
        };
        Ok((today, Form::ByPlace))
    }

    fn decrypt(&self, epoch: &Epoch, keys: &EpochKeys, place: Place, form: Form) -> Option<Zeroizing<Vec<u8>>> {
        let aad = place.associated_data(epoch, form);
        let cipher = XChaCha20Poly1305::new(keys.seal_key().into());
        cipher.decrypt(&self.nonce.into(), Payload { msg: &self.ciphertext, aad: &aad }).ok().map(Zeroizing::new)
    }

    pub(crate) fn epoch(&self) -> Result<Epoch, Damaged> {
        let site = crate::units::SiteName::new(&self.site).map_err(|_| Damaged::new("a journal section's site"))?;
        Ok(Epoch { site, period: self.period })
    }
}

impl Record {
    /// The record's bytes, and its place in the chain.
    pub(crate) fn finish(sections: Vec<Section>, head: ChainPoint) -> Result<(Vec<u8>, ChainPoint), Damaged> {
        let bytes = encode(&Self { before: head.digest, sections })?;
        let point = ChainPoint { sequence: head.sequence + 1, digest: *blake3::hash(&bytes).as_bytes() };
        Ok((bytes, point))
    }

    /// Reads the record that must follow `head`.
    pub(crate) fn follow(bytes: &[u8], head: ChainPoint) -> Result<(Self, ChainPoint), Damaged> {
        let what = format!("journal record {}", head.sequence + 1);
        let record: Self = decode(bytes, &what)?;
        if record.before != head.digest {
            return Err(Damaged::new(format!("{what}: it does not follow the one before")));
        }
        Ok((record, ChainPoint { sequence: head.sequence + 1, digest: *blake3::hash(bytes).as_bytes() }))
    }
}

/// Bytes in one piece. The stored form is that of a sequence of bytes, which serde takes one by one.
mod bytes {
    use serde::{
        Deserializer, Serializer,
        de::{Error, Visitor},
    };

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        from.deserialize_bytes(Whole)
    }

    struct Whole;

    impl Visitor<'_> for Whole {
        type Value = Vec<u8>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("bytes")
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_is_opened_in_its_place_alone() {
        let period = crate::calendar::Period::day(crate::calendar::Day::from_number(1));
        let epoch = Epoch { site: crate::units::SiteName::new("w").unwrap(), period };
        let directory = tempfile::tempdir().unwrap();
        let ring = crate::keys::KeyRing::open(directory.path()).unwrap();
        let keys = ring.for_writing(&epoch).unwrap();
        let place = Place::Part(Part::REST, 7);
        let sealed = Section::seal(&epoch, &keys, place, b"tally".to_vec()).unwrap();
        let (tally, form) = sealed.open(&epoch, &keys, place).unwrap();
        assert_eq!((&tally[..], form), (&b"tally"[..], Form::ByTable));
        assert!(sealed.open(&epoch, &keys, Place::Part(Part::REST, 8)).is_err());
        assert!(sealed.open(&epoch, &keys, Place::Part(Part::ALL, 7)).is_err());
        assert!(sealed.open(&epoch, &keys, Place::After(ChainPoint { sequence: 7, digest: [0; 32] })).is_err());
        let aad = b"headcount part 1 w/day-1970-01-02 7 0";
        let ciphertext = XChaCha20Poly1305::new(keys.seal_key().into())
            .encrypt(&sealed.nonce.into(), Payload { msg: b"another form", aad })
            .unwrap();
        assert!(Section { ciphertext, ..sealed }.open(&epoch, &keys, place).is_err());
    }

    #[test]
    fn golden_records() {
        use crate::golden::assert_bytes;
        let period = crate::calendar::Period::day(crate::calendar::Day::from_number(20_000));
        let epoch = Epoch { site: crate::units::SiteName::new("w").unwrap(), period };
        let section =
            || Section { site: "w".into(), period, nonce: [0xab; NONCE_BYTES], ciphertext: (0..200).collect() };
        let head = ChainPoint { sequence: 299, digest: [0xcd; 32] };
        let (record, point) = Record::finish(vec![section(), section()], head).unwrap();
        assert_bytes("stored/journal-record", "j/SEQUENCE: digest of the one before, two sections.", &record);
        assert_bytes("stored/journal-digest", "The digest of that record.", &point.digest);
        let checkpoint = encode(&Checkpoint { through: 300, section: section() }).unwrap();
        assert_bytes("stored/checkpoint", "o/SITE/KIND/DAY/HOUR/PART: last record, section.", &checkpoint);
        let data = |place: Place| place.associated_data(&epoch, Form::ByTable);
        assert_bytes("stored/bound-record", "What a record's section is bound to.", &data(Place::After(head)));
        assert_bytes("stored/bound-part", "What a part's section is bound to.", &data(Place::Part(Part::ALL, 300)));
    }

    #[test]
    fn a_ciphertext_is_stored_as_a_sequence_of_bytes() {
        let period = crate::calendar::Period::day(crate::calendar::Day::from_number(1));
        let section = Section { site: "w".into(), period, nonce: [0; NONCE_BYTES], ciphertext: (0..200).collect() };
        let plain = (&section.site, section.period, section.nonce, &section.ciphertext);
        let stored = encode(&section).unwrap();
        assert_eq!(stored, encode(&plain).unwrap());
        assert_eq!(decode::<Section>(&stored, "it").unwrap(), section);
    }
}

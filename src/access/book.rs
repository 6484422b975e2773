//! The tokens as the running server knows them: found by digest, or by id.

use std::collections::HashMap;

use super::{
    record::{Record, Standing},
    token::Digest,
};

/// A token and the digests that stand for it.
struct Entry {
    record: Record,
    digest: Digest,
    /// The token before it, and until when that is good, in milliseconds since 1970.
    before: Option<(Digest, i64)>,
}

/// All tokens of one state of the file.
#[derive(Default)]
pub(super) struct Book {
    entries: Vec<Entry>,
    by_id: HashMap<String, usize>,
}

impl Book {
    /// Of records that were checked when they were read.
    pub(super) fn new(records: Vec<Record>) -> Self {
        let entries: Vec<Entry> = records.into_iter().filter_map(Entry::new).collect();
        let by_id = entries.iter().enumerate().map(|(at, entry)| (entry.record.id.clone(), at)).collect();
        Self { entries, by_id }
    }

    /// Whether there is one, of whatever standing: then nobody goes without.
    pub(super) fn is_in_force(&self) -> bool {
        !self.entries.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The record of a token. All are looked at, each in the same time, so that the time tells nothing.
    pub(super) fn of_digest(&self, digest: Digest, now_unix_ms: i64) -> Option<&Record> {
        let mut found = None;
        for entry in &self.entries {
            if entry.is_of(digest, now_unix_ms) {
                found = Some(&entry.record);
            }
        }
        found
    }

    /// The record of an id, if it is still of this digest and good.
    pub(super) fn still_good(&self, id: &str, digest: Digest, now_unix_ms: i64) -> Option<&Record> {
        let entry = &self.entries[*self.by_id.get(id)?];
        let is_good = entry.is_of(digest, now_unix_ms) && entry.record.standing(now_unix_ms) == Standing::Good;
        is_good.then_some(&entry.record)
    }
}

impl Entry {
    fn new(record: Record) -> Option<Self> {
        let digest = Digest::from_hex(&record.digest)?;
        let before = record.before.as_ref();
        let before = before.and_then(|b| Some((Digest::from_hex(&b.digest)?, b.until_unix_s.saturating_mul(1_000))));
        Some(Self { record, digest, before })
    }

    fn is_of(&self, digest: Digest, now_unix_ms: i64) -> bool {
        let is_before = self.before.is_some_and(|(before, until)| (before == digest) & (now_unix_ms < until));
        (self.digest == digest) | is_before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{
        record::{Before, Date, Role},
        token::Token,
    };

    #[test]
    fn an_exchanged_token_goes_on_for_a_while() {
        let [old, new, other] = [(); 3].map(|()| Token::new(Role::Read).unwrap().digest());
        let record = Record {
            id: "a".to_owned(),
            role: Role::Read,
            all: true,
            sites: Vec::new(),
            groups: Vec::new(),
            note: String::new(),
            digest: new.to_string(),
            created: Date::at(0),
            expires: None,
            revoked: None,
            before: Some(Before { digest: old.to_string(), until_unix_s: 60 }),
        };
        let book = Book::new(vec![record.clone()]);
        let found = |digest, now| book.of_digest(digest, now).map(|record| record.id.as_str());
        assert_eq!([found(new, 90_000), found(old, 59_999)], [Some("a"); 2]);
        assert_eq!([found(old, 60_000), found(other, 0)], [None; 2]);
        assert!(book.still_good("a", old, 59_999).is_some() && book.still_good("a", old, 60_000).is_none());
        assert!(book.still_good("b", new, 0).is_none() && book.is_in_force());
        let revoked = Book::new(vec![Record { revoked: Some(Date::at(0)), ..record }]);
        // It is found, so that its holder can be told, and it is not good.
        assert!(revoked.of_digest(new, 0).is_some() && revoked.still_good("a", new, 0).is_none());
        assert!(!Book::default().is_in_force());
    }
}

//! The place in a content up to which everything has been sent, as the server keeps it beside the sequence number.
//!
//! It holds a byte offset in the decompressed content, line numbers (how many lines there were, and how many of them were
//! understood) and a check value over the bytes before the offset. The check is keyed with the producer's name, which the server does not keep, and cut to 64 bits: it recognises
//! content, and nothing of the content can be tried against it by whoever holds the server's store alone.

use super::judge::Account;

/// The layout below. Another one gets another number.
const VERSION: u8 = 2;

/// The layout without the account. What such a run took counts as understood.
const VERSION_WITHOUT_ACCOUNT: u8 = 1;

/// Version, flags, offset, line, check, and how many lines were understood and how many not.
const CURSOR_BYTES: usize = 2 + 5 * 8;

/// The flag of a line that was sent although its line feed had not come yet.
const FLAG_LINE_OPEN: u8 = 1;

/// Separates this use of BLAKE3 from every other.
const CHECK_CONTEXT: &str = "headcount 2026-11 ship cursor check";

/// A place in a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Bytes of decompressed content before it.
    pub(super) offset_bytes: u64,
    /// Lines before it, the open one included.
    pub(super) lines: u64,
    /// The last line before it had no line feed when it was sent: whatever follows up to one belongs to that line.
    pub(super) line_open: bool,
    /// See `check`.
    pub(super) check: u64,
    /// What became of the lines before it.
    pub(super) account: Account,
}

/// Why bytes are not a cursor.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CursorError {
    /// The producer did not ship a file.
    #[error("it was used before for content without a position")]
    Missing,
    /// Another version or not ours.
    #[error(
        "the position stored with it cannot be read ({bytes} bytes, layout {version}); this program writes layout {VERSION}"
    )]
    Unknown {
        /// The length.
        bytes: usize,
        /// The first byte.
        version: u8,
    },
}

impl Cursor {
    /// The start of a producer's content.
    pub(super) fn start(producer: &str) -> Self {
        let check = Checker::new(producer).check(&[]);
        Self { offset_bytes: 0, lines: 0, line_open: false, check, account: Account::default() }
    }

    /// The bytes to store.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(CURSOR_BYTES);
        bytes.push(VERSION);
        bytes.push(if self.line_open { FLAG_LINE_OPEN } else { 0 });
        let Account { understood, not_understood } = self.account;
        for field in [self.offset_bytes, self.lines, self.check, understood, not_understood] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        bytes
    }

    /// Reads what `encode` wrote.
    ///
    /// # Errors
    /// There is nothing, or something else.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, CursorError> {
        let unknown = |version| CursorError::Unknown { bytes: bytes.len(), version };
        match bytes {
            [] => Err(CursorError::Missing),
            [version @ (VERSION_WITHOUT_ACCOUNT | VERSION), flags @ 0..=FLAG_LINE_OPEN, fields @ ..] => {
                let (fields, rest) = fields.as_chunks::<8>();
                let fields: Vec<u64> = fields.iter().map(|field| u64::from_le_bytes(*field)).collect();
                let (offset_bytes, lines, check, account) = match (*version, &fields[..], rest) {
                    (VERSION_WITHOUT_ACCOUNT, &[offset, lines, check], []) => {
                        (offset, lines, check, Account { understood: lines, not_understood: 0 })
                    }
                    (VERSION, &[offset, lines, check, understood, not_understood], []) => {
                        (offset, lines, check, Account { understood, not_understood })
                    }
                    _ => return Err(unknown(*version)),
                };
                Ok(Self { offset_bytes, lines, line_open: *flags == FLAG_LINE_OPEN, check, account })
            }
            [version, ..] => Err(unknown(*version)),
        }
    }
}

/// Recognises the bytes before a position.
pub(super) struct Checker(blake3::Hasher);

impl Checker {
    /// For the content of one producer.
    pub(super) fn new(producer: &str) -> Self {
        let key = blake3::derive_key(CHECK_CONTEXT, producer.as_bytes());
        Self(blake3::Hasher::new_keyed(&key))
    }

    /// The check value of the bytes before a position.
    pub(super) fn check(&self, history: &[u8]) -> u64 {
        let mut hasher = self.0.clone();
        hasher.update(history);
        let mut first_bytes = [0; 8];
        hasher.finalize_xof().fill(&mut first_bytes);
        u64::from_le_bytes(first_bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_a_cursor() {
        assert_eq!(Cursor::decode(b""), Err(CursorError::Missing));
        for bytes in [&[1_u8][..], &[2; CURSOR_BYTES], &[1; CURSOR_BYTES + 1], &[1; CURSOR_BYTES - 1]] {
            assert!(matches!(Cursor::decode(bytes), Err(CursorError::Unknown { .. })));
        }
    }

    #[test]
    fn check_depends_on_producer_and_bytes() {
        let checker = Checker::new("a");
        assert_eq!(checker.check(b"x"), Checker::new("a").check(b"x"));
        assert_ne!(checker.check(b"x"), checker.check(b"y"));
        assert_ne!(checker.check(b"x"), Checker::new("b").check(b"x"));
    }

    proptest! {
        #[test]
        fn comes_back(offset_bytes: u64, lines: u64, line_open: bool, check: u64, understood: u64, not_understood: u64) {
            let account = Account { understood, not_understood };
            let cursor = Cursor { offset_bytes, lines, line_open, check, account };
            let bytes = cursor.encode();
            prop_assert_eq!(bytes.len(), CURSOR_BYTES);
            prop_assert_eq!(Cursor::decode(&bytes), Ok(cursor));
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = Cursor::decode(&bytes);
        }
    }
}

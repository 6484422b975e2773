//! The token that leads to the next page of an answer: where it begins, and a digest of the question it belongs to.
//!
//! It holds nothing secret. The digest only catches a token that is used with another question.

use std::fmt::Write;

/// The digest of a question: its parts, each with its length so that no two questions look alike.
#[must_use]
pub fn digest(parts: &[&[u8]]) -> u64 {
    let mut hasher = blake3::Hasher::new_derive_key("headcount 2026 page token");
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(first)
}

/// The token of a page that begins at `offset`.
#[must_use]
pub fn write(offset: u64, digest: u64) -> String {
    let mut token = String::with_capacity(32);
    // Writing to a String never fails.
    let _ = write!(token, "{offset:016x}{digest:016x}");
    token
}

/// Where the page of a token begins; `None` where the token is not one of this question.
#[must_use]
pub fn read(token: &str, digest: u64) -> Option<u64> {
    let hex = |part: &str| u64::from_str_radix(part, 16).ok();
    let plain = token.len() == 32 && token.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if !plain {
        return None;
    }
    let (offset, theirs) = token.split_at(16);
    (hex(theirs)? == digest).then(|| hex(offset)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_token_reads_back_for_its_own_question_only(offset: u64, ours: u64, other: u64) {
            let token = write(offset, ours);
            prop_assert_eq!(read(&token, ours), Some(offset));
            prop_assert_eq!(read(&token, other), (ours == other).then_some(offset));
        }

        #[test]
        fn any_text_is_read_without_a_panic(text: String, ours: u64) {
            prop_assert_eq!(read(&text, ours), None);
        }
    }

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
    }
}

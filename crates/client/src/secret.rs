//! The secret that makes a producer the sender's own. Whoever has another one, or none, is another producer to the server
//! and is told nothing of this one.
//!
//! It is never shown and never logged.

use super::error::UsageError;

/// How long a secret may be, in bytes, by the protocol.
pub const SECRET_BYTES_MIN: usize = 16;
/// How long a secret may be, in bytes, by the protocol.
pub const SECRET_BYTES_MAX: usize = 64;

/// What only one sender knows: random bytes, made once and kept where nobody else reads them. A sender that comes back with
/// the same one goes on where it was; with another one it begins anew, and what it sends again is counted again.
#[derive(Clone)]
pub struct ProducerSecret(Vec<u8>);

impl ProducerSecret {
    /// A secret of [`SECRET_BYTES_MIN`] to [`SECRET_BYTES_MAX`] bytes. Take them from the operating system's generator.
    ///
    /// # Errors
    /// [`UsageError::Secret`] where there are more or fewer.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, UsageError> {
        let bytes = bytes.into();
        if (SECRET_BYTES_MIN..=SECRET_BYTES_MAX).contains(&bytes.len()) {
            return Ok(Self(bytes));
        }
        Err(UsageError::Secret { bytes: bytes.len() })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for ProducerSecret {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("ProducerSecret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_a_length_and_is_not_shown() {
        for bytes in [0, 15, 65] {
            assert_eq!(ProducerSecret::new(vec![7; bytes]).map(drop), Err(UsageError::Secret { bytes }));
        }
        for bytes in [16, 64] {
            assert_eq!(format!("{:?}", ProducerSecret::new(vec![7; bytes]).unwrap()), "ProducerSecret");
        }
    }
}

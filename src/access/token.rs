//! A token as text: `hc_read_` and 48 characters, of which the server keeps a digest alone.
//!
//! It is 256 random bits, so a guess is hopeless and a plain digest is enough. Four more bytes are a check of the rest: whoever
//! mistypes a token is told so, and not that it is unknown. It is shown once, when it is made, and wiped from memory.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::{Zeroize, Zeroizing};

use super::record::Role;

/// Random bytes of a token.
const RANDOM_BYTES: usize = 32;
/// Bytes of its check.
const CHECK_BYTES: usize = 4;
/// Characters after the prefix: base64 of both, without padding.
const BODY_CHARACTERS: usize = (RANDOM_BYTES + CHECK_BYTES) / 3 * 4;
const _: () = assert!((RANDOM_BYTES + CHECK_BYTES).is_multiple_of(3));
/// What every token begins with.
const PREFIX: &str = "hc_";

/// A token in clear. Neither shown nor compared; wiped when dropped.
pub struct Token(Zeroizing<String>);

/// What is kept of a token. Comparing two takes the same time whatever they hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest(blake3::Hash);

/// Why a text is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// It does not begin as a token does.
    #[error("this is no token of headcount: one begins with hc_ingest_, hc_read_ or hc_admin_")]
    Foreign,
    /// It was cut, or something was added.
    #[error("the token is not whole: after its prefix come {BODY_CHARACTERS} characters; copy all of it")]
    Length,
    /// A character is wrong.
    #[error("the token is mistyped: its check characters do not fit; copy it again")]
    Check,
}

impl Token {
    /// A new token.
    ///
    /// # Errors
    /// When the system has no random bits.
    pub fn new(role: Role) -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; RANDOM_BYTES + CHECK_BYTES]);
        getrandom::fill(&mut bytes[..RANDOM_BYTES])?;
        let check = check(role, &bytes[..RANDOM_BYTES]);
        bytes[RANDOM_BYTES..].copy_from_slice(&check);
        let mut body = URL_SAFE_NO_PAD.encode(&bytes[..]);
        let text = Zeroizing::new(format!("{PREFIX}{}_{body}", role.name()));
        body.zeroize();
        Ok(Self(text))
    }

    /// Reads a token as somebody sent or stored it; white space around it does not count.
    ///
    /// # Errors
    /// When it cannot be one.
    pub fn parse(text: &str) -> Result<Self, TokenFault> {
        let text = text.trim();
        let rest = text.strip_prefix(PREFIX).ok_or(TokenFault::Foreign)?;
        let (role, body) = rest.split_once('_').ok_or(TokenFault::Foreign)?;
        let role = Role::named(role).ok_or(TokenFault::Foreign)?;
        if body.len() != BODY_CHARACTERS {
            return Err(TokenFault::Length);
        }
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(body).map_err(|_| TokenFault::Check)?);
        let (random, given) = bytes.split_at(RANDOM_BYTES);
        if check(role, random) != given {
            return Err(TokenFault::Check);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// The text, for whoever it was made for.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest(blake3::hash(self.0.as_bytes()))
    }
}

impl Digest {
    /// Reads a digest as it is stored.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        blake3::Hash::from_hex(text).ok().map(Self)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.to_hex())
    }
}

/// The check of random bytes under a role: it finds an exchanged prefix too.
fn check(role: Role, random: &[u8]) -> [u8; CHECK_BYTES] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(role.name().as_bytes()).update(b"_").update(random);
    let mut check = [0; CHECK_BYTES];
    check.copy_from_slice(&hasher.finalize().as_bytes()[..CHECK_BYTES]);
    check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written() {
        for role in Role::ALL {
            let token = Token::new(role).unwrap();
            let text = token.reveal();
            assert!(text.starts_with(&format!("hc_{}_", role.name())), "{text}");
            assert!(Token::parse(&format!(" {text}\n")).unwrap().digest() == token.digest());
            let other = Token::new(role).unwrap();
            assert!(other.digest() != token.digest());
            let stored = token.digest().to_string();
            assert!(Digest::from_hex(&stored).unwrap() == token.digest() && !stored.contains(&text[10..]));
        }
    }

    #[test]
    fn every_wrong_character_is_told() {
        let token = Token::new(Role::Read).unwrap();
        let text = token.reveal();
        for at in "hc_read_".len()..text.len() {
            let other = if &text[at..=at] == "A" { "B" } else { "A" };
            let wrong = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            assert_eq!(Token::parse(&wrong).err(), Some(TokenFault::Check), "{at}");
        }
        assert_eq!(Token::parse(&text[..text.len() - 1]).err(), Some(TokenFault::Length));
        assert_eq!(Token::parse(&text.replace("read", "admin")).err(), Some(TokenFault::Check));
        for foreign in ["", "hc_", "hc_write_x", "Bearer x", &text[3..]] {
            assert_eq!(Token::parse(foreign).err(), Some(TokenFault::Foreign), "{foreign}");
        }
    }
}

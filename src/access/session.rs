//! Browsers that signed in: a random cookie in place of the token, in memory alone, good for half a day.
//!
//! It is here so that a page need not keep a token. A session is its token's: when that ends, so does the session. A restart ends all.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::token::Digest;

/// How long a browser stays signed in.
pub const SESSION_LIFE: Duration = Duration::from_secs(12 * 60 * 60);
/// Sessions at once; beyond it the oldest ends.
const SESSIONS_MAX: usize = 4_096;
/// Random bytes of a cookie.
const COOKIE_BYTES: usize = 32;

/// Whose session it is.
#[derive(Clone)]
struct Session {
    id: String,
    digest: Digest,
    until: Instant,
}

/// All sessions, by the digest of their cookie.
#[derive(Default)]
pub(super) struct Sessions(Mutex<HashMap<[u8; 32], Session>>);

impl Sessions {
    /// Begins a session of a token, and gives the value of its cookie.
    pub(super) fn begin(&self, id: &str, digest: Digest, now: Instant) -> Result<Zeroizing<String>, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; COOKIE_BYTES]);
        getrandom::fill(&mut *bytes)?;
        let cookie = Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes));
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, session| session.until > now);
        if known.len() >= SESSIONS_MAX
            && let Some(oldest) = known.iter().min_by_key(|(_, session)| session.until).map(|(key, _)| *key)
        {
            known.remove(&oldest);
        }
        known.insert(key(&cookie), Session { id: id.to_owned(), digest, until: now + SESSION_LIFE });
        Ok(cookie)
    }

    /// The token of a session, by id and digest.
    pub(super) fn token(&self, cookie: &str, now: Instant) -> Option<(String, Digest)> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let session = known.get(&key(cookie)).filter(|session| session.until > now)?;
        Some((session.id.clone(), session.digest))
    }

    /// Ends a session.
    pub(super) fn end(&self, cookie: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key(cookie));
    }
}

fn key(cookie: &str) -> [u8; 32] {
    *blake3::hash(cookie.as_bytes()).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{record::Role, token::Token};

    #[test]
    fn a_session_ends_by_itself_or_when_told() {
        let (sessions, begun) = (Sessions::default(), Instant::now());
        let digest = Token::new(Role::Read).unwrap().digest();
        let [one, two] = ["a", "b"].map(|id| sessions.begin(id, digest, begun).unwrap());
        assert_eq!(sessions.token(&one, begun).unwrap().0, "a");
        assert!(sessions.token("other", begun).is_none());
        sessions.end(&one);
        assert!(sessions.token(&one, begun).is_none() && sessions.token(&two, begun).is_some());
        assert!(sessions.token(&two, begun + SESSION_LIFE).is_none());
    }

    #[test]
    fn sessions_are_limited() {
        let (sessions, begun) = (Sessions::default(), Instant::now());
        let digest = Token::new(Role::Read).unwrap().digest();
        let first = sessions.begin("a", digest, begun).unwrap();
        for _ in 0..SESSIONS_MAX {
            sessions.begin("b", digest, begun + Duration::from_secs(1)).unwrap();
        }
        assert!(sessions.token(&first, begun).is_none());
        assert_eq!(sessions.0.lock().unwrap().len(), SESSIONS_MAX);
    }
}

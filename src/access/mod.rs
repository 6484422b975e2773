//! Who may do what: tokens, what each is for, and one decision that all transports ask.
//!
//! ```text
//! headers --Access::pass--> who asks --decide--> Pass: the sites for which it may be done, and whether it still may
//! ```
//!
//! Until the first token is given, a server on loopback answers anybody, as one who tries it out expects. From then on nobody goes
//! without, except to read sites that the configuration calls public. It never keeps a token, never logs one, and knows no message of
//! the protocol.

mod attempts;
mod book;
pub mod decide;
pub mod file;
mod follow;
pub mod record;
pub mod scope;
mod session;
#[cfg(test)]
mod tests;
pub mod token;

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use http::{
    Extensions, HeaderMap,
    header::{AUTHORIZATION, COOKIE},
};
use zeroize::Zeroizing;

use crate::clock::Clock;
use attempts::Attempts;
use book::Book;
use decide::{Denied, Rules, Who};
use file::{FileFault, TokenFile};
use record::{Date, Standing};
use session::Sessions;
use token::{Digest, Token};

pub use decide::Deed;
pub use scope::Scope;
pub use session::SESSION_LIFE;

/// The cookie of a session.
pub const COOKIE_NAME: &str = "hc_session";
/// How often a stream asks whether it may go on.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);

/// When tokens are in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TokenRule {
    /// From the first token on.
    #[default]
    OnceGiven,
    /// Always: nobody goes without.
    Always,
    /// Never: whoever reaches the listener may do everything.
    Never,
}

/// How a request came: an extension of it, put there by whoever accepted the connection.
#[derive(Debug, Clone, Copy, Default)]
pub struct Arrival {
    /// From where; `None` where that is not known, as over a Unix socket.
    pub peer: Option<IpAddr>,
    /// What holds of its listener.
    pub tokens: TokenRule,
    /// Whether it came over TLS, or through a proxy that speaks TLS with browsers.
    pub is_secure: bool,
}

/// Knows all tokens, and decides.
pub struct Access {
    file: Option<TokenFile>,
    rules: Rules,
    clock: Arc<dyn Clock>,
    book: RwLock<Arc<Book>>,
    attempts: Attempts,
    sessions: Sessions,
    /// The day of the last use, by id.
    used: Mutex<BTreeMap<String, Date>>,
    refused: AtomicU64,
}

/// Who holds a token.
#[derive(Clone)]
enum Holder {
    Anybody,
    Nobody,
    Token {
        id: String,
        digest: Digest,
        /// The cookie, where a browser signed in.
        session: Option<Zeroizing<String>>,
    },
}

/// Leave to do something, as long as it holds.
#[derive(Clone)]
pub struct Pass {
    access: Arc<Access>,
    holder: Holder,
    rule: TokenRule,
    deed: Deed,
    scope: Scope,
}

impl Access {
    /// Knows the tokens of this file, if there is one.
    ///
    /// # Errors
    /// When the file is there and cannot be used.
    pub fn open(file: TokenFile, rules: Rules, clock: Arc<dyn Clock>) -> Result<Arc<Self>, FileFault> {
        let book = Book::new(file.read()?);
        let used = file.last_used();
        Ok(Arc::new(Self::of(Some(file), book, used, rules, clock)))
    }

    /// Knows no tokens: anybody may do everything.
    #[must_use]
    pub fn without_tokens(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self::of(None, Book::default(), BTreeMap::new(), Rules::default(), clock))
    }

    fn of(
        file: Option<TokenFile>,
        book: Book,
        used: BTreeMap<String, Date>,
        rules: Rules,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            file,
            rules,
            clock,
            book: RwLock::new(Arc::new(book)),
            attempts: Attempts::default(),
            sessions: Sessions::default(),
            used: Mutex::new(used),
            refused: AtomicU64::new(0),
        }
    }

    fn book(&self) -> Arc<Book> {
        self.book.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether tokens are in force under a rule.
    #[must_use]
    pub fn is_in_force(&self, rule: TokenRule) -> bool {
        match rule {
            TokenRule::OnceGiven => self.book().is_in_force(),
            TokenRule::Always => true,
            TokenRule::Never => false,
        }
    }

    /// Leave to do something, for whoever sent these headers.
    ///
    /// # Errors
    /// When it may not be done: see [`Denied`].
    pub fn pass(self: &Arc<Self>, headers: &HeaderMap, extensions: &Extensions, deed: Deed) -> Result<Pass, Denied> {
        let arrival = extensions.get::<Arrival>().copied().unwrap_or_default();
        let passed = self.holder(headers, arrival).and_then(|holder| self.passed(holder, arrival.tokens, deed));
        passed.inspect_err(|_| {
            self.refused.fetch_add(1, Ordering::Relaxed);
        })
    }

    fn passed(self: &Arc<Self>, holder: Holder, rule: TokenRule, deed: Deed) -> Result<Pass, Denied> {
        let scope = self.scope(&holder, deed)?;
        if let Holder::Token { id, .. } = &holder {
            self.note_use(id);
        }
        Ok(Pass { access: self.clone(), holder, rule, deed, scope })
    }

    /// Who sent these headers. A token that is not good is refused also where none is needed.
    fn holder(&self, headers: &HeaderMap, arrival: Arrival) -> Result<Holder, Denied> {
        if !self.is_in_force(arrival.tokens) {
            return Ok(Holder::Anybody);
        }
        if let Some(value) = headers.get(AUTHORIZATION) {
            let text = value.to_str().unwrap_or_default();
            let bare = text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            return self.of_token(bare.map_or(text, |(_, token)| token), arrival.peer);
        }
        let now = Instant::now();
        let of_session = |cookie: &str| {
            let (id, digest) = self.sessions.token(cookie, now)?;
            self.book().still_good(&id, digest, self.clock.now_unix_ms())?;
            Some(Holder::Token { id, digest, session: Some(Zeroizing::new(cookie.to_owned())) })
        };
        Ok(cookie(headers).and_then(of_session).unwrap_or(Holder::Nobody))
    }

    /// The holder of a token as it was sent.
    fn of_token(&self, text: &str, peer: Option<IpAddr>) -> Result<Holder, Denied> {
        let found = Token::parse(text).map_err(Denied::from).and_then(|token| self.known(token.digest()));
        found.map_err(|denied| {
            let too_many = peer.and_then(|peer| self.attempts.wrong(peer, Instant::now()).err());
            too_many.map_or(denied, Denied::TooMany)
        })
    }

    fn known(&self, digest: Digest) -> Result<Holder, Denied> {
        let now_unix_ms = self.clock.now_unix_ms();
        let book = self.book();
        let record = book.of_digest(digest, now_unix_ms).ok_or(Denied::Unknown)?;
        match record.standing(now_unix_ms) {
            Standing::Good => Ok(Holder::Token { id: record.id.clone(), digest, session: None }),
            Standing::Expired(day) => Err(Denied::Expired(day)),
            Standing::Revoked(day) => Err(Denied::Revoked(day)),
        }
    }

    /// The sites for which a holder may do something now.
    fn scope(&self, holder: &Holder, deed: Deed) -> Result<Scope, Denied> {
        let book = self.book();
        let who = match holder {
            Holder::Anybody => Who::Anybody,
            Holder::Nobody => Who::Nobody,
            Holder::Token { id, digest, .. } => {
                let record = book.still_good(id, *digest, self.clock.now_unix_ms());
                Who::Holder(record.ok_or(Denied::Changed)?)
            }
        };
        decide::decide(who, deed, &self.rules)
    }

    /// Signs a browser in with a token that may read, and gives the value of its cookie.
    ///
    /// # Errors
    /// When the token is not good or reads nothing.
    pub fn sign_in(self: &Arc<Self>, token: &str, arrival: Arrival) -> Result<Zeroizing<String>, Denied> {
        let holder = self.of_token(token, arrival.peer)?;
        let pass = self.passed(holder, arrival.tokens, Deed::Read)?;
        let Holder::Token { id, digest, .. } = &pass.holder else { return Err(Denied::NoToken) };
        // Without random bits nothing can be published either.
        self.sessions.begin(id, *digest, Instant::now()).map_err(|_| Denied::Changed)
    }

    /// Ends the session of these headers.
    pub fn sign_out(&self, headers: &HeaderMap) {
        if let Some(cookie) = cookie(headers) {
            self.sessions.end(cookie);
        }
    }

    fn note_use(&self, id: &str) {
        let today = Date::at(self.clock.now_unix_ms());
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.get(id) != Some(&today) {
            used.insert(id.to_owned(), today);
        }
    }
}

impl Pass {
    /// The sites for which it holds.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether a token gave it.
    #[must_use]
    pub fn is_by_token(&self) -> bool {
        matches!(self.holder, Holder::Token { .. })
    }

    /// What a producer of this holder is told apart by from those of others; empty where there are no tokens.
    #[must_use]
    pub fn owner(&self) -> &str {
        match &self.holder {
            Holder::Token { id, .. } => id,
            _ => "",
        }
    }

    /// Whether it still holds: a token may have been revoked, or be over.
    ///
    /// # Errors
    /// When it does not.
    pub fn check(&self) -> Result<(), Denied> {
        let session = match &self.holder {
            Holder::Anybody if self.access.is_in_force(self.rule) => return Err(Denied::NoToken),
            Holder::Token { session: Some(cookie), .. } => Some(cookie),
            _ => None,
        };
        if session.is_some_and(|cookie| self.access.sessions.token(cookie, Instant::now()).is_none()) {
            return Err(Denied::Changed);
        }
        if self.access.scope(&self.holder, self.deed)? == self.scope { Ok(()) } else { Err(Denied::Changed) }
    }

    /// Waits until it does not hold any more.
    pub async fn ended(&self) -> Denied {
        loop {
            tokio::time::sleep(CHECK_INTERVAL).await;
            if let Err(denied) = self.check() {
                return denied;
            }
        }
    }
}

/// The cookie of a session among these headers.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let texts = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == COOKIE_NAME).map(|(_, value)| value).next()
}

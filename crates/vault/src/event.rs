//! The raw access, as a backend saw it: the only type that holds an address, a cookie or a user agent.
//!
//! It lives in memory for one call. It has no `Debug`, `Display`, `Clone` or `Serialize`, and only the `anonymize`
//! room can look inside; it is dropped there, before anything is committed. Its texts are wiped when it is dropped, also
//! where they lie in the memory of the message that brought them.

use zeroize::{Zeroize, ZeroizeOnDrop};

/// A text of an event: its own, or a piece of the message that brought it. Wiped when it is dropped.
pub struct Text<'m>(Memory<'m>);

enum Memory<'m> {
    Own(String),
    Lent(&'m mut str),
}

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        match &self.0 {
            Memory::Own(text) => text,
            Memory::Lent(text) => text,
        }
    }
}

impl Default for Text<'_> {
    fn default() -> Self {
        Self(Memory::Own(String::new()))
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self(Memory::Own(text))
    }
}

impl From<&str> for Text<'_> {
    fn from(text: &str) -> Self {
        Self(Memory::Own(text.to_owned()))
    }
}

impl<'m> From<&'m mut str> for Text<'m> {
    fn from(text: &'m mut str) -> Self {
        Self(Memory::Lent(text))
    }
}

impl Zeroize for Text<'_> {
    fn zeroize(&mut self) {
        match &mut self.0 {
            // The text and not the vector below it: that wipes in one piece, and not byte by byte.
            Memory::Own(text) => text.as_mut_str().zeroize(),
            Memory::Lent(text) => text.zeroize(),
        }
    }
}

impl Drop for Text<'_> {
    fn drop(&mut self) {
        // Most events have no cookie and no host name.
        if !self.as_str().is_empty() {
            self.zeroize();
        }
    }
}

impl ZeroizeOnDrop for Text<'_> {}

/// One request to a site, still with everything that tells who made it.
#[derive(Default)]
pub struct AccessEvent<'m> {
    pub(super) time_unix_ms: i64,
    pub(super) status: u32,
    pub(super) address: Text<'m>,
    pub(super) cookie: Text<'m>,
    pub(super) user_agent: Text<'m>,
    pub(super) method: Text<'m>,
    pub(super) target: Text<'m>,
    pub(super) referrer: Text<'m>,
    pub(super) accept_language: Text<'m>,
    pub(super) client_host: Text<'m>,
    pub(super) host: Text<'m>,
    pub(super) response_time_ms: Option<u32>,
    pub(super) response_bytes: Option<u64>,
}

impl Drop for AccessEvent<'_> {
    /// The texts wipe themselves.
    fn drop(&mut self) {
        self.time_unix_ms.zeroize();
        self.status.zeroize();
        self.response_time_ms.zeroize();
        self.response_bytes.zeroize();
    }
}

impl ZeroizeOnDrop for AccessEvent<'_> {}

impl<'m> AccessEvent<'m> {
    /// An event at a time in milliseconds since 1970 (0: now) that was answered with a status (0: 200).
    #[must_use]
    pub fn at(time_unix_ms: i64, status: u32) -> Self {
        let mut event = Self::default();
        event.time_unix_ms = time_unix_ms;
        event.status = status;
        event
    }

    /// An event of texts that lie in its message: address, cookie, user agent, method, target, referrer, accepted languages,
    /// the client's host name, the host that was asked. Made in one piece, because thousands come in each message.
    #[must_use]
    pub fn lent(
        time_unix_ms: i64,
        status: u32,
        texts: [&'m mut str; 9],
        response_time_ms: Option<u32>,
        response_bytes: Option<u64>,
    ) -> Self {
        let [address, cookie, user_agent, method, target, referrer, accept_language, client_host, host] = texts;
        Self {
            time_unix_ms,
            status,
            address: address.into(),
            cookie: cookie.into(),
            user_agent: user_agent.into(),
            method: method.into(),
            target: target.into(),
            referrer: referrer.into(),
            accept_language: accept_language.into(),
            client_host: client_host.into(),
            host: host.into(),
            response_time_ms,
            response_bytes,
        }
    }

    /// Who asked: address, cookie (may be empty) and user agent.
    #[must_use]
    pub fn from_whom(
        mut self,
        address: impl Into<Text<'m>>,
        cookie: impl Into<Text<'m>>,
        user_agent: impl Into<Text<'m>>,
    ) -> Self {
        self.address = address.into();
        self.cookie = cookie.into();
        self.user_agent = user_agent.into();
        self
    }

    /// What was asked for: method (empty: GET) and target.
    #[must_use]
    pub fn for_what(mut self, method: impl Into<Text<'m>>, target: impl Into<Text<'m>>) -> Self {
        self.method = method.into();
        self.target = target.into();
        self
    }

    /// Which of the site's hosts was asked (empty where the server does not say).
    #[must_use]
    pub fn at_host(mut self, host: impl Into<Text<'m>>) -> Self {
        self.host = host.into();
        self
    }

    /// What else the request said: referrer and accepted languages.
    #[must_use]
    pub fn with_context(mut self, referrer: impl Into<Text<'m>>, accept_language: impl Into<Text<'m>>) -> Self {
        self.referrer = referrer.into();
        self.accept_language = accept_language.into();
        self
    }

    /// What the server knows beside the request: the client's host name (empty where it was not looked up), how long
    /// the answer took in milliseconds, and its length in bytes.
    #[must_use]
    pub fn with_answer(mut self, client_host: impl Into<Text<'m>>, time_ms: Option<u32>, bytes: Option<u64>) -> Self {
        self.client_host = client_host.into();
        self.response_time_ms = time_ms;
        self.response_bytes = bytes;
        self
    }
}

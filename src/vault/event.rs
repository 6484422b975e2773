//! The raw access, as a backend saw it: the only type that holds an address, a cookie or a user agent.
//!
//! It lives in memory for one call. It has no `Debug`, `Display`, `Clone` or `Serialize`, and only the `anonymize`
//! room can look inside; it is dropped there, before anything is committed. Its texts are wiped when it is dropped.

use zeroize::ZeroizeOnDrop;

/// One request to a site, still with everything that tells who made it.
#[derive(Default, ZeroizeOnDrop)]
pub struct AccessEvent {
    pub(super) time_unix_ms: i64,
    pub(super) status: u32,
    pub(super) address: String,
    pub(super) cookie: String,
    pub(super) user_agent: String,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) referrer: String,
    pub(super) accept_language: String,
    pub(super) client_host: String,
    pub(super) response_time_ms: Option<u32>,
    pub(super) response_bytes: Option<u64>,
}

impl AccessEvent {
    /// An event at a time in milliseconds since 1970 (0: now) that was answered with a status (0: 200).
    #[must_use]
    pub fn at(time_unix_ms: i64, status: u32) -> Self {
        let mut event = Self::default();
        event.time_unix_ms = time_unix_ms;
        event.status = status;
        event
    }

    /// Who asked: address, cookie (may be empty) and user agent.
    #[must_use]
    pub fn from_whom(mut self, address: String, cookie: String, user_agent: String) -> Self {
        self.address = address;
        self.cookie = cookie;
        self.user_agent = user_agent;
        self
    }

    /// What was asked for: method (empty: GET) and target.
    #[must_use]
    pub fn for_what(mut self, method: String, target: String) -> Self {
        self.method = method;
        self.target = target;
        self
    }

    /// What else the request said: referrer and accepted languages.
    #[must_use]
    pub fn with_context(mut self, referrer: String, accept_language: String) -> Self {
        self.referrer = referrer;
        self.accept_language = accept_language;
        self
    }

    /// What the server knows beside the request: the client's host name (empty where it was not looked up), how long
    /// the answer took in milliseconds, and its length in bytes.
    #[must_use]
    pub fn with_answer(mut self, client_host: String, time_ms: Option<u32>, bytes: Option<u64>) -> Self {
        self.client_host = client_host;
        self.response_time_ms = time_ms;
        self.response_bytes = bytes;
        self
    }
}

//! What a client shows a server, and by what it knows the server: a token, and a certificate authority.

use std::fmt;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::{Request, Status};

use super::error::UsageError;

/// A token and a certificate authority, where there are any. Neither is shown by `Debug`.
#[derive(Clone, Default)]
pub struct Credentials {
    bearer: Bearer,
    ca_pem: Option<Vec<u8>>,
}

impl Credentials {
    /// Shows the server this token with every call.
    ///
    /// # Errors
    /// [`UsageError::Token`] where it cannot be sent: it is empty, or has characters that no token has.
    pub fn with_token(mut self, token: &str) -> Result<Self, UsageError> {
        let is_token = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        let value = format!("Bearer {token}").parse::<MetadataValue<Ascii>>();
        let mut value = value.ok().filter(|_| is_token).ok_or(UsageError::Token)?;
        // Keeps it out of whatever prints headers.
        value.set_sensitive(true);
        self.bearer = Bearer(Some(value));
        Ok(self)
    }

    /// Trusts the certificates of this authority (PEM) in place of those that the system trusts.
    #[must_use]
    pub fn with_ca(mut self, pem: Vec<u8>) -> Self {
        self.ca_pem = Some(pem);
        self
    }

    /// What puts the token into a call.
    #[must_use]
    pub fn bearer(&self) -> Bearer {
        self.bearer.clone()
    }

    #[cfg_attr(not(feature = "tls"), allow(dead_code, reason = "without TLS there is nobody to trust"))]
    pub(super) fn ca_pem(&self) -> Option<&[u8]> {
        self.ca_pem.as_deref()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (token, ca) = (self.bearer.0.is_some(), self.ca_pem.is_some());
        to.debug_struct("Credentials").field("token", &token).field("ca", &ca).finish()
    }
}

/// Puts a token into every call, where there is one.
#[derive(Clone, Default)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl Bearer {
    /// Puts it into one call.
    pub(super) fn put<M>(&self, request: &mut Request<M>) {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        self.put(&mut request);
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_with_every_call_and_is_never_shown() {
        let credentials = Credentials::default().with_token("hc_read_secret").unwrap();
        let request = credentials.bearer().call(Request::new(())).unwrap();
        assert_eq!(request.metadata().get("authorization").unwrap(), "Bearer hc_read_secret");
        let shown = format!("{credentials:?} {request:?}");
        assert!(!shown.contains("secret"), "{shown}");
        let none = Credentials::default().bearer().call(Request::new(())).unwrap();
        assert!(none.metadata().is_empty());
    }

    #[test]
    fn what_cannot_be_a_token_is_refused_without_being_shown() {
        for text in ["", "two words", "new\nline", "日本"] {
            let error = Credentials::default().with_token(text).unwrap_err();
            assert_eq!(error, UsageError::Token);
        }
    }
}

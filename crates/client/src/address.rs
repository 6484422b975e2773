//! Where a server is: its URL, read and checked before anything is sent. All clients of headcount read it here.
//!
//! Connections are plain HTTP/2 today. The endpoint that this makes is where a certificate comes in with TLS.

use std::time::Duration;

use tonic::transport::Endpoint;

use super::error::UsageError;

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The address of a server.
#[derive(Clone, Debug)]
pub struct ServerAddress {
    url: String,
    endpoint: Endpoint,
}

impl ServerAddress {
    /// Reads `http://HOST:PORT`. A scheme may be left out; it is then `http`.
    ///
    /// # Errors
    /// [`UsageError::Address`] for what is no URL, or has another scheme.
    pub fn parse(url: &str) -> Result<Self, UsageError> {
        let wrong = |problem: String| UsageError::Address { url: url.to_owned(), problem };
        let whole = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let endpoint =
            Endpoint::from_shared(whole).map_err(|error| wrong(format!("cannot be read ({})", innermost(&error))))?;
        match endpoint.uri().scheme_str() {
            Some("http") => {}
            Some("https") => return Err(wrong("asks for TLS, which this version does not speak".to_owned())),
            _ => return Err(wrong("does not start with http://".to_owned())),
        }
        Ok(Self { url: url.to_owned(), endpoint: endpoint.connect_timeout(CONNECT_TIMEOUT) })
    }

    /// The URL as it was given.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How tonic connects to it; a connection may take 5 s to be made.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        self.endpoint.clone()
    }
}

/// The innermost reason, which is the one that says something ("Connection refused").
pub(super) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_may_be_left_out() {
        for url in ["http://127.0.0.1:50051", "127.0.0.1:50051", "http://[::1]:80", "stats.example.jp"] {
            let address = ServerAddress::parse(url).unwrap();
            assert_eq!((address.url(), address.endpoint().uri().scheme_str()), (url, Some("http")));
        }
    }

    #[test]
    fn what_is_no_address_is_told_with_what_is_allowed() {
        for url in ["", "http://", "not a url", "ftp://127.0.0.1", "https://127.0.0.1", "http://a b"] {
            let text = ServerAddress::parse(url).unwrap_err().to_string();
            assert!(text.contains(&format!("{url:?}")) && text.contains("allowed is http://HOST:PORT"), "{text}");
        }
    }
}

//! Where a server is: its URL, read and checked before anything is sent, and what it is shown. All clients of headcount read it here.
//!
//! `https://` needs the feature `tls`. Without it the crate stays small, for a backend beside its server.

use std::time::Duration;

use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint, Error};

use super::credentials::{Bearer, Credentials};
use super::error::UsageError;

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that shows the server a token with every call, where there is one.
pub type Link = InterceptedService<Channel, Bearer>;

/// The address of a server.
#[derive(Clone, Debug)]
pub struct ServerAddress {
    url: String,
    endpoint: Endpoint,
    credentials: Credentials,
}

impl ServerAddress {
    /// Reads `http://HOST:PORT` or `https://HOST:PORT`. A scheme may be left out; it is then `http`.
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
            Some("https") if cfg!(feature = "tls") => {}
            Some("https") => {
                return Err(wrong("asks for TLS, which needs the feature `tls` of this client".to_owned()));
            }
            _ => return Err(wrong("does not start with http:// or https://".to_owned())),
        }
        let endpoint = endpoint.connect_timeout(CONNECT_TIMEOUT);
        let address = Self { url: url.to_owned(), endpoint, credentials: Credentials::default() };
        address.with_credentials(Credentials::default())
    }

    /// Shows the server these, and knows it by them.
    ///
    /// # Errors
    /// [`UsageError::Authority`] where the certificate authority cannot be used.
    pub fn with_credentials(mut self, credentials: Credentials) -> Result<Self, UsageError> {
        #[cfg(feature = "tls")]
        if self.endpoint.uri().scheme_str() == Some("https") {
            use tonic::transport::{Certificate, ClientTlsConfig};
            let trusted = match credentials.ca_pem() {
                Some(pem) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)),
                None => ClientTlsConfig::new().with_native_roots(),
            };
            let problem = |error: Error| UsageError::Authority(innermost(&error));
            self.endpoint = self.endpoint.tls_config(trusted).map_err(problem)?;
        }
        self.credentials = credentials;
        Ok(self)
    }

    /// The URL as it was given.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it is shown.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Whether what is sent can be read on the way: it goes without TLS, and not to this machine.
    #[must_use]
    pub fn is_in_clear(&self) -> bool {
        let uri = self.endpoint.uri();
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let is_here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        uri.scheme_str() == Some("http") && !is_here
    }

    /// How tonic connects to it; a connection may take 5 s to be made. It carries no token: [`Self::connect`] does.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        self.endpoint.clone()
    }

    /// Connects. Each answer may take `answer_timeout`.
    ///
    /// # Errors
    /// Where no server answers there.
    pub async fn connect(&self, answer_timeout: Duration) -> Result<Link, Error> {
        let channel = self.endpoint().timeout(answer_timeout).connect().await?;
        Ok(InterceptedService::new(channel, self.credentials.bearer()))
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
        for url in ["", "http://", "not a url", "ftp://127.0.0.1", "http://a b"] {
            let text = ServerAddress::parse(url).unwrap_err().to_string();
            assert!(text.contains(&format!("{url:?}")) && text.contains("allowed is http://HOST:PORT"), "{text}");
        }
    }

    #[test]
    fn tls_is_spoken_where_it_was_asked_for() {
        let address = ServerAddress::parse("https://127.0.0.1:50051");
        if cfg!(feature = "tls") {
            assert_eq!(address.unwrap().endpoint().uri().scheme_str(), Some("https"));
        } else {
            assert!(address.unwrap_err().to_string().contains("feature `tls`"));
        }
    }

    #[test]
    fn what_others_could_read_on_the_way_is_known() {
        for (url, expected) in [("http://127.0.0.1:1", false), ("http://[::1]:1", false), ("localhost:1", false)] {
            assert_eq!(ServerAddress::parse(url).unwrap().is_in_clear(), expected, "{url}");
        }
        for url in ["http://192.0.2.1:1", "stats.example.jp:1", "http://localhost.example:1"] {
            assert!(ServerAddress::parse(url).unwrap().is_in_clear(), "{url}");
        }
    }
}

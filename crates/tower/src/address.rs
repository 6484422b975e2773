//! Who asked: the peer, or whom a trusted proxy says it asks for.
//!
//! A header counts only where the peer is a trusted proxy; its addresses are read from the last one, which the nearest proxy
//! wrote, to the first that is no proxy of ours. What a client writes before that is not believed.

use std::net::IpAddr;

pub use headcount_client::proxies::{BadNetwork, Network};
use headcount_client::proxies::{address_of, client_behind, forwarded_for};
use http::HeaderMap;

/// The header in which the proxies tell whom they ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedBy {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
    /// `X-Real-IP`.
    XRealIp,
}

/// The proxies before a site. None are trusted where none are named.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    trusted: Vec<Network>,
    by: ForwardedBy,
}

impl Proxies {
    /// These are ours; they tell by `X-Forwarded-For`.
    #[must_use]
    pub fn trusting(networks: impl IntoIterator<Item = Network>) -> Self {
        Self { trusted: networks.into_iter().collect(), by: ForwardedBy::default() }
    }

    /// They tell by another header.
    #[must_use]
    pub fn telling_by(mut self, header: ForwardedBy) -> Self {
        self.by = header;
        self
    }

    /// The client of a request that came from a peer.
    pub(crate) fn client(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        let name = match self.by {
            ForwardedBy::XForwardedFor => "x-forwarded-for",
            ForwardedBy::Forwarded => "forwarded",
            ForwardedBy::XRealIp => "x-real-ip",
        };
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        let steps: Vec<&str> = values.flat_map(|value| value.split(',')).collect();
        let read = |step: &&str| match self.by {
            ForwardedBy::Forwarded => address_of(forwarded_for(step)?),
            _ => address_of(step),
        };
        Some(client_behind(&self.trusted, peer?.to_canonical(), steps.iter().rev().map(read)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(by: ForwardedBy) -> Proxies {
        let networks = ["10.0.0.0/8", "2001:db8:1::/48"].map(|text| text.parse().unwrap());
        Proxies::trusting(networks).telling_by(by)
    }

    fn client(proxies: &Proxies, peer: &str, header: &str, value: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(http::HeaderName::from_bytes(header.as_bytes()).unwrap(), value.parse().unwrap());
        proxies.client(peer.parse().ok(), &headers).map_or_else(String::new, |address| address.to_string())
    }

    #[test]
    fn only_what_a_trusted_proxy_wrote_is_believed() {
        let of = |peer: &str, value: &str| client(&proxies(ForwardedBy::XForwardedFor), peer, "x-forwarded-for", value);
        assert_eq!(of("192.0.2.9", "198.51.100.1"), "192.0.2.9", "nobody's proxy");
        assert_eq!(of("10.0.0.1", "198.51.100.1"), "198.51.100.1");
        assert_eq!(of("10.0.0.1", "1.1.1.1, 198.51.100.1"), "198.51.100.1", "the client wrote the first");
        assert_eq!(of("10.0.0.1", "198.51.100.1, 10.0.0.7, 10.9.9.9"), "198.51.100.1");
        assert_eq!(of("10.0.0.1", "canary, 10.0.0.7"), "10.0.0.7");
        assert_eq!(of("::ffff:10.0.0.1", "[2001:db8::5]:443"), "2001:db8::5");
        assert_eq!(of("2001:db8:1::9", "198.51.100.1:5000"), "198.51.100.1");
        assert_eq!(of("", "198.51.100.1"), "");
    }

    #[test]
    fn other_headers_are_read_only_where_they_are_asked_for() {
        let forwarded = proxies(ForwardedBy::Forwarded);
        let value = "for=1.1.1.1, proto=https;For=\"[2001:db8::5]:80\";by=10.0.0.1";
        assert_eq!(client(&forwarded, "10.0.0.1", "forwarded", value), "2001:db8::5");
        assert_eq!(client(&forwarded, "10.0.0.1", "x-forwarded-for", "1.1.1.1"), "10.0.0.1");
        assert_eq!(client(&forwarded, "10.0.0.1", "forwarded", "for=unknown"), "10.0.0.1");
        assert_eq!(client(&proxies(ForwardedBy::XRealIp), "10.0.0.1", "x-real-ip", "1.1.1.1"), "1.1.1.1");
    }
}

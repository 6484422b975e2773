//! Who asked, where the log's client is a proxy of one's own: the last address that was forwarded and is not trusted.
//!
//! Whose word is taken is decided by the client library, as for a site that sends its accesses itself.

use std::net::IpAddr;

use headcount_client::proxies::{Network, address_of, client_behind, forwarded_for};

/// The networks that have names. RFC 1918 and RFC 4193; RFC 1122 and RFC 4291.
const NAMED: [(&str, &[&str]); 2] = [
    ("private", &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]),
    ("loopback", &["127.0.0.0/8", "::1/128"]),
];

/// What is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no network: allowed are an address (192.0.2.7), a network (192.0.2.0/24, 2001:db8::/32), \"private\" and \"loopback\""
)]
pub struct NetworkError(String);

/// The proxies whose word is taken for who asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Network>);

impl TrustedProxies {
    /// Trusts one more address, network, or named group of networks.
    ///
    /// # Errors
    /// The text is none of these.
    pub fn trust(&mut self, text: &str) -> Result<(), NetworkError> {
        let one = [text];
        let texts = NAMED.iter().find(|(name, _)| *name == text).map_or(&one[..], |(_, networks)| networks);
        for network in texts {
            self.0.push(network.parse().map_err(|_| NetworkError(text.to_owned()))?);
        }
        Ok(())
    }

    /// Whether none is trusted.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Who asked, if that is not the log's client: `forwarded` is what `X-Forwarded-For`, `Forwarded` or `X-Real-IP` said.
    pub(super) fn client(&self, address: &str, forwarded: &str) -> Option<String> {
        if forwarded.is_empty() {
            return None;
        }
        let peer = address_of(address)?;
        let client = client_behind(&self.0, peer, forwarded.rsplit(',').map(hop));
        (client != peer).then(|| client.to_string())
    }
}

/// The address of one element of a list: as it stands, or what `for=` of a `Forwarded` header says.
fn hop(element: &str) -> Option<IpAddr> {
    address_of(forwarded_for(element).unwrap_or(element).trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn trusting(networks: &[&str]) -> TrustedProxies {
        let mut proxies = TrustedProxies::default();
        networks.iter().for_each(|network| proxies.trust(network).unwrap());
        proxies
    }

    #[test]
    fn the_last_address_that_is_not_trusted_is_the_client() {
        let proxies = trusting(&["private", "loopback", "203.0.113.0/24", "2001:db8:ffff::/48"]);
        for (address, forwarded, client) in [
            ("10.0.0.1", "192.0.2.7", Some("192.0.2.7")),
            ("10.0.0.1", "6.6.6.6, 192.0.2.7, 203.0.113.9", Some("192.0.2.7")),
            ("10.0.0.1", "192.0.2.7:4711", Some("192.0.2.7")),
            ("::ffff:10.0.0.1", "::ffff:192.0.2.7", Some("192.0.2.7")),
            ("127.0.0.1:50", "for=192.0.2.7;proto=https, For=\"[2001:db8:ffff::1]:47\"", Some("192.0.2.7")),
            ("2001:db8:ffff::2", "for=\"[2001:db8:cafe::17]:4711\"", Some("2001:db8:cafe::17")),
            // Nobody outside: the first of them.
            ("10.0.0.1", "10.0.0.3, 10.0.0.2", Some("10.0.0.3")),
            // What a proxy hid is not followed further.
            ("10.0.0.1", "192.0.2.7, unknown, 10.0.0.2", Some("10.0.0.2")),
            ("10.0.0.1", "unknown", None),
            ("10.0.0.1", "", None),
            // A client that says so itself is not believed.
            ("192.0.2.9", "192.0.2.7", None),
            ("a.host", "192.0.2.7", None),
        ] {
            assert_eq!(proxies.client(address, forwarded).as_deref(), client, "{address} {forwarded}");
        }
        assert_eq!(trusting(&[]).client("10.0.0.1", "192.0.2.7"), None);
        assert_eq!(trusting(&["0.0.0.0/0"]).client("192.0.2.9", "192.0.2.7").as_deref(), Some("192.0.2.7"));
    }

    #[test]
    fn what_is_no_network_is_told() {
        for text in ["", "10", "10.0.0.0/33", "10.0.0.0/-1", "::/129", "public", "10.0.0.0/8/8"] {
            let error = TrustedProxies::default().trust(text).unwrap_err().to_string();
            assert!(error.contains(&format!("{text:?}")) && error.contains("private"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(address in ".{0,40}", forwarded in ".{0,80}") {
            let _ = trusting(&["private", "::/0"]).client(&address, &forwarded);
            let _ = TrustedProxies::default().trust(&address);
        }
    }
}

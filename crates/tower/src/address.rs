//! Who asked: the peer, or whom a trusted proxy says it asks for.
//!
//! A header counts only where the peer is a trusted proxy; its addresses are read from the last one, which the nearest proxy
//! wrote, to the first that is no proxy of ours. What a client writes before that is not believed.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::HeaderMap;

/// A range of addresses, such as `10.0.0.0/8` or `2001:db8::1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// A text that is no range of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadNetwork(String);

impl fmt::Display for BadNetwork {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{:?} is no network: allowed is an IP address, or one with a length such as \"10.0.0.0/8\"", self.0)
    }
}

impl std::error::Error for BadNetwork {}

impl FromStr for Network {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let wrong = || BadNetwork(text.to_owned());
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(longest), str::parse).map_err(|_| wrong())?;
        if bits > longest {
            return Err(wrong());
        }
        Ok(Self { address, bits })
    }
}

impl Network {
    fn has(&self, address: IpAddr) -> bool {
        let same = |ours: u128, theirs: u128, width: u32| {
            let rest = width - u32::from(self.bits);
            rest >= 128 || (ours ^ theirs) >> rest == 0
        };
        match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => same(ours.to_bits().into(), theirs.to_bits().into(), 32),
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => same(ours.to_bits(), theirs.to_bits(), 128),
            _ => false,
        }
    }
}

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
        let peer = peer.map(|peer| peer.to_canonical());
        if !peer.is_some_and(|peer| self.trusts(peer)) {
            return peer;
        }
        let name = match self.by {
            ForwardedBy::XForwardedFor => "x-forwarded-for",
            ForwardedBy::Forwarded => "forwarded",
            ForwardedBy::XRealIp => "x-real-ip",
        };
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        let steps: Vec<&str> = values.flat_map(|value| value.split(',')).collect();
        let mut nearest = peer;
        for step in steps.into_iter().rev() {
            // What cannot be read was not written by a proxy of ours: the one that sent it is all that is known.
            let Some(address) = self.read(step.trim()) else { break };
            nearest = Some(address);
            if !self.trusts(address) {
                break;
            }
        }
        nearest
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.has(address))
    }

    fn read(&self, step: &str) -> Option<IpAddr> {
        let text = match self.by {
            ForwardedBy::Forwarded => step.split(';').find_map(|pair| {
                let (key, value) = pair.trim().split_once('=')?;
                key.eq_ignore_ascii_case("for").then(|| value.trim().trim_matches('"'))
            })?,
            _ => step,
        };
        ip(text)
    }
}

/// An address with or without a port; IPv6 may stand in brackets.
fn ip(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let without_port = bracketed.map(|(address, _)| address).or_else(|| text.split_once(':').map(|(head, _)| head));
    without_port?.parse().ok().map(|address: IpAddr| address.to_canonical())
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

    #[test]
    fn networks_are_checked() {
        for text in ["", "10.0.0.0/33", "10.0.0", "::/129", "10.0.0.0/x", "example.org"] {
            assert!(text.parse::<Network>().unwrap_err().to_string().contains("allowed is"), "{text}");
        }
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.has("203.0.113.1".parse().unwrap()) && !all.has("::1".parse().unwrap()));
        assert!("::/0".parse::<Network>().unwrap().has("2001:db8::1".parse().unwrap()));
    }
}

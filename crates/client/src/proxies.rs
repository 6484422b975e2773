//! Whom a request came from, where proxies of one's own ask for others: one place decides whose word is taken.
//!
//! Anybody can send such a header. So it is believed only as far back as trusted proxies wrote it: from the end, up to and including the
//! first address that is none of them. What a client wrote before that is not believed.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

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
    /// Whether an address is in it. IPv4 addresses are in networks of IPv4 alone.
    #[must_use]
    pub fn has(&self, address: IpAddr) -> bool {
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

/// Who asked: the peer, or where that is a trusted proxy, whom it says it asks for. `steps` are the addresses of its header, the last one
/// first; `None` stands for what is no address, beyond which nothing is known.
pub fn client_behind(trusted: &[Network], peer: IpAddr, steps: impl IntoIterator<Item = Option<IpAddr>>) -> IpAddr {
    let trusts = |address| trusted.iter().any(|network| network.has(address));
    let mut nearest = peer;
    let mut steps = steps.into_iter();
    while trusts(nearest)
        && let Some(Some(address)) = steps.next()
    {
        nearest = address;
    }
    nearest
}

/// An address with or without a port; IPv6 may stand in brackets.
#[must_use]
pub fn address_of(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let inner = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let socket = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    text.parse().ok().or_else(inner).or_else(socket).map(|address: IpAddr| address.to_canonical())
}

/// The address for which a step of `Forwarded` (RFC 7239) asked, as it stands there without quotes.
#[must_use]
pub fn forwarded_for(step: &str) -> Option<&str> {
    step.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim().trim_matches('"'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_checked() {
        for text in ["", "10.0.0.0/33", "10.0.0", "::/129", "10.0.0.0/x", "example.org"] {
            assert!(text.parse::<Network>().unwrap_err().to_string().contains("allowed is"), "{text}");
        }
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.has("203.0.113.1".parse().unwrap()) && !all.has("::1".parse().unwrap()));
        assert!("::/0".parse::<Network>().unwrap().has("2001:db8::1".parse().unwrap()));
    }

    #[test]
    fn an_address_may_have_a_port() {
        for text in ["192.0.2.7", " 192.0.2.7:80", "::ffff:192.0.2.7"] {
            assert_eq!(address_of(text), "192.0.2.7".parse().ok(), "{text}");
        }
        for text in ["2001:db8::5", "[2001:db8::5]", "[2001:db8::5]:443"] {
            assert_eq!(address_of(text), "2001:db8::5".parse().ok(), "{text}");
        }
        for text in ["", "unknown", "192.0.2.7:port", "for=192.0.2.7"] {
            assert_eq!(address_of(text), None, "{text}");
        }
    }
}

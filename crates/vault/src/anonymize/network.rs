//! Where a visitor's network is: the country of an address, the domain category of a host name.
//!
//! It is here because an address or a host name tells who somebody is, and a country does not. It takes the text that
//! the event has and gives a position in a public list. It never keeps, prints or sends an address, and never asks
//! another machine: the ranges of addresses are read at the start from files that the operator names.

mod codes;
mod domains;
mod load;
mod mmdb;
#[cfg(test)]
mod mmdb_fixture;
mod ranges;
#[cfg(test)]
mod tests;

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
};

pub(crate) use domains::domain;
pub use load::GeoFault;

use codes::UNKNOWN;
use ranges::Ranges;

/// Which addresses are in which country. Made once, then only read.
#[derive(Default)]
pub(crate) struct Countries {
    v4: Ranges<u32>,
    /// The upper half of an address: the lower one tells machines apart and is not looked at.
    v6: Ranges<u64>,
    sources: Vec<String>,
}

impl Countries {
    /// Reads files with ranges of addresses: MaxMind-format files, and the text lists `geoip` and `geoip6` of Debian's
    /// package tor-geoipdb. IPv4 and IPv6 may each come from one file. Without a file, every country is unknown.
    ///
    /// # Errors
    /// [`GeoFault`] where a file cannot be read or understood.
    pub(crate) fn load(paths: &[PathBuf]) -> Result<Self, GeoFault> {
        load::load(paths)
    }

    /// The position of an address in its canonical form among the public countries. Host names (no address) and addresses
    /// of private networks are in no country. Allocates nothing.
    pub(crate) fn country(&self, ip: Option<IpAddr>) -> u16 {
        let code = match ip {
            Some(IpAddr::V4(v4)) if !is_local(v4) => self.v4.find(u32::from(v4)),
            Some(IpAddr::V6(v6)) if !v6.is_loopback() && !v6.is_unique_local() && !v6.is_unicast_link_local() => {
                let [a, b, c, d, ..] = v6.segments().map(u64::from);
                self.v6.find(a << 48 | b << 32 | c << 16 | d)
            }
            _ => UNKNOWN,
        };
        u16::from(code)
    }

    /// Where the ranges come from, with the licence where a file names it: the attribution to be shown with what is
    /// published. One text for each source.
    pub(crate) fn sources(&self) -> &[String] {
        &self.sources
    }
}

/// True for addresses that are used again in every network (RFC 1918, 1122, 3927 and 6598).
fn is_local(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    a == 0 || shared || address.is_private() || address.is_loopback() || address.is_link_local()
}

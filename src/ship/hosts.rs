//! Which site a line belongs to, where one log holds the requests of several: the one whose configuration names the host that
//! was asked.

use std::collections::HashMap;

/// The sites of a server by their hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SitesByHost {
    sites: Vec<String>,
    by_host: HashMap<String, usize>,
}

impl SitesByHost {
    /// Adds a site with its hosts. One without any gets nothing.
    pub fn add<'h>(&mut self, site: &str, hosts: impl IntoIterator<Item = &'h str>) {
        let mut hosts = hosts.into_iter().peekable();
        if hosts.peek().is_none() {
            return;
        }
        let index = self.sites.len();
        self.sites.push(site.to_owned());
        self.by_host.extend(hosts.map(|host| (bare(host), index)));
    }

    /// The sites that have hosts.
    #[must_use]
    pub fn sites(&self) -> &[String] {
        &self.sites
    }

    /// The number of the site with this host, with or without a port.
    pub(super) fn site_of(&self, host: &str) -> Option<usize> {
        self.by_host.get(&bare(host)).copied()
    }
}

/// A host as it is compared: in lower case, without port, brackets and the dot at the end.
fn bare(host: &str) -> String {
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None if host.matches(':').count() == 1 => host.split(':').next().unwrap_or(host),
        None => host,
    };
    host.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_one_site() {
        let mut sites = SitesByHost::default();
        sites.add("none", []);
        sites.add("www", ["www.example.jp", "example.jp"]);
        sites.add("uk", ["UK.example.jp", "2001:db8::1"]);
        assert_eq!(sites.sites(), ["www", "uk"]);
        for (host, site) in [
            ("www.example.jp", Some(0)),
            ("EXAMPLE.jp.:443", Some(0)),
            ("uk.example.jp", Some(1)),
            ("[2001:db8::1]:443", Some(1)),
            ("2001:db8::1", Some(1)),
            ("", None),
            ("other.example.jp", None),
        ] {
            assert_eq!(sites.site_of(host), site, "{host}");
        }
    }
}

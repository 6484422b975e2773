//! Which site an access belongs to: by the name that its sender gives, else by the host that was asked.
//!
//! It takes the hosts of the configuration. A host that several patterns fit goes to the longest.

use std::collections::HashMap;

use crate::{units::SiteName, vault::SiteSettings};

/// The sites by their hosts.
#[derive(Debug, Clone, Default)]
pub(super) struct Routes {
    hosts: HashMap<String, SiteName>,
    /// What stands behind `*.`, longest first.
    below: Vec<(String, SiteName)>,
}

impl Routes {
    /// The routes to these sites.
    pub(super) fn to(sites: &[SiteSettings]) -> Self {
        let mut routes = Self::default();
        for site in sites {
            for host in &site.hosts {
                let host = host.to_lowercase();
                match host.strip_prefix("*.") {
                    Some(domain) => routes.below.push((format!(".{domain}"), site.name.clone())),
                    None => drop(routes.hosts.insert(host, site.name.clone())),
                }
            }
        }
        routes.below.sort_by_key(|(domain, _)| std::cmp::Reverse(domain.len()));
        routes
    }

    /// The site of a host as a request names it, with or without a port.
    pub(super) fn of_host(&self, host: &str) -> Option<&SiteName> {
        let host = without_port(host.trim()).trim_end_matches('.').to_lowercase();
        let below = || self.below.iter().find(|(domain, _)| host.ends_with(domain)).map(|(_, site)| site);
        self.hosts.get(&host).or_else(below)
    }
}

/// A host without its port; an address of IPv6 has brackets where a port may follow.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|b| b.is_ascii_digit()) && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Calendar;

    fn site(name: &str, hosts: &[&str]) -> SiteSettings {
        let calendar = Calendar::new("UTC").unwrap();
        let plain = SiteSettings::plain(SiteName::new(name).unwrap(), calendar);
        SiteSettings { hosts: hosts.iter().map(|host| (*host).to_owned()).collect(), ..plain }
    }

    #[test]
    fn a_host_leads_to_its_site_and_no_other() {
        let routes = Routes::to(&[
            site("www", &["www.example.jp", "*.example.jp"]),
            site("berlin", &["*.berlin.example.jp", "[2001:db8::1]"]),
        ]);
        let of = |host| routes.of_host(host).map(SiteName::as_str);
        for host in ["www.example.jp", "WWW.example.jp:443", "www.example.jp.", "news.example.jp", " www.example.jp "] {
            assert_eq!(of(host), Some("www"), "{host}");
        }
        assert_eq!(of("a.berlin.example.jp"), Some("berlin"));
        assert_eq!(of("[2001:db8::1]:8080"), Some("berlin"));
        for host in ["example.jp", "badexample.jp", "", ":80", "www.example.jp.evil.test", "2001:db8::1"] {
            assert_eq!(of(host), None, "{host}");
        }
    }
}

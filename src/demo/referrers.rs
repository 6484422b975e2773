//! Where invented visitors come from: search engines, social networks, other sites, or without a referrer.
//!
//! Every entry has the registrable domain under which a report groups it, so that the truth can be counted without reading a
//! line. The domains of ordinary sites are those reserved for examples.

use super::random::Weights;

/// The group of visits that begin without a referrer.
pub const DIRECT: &str = "(direct)";
/// The group of visitor-days whose first view comes from a link on the site itself: they went on past midnight.
pub const OWN_SITE: &str = "(own site)";

/// The kind of a referrer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferrerKind {
    /// No referrer.
    Direct,
    /// A search engine.
    Search,
    /// A social network.
    Social,
    /// Any other site.
    Site,
}

/// One referrer.
#[derive(Debug)]
pub struct Referrer {
    /// The header as the browser sends it; `-` for none.
    pub url: &'static str,
    /// The registrable domain, or [`DIRECT`].
    pub domain: &'static str,
    /// What it is.
    pub kind: ReferrerKind,
    /// How often, relative to the others, on a usual day.
    weight: u64,
}

const fn from(url: &'static str, domain: &'static str, kind: ReferrerKind, weight: u64) -> Referrer {
    Referrer { url, domain, kind, weight }
}

/// All referrers.
pub static REFERRERS: [Referrer; 18] = [
    from("-", DIRECT, ReferrerKind::Direct, 380),
    from("https://www.google.com/", "google.com", ReferrerKind::Search, 260),
    from("https://www.google.co.jp/", "google.co.jp", ReferrerKind::Search, 40),
    from("https://www.bing.com/", "bing.com", ReferrerKind::Search, 60),
    from("https://search.yahoo.co.jp/", "yahoo.co.jp", ReferrerKind::Search, 70),
    from("https://duckduckgo.com/", "duckduckgo.com", ReferrerKind::Search, 15),
    from("https://yandex.ru/", "yandex.ru", ReferrerKind::Search, 5),
    from("https://t.co/", "t.co", ReferrerKind::Social, 25),
    from("https://www.facebook.com/", "facebook.com", ReferrerKind::Social, 14),
    from("https://l.facebook.com/", "facebook.com", ReferrerKind::Social, 8),
    from("https://l.instagram.com/", "instagram.com", ReferrerKind::Social, 10),
    from("https://www.linkedin.com/", "linkedin.com", ReferrerKind::Social, 5),
    from("https://www.reddit.com/", "reddit.com", ReferrerKind::Social, 6),
    from("https://visa-guide.example.com/countries/", "example.com", ReferrerKind::Site, 40),
    from("https://www.travel-notes.example.net/forum/thread.html", "example.net", ReferrerKind::Site, 25),
    from("https://daily-courier.example.org/world/", "example.org", ReferrerKind::Site, 20),
    from("http://students-abroad.example.jp/", "example.jp", ReferrerKind::Site, 12),
    from("https://chamber-of-trade.example.co.jp/links.html", "example.co.jp", ReferrerKind::Site, 5),
];

/// The weights of a usual day.
pub fn usual_weights() -> Weights {
    Weights::new(REFERRERS.iter().map(|referrer| referrer.weight))
}

/// The weights while a story is in the news: social networks and the newspaper bring most readers.
pub fn news_weights() -> Weights {
    Weights::new(REFERRERS.iter().map(|referrer| match referrer.kind {
        ReferrerKind::Social => referrer.weight * 8,
        ReferrerKind::Site if referrer.domain == "example.org" => referrer.weight * 15,
        ReferrerKind::Site => 0,
        ReferrerKind::Direct | ReferrerKind::Search => referrer.weight,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_domain_is_the_registrable_one_of_its_address() {
        for referrer in REFERRERS.iter().filter(|one| one.kind != ReferrerKind::Direct) {
            let host = referrer.url.split('/').nth(2).unwrap();
            assert_eq!(psl::domain_str(host), Some(referrer.domain));
        }
    }
}

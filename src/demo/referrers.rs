//! Where invented visitors come from: search engines, social networks, other sites, or nowhere that a log shows.
//!
//! Every entry carries the registrable domain under which a report groups it, so that the truth can be counted without
//! looking at a line. The domains of ordinary sites are those set aside for examples.

use super::random::Weights;

/// The group of visits that begin without a referrer.
pub const DIRECT: &str = "(direct)";
/// The group of visitor-days whose first view has a link of the site itself: they went on past midnight.
pub const OWN_SITE: &str = "(own site)";

/// The kind of a place from which visitors come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The log shows nothing.
    Direct,
    /// A search engine.
    Search,
    /// A social network.
    Social,
    /// Any other site.
    Site,
}

/// One place from which visitors come.
#[derive(Debug)]
pub struct Referrer {
    /// The header as the browser sends it; `-` for none.
    pub url: &'static str,
    /// The registrable domain, or [`DIRECT`].
    pub domain: &'static str,
    /// What it is.
    pub kind: Kind,
    /// How often, relative to the others, on a usual day.
    weight: u64,
}

const fn from(url: &'static str, domain: &'static str, kind: Kind, weight: u64) -> Referrer {
    Referrer { url, domain, kind, weight }
}

/// All places from which visitors come.
pub static REFERRERS: [Referrer; 18] = [
    from("-", DIRECT, Kind::Direct, 380),
    from("https://www.google.com/", "google.com", Kind::Search, 260),
    from("https://www.google.co.jp/", "google.co.jp", Kind::Search, 40),
    from("https://www.bing.com/", "bing.com", Kind::Search, 60),
    from("https://search.yahoo.co.jp/", "yahoo.co.jp", Kind::Search, 70),
    from("https://duckduckgo.com/", "duckduckgo.com", Kind::Search, 15),
    from("https://yandex.ru/", "yandex.ru", Kind::Search, 5),
    from("https://t.co/", "t.co", Kind::Social, 25),
    from("https://www.facebook.com/", "facebook.com", Kind::Social, 14),
    from("https://l.facebook.com/", "facebook.com", Kind::Social, 8),
    from("https://l.instagram.com/", "instagram.com", Kind::Social, 10),
    from("https://www.linkedin.com/", "linkedin.com", Kind::Social, 5),
    from("https://www.reddit.com/", "reddit.com", Kind::Social, 6),
    from("https://visa-guide.example.com/countries/", "example.com", Kind::Site, 40),
    from("https://www.travel-notes.example.net/forum/thread.html", "example.net", Kind::Site, 25),
    from("https://daily-courier.example.org/world/", "example.org", Kind::Site, 20),
    from("http://students-abroad.example.jp/", "example.jp", Kind::Site, 12),
    from("https://chamber-of-trade.example.co.jp/links.html", "example.co.jp", Kind::Site, 5),
];

/// The choice of a usual day.
pub fn usual_weights() -> Weights {
    Weights::new(REFERRERS.iter().map(|referrer| referrer.weight))
}

/// The choice while a story is in the news: social networks and the newspaper bring most readers.
pub fn news_weights() -> Weights {
    Weights::new(REFERRERS.iter().map(|referrer| match referrer.kind {
        Kind::Social => referrer.weight * 8,
        Kind::Site if referrer.domain == "example.org" => referrer.weight * 15,
        Kind::Site => 0,
        Kind::Direct | Kind::Search => referrer.weight,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_domain_is_the_registrable_one_of_its_address() {
        for referrer in REFERRERS.iter().filter(|one| one.kind != Kind::Direct) {
            let host = referrer.url.split('/').nth(2).unwrap();
            assert_eq!(psl::domain_str(host), Some(referrer.domain));
        }
    }
}

//! The browsers of invented visitors, with the labels a report should give them.
//!
//! The strings have the forms that browsers send today; the shares are roughly those of a public-sector site with many
//! readers on phones. The labels are the families of the `uap-core` rules, written by hand, so that a test can compare
//! headcount's own parsing with them.

use super::random::Weights;

/// A browser as its user-agent string shows it.
#[derive(Debug)]
pub struct Agent {
    /// The user-agent string.
    pub text: &'static str,
    /// The browser's family, e.g. `Chrome`.
    pub browser: &'static str,
    /// The operating system's family, e.g. `Windows`.
    pub os: &'static str,
    /// `desktop`, `mobile` or `tablet`.
    pub device: &'static str,
    /// How often, relative to the others.
    weight: u64,
}

macro_rules! agent {
    ($weight:literal, $browser:literal, $os:literal, $device:literal, $text:expr) => {
        Agent { text: $text, browser: $browser, os: $os, device: $device, weight: $weight }
    };
}

macro_rules! chromium {
    ($system:literal, $version:literal, $end:literal) => {
        concat!("Mozilla/5.0 (", $system, ") AppleWebKit/537.36 (KHTML, like Gecko) Chrome/", $version, ".0.0.0 ", $end)
    };
}

macro_rules! apple {
    ($system:literal, $end:literal) => {
        concat!("Mozilla/5.0 (", $system, ") AppleWebKit/605.1.15 (KHTML, like Gecko) ", $end)
    };
}

macro_rules! gecko {
    ($system:literal, $version:literal) => {
        concat!("Mozilla/5.0 (", $system, "; rv:", $version, ".0) Gecko/20100101 Firefox/", $version, ".0")
    };
}

/// All browsers.
#[rustfmt::skip]
pub static AGENTS: [Agent; 27] = [
    agent!(150, "Chrome", "Windows", "desktop", chromium!("Windows NT 10.0; Win64; x64", "150", "Safari/537.36")),
    agent!(50, "Chrome", "Windows", "desktop", chromium!("Windows NT 10.0; Win64; x64", "149", "Safari/537.36")),
    agent!(12, "Chrome", "Windows", "desktop", chromium!("Windows NT 10.0; Win64; x64", "138", "Safari/537.36")),
    agent!(45, "Chrome", "Mac OS X", "desktop", chromium!("Macintosh; Intel Mac OS X 10_15_7", "150", "Safari/537.36")),
    agent!(15, "Chrome", "Linux", "desktop", chromium!("X11; Linux x86_64", "150", "Safari/537.36")),
    agent!(8, "Chrome", "Chrome OS", "desktop", chromium!("X11; CrOS x86_64 14541.0.0", "149", "Safari/537.36")),
    agent!(95, "Edge", "Windows", "desktop", chromium!("Windows NT 10.0; Win64; x64", "150", "Safari/537.36 Edg/150.0.0.0")),
    agent!(25, "Edge", "Windows", "desktop", chromium!("Windows NT 10.0; Win64; x64", "149", "Safari/537.36 Edg/149.0.0.0")),
    agent!(6, "Edge", "Mac OS X", "desktop", chromium!("Macintosh; Intel Mac OS X 10_15_7", "150", "Safari/537.36 Edg/150.0.0.0")),
    agent!(12, "Opera", "Windows", "desktop", chromium!("Windows NT 10.0; Win64; x64", "148", "Safari/537.36 OPR/132.0.0.0")),
    agent!(40, "Firefox", "Windows", "desktop", gecko!("Windows NT 10.0; Win64; x64", "152")),
    agent!(10, "Firefox", "Windows", "desktop", gecko!("Windows NT 10.0; Win64; x64", "140")),
    agent!(8, "Firefox", "Mac OS X", "desktop", gecko!("Macintosh; Intel Mac OS X 10.15", "152")),
    agent!(7, "Firefox", "Linux", "desktop", gecko!("X11; Linux x86_64", "152")),
    agent!(55, "Safari", "Mac OS X", "desktop", apple!("Macintosh; Intel Mac OS X 10_15_7", "Version/26.1 Safari/605.1.15")),
    agent!(15, "Safari", "Mac OS X", "desktop", apple!("Macintosh; Intel Mac OS X 10_15_7", "Version/18.6 Safari/605.1.15")),
    agent!(110, "Mobile Safari", "iOS", "mobile", apple!("iPhone; CPU iPhone OS 18_7 like Mac OS X", "Version/26.1 Mobile/15E148 Safari/604.1")),
    agent!(50, "Mobile Safari", "iOS", "mobile", apple!("iPhone; CPU iPhone OS 18_6 like Mac OS X", "Version/18.6 Mobile/15E148 Safari/604.1")),
    agent!(14, "Mobile Safari", "iOS", "mobile", apple!("iPhone; CPU iPhone OS 17_7 like Mac OS X", "Version/17.7 Mobile/15E148 Safari/604.1")),
    agent!(20, "Mobile Safari", "iPadOS", "tablet", apple!("iPad; CPU OS 18_6 like Mac OS X", "Version/18.6 Mobile/15E148 Safari/604.1")),
    agent!(22, "Chrome Mobile iOS", "iOS", "mobile", apple!("iPhone; CPU iPhone OS 18_7 like Mac OS X", "CriOS/150.0.7871.52 Mobile/15E148 Safari/604.1")),
    agent!(130, "Chrome Mobile", "Android", "mobile", chromium!("Linux; Android 10; K", "150", "Mobile Safari/537.36")),
    agent!(40, "Chrome Mobile", "Android", "mobile", chromium!("Linux; Android 10; K", "149", "Mobile Safari/537.36")),
    agent!(10, "Chrome Mobile", "Android", "mobile", chromium!("Linux; Android 15; Pixel 9", "148", "Mobile Safari/537.36")),
    agent!(30, "Samsung Internet", "Android", "mobile", concat!(
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) ",
        "SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36")),
    agent!(8, "Firefox Mobile", "Android", "mobile", "Mozilla/5.0 (Android 15; Mobile; rv:152.0) Gecko/152.0 Firefox/152.0"),
    agent!(13, "Chrome", "Android", "tablet", chromium!("Linux; Android 14; SM-X710", "150", "Safari/537.36")),
];

/// The weights of the browsers.
pub fn weights() -> Weights {
    Weights::new(AGENTS.iter().map(|agent| agent.weight))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_browsers_send_the_same_string() {
        let texts: HashSet<_> = AGENTS.iter().map(|agent| agent.text).collect();
        assert_eq!(texts.len(), AGENTS.len());
        assert!(texts.iter().all(|text| !text.contains(['"', '\\'])));
    }

    #[test]
    fn no_browser_looks_like_a_crawler() {
        let bots = isbot::Bots::default();
        for agent in &AGENTS {
            assert!(!bots.is_bot(agent.text), "{}", agent.text);
        }
    }
}

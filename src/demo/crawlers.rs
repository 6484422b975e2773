//! Automated clients in the invented traffic: search-engine crawlers, collectors of training text, link previews, uptime
//! monitors and vulnerability scanners.
//!
//! Their strings have the forms that real ones send. None of them may count as a visitor. A machine that sends a browser's
//! string cannot be told from a person by its log line, so the scanners here get nothing but error pages.

use super::random::Weights;

/// One automated client.
#[derive(Debug)]
pub struct Crawler {
    /// A short name of its family, e.g. `Googlebot`.
    pub family: &'static str,
    /// The user-agent string.
    pub text: &'static str,
    /// The last byte of its address in 203.0.113.0/24.
    pub host_byte: u8,
    /// Page hits relative to the others; 0 for those that come at fixed times.
    weight: u64,
}

const fn crawler(weight: u64, host_byte: u8, family: &'static str, text: &'static str) -> Crawler {
    Crawler { family, text, host_byte, weight }
}

/// All crawlers and monitors.
#[rustfmt::skip]
pub static CRAWLERS: [Crawler; 14] = [
    crawler(200, 10, "Googlebot", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    crawler(150, 11, "Googlebot", concat!(
        "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) ",
        "Chrome/150.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")),
    crawler(160, 20, "bingbot", concat!(
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) ",
        "Chrome/136.0.0.0 Safari/537.36")),
    crawler(110, 30, "GPTBot", "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)"),
    crawler(70, 31, "ClaudeBot", "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)"),
    crawler(50, 32, "CCBot", "CCBot/2.0 (https://commoncrawl.org/faq/)"),
    crawler(60, 40, "AhrefsBot", "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)"),
    crawler(50, 41, "SemrushBot", "Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)"),
    crawler(40, 50, "YandexBot", "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)"),
    crawler(30, 51, "Baiduspider", "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)"),
    crawler(25, 60, "facebookexternalhit", "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"),
    crawler(15, 70, "python-requests", "python-requests/2.32.3"),
    crawler(0, 80, "curl", "curl/8.5.0"),
    crawler(0, 81, "UptimeRobot", "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)"),
];

/// The index of the monitor that gets the front page at fixed times.
pub const MONITOR_GET: usize = 12;
/// The index of the monitor that sends HEAD for the front page at fixed times.
pub const MONITOR_HEAD: usize = 13;

/// Paths that scanners ask for and that do not exist.
pub static SCANNED_PATHS: [&str; 6] =
    ["/wp-login.php", "/.env", "/wp-admin/setup-config.php", "/phpmyadmin/", "/.git/config", "/cgi-bin/test"];

/// The weights of the crawlers, without the monitors.
pub fn weights() -> Weights {
    Weights::new(CRAWLERS.iter().map(|crawler| crawler.weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crawler_looks_like_one() {
        let bots = isbot::Bots::default();
        for crawler in &CRAWLERS {
            assert!(bots.is_bot(crawler.text), "{}", crawler.text);
        }
    }

    #[test]
    fn the_monitors_are_where_their_numbers_say() {
        assert_eq!(CRAWLERS[MONITOR_GET].family, "curl");
        assert_eq!(CRAWLERS[MONITOR_HEAD].family, "UptimeRobot");
    }
}

//! Agents: known user agents by name, recall on a crawler corpus, agreement with uap-core's own vectors.
//!
//! The corpora are read where they lie; a test without its corpus says so and passes.

use std::{collections::BTreeMap, fs::File, io::Read, sync::LazyLock};

use flate2::read::GzDecoder;
use headcount_model::keys::{DEVICES, ROBOTS as BOTS};
use proptest::prelude::*;

use super::*;

static AGENTS: LazyLock<Agents> = LazyLock::new(Agents::new);

/// A corpus's text, or None (with a message) where this machine does not have it.
fn corpus(name: &str) -> Option<String> {
    let path = format!("{}/../../../shared/data/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    let Ok(file) = File::open(&path) else {
        eprintln!("skipped: no corpus at {path}");
        return None;
    };
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    Some(text)
}

fn names(user_agent: &str) -> (bool, &'static str, &'static str, &'static str) {
    let agent = AGENTS.classify(user_agent).0;
    (
        agent.is_bot,
        BROWSERS[usize::from(agent.browser)],
        OSES[usize::from(agent.os)],
        DEVICES[usize::from(agent.device)],
    )
}

#[test]
fn readers_at_a_desk() {
    let webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";
    for (user_agent, browser, os, device) in [
        ("", "Other", "Other", "other"),
        ("Lynx/2.9.0dev.6 libwww-FM/2.14 SSL-MM/1.4.1", "Other", "Other", "other"),
        ("w3m/0.5.3", "Other", "Other", "other"),
        (
            &format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {webkit} Chrome/142.0.0.0 Safari/537.36"),
            "Chrome",
            "Windows",
            "desktop",
        ),
        (
            &format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {webkit} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0"),
            "Edge",
            "Windows",
            "desktop",
        ),
        (
            &format!("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {webkit} Chrome/142.0.0.0 Safari/537.36"),
            "Chrome",
            "ChromeOS",
            "desktop",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
            "Safari",
            "macOS",
            "desktop",
        ),
        (
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
            "Firefox",
            "Linux",
            "desktop",
        ),
        ("Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko", "IE", "Windows", "desktop"),
    ] {
        assert_eq!(names(user_agent), (false, browser, os, device), "{user_agent}");
    }
}

#[test]
fn readers_with_a_phone() {
    let webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";
    for (user_agent, browser, os, device) in [
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
            "Mobile Safari",
            "iOS",
            "mobile",
        ),
        (
            "Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1",
            "Mobile Safari",
            "iPadOS",
            "tablet",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Safari Line/14.19.1",
            "LINE",
            "iOS",
            "mobile",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 YJApp-IOS jp.co.yahoo.ipn.appli/4.150",
            "Yahoo! Japan",
            "iOS",
            "mobile",
        ),
        ("Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0", "Firefox Mobile", "Android", "mobile"),
        (
            &format!("Mozilla/5.0 (Linux; Android 10; K) {webkit} Chrome/142.0.0.0 Mobile Safari/537.36"),
            "Chrome Mobile",
            "Android",
            "mobile",
        ),
        (
            &format!(
                "Mozilla/5.0 (Linux; Android 15; SM-S928B) {webkit} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36"
            ),
            "Samsung Internet",
            "Android",
            "mobile",
        ),
        (
            &format!("Mozilla/5.0 (Linux; Android 13; SM-X700) {webkit} Chrome/142.0.0.0 Safari/537.36"),
            "Chrome",
            "Android",
            "tablet",
        ),
    ] {
        assert_eq!(names(user_agent), (false, browser, os, device), "{user_agent}");
    }
}

#[test]
fn robots() {
    for user_agent in [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "MyTool 1.0",
        "-",
        "Mozilla/5.0",
        "Mozilla/5.0 (X11; Linux x86_64)",
        "Mozilla/4.0 (compatible;)",
        "Dalvik/2.1.0 (Linux; U; Android 8.0.0; SM-G930F Build/R16NW)",
        "reader/5 CFNetwork/976 Darwin/18.2.0",
        "GoogleOther",
        "l9explore/1.2.2",
        "NewRelicPinger/1.0 (1)",
        "reqwest/0.12.4",
        "aria2/1.36.0",
        "WinHttp-Autoproxy-Service/5.1",
        "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.22621",
        "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Word 16.0; Pro)",
        "Mozilla/5.0 ERDDAP/2.23",
        "curl/8.5.0",
        "Wget/1.21.4",
        "python-requests/2.32",
        "Go-http-client/2.0",
        "Java/17.0.2",
        "libwww-perl/6.67",
        "okhttp/4.12.0",
        "UniversalFeedParser/5.2.1",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/142.0.0.0 Safari/537.36",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    ] {
        assert_eq!(names(user_agent), (true, "Other", "Other", "other"), "{user_agent}");
    }
}

#[test]
fn robots_have_a_family() {
    for (user_agent, family) in [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot"),
        ("AdsBot-Google (+http://www.google.com/adsbot.html)", "Google AdsBot"),
        ("FeedFetcher-Google; (+http://www.google.com/feedfetcher.html)", "(feed readers)"),
        ("APIs-Google (+https://developers.google.com/webmasters/APIs-Google.html)", "(other Google)"),
        ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "Bingbot"),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
            "GPTBot",
        ),
        ("Mozilla/5.0 (compatible; ClaudeBot/1.0; +claudebot@anthropic.com)", "ClaudeBot"),
        ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", "AhrefsBot"),
        (
            "meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
            "Meta-ExternalAgent",
        ),
        ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "facebookexternalhit"),
        ("WhatsApp/2.23.20.0", "WhatsApp"),
        ("Y!J-BRW/1.0 (https://www.yahoo-help.jp/app/answers/detail/p/595/a_id/42716)", "Yahoo"),
        ("Mozilla/5.0 (compatible; archive.org_bot +http://archive.org/details/archive.org_bot)", "Internet Archive"),
        ("Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", "UptimeRobot"),
        ("curl/8.5.0", "curl"),
        ("python-requests/2.32", "Python"),
        ("Java/17.0.2", "Java"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/142.0.0.0 Safari/537.36",
            "(headless browsers)",
        ),
        ("MyTool 1.0", "(other robots)"),
        ("-", "(no user agent)"),
        ("Dalvik/2.1.0 (Linux; U; Android 8.0.0; SM-G930F Build/R16NW)", "(parts of apps)"),
    ] {
        let agent = AGENTS.classify(user_agent).0;
        assert!(agent.is_bot, "{user_agent}");
        assert_eq!(BOTS[usize::from(agent.bot)], family, "{user_agent}");
    }
}

#[test]
fn families_are_distinct() {
    let mut names = BOTS.to_vec();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), BOTS.len());
    assert_eq!(BOTS[robot_kinds::OTHER], "(other robots)");
    assert_eq!(BOTS[robot_kinds::APP], "(parts of apps)");
    assert_eq!(BOTS.len(), robot_kinds::APP + 1);
}

#[test]
fn nearly_all_known_crawlers_are_robots() {
    #[derive(serde::Deserialize)]
    struct Crawler {
        #[serde(default)]
        instances: Vec<String>,
    }
    let Some(text) = corpus("crawler-user-agents-1.67.0.json.gz") else {
        return;
    };
    let crawlers: Vec<Crawler> = serde_json::from_str(&text).unwrap();
    let all: Vec<_> = crawlers.iter().flat_map(|crawler| &crawler.instances).collect();
    let missed: Vec<_> = all.iter().filter(|user_agent| !AGENTS.classify(user_agent).0.is_bot).collect();
    eprintln!("robots: {} of {} missed: {missed:#?}", missed.len(), all.len());
    assert!(missed.len() * 50 <= all.len(), "recall is below 98 %");
    let mut families = BTreeMap::new();
    for user_agent in &all {
        let agent = AGENTS.classify(user_agent).0;
        *families.entry(if agent.is_bot { BOTS[usize::from(agent.bot)] } else { "(reader)" }).or_insert(0) += 1;
    }
    let named = |name: &&str| !name.starts_with('(');
    let in_one: usize = families.iter().filter(|(name, _)| named(name)).map(|(_, count)| count).sum();
    let in_none = families.get("(other robots)").copied().unwrap_or(0);
    eprintln!("{in_one} of {} in a named family, {in_none} in none: {families:?}", all.len());
    // The corpus has one line for each of 1,500 robots, most of them rare; by hits the share is far higher.
    assert!(in_one * 100 >= all.len() * 30, "too few robots are in a named family");
}

#[test]
fn most_hits_of_robots_are_of_a_family() {
    let path = format!("{}/../../../shared/data/logs/elastic-apache_logs.log.gz", env!("CARGO_MANIFEST_DIR"));
    let Ok(file) = File::open(&path) else {
        eprintln!("skipped: no log at {path}");
        return;
    };
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    let agents =
        text.lines().filter_map(|line| line.rsplit('"').nth(1)).map(|user_agent| AGENTS.classify(user_agent).0);
    let robots: Vec<_> = agents.filter(|agent| agent.is_bot).map(|agent| BOTS[usize::from(agent.bot)]).collect();
    let in_none = robots.iter().filter(|name| **name == "(other robots)").count();
    let in_kind = robots.iter().filter(|name| name.starts_with('(')).count() - in_none;
    eprintln!("{} hits of robots: {in_kind} in a kind, {in_none} in none", robots.len());
    assert!(in_none * 3 < robots.len(), "{in_none} of {} hits are of no family", robots.len());
}

/// One pair per case of a uap-core test file: the user agent and the family it must have.
fn families(text: &str) -> Vec<(String, String)> {
    let unquoted = |line: &str| {
        let value = line.split_once(": ")?.1.trim();
        let inner = value.strip_prefix('\'')?.strip_suffix('\'')?;
        Some(inner.replace("''", "'"))
    };
    let mut cases = Vec::new();
    let mut user_agent = None;
    for line in text.lines().map(str::trim_start) {
        if line.starts_with("- user_agent_string:") {
            user_agent = unquoted(line);
        } else if line.starts_with("family:")
            && let (Some(agent), Some(family)) = (user_agent.take(), unquoted(line))
        {
            cases.push((agent, family));
        }
    }
    cases
}

/// Nearly every reader of a vector file whose family is one of a list gets that very family. Not all do: the vectors
/// are newer than the patterns in the `ua-parser` package.
fn agreement(file: &str, list: &[&str], name: impl Fn(&str) -> &'static str) {
    let Some(text) = corpus(file) else { return };
    let (mut seen, mut other) = (BTreeMap::new(), Vec::new());
    for (user_agent, family) in families(&text) {
        if list.contains(&family.as_str()) && family != "Other" && !AGENTS.classify(&user_agent).0.is_bot {
            *seen.entry(family.clone()).or_insert(0) += 1;
            let got = name(&user_agent);
            if got != family && got != "iPadOS" {
                other.push(format!("{got}, not {family}: {user_agent}"));
            }
        }
    }
    let tried: usize = seen.values().sum();
    eprintln!("{file}: {} of {tried} differ: {other:#?}; tried: {seen:?}", other.len());
    assert!(seen.len() * 2 > list.len(), "too few families were tried");
    assert!(other.len() * 20 <= tried, "more than 5 % differ");
}

#[test]
fn agrees_with_uap_core() {
    agreement("uap-core-test_ua.yaml.gz", BROWSERS, |user_agent| names(user_agent).1);
    agreement("uap-core-test_os.yaml.gz", &["Windows", "Linux", "Android", "iOS"], |user_agent| names(user_agent).2);
}

#[test]
fn the_cache_changes_no_answer() {
    let fresh = Parsers::new();
    for user_agent in ["curl/8", "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0", "x"] {
        for _ in 0..3 {
            assert!(AGENTS.classify(user_agent).0 == fresh.classify(user_agent));
        }
    }
}

/// What the patterns cost, for whoever wants to know: `cargo test -- --ignored --nocapture measure`. The argument
/// HEADCOUNT_BROWSERS names a file of real browsers' user agents, one a line (isbot ships one), for false positives.
#[test]
#[ignore = "a measurement, not a check"]
fn measure() {
    let resident = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default().to_owned()
    };
    eprintln!("before: {}", resident());
    let start = std::time::Instant::now();
    let parsers = Parsers::new();
    eprintln!("built in {:?}, then {}", start.elapsed(), resident());
    #[allow(clippy::disallowed_methods)] // a measurement that is run by hand
    let Ok(path) = std::env::var("HEADCOUNT_BROWSERS") else {
        return;
    };
    let text = std::fs::read_to_string(path).unwrap();
    let start = std::time::Instant::now();
    // The list has loaders of apps, and names such as "Foo", among the browsers.
    let is_other = |line: &str| line.contains("Dalvik/") || line.contains("CFNetwork/") || !line.contains(['(', ';']);
    let wrong: Vec<_> = text.lines().filter(|line| parsers.classify(line).is_bot && !is_other(line)).collect();
    let count = text.lines().count();
    eprintln!("{} of {count} taken for robots, {:?} each: {wrong:#?}", wrong.len(), start.elapsed() / count as u32);
    eprintln!("after: {}", resident());
    assert!(wrong.len() * 1000 < count, "false positives are not below 0.1 %");
}

proptest! {
    #[test]
    fn any_text_gives_indexes(text in any::<String>(), tail in "[ -~]{0,200}", rare in "Iceweasel|Epiphany|Netscape") {
        let rare = format!("Mozilla/5.0 (X11; U; Linux i686) Gecko/20100101 {rare}/3.5");
        for user_agent in [text, format!("Mozilla/5.0 ({tail}"), rare] {
            let agent = AGENTS.classify(&user_agent).0;
            prop_assert!(usize::from(agent.bot) < BOTS.len());
            prop_assert!(usize::from(agent.browser) < BROWSERS.len());
            prop_assert!(usize::from(agent.os) < OSES.len());
            prop_assert!(usize::from(agent.device) < DEVICES.len());
        }
    }
}

//! Tells robots from readers by the user agent.
//!
//! It is here because robots are a large part of a public site's traffic and must not be counted as visitors. It takes the
//! user agent with the family and the system that uap-core found in it. "Robot" say: the lists of isbot and
//! crawler-user-agents, uap-core's class "Spider", the words below, and the lack of any browser or system. It never takes an agent for a robot because
//! it is rare. A robot that claims to be a common browser and nothing else is not found here; no list can.

use headcount_model::keys::{ROBOT_FAMILIES, robot_kinds, robot_patterns};
use regex::bytes::{Regex, RegexBuilder};
use ua_parser::device;

/// Parts of user agents, in lower case, that no browser carries: libraries, tools, feed readers, monitors, previews.
const WORDS: &[&str] = &[
    "(http",
    "+http",
    "-google",
    ".com)",
    ".io/",
    "; http",
    "aiohttp",
    "apache-http",
    "archiv",
    "axios",
    "capture",
    "checker",
    "crawl",
    "curl/",
    "favicon",
    "feedburner",
    "feedfetcher",
    "feedparser",
    "fetcher",
    "go-http-client",
    "gtmetrix",
    "guzzle",
    "headers",
    "headless",
    "hotjar",
    "http-client",
    "http_request",
    "httpclient",
    "httpie",
    "httpunit",
    "httpx",
    "inspector",
    "jakarta",
    "libwww-perl",
    "lighthouse",
    "like gecko; compatible",
    "link check",
    "linkcheck",
    "lwp",
    "mailto:",
    "monitor",
    "nikto",
    "node-fetch",
    "okhttp",
    "openvas",
    "pagespeed",
    "phantomjs",
    "pingdom",
    "playwright",
    "postman",
    "preview-",
    "puppeteer",
    "python",
    "restsharp",
    "ruby",
    "scan",
    "scrap",
    "selenium",
    "spider",
    "splash ",
    "synthetics",
    "thousandeyes",
    "undici",
    "uptime",
    "validator",
    "verify/",
    "watcher",
    "wget",
    "whatweb",
    "windowspowershell",
];

/// What the user agents of some tools start with, in lower case; elsewhere in one it may mean a plug-in or an app.
const STARTS: &[&str] = &["java/", "microsoft office/", "whatsapp"];

/// Systems, phones and browsers that uap-core does not know by name, in lower case.
const PLATFORMS: &[&str] = &[
    "alcatel",
    "amiga",
    "android",
    "asus",
    "beos",
    "browser",
    "dillo",
    "docomo",
    "haiku",
    "htc",
    "huawei",
    "konqueror",
    "lenovo",
    "lynx",
    "mac os",
    "macintosh",
    "macos",
    "maui",
    "midp",
    "motorola",
    "msie",
    "nokia",
    "os/2",
    "palm",
    "pantech",
    "philips",
    "playstation",
    "portalmmm",
    "ps vita",
    "samsung",
    "sony",
    "up.link",
    "w3m",
    "wap",
    "x11",
    "x64",
    "x86",
];
/// Makers of phones whose names are too short to be looked for anywhere but at the start.
const PHONE_STARTS: &[&str] = &["lg", "mot-", "sie-"];

/// Browsers for terminals: they name themselves and nothing else, as tools do.
const TEXT_BROWSERS: &[&str] = &["dillo/", "elinks/", "links (", "lynx/", "w3m/"];

/// The system libraries by which apps load pictures and data; nobody opens a page with them.
const APP_LIBRARIES: &[&str] = &["cfnetwork", "dalvik"];

/// Memory that the compiled lists may take, in bytes.
const LIST_BYTES_MAX: usize = 64 << 20;

/// The rules for robots, compiled.
pub(super) struct Bots {
    list: Regex,
    spiders: device::Extractor<'static>,
}

impl Bots {
    /// Takes uap-core's device patterns.
    ///
    /// # Errors
    /// A pattern that does not compile.
    pub(super) fn new(devices: Vec<device::Parser<'static>>) -> Result<Self, Box<dyn std::error::Error>> {
        // The list opens with the spiders. The one at its end is for agents that are no known device; without the
        // thousands between them (which cost much memory) it would take real phones for spiders.
        let is_spider = |parser: &device::Parser<'_>| parser.device_replacement.as_deref() == Some("Spider");
        let spiders = devices.into_iter().take_while(is_spider);
        Ok(Self { list: list()?, spiders: device::Builder::new().push_all(spiders)?.build()? })
    }

    /// The position in the public list of robots of a robot; `None` for a reader. `family` and `system` are what uap-core says of the
    /// same user agent.
    pub(super) fn find(&self, user_agent: &str, family: &str, system: &str) -> Option<u8> {
        let lower = user_agent.to_ascii_lowercase();
        self.is_bot(user_agent, &lower, family, system).then(|| family_of(&lower))
    }

    fn is_bot(&self, user_agent: &str, lower: &str, family: &str, system: &str) -> bool {
        family == "Spider"
            || WORDS.iter().any(|word| lower.contains(word))
            || STARTS.iter().any(|start| lower.starts_with(start))
            || (system == "Other" && is_tool(lower, family))
            || APP_LIBRARIES.iter().any(|library| lower.contains(library))
            || is_nobodys(lower, family)
            || (!TEXT_BROWSERS.iter().any(|browser| lower.starts_with(browser))
                && self.list.is_match(user_agent.as_bytes()))
            || self.spiders.extract(user_agent).is_some()
    }
}

/// `Mozilla/5.0 (X11; Linux x86_64)` or `Mozilla/5.0 Name/1.0` and nothing else: every browser of our time says what it is made
/// of, and for which system.
fn is_nobodys(lower: &str, family: &str) -> bool {
    let Some(rest) = lower.strip_prefix("mozilla/5.0") else { return false };
    let says_one_thing =
        !rest.contains('(') || (rest.starts_with(" (") && rest.ends_with(')') && rest.matches('(').count() == 1);
    family == "Other" && says_one_thing
}

/// All patterns of the lists in one.
fn list() -> Result<Regex, regex::Error> {
    let all: Vec<String> = robot_patterns().map(|pattern| format!("(?:{pattern})")).collect();
    RegexBuilder::new(&all.join("|")).unicode(false).size_limit(LIST_BYTES_MAX).build()
}

/// The position in the public list of a robot's user agent in lower case.
fn family_of(lower: &str) -> u8 {
    let fits = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let family = ROBOT_FAMILIES.iter().position(|(_, words)| fits(words));
    let kind = if fits(APP_LIBRARIES) { robot_kinds::APP } else { robot_kinds::OTHER };
    position(family.unwrap_or(kind))
}

/// A position among the families, which are fewer than 256.
#[expect(clippy::cast_possible_truncation, reason = "Cast safety: a list of some hundred.")]
pub(crate) const fn position(index: usize) -> u8 {
    assert!(index < 256, "a position is one byte");
    index as u8
}

/// True for an agent on no known system that names no browser either, or that only calls itself compatible with one.
/// Every browser names its system; a tool has no reason to.
fn is_tool(lower: &str, family: &str) -> bool {
    let nameless = family == "Other" && !lower.starts_with("mozilla");
    let compatible = lower.contains("compatible;");
    let known = PLATFORMS.iter().any(|platform| lower.contains(platform))
        || PHONE_STARTS.iter().any(|start| lower.starts_with(start));
    (nameless || compatible) && !known
}

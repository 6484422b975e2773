//! Tells robots from readers by the user agent.
//!
//! It is here because robots are a large part of a public site's traffic and must not be counted as visitors. It takes the
//! user agent with the family and the system that uap-core found in it. "Robot" say: the crate isbot, uap-core's
//! class "Spider", the words below, and the lack of any browser or system. It never takes an agent for a robot because
//! it is rare. A robot that claims to be a common browser and nothing else is not found here; no list can.

use headcount_model::keys::ROBOT_FAMILIES;
use ua_parser::device;

use super::{BOTS, last};

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
];

/// What the user agents of some tools start with, in lower case; elsewhere in one it may mean a plug-in or an app.
const STARTS: &[&str] = &["java/", "whatsapp"];

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

/// The rules for robots, compiled.
pub(super) struct Bots {
    list: isbot::Bots,
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
        Ok(Self { list: isbot::Bots::default(), spiders: device::Builder::new().push_all(spiders)?.build()? })
    }

    /// The position in [`BOTS`] of a robot; `None` for a reader. `family` and `system` are what uap-core says of the
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
            || self.list.is_bot(lower)
            || self.spiders.extract(user_agent).is_some()
    }
}

/// The position in [`BOTS`] of a robot's user agent in lower case.
fn family_of(lower: &str) -> u8 {
    let fits = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let index = ROBOT_FAMILIES.iter().position(|(_, words)| fits(words)).unwrap_or(ROBOT_FAMILIES.len());
    u8::try_from(index).unwrap_or(last(BOTS))
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

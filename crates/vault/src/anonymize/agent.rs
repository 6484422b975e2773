//! Browser, operating system and device class of a user agent, and whether it is a robot.
//!
//! It is here because a full user agent tells visitors apart. It takes the header and gives indexes into short public
//! lists, and a digest by which a visitor is told from others at the same address. It keeps no user agent: the cache knows
//! hashes alone, of no particular visitor.
//!
//! The patterns are those of uap-core and two lists of robots; [`bots`] adds what they miss. An empty user agent is no robot
//! (the common log format has none) and falls under "Other"; `-`, a request that had none, is one.

mod age;
mod bots;
#[cfg(test)]
mod tests;

use std::{collections::hash_map::RandomState, hash::BuildHasher, sync::OnceLock};

pub(super) use age::Age;
use bots::Bots;
pub(super) use bots::position;
use headcount_model::keys::{BROWSERS, OSES, robot_kinds};
use quick_cache::sync::Cache;
use ua_parser::{Regexes, os, user_agent};

use crate::keys::first_half;

/// The patterns of the `ua-parser` package, converted by build.rs.
static PATTERNS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/agent_patterns.json"));
/// How much of a header is looked at, in bytes (the protocol's limit).
const USER_AGENT_BYTES_MAX: usize = 4096;
/// A busy site sees some ten thousand different agents a day; an entry takes about 60 bytes.
const CACHE_ENTRIES: usize = 32_768;

const DESKTOP: u8 = 0;
const MOBILE: u8 = 1;
const TABLET: u8 = 2;
const OTHER_DEVICE: u8 = 3;

/// Families of uap-core that are published under another name.
const BROWSER_NAMES: &[(&str, &str)] = &[
    ("Android", "Android Browser"),
    ("Chrome Mobile iOS", "Chrome Mobile"),
    ("Chrome Mobile WebView", "Chrome WebView"),
    ("Chromium", "Chrome"),
    ("DuckDuckGo Mobile", "DuckDuckGo"),
    ("Firefox Alpha", "Firefox"),
    ("Firefox Beta", "Firefox"),
    ("Firefox iOS", "Firefox Mobile"),
    ("Google", "Google App"),
    ("HuaweiBrowser", "Huawei Browser"),
    ("IE Large Screen", "IE"),
    ("IE Mobile", "IE"),
    ("MiuiBrowser", "MIUI Browser"),
    ("Mobile Safari UI/WKWebView", "iOS WebView"),
    ("Opera Coast", "Opera Mobile"),
    ("Opera GX", "Opera"),
    ("Opera Mini", "Opera Mobile"),
    ("Opera Neon", "Opera"),
    ("Opera Tablet", "Opera Mobile"),
    ("Opera Touch", "Opera Mobile"),
    ("QQ Browser Mini", "QQ Browser"),
    ("QQ Browser Mobile", "QQ Browser"),
    ("Sogou Explorer", "Sogou"),
    ("WeChat Browser", "WeChat"),
];

/// Starts of uap-core's system names, and what they are published as. The first that fits counts.
const OS_NAMES: &[(&str, &str)] = &[
    ("Windows Phone", "Other mobile"),
    ("Windows Mobile", "Other mobile"),
    ("Windows CE", "Other mobile"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Android", "Android"),
    ("iOS", "iOS"),
    ("Chrome OS", "ChromeOS"),
    ("Chromecast", "Smart TV"),
    ("tvOS", "Smart TV"),
    ("ATV OS X", "Smart TV"),
    ("GoogleTV", "Smart TV"),
    ("webOS", "Smart TV"),
    ("Web0S", "Smart TV"),
    ("Tizen", "Smart TV"),
    ("Roku", "Smart TV"),
    ("FireHbbTV", "Smart TV"),
    ("Samsung", "Smart TV"),
    ("LG", "Smart TV"),
    ("Philips", "Smart TV"),
    ("Panasonic", "Smart TV"),
    ("Sony", "Smart TV"),
    ("WebTV", "Smart TV"),
    ("Symbian", "Other mobile"),
    ("BlackBerry", "Other mobile"),
    ("Firefox OS", "Other mobile"),
    ("KaiOS", "Other mobile"),
    ("Nokia", "Other mobile"),
    ("Brew", "Other mobile"),
    ("BREW", "Other mobile"),
    ("Bada", "Other mobile"),
    ("Linux", "Linux"),
    ("Ubuntu", "Linux"),
    ("Kubuntu", "Linux"),
    ("Debian", "Linux"),
    ("Fedora", "Linux"),
    ("Red Hat", "Linux"),
    ("Gentoo", "Linux"),
    ("SUSE", "Linux"),
    ("CentOS", "Linux"),
    ("Arch Linux", "Linux"),
    ("Mageia", "Linux"),
    ("Mandriva", "Linux"),
    ("Slackware", "Linux"),
    ("PCLinuxOS", "Linux"),
    ("FreeBSD", "Unix"),
    ("OpenBSD", "Unix"),
    ("NetBSD", "Unix"),
    ("Solaris", "Unix"),
];

/// What a user agent is cut down to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Agent {
    /// A crawler, a monitor, a library, a preview: nobody who reads. The other fields are then "Other".
    pub is_bot: bool,
    /// Index in the public list of robots; means nothing for a reader.
    pub bot: u8,
    /// Index in [`BROWSERS`].
    pub browser: u8,
    /// Index in [`OSES`].
    pub os: u8,
    /// Index in the public list of devices.
    pub device: u8,
    /// Until when it was a browser of its time.
    pub age: Age,
}

/// Stands for all bytes of a user agent among those that make a visitor. The same in every process.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct AgentDigest(pub [u8; 16]);

impl AgentDigest {
    fn of(user_agent: &str) -> Self {
        Self(first_half(&blake3::derive_key("headcount 2026 user agent", user_agent.as_bytes())))
    }
}

/// Classifies user agents. Share one: the patterns take some megabytes and are compiled at the first use.
pub(crate) struct Agents {
    parsers: OnceLock<Parsers>,
    /// Remembers answers of a pure function, so that what is evicted changes time alone and never an answer.
    known: Cache<u64, (Agent, AgentDigest)>,
    /// Keyed at random in every process: nobody can choose user agents that share a hash.
    hasher: RandomState,
}

struct Parsers {
    bots: Bots,
    browser: user_agent::Extractor<'static>,
    os: os::Extractor<'static>,
}

impl Agents {
    /// Builds nothing yet: compiling the patterns takes a good part of a second.
    pub(crate) fn new() -> Self {
        Self { parsers: OnceLock::new(), known: Cache::new(CACHE_ENTRIES), hasher: RandomState::new() }
    }

    /// Compiles the patterns now, so that no event waits for it.
    pub(crate) fn prepare(&self) {
        self.parsers.get_or_init(Parsers::new);
    }

    /// The classes of a User-Agent header, and its digest; its first 4,096 bytes are looked at.
    pub(crate) fn classify(&self, user_agent: &str) -> (Agent, AgentDigest) {
        let mut length = user_agent.len().min(USER_AGENT_BYTES_MAX);
        while !user_agent.is_char_boundary(length) {
            length -= 1;
        }
        let user_agent = &user_agent[..length];
        let key = self.hasher.hash_one(user_agent);
        if let Some(known) = self.known.get(&key) {
            return known;
        }
        let agent = self.parsers.get_or_init(Parsers::new).classify(user_agent);
        let known = (agent, AgentDigest::of(user_agent));
        self.known.insert(key, known);
        known
    }
}

impl Parsers {
    #[expect(
        clippy::expect_used,
        reason = "Unwrap safety: the patterns are part of the program, and the tests compile them."
    )]
    fn new() -> Self {
        Self::from_patterns().expect("the patterns that were built in compile")
    }

    fn from_patterns() -> Result<Self, Box<dyn std::error::Error>> {
        let patterns: Regexes<'static> = serde_json::from_slice(PATTERNS)?;
        Ok(Self {
            browser: user_agent::Builder::new().push_all(patterns.user_agent_parsers)?.build()?,
            os: os::Builder::new().push_all(patterns.os_parsers)?.build()?,
            bots: Bots::new(patterns.device_parsers)?,
        })
    }

    fn classify(&self, user_agent: &str) -> Agent {
        const OTHER_BOT: u8 = position(robot_kinds::OTHER);
        const NO_AGENT: u8 = position(robot_kinds::NO_AGENT);
        let (browser, os, device, age) = (last(BROWSERS), last(OSES), OTHER_DEVICE, Age::UNKNOWN);
        let nothing = Agent { is_bot: false, bot: OTHER_BOT, browser, os, device, age };
        match user_agent.trim() {
            "" => return nothing,
            "-" => return Agent { is_bot: true, bot: NO_AGENT, ..nothing },
            _ => {}
        }
        let browser = self.browser.extract(user_agent);
        let family = browser.as_ref().map_or("Other", |value| value.family.as_ref());
        let system = self.os.extract(user_agent);
        let system = system.as_ref().map_or("Other", |value| value.os.as_ref());
        if let Some(bot) = self.bots.find(user_agent, family, system) {
            return Agent { is_bot: true, bot, ..nothing };
        }
        Agent {
            browser: browser_index(user_agent, family),
            os: os_index(user_agent, system),
            device: device_index(user_agent),
            age: Age::of(user_agent),
            ..nothing
        }
    }
}

/// The index of the last entry of a list, which is "Other".
#[expect(clippy::cast_possible_truncation, reason = "Cast safety: the length is checked when the program is compiled.")]
const fn last(list: &[&str]) -> u8 {
    assert!(!list.is_empty() && list.len() <= 256, "an index is one byte");
    (list.len() - 1) as u8
}

fn index_in(list: &[&str], name: &str) -> u8 {
    list.iter().position(|entry| *entry == name).and_then(|index| u8::try_from(index).ok()).unwrap_or(last(list))
}

fn browser_index(user_agent: &str, family: &str) -> u8 {
    let renamed = BROWSER_NAMES.iter().find(|(from, _)| *from == family).map_or(family, |(_, name)| name);
    let name =
        if user_agent.contains("YJApp") || user_agent.contains("jp.co.yahoo.") { "Yahoo! Japan" } else { renamed };
    index_in(BROWSERS, name)
}

fn os_index(user_agent: &str, family: &str) -> u8 {
    let name = OS_NAMES.iter().find(|(start, _)| family.starts_with(start)).map_or("Other", |(_, name)| name);
    index_in(OSES, if name == "iOS" && user_agent.contains("iPad") { "iPadOS" } else { name })
}

fn device_index(user_agent: &str) -> u8 {
    let has = |words: &[&str]| words.iter().any(|word| user_agent.contains(word));
    let television = [
        "SmartTV",
        "SMART-TV",
        "Smart-TV",
        "AppleTV",
        "GoogleTV",
        "Google TV",
        "Android TV",
        "HbbTV",
        "BRAVIA",
        "CrKey",
        "Roku",
        "Web0S",
        "AFTT",
        "AFTM",
        "AFTS",
        "PlayStation",
        "Xbox",
        "Nintendo",
    ];
    let phone = [
        "Mobi",
        "iPhone",
        "iPod",
        "Windows Phone",
        "BlackBerry",
        "Opera Mini",
        "MIDP",
        "DoCoMo",
        "KDDI-",
        "SoftBank",
        "UP.Browser",
        "Symbian",
    ];
    if has(&television) {
        OTHER_DEVICE
    } else if has(&["iPad", "PlayBook", "Kindle"]) || (has(&["Tablet"]) && !has(&["Tablet PC"])) {
        TABLET
    } else if has(&phone) {
        MOBILE
    } else if has(&["Android"]) {
        // Phones say "Mobile" as well; what does not is a tablet.
        TABLET
    } else if has(&["Windows", "Macintosh", "Mac OS X", "X11", "Linux", "CrOS"]) {
        DESKTOP
    } else {
        OTHER_DEVICE
    }
}

//! Where visits come from: the referrers and campaigns that are published in every period. Others appear once they pass a
//! threshold.

/// No referrer, one that cannot be read, or one of the site's own pages.
pub const DIRECT: &str = "(direct)";
/// A host given as an IP address.
pub const ADDRESS: &str = "(address)";
/// A host without a registered domain (a name inside some network), or one too long to be told.
pub const OTHER_HOST: &str = "(other host)";
/// An Android app that is in no group.
pub const OTHER_APP: &str = "(other app)";

/// The public part of the key space: these keys are published in every period. Other keys are domain names.
pub const PUBLIC_REFERRERS: &[&str] = &[
    DIRECT,
    ADDRESS,
    OTHER_HOST,
    OTHER_APP,
    // Search engines
    "Google",
    "Bing",
    "Yahoo!",
    "DuckDuckGo",
    "Baidu",
    "Yandex",
    "Naver",
    "Sogou",
    "Ecosia",
    "Qwant",
    "Startpage",
    "Seznam",
    "Brave Search",
    "goo",
    "Daum",
    // Social networks
    "Facebook",
    "X",
    "LINE",
    "Instagram",
    "YouTube",
    "LinkedIn",
    "Reddit",
    "note",
    "Weibo",
    "TikTok",
    "Threads",
    "Bluesky",
    "Pinterest",
    "Hatena",
    "WhatsApp",
    "Telegram",
    "WeChat",
    "KakaoTalk",
    "VK",
    "Discord",
    // Assistants
    "ChatGPT",
    "Perplexity",
    "Gemini",
    "Copilot",
    "Claude",
    "DeepSeek",
    "Grok",
];

/// The key of a visit that no campaign led to.
pub const NO_CAMPAIGN: &str = "(none)";
/// The public part of the key space: published in every period. Other keys appear past a threshold.
pub const PUBLIC_CAMPAIGNS: &[&str] = &[NO_CAMPAIGN];

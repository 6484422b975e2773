//! Browsers, operating systems and device classes: what a user agent is cut down to.
//!
//! Open periods count them by position: a list that changes its order or length needs all open periods sealed first.

/// Every browser that is ever published.
pub const BROWSERS: &[&str] = &[
    "Chrome",
    "Chrome Mobile",
    "Chrome WebView",
    "Edge",
    "Edge Mobile",
    "Safari",
    "Mobile Safari",
    "iOS WebView",
    "Firefox",
    "Firefox Mobile",
    "Samsung Internet",
    "Opera",
    "Opera Mobile",
    "Brave",
    "Vivaldi",
    "DuckDuckGo",
    "Yandex Browser",
    "UC Browser",
    "QQ Browser",
    "Sogou",
    "MIUI Browser",
    "Huawei Browser",
    "Whale",
    "Amazon Silk",
    "Android Browser",
    "Google App",
    "Facebook",
    "Instagram",
    "LINE",
    "Yahoo! Japan",
    "WeChat",
    "IE",
    "Other",
];

/// Every operating system that is ever published.
pub const OSES: &[&str] =
    &["Windows", "macOS", "Linux", "Android", "iOS", "iPadOS", "ChromeOS", "Unix", "Smart TV", "Other mobile", "Other"];

/// Every device class that is ever published. A tablet that asks for desktop pages counts as a desktop.
pub const DEVICES: &[&str] = &["desktop", "mobile", "tablet", "other"];

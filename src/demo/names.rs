//! Published names of what the generator names differently: families of browsers and systems, groups of referrers. Written
//! by hand, so that the truth does not come from the code that it checks.

/// A browser's published name.
#[must_use]
pub fn browser(family: &str) -> &str {
    match family {
        "Chrome Mobile iOS" => "Chrome Mobile",
        "Chrome Mobile WebView" => "Chrome WebView",
        "Firefox iOS" => "Firefox Mobile",
        "Google" => "Google App",
        "Mobile Safari UI/WKWebView" => "iOS WebView",
        other => other,
    }
}

/// A system's published name.
#[must_use]
pub fn system(family: &str) -> &str {
    match family {
        "Mac OS X" => "macOS",
        "Ubuntu" | "Fedora" => "Linux",
        "Chrome OS" => "ChromeOS",
        other => other,
    }
}

/// A referrer's published name. A visit that continues after midnight counts as direct.
#[must_use]
pub fn referrer(domain: &str) -> &str {
    match domain {
        super::referrers::OWN_SITE => super::referrers::DIRECT,
        "google.com" | "google.co.jp" => "Google",
        "bing.com" => "Bing",
        "yahoo.co.jp" => "Yahoo!",
        "duckduckgo.com" => "DuckDuckGo",
        "yandex.ru" => "Yandex",
        "t.co" => "X",
        "facebook.com" => "Facebook",
        "instagram.com" => "Instagram",
        "linkedin.com" => "LinkedIn",
        "reddit.com" => "Reddit",
        other => other,
    }
}

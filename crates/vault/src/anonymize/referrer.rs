//! Where a visitor came from, as one short key: a group by name, or the referring site's registrable domain.
//!
//! It is here because a full referrer URL says what somebody searched, read or wrote. It takes the Referer header and
//! writes the key; path and query are never looked at, and a host is cut to what is registered in public.

use std::hash::{BuildHasher, RandomState};

use headcount_model::keys::{ADDRESS, DIRECT, OTHER_APP, OTHER_HOST};
use psl::{Psl, Type};
use quick_cache::sync::Cache;

use super::host::{host_of, is_below, strip_scheme};
use crate::units::SiteName;

/// The longest key that is ever written, in bytes.
const KEY_BYTES_MAX: usize = 128;

/// Hosts (with all their subdomains) that belong to a group other than the one of their domain. Looked at first.
const HOSTS: &[(&str, &str)] = &[
    ("gemini.google.com", "Gemini"),
    ("bard.google.com", "Gemini"),
    ("copilot.microsoft.com", "Copilot"),
    ("copilot.cloud.microsoft", "Copilot"),
    ("m365.cloud.microsoft", "Copilot"),
    ("chat.openai.com", "ChatGPT"),
    ("search.brave.com", "Brave Search"),
    ("b.hatena.ne.jp", "Hatena"),
    ("chat.deepseek.com", "DeepSeek"),
    ("search.daum.net", "Daum"),
];

/// Registrable domains of groups.
const DOMAINS: &[(&str, &str)] = &[
    ("baidu.com", "Baidu"),
    ("bing.com", "Bing"),
    ("bsky.app", "Bluesky"),
    ("chatgpt.com", "ChatGPT"),
    ("claude.ai", "Claude"),
    ("daum.net", "Daum"),
    ("discord.com", "Discord"),
    ("duckduckgo.com", "DuckDuckGo"),
    ("ecosia.org", "Ecosia"),
    ("facebook.com", "Facebook"),
    ("fb.com", "Facebook"),
    ("fb.me", "Facebook"),
    ("goo.ne.jp", "goo"),
    ("grok.com", "Grok"),
    ("hatena.ne.jp", "Hatena"),
    ("hatenablog.com", "Hatena"),
    ("instagram.com", "Instagram"),
    ("kakao.com", "KakaoTalk"),
    ("line.me", "LINE"),
    ("linkedin.com", "LinkedIn"),
    ("lnkd.in", "LinkedIn"),
    ("naver.com", "Naver"),
    ("note.com", "note"),
    ("note.mu", "note"),
    ("perplexity.ai", "Perplexity"),
    ("pin.it", "Pinterest"),
    ("qwant.com", "Qwant"),
    ("redd.it", "Reddit"),
    ("reddit.com", "Reddit"),
    ("seznam.cz", "Seznam"),
    ("sogou.com", "Sogou"),
    ("startpage.com", "Startpage"),
    ("t.co", "X"),
    ("t.me", "Telegram"),
    ("telegram.org", "Telegram"),
    ("threads.com", "Threads"),
    ("threads.net", "Threads"),
    ("tiktok.com", "TikTok"),
    ("twitter.com", "X"),
    ("vk.com", "VK"),
    ("vk.ru", "VK"),
    ("wa.me", "WhatsApp"),
    ("wechat.com", "WeChat"),
    ("weibo.cn", "Weibo"),
    ("weibo.com", "Weibo"),
    ("whatsapp.com", "WhatsApp"),
    ("x.com", "X"),
    ("ya.ru", "Yandex"),
    ("youtu.be", "YouTube"),
    ("youtube.com", "YouTube"),
    ("youtube-nocookie.com", "YouTube"),
];

/// First labels of registrable domains that a group holds in many countries (`google.co.jp`, `yahoo.com`).
const LABELS: &[(&str, &str)] =
    &[("google", "Google"), ("pinterest", "Pinterest"), ("yahoo", "Yahoo!"), ("yandex", "Yandex")];

/// Packages of Android apps; the name or what starts with the name and a dot.
const APPS: &[(&str, &str)] = &[
    ("com.discord", "Discord"),
    ("com.facebook", "Facebook"),
    ("com.google", "Google"),
    ("com.google.android.apps.bard", "Gemini"),
    ("com.google.android.youtube", "YouTube"),
    ("com.instagram", "Instagram"),
    ("com.linkedin", "LinkedIn"),
    ("com.microsoft.bing", "Bing"),
    ("com.microsoft.copilot", "Copilot"),
    ("com.nhn.android", "Naver"),
    ("com.openai.chatgpt", "ChatGPT"),
    ("ai.perplexity", "Perplexity"),
    ("com.anthropic.claude", "Claude"),
    ("com.pinterest", "Pinterest"),
    ("com.reddit", "Reddit"),
    ("com.sina.weibo", "Weibo"),
    ("com.twitter", "X"),
    ("com.whatsapp", "WhatsApp"),
    ("com.tencent.mm", "WeChat"),
    ("com.kakao.talk", "KakaoTalk"),
    ("com.zhiliaoapp.musically", "TikTok"),
    ("com.duckduckgo", "DuckDuckGo"),
    ("jp.co.yahoo", "Yahoo!"),
    ("jp.naver.line", "LINE"),
    ("org.telegram", "Telegram"),
];

/// A busy site sees some ten thousand different referrers a day; an entry takes about 60 bytes.
const CACHE_ENTRIES: usize = 32_768;
/// Keys up to this length, in bytes, are remembered.
const REMEMBERED_BYTES_MAX: usize = 31;

/// A key that is short enough to be remembered.
#[derive(Clone, Copy)]
struct Short {
    length: u8,
    bytes: [u8; REMEMBERED_BYTES_MAX],
}

impl Short {
    fn of(key: &str) -> Option<Self> {
        let mut bytes = [0; REMEMBERED_BYTES_MAX];
        bytes.get_mut(..key.len())?.copy_from_slice(key.as_bytes());
        Some(Self { length: u8::try_from(key.len()).ok()?, bytes })
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or(OTHER_HOST)
    }
}

/// Finds the keys of Referer headers, and remembers those of headers that come again, under a hash of the header.
pub(crate) struct Referrers {
    /// Remembers answers of a pure function, so that what is evicted changes time alone and never an answer.
    known: Cache<u64, Short>,
    /// Keyed at random in every process: nobody can choose headers that share a hash.
    hasher: RandomState,
}

impl Referrers {
    pub(crate) fn new() -> Self {
        Self { known: Cache::new(CACHE_ENTRIES), hasher: RandomState::new() }
    }

    /// Writes the key of a header that was sent to a site into `out`, as [`referrer`] does.
    pub(crate) fn find(&self, raw: &str, site: &SiteName, own_hosts: &[String], out: &mut String) {
        if matches!(raw, "" | "-") {
            return referrer(raw, own_hosts, out);
        }
        let key = self.hasher.hash_one((site, raw));
        if let Some(known) = self.known.get(&key) {
            out.clear();
            out.push_str(known.as_str());
            return;
        }
        referrer(raw, own_hosts, out);
        if let Some(short) = Short::of(out) {
            self.known.insert(key, short);
        }
    }
}

/// Writes the key of a Referer header into `out` (cleared first): never empty, at most 128 bytes.
///
/// `own_hosts` are the site's hosts in lower case: `example.jp` stands for itself and `www.example.jp` (and the other way
/// round), `*.example.jp` for the domain and everything below it.
fn referrer(raw: &str, own_hosts: &[String], out: &mut String) {
    out.clear();
    let raw = raw.trim();
    if matches!(raw, "" | "-") {
        out.push_str(DIRECT);
        return;
    }
    let app = strip_scheme(raw, "android-app://").map(|rest| {
        let package = rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
        app_group(&package)
    });
    match app {
        Some(group) => out.push_str(group),
        None => match host_of(raw) {
            Some(host) if !is_own(&host, own_hosts) => site(&host, out),
            _ => out.push_str(DIRECT),
        },
    }
}

fn is_own(host: &str, own_hosts: &[String]) -> bool {
    fn bare(name: &str) -> &str {
        name.strip_prefix("www.").unwrap_or(name)
    }
    own_hosts.iter().any(|own| match own.strip_prefix("*.") {
        Some(domain) => is_below(host, domain),
        None => bare(host) == bare(own),
    })
}

fn site(host: &str, out: &mut String) {
    if host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok() {
        out.push_str(ADDRESS);
    } else if let Some((_, group)) = HOSTS.iter().find(|(domain, _)| is_below(host, domain)) {
        out.push_str(group);
    } else {
        out.push_str(registrable(host).map_or(OTHER_HOST, |(domain, kind)| group_of(domain, kind)));
    }
}

/// The registrable domain of a host, where its suffix is in the public suffix list. A suffix that is not in it (a
/// name inside some company's network) is nobody's to publish.
fn registrable(host: &str) -> Option<(&str, Type)> {
    let domain = psl::List.domain(host.as_bytes())?;
    let kind = domain.suffix().typ()?;
    let text = std::str::from_utf8(domain.as_bytes()).ok()?;
    let fits = text.len() <= KEY_BYTES_MAX && !text.starts_with('.');
    fits.then_some((text, kind))
}

fn group_of(domain: &str, kind: Type) -> &str {
    let label = domain.split('.').next().unwrap_or_default();
    let by_domain = DOMAINS.iter().find(|(name, _)| *name == domain);
    // Under a private suffix (`google.github.io`) anybody may take any label.
    let by_label = || LABELS.iter().find(|(name, _)| kind == Type::Icann && *name == label);
    by_domain.or_else(by_label).map_or(domain, |(_, group)| group)
}

/// The group of the longest entry that the package is or stands below.
fn app_group(package: &str) -> &'static str {
    let below = |name: &str| package.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let longest = APPS.iter().filter(|(name, _)| below(name)).max_by_key(|(name, _)| name.len());
    longest.map_or(OTHER_APP, |(_, group)| group)
}

#[cfg(test)]
mod tests {
    use headcount_model::keys::PUBLIC_REFERRERS;
    use proptest::prelude::*;

    use super::*;

    fn key(raw: &str) -> String {
        let own = ["www.mofa.example.jp", "*.emb.example.jp"].map(String::from);
        let mut out = "old".to_owned();
        referrer(raw, &own, &mut out);
        // What is remembered is the same, and every site has its own.
        static KNOWN: std::sync::LazyLock<Referrers> = std::sync::LazyLock::new(Referrers::new);
        for (site, hosts) in [("a", &own[..]), ("b", &[]), ("a", &own[..]), ("b", &[])] {
            let (mut found, mut expected) = (String::new(), String::new());
            KNOWN.find(raw, &SiteName::new(site).unwrap(), hosts, &mut found);
            referrer(raw, hosts, &mut expected);
            assert_eq!(found, expected, "{raw:?}");
        }
        out
    }

    #[test]
    fn keys() {
        for (raw, expected) in [
            ("", DIRECT),
            ("-", DIRECT),
            ("not a url", DIRECT),
            ("https://", DIRECT),
            ("https://a..b/", DIRECT),
            ("javascript:alert(1)", DIRECT),
            ("https://www.mofa.example.jp/a", DIRECT),
            ("HTTPS://MOFA.example.jp:443/a", DIRECT),
            ("https://us.emb.example.jp/", DIRECT),
            ("https://emb.example.jp", DIRECT),
            ("https://notemb.example.jp/", "example.jp"),
            ("https://sub.mofa.example.jp/", "example.jp"),
            ("https://www.google.co.jp/search?q=taro", "Google"),
            ("https://www.google.com/", "Google"),
            ("https://google.github.io/", "google.github.io"),
            ("https://news.google.com./", "Google"),
            ("https://gemini.google.com/app", "Gemini"),
            ("https://search.yahoo.co.jp/search?p=x", "Yahoo!"),
            ("https://yandex.com.tr/", "Yandex"),
            ("https://t.co/abc", "X"),
            ("https://twitter.com/taro", "X"),
            ("https://lm.facebook.com/l.php?u=x", "Facebook"),
            ("https://chat.openai.com/", "ChatGPT"),
            ("https://openai.com/", "openai.com"),
            ("https://copilot.microsoft.com/", "Copilot"),
            ("https://www.perplexity.ai/search/x", "Perplexity"),
            ("https://claude.ai/chat/x", "Claude"),
            ("https://liff.line.me/1", "LINE"),
            ("android-app://com.google.android.googlequicksearchbox/", "Google"),
            ("android-app://com.google.android.youtube", "YouTube"),
            ("android-app://jp.naver.line.android/", "LINE"),
            ("android-app://com.googleish/", OTHER_APP),
            ("http://taro:secret@blog.example.co.jp:8080/?taro@example.jp", "example.co.jp"),
            ("http://192.168.0.1/admin", ADDRESS),
            ("http://[2001:db8::1]:80/", ADDRESS),
            ("http://[2001:db8::1", DIRECT),
            ("http://localhost:3000/", OTHER_HOST),
            ("http://intranet/wiki", OTHER_HOST),
            ("http://wiki.tanaka.internal/", OTHER_HOST),
            ("http://co.jp/", OTHER_HOST),
            ("https://外務省.jp/x", "外務省.jp"),
        ] {
            assert_eq!(key(raw), expected, "{raw:?}");
        }
    }

    #[test]
    fn every_group_is_public() {
        for (_, group) in [HOSTS, DOMAINS, LABELS, APPS].into_iter().flatten() {
            assert!(PUBLIC_REFERRERS.contains(group), "{group}");
        }
        for name in PUBLIC_REFERRERS.iter().filter(|name| !name.starts_with('(')) {
            assert!([HOSTS, DOMAINS, LABELS, APPS].into_iter().flatten().any(|(_, group)| group == name), "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_a_short_key(raw in any::<String>(), host in "[a-zA-Z0-9.:@\\[\\]é本_-]{0,300}") {
            for text in [raw, format!("https://{host}/x"), format!("android-app://{host}")] {
                let key = key(&text);
                prop_assert!(!key.is_empty() && key.len() <= KEY_BYTES_MAX);
                prop_assert!(!key.contains(['/', '?', '@', ':']));
            }
        }
    }
}

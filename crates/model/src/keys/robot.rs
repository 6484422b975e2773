//! Families of robots: who reads a site besides people, and by what each family is told.
//!
//! It is here because a site's operator wants to know which robots come, and a full user agent is nobody's to publish.
//! Nothing here decides whether something is a robot.

/// What is in no family.
const OTHER: &str = "(other robots)";

/// A family, and parts of user agents in lower case that tell it. The first family that fits counts: who runs a robot
/// comes before what it is made with. Names in parentheses are kinds and not one robot.
pub const ROBOT_FAMILIES: &[(&str, &[&str])] = &[
    // Search engines
    ("Googlebot", &["googlebot", "google-inspectiontool", "storebot-google", "googleother"]),
    ("Google AdsBot", &["adsbot-google", "mediapartners-google", "google-adwords", "google-ads"]),
    ("Bingbot", &["bingbot", "bingpreview", "msnbot", "adidxbot", "microsoftpreview"]),
    ("Applebot", &["applebot"]),
    ("DuckDuckBot", &["duckduckbot", "duckduckgo-favicons", "duckassistbot"]),
    ("YandexBot", &["yandex"]),
    ("Baiduspider", &["baidu"]),
    ("Sogou", &["sogou"]),
    ("360Spider", &["360spider", "haosouspider"]),
    ("YisouSpider", &["yisouspider"]),
    ("PetalBot", &["petalbot", "aspiegelbot"]),
    ("Bytespider", &["bytespider", "tiktokspider", "toutiaospider"]),
    ("Yahoo", &["slurp", "yahoo", "y!j"]),
    ("Naver Yeti", &["yeti/", "naver"]),
    ("Daum", &["daum"]),
    ("SeznamBot", &["seznam"]),
    ("Coccocbot", &["coccoc"]),
    ("Qwant", &["qwant"]),
    ("MojeekBot", &["mojeek"]),
    ("Mail.RU_Bot", &["mail.ru"]),
    ("Exabot", &["exabot"]),
    ("Ichiro", &["ichiro"]),
    ("Hatena", &["hatena"]),
    ("Linespider", &["linespider"]),
    ("YaCy", &["yacy"]),
    ("Seekport", &["seekport"]),
    ("Kagibot", &["kagibot"]),
    ("Brave", &["bravebot", "brave search"]),
    // Models and assistants
    ("GPTBot", &["gptbot"]),
    ("ChatGPT-User", &["chatgpt-user"]),
    ("OAI-SearchBot", &["oai-searchbot"]),
    ("ClaudeBot", &["claudebot", "anthropic-ai", "claude-web"]),
    ("Claude-User", &["claude-user", "claude-searchbot"]),
    ("PerplexityBot", &["perplexity"]),
    ("Amazonbot", &["amazonbot", "amzn-", "amazonadbot", "amazonproduct", "amazon-bedrock", "amazonbuyforme"]),
    ("Meta-ExternalAgent", &["meta-externalagent", "meta-externalfetcher", "meta-webindexer", "facebookbot"]),
    ("CCBot", &["ccbot"]),
    ("Cohere", &["cohere"]),
    ("MistralAI", &["mistralai"]),
    ("Diffbot", &["diffbot"]),
    ("ImagesiftBot", &["imagesift"]),
    ("Timpibot", &["timpibot"]),
    ("Webz.io", &["omgili", "webz.io", "webzio"]),
    ("AI2Bot", &["ai2bot"]),
    ("YouBot", &["youbot"]),
    ("SBIntuitionsBot", &["sbintuitions"]),
    // Search engine optimisation and marketing
    ("AhrefsBot", &["ahrefs"]),
    ("SemrushBot", &["semrush", "siteauditbot"]),
    ("MJ12bot", &["mj12bot"]),
    ("Moz", &["dotbot", "rogerbot"]),
    ("DataForSeoBot", &["dataforseo"]),
    ("BLEXBot", &["blexbot"]),
    ("Barkrowler", &["barkrowler"]),
    ("SERanking", &["seranking"]),
    ("serpstatbot", &["serpstat"]),
    ("SISTRIX", &["sistrix"]),
    ("SEOkicks", &["seokicks"]),
    ("Seobility", &["seobility"]),
    ("MegaIndex", &["megaindex"]),
    ("Screaming Frog", &["screaming frog"]),
    ("Botify", &["botify"]),
    ("OnCrawl", &["oncrawl"]),
    ("Siteimprove", &["siteimprove"]),
    ("AwarioBot", &["awario"]),
    ("HubSpot", &["hubspot"]),
    ("CriteoBot", &["criteo"]),
    // Previews of links, and social networks
    ("facebookexternalhit", &["facebookexternalhit", "facebot", "facebookcatalog", "meta-external"]),
    ("Twitterbot", &["twitterbot"]),
    ("LinkedInBot", &["linkedinbot"]),
    ("Slackbot", &["slackbot", "slack-imgproxy"]),
    ("Discordbot", &["discordbot"]),
    ("TelegramBot", &["telegrambot"]),
    ("WhatsApp", &["whatsapp"]),
    ("Skype", &["skypeuripreview"]),
    ("Pinterestbot", &["pinterest"]),
    ("redditbot", &["redditbot"]),
    ("Snapchat", &["snapchat", "snap url preview", "snapurlpreview"]),
    ("VK", &["vkshare", "vkrobot"]),
    ("Flipboard", &["flipboard"]),
    ("Embedly", &["embedly"]),
    ("Bluesky", &["bluesky", "cardyb"]),
    ("(fediverse)", &["mastodon", "pleroma", "misskey", "lemmy", "gotosocial", "friendica", "summaly"]),
    // Archives and research
    ("Internet Archive", &["archive.org_bot", "ia_archiver", "wayback", "archive-it"]),
    (
        "(web archives)",
        &["heritrix", "iaharvester", "arquivo", "bnf.fr_bot", "bnfbot", "bl.uk_", "bne.es_", "archivebot"],
    ),
    ("Censys", &["censys"]),
    ("Expanse", &["expanse"]),
    ("InternetMeasurement", &["internetmeasurement", "internet-measurement"]),
    // Monitors
    ("UptimeRobot", &["uptimerobot"]),
    ("Pingdom", &["pingdom"]),
    ("StatusCake", &["statuscake"]),
    ("Site24x7", &["site24x7"]),
    ("Uptime-Kuma", &["uptime-kuma"]),
    ("Better Uptime", &["better uptime", "betteruptime"]),
    ("Datadog", &["datadog"]),
    ("Zabbix", &["zabbix"]),
    ("GTmetrix", &["gtmetrix"]),
    ("Lighthouse", &["lighthouse", "pagespeed"]),
    ("Cloudflare", &["cloudflare"]),
    // Readers of feeds
    ("Feedly", &["feedly"]),
    ("Feedbin", &["feedbin"]),
    ("FreshRSS", &["freshrss"]),
    ("Inoreader", &["inoreader"]),
    ("Miniflux", &["miniflux"]),
    ("NewsBlur", &["newsblur"]),
    ("Tiny Tiny RSS", &["tiny tiny rss"]),
    // What robots are made with
    ("WordPress", &["wordpress"]),
    ("Scrapy", &["scrapy"]),
    ("Apache Nutch", &["nutch"]),
    ("curl", &["curl"]),
    ("Wget", &["wget"]),
    ("Python", &["python", "aiohttp", "httpx", "mechanize"]),
    ("Go", &["go-http-client", "go http package", "colly"]),
    ("Java", &["java/", "apache-httpclient", "httpurlconnection", "jakarta", "okhttp", "jetty"]),
    ("Perl", &["libwww-perl", "lwp", "anyevent"]),
    ("Node.js", &["axios", "node-fetch", "undici", "node.js", "sindresorhus/got", "superagent"]),
    ("PHP and Ruby", &["guzzle", "php", "ruby", "faraday"]),
    // Kinds
    ("(headless browsers)", &["headless", "phantomjs", "puppeteer", "playwright", "selenium", "splash "]),
    ("(validators)", &["w3c", "validator", "linkcheck", "link check", "checklink", "link sleuth", "checker"]),
    ("(security scanners)", SCANNERS),
    ("(monitors)", &["monitor", "uptime", "synthetic", "healthcheck", "health check", "check_http", "ptst/"]),
    ("(feed readers)", &["feed", "rss", "simplepie", "netvibes", "bloglines"]),
    ("(other Google)", &["google"]),
];

/// Tools that look for weaknesses, and services that run them.
const SCANNERS: &[&str] = &[
    "acunetix",
    "detectify",
    "dirbuster",
    "l9explore",
    "l9scan",
    "masscan",
    "nessus",
    "netcraft",
    "nikto",
    "nmap",
    "nuclei",
    "openvas",
    "qualys",
    "scan",
    "sqlmap",
    "sucuri",
    "virustotal",
    "watchtowr",
    "whatweb",
    "wpscan",
    "zgrab",
    "zmeu",
];

/// Kinds that came later. They stand behind "(other robots)": open cells count by position, so none may ever move.
const LATER: [&str; 3] = ["(no user agent)", "(robots.txt)", "(parts of apps)"];

/// The positions in [`ROBOTS`] that no word of a user agent tells.
pub mod robot_kinds {
    use super::ROBOT_FAMILIES;

    /// A robot of no family.
    pub const OTHER: usize = ROBOT_FAMILIES.len();
    /// A request whose user agent is "-": it had none.
    pub const NO_AGENT: usize = OTHER + 1;
    /// Whoever asks for robots.txt.
    pub const ROBOTS_TXT: usize = OTHER + 2;
    /// The loaders of pictures and data in apps.
    pub const APP: usize = OTHER + 3;
}

/// Every family that is ever published.
pub const ROBOTS: &[&str] = &names();

const fn names() -> [&'static str; ROBOT_FAMILIES.len() + 1 + LATER.len()] {
    let mut names = [OTHER; ROBOT_FAMILIES.len() + 1 + LATER.len()];
    let mut index = 0;
    while index < ROBOT_FAMILIES.len() {
        names[index] = ROBOT_FAMILIES[index].0;
        index += 1;
    }
    let mut later = 0;
    while later < LATER.len() {
        names[index + 1 + later] = LATER[later];
        later += 1;
    }
    names
}

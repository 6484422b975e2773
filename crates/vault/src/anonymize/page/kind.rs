//! What a path points at: a page, or something that no person reads as one.
//!
//! It is here because a site's numbers are those of what people read. It looks at the name alone: a web server's log tells no
//! content type. What a person opens and reads or keeps (a text, a PDF, an archive) is a page, under its own name.

use super::Target;

/// The longest of all extensions below.
const EXTENSION_BYTES_MAX: usize = 11;
/// What a browser loads with a page.
const PARTS: [&str; 25] = [
    "css", "js", "mjs", "png", "jpg", "jpeg", "gif", "svg", "svgz", "webp", "avif", "apng", "bmp", "tif", "tiff",
    "xbm", "jxl", "heic", "cur", "woff", "woff2", "ttf", "otf", "eot", "wasm",
];
/// What belongs to a page, and a page is shown without.
const ASSETS: [&str; 26] = [
    "map", "mp3", "mp4", "m4a", "m4v", "m4s", "m3u8", "mpd", "ts", "vtt", "srt", "webm", "ogg", "oga", "ogv", "opus",
    "flac", "aac", "wav", "avi", "mov", "mpg", "mpeg", "3gp", "au", "swf",
];
/// What machines read.
const MACHINES: [&str; 8] = ["json", "jsonp", "geojson", "rss", "atom", "rdf", "webmanifest", "appcache"];

/// Files that machines ask for at the root of a site.
const ROOT_FILES: [&str; 16] = [
    "ads.txt",
    "app-ads.txt",
    "browserconfig.xml",
    "clientaccesspolicy.xml",
    "crossdomain.xml",
    "health",
    "humans.txt",
    "llms.txt",
    "llms-full.txt",
    "metrics",
    "nginx_status",
    "opensearch.xml",
    "security.txt",
    "server-status",
    "wp-cron.php",
    "xmlrpc.php",
];
/// Names that mean a health check or a feed in any directory, with or without a slash behind.
const ANYWHERE: [&str; 14] = [
    "atom",
    "atom.xml",
    "feed",
    "feed.xml",
    "health-check",
    "healthcheck",
    "healthz",
    "index.xml",
    "livez",
    "ping",
    "readyz",
    "rss",
    "rss.xml",
    "rss2",
];
/// Names of directories at the root in which nothing is for people.
const DIRECTORIES: [&str; 3] = ["/.well-known/", "/feeds/posts/", "/wp-json/"];

/// What a normal path points at.
pub(super) fn kind_of(path: &str) -> Target {
    let trimmed = path.strip_suffix('/').unwrap_or(path);
    let (directory, name) = trimmed.rsplit_once('/').unwrap_or(("", trimmed));
    // A name of nothing but letters, digits and hyphens is a page, or one of few.
    let name = name.split(';').next().unwrap_or_default();
    let kind = by_name(directory, name);
    if kind != Target::Page {
        return kind;
    }
    if DIRECTORIES.iter().any(|within| path.starts_with(within)) {
        return Target::Machine;
    }
    // A directory has no extension.
    if trimmed.len() < path.len() { Target::Page } else { by_extension(name) }
}

fn by_name(directory: &str, name: &str) -> Target {
    let is_one_of = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    let is_at_root = directory.is_empty();
    if is_at_root && name.eq_ignore_ascii_case("robots.txt") {
        Target::RobotsTxt
    } else if (is_at_root && is_one_of(&ROOT_FILES)) || is_one_of(&ANYWHERE) || is_sitemap(name) {
        Target::Machine
    } else {
        Target::Page
    }
}

/// `sitemap.xml`, `sitemap_index.xml`, `wp-sitemap-posts-1.xml`, `sitemap.xml.gz`, `sitemap.txt`.
fn is_sitemap(name: &str) -> bool {
    let Some((stem, extension)) = name.split_once('.') else { return false };
    let is_list = ["xml", "xml.gz", "txt"].iter().any(|known| extension.eq_ignore_ascii_case(known));
    is_list && stem.to_ascii_lowercase().contains("sitemap")
}

fn by_extension(name: &str) -> Target {
    let Some((stem, extension)) = name.rsplit_once('.') else { return Target::Page };
    let mut buffer = [0; EXTENSION_BYTES_MAX];
    let Some(lower) = buffer.get_mut(..extension.len()) else { return Target::Page };
    lower.copy_from_slice(extension.as_bytes());
    lower.make_ascii_lowercase();
    let is_one_of = |known: &[&str]| known.iter().any(|known| known.as_bytes() == lower);
    // "html" is the most usual of those that are none.
    if *lower == *b"html" {
        Target::Page
    } else if *lower == *b"ico" || (is_icon(stem) && is_one_of(&PARTS)) {
        Target::Icon
    } else if is_one_of(&PARTS) {
        Target::Part
    } else if is_one_of(&ASSETS) {
        Target::Asset
    } else if is_one_of(&MACHINES) {
        Target::Machine
    } else {
        Target::Page
    }
}

/// `favicon-32x32.png`, `apple-touch-icon-precomposed.png`.
fn is_icon(stem: &str) -> bool {
    ["favicon", "apple-touch-icon"]
        .iter()
        .any(|icon| stem.get(..icon.len()).is_some_and(|s| s.eq_ignore_ascii_case(icon)))
}

/// Whether a query asks for a page in the form of a feed: `?feed=rss2` (WordPress), `?flav=atom` (Blosxom), `?format=feed`
/// (Joomla).
pub(super) fn asks_for_feed(query: &str) -> bool {
    !query.is_empty()
        && query.split('&').any(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = value.to_ascii_lowercase();
            matches!(name, "feed" | "flav" | "format")
                && ["rss", "atom", "rdf", "feed"].iter().any(|f| value.starts_with(f))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_what_people_read() {
        for path in [
            "/",
            "/news/",
            "/a.html",
            "/A.HTM",
            "/report.pdf",
            "/data.csv",
            "/notes.txt",
            "/setup.exe",
            "/about.php",
            "/blog/robots.txt.html",
            "/docs/robots.txt",
            "/topics/health",
            "/topics/metrics",
            "/sitemap/",
            "/sitemap.html",
            "/pong",
            "/feeds/",
            "/shipping",
            "/v1.2/",
            "/style.css/",
        ] {
            assert_eq!(kind_of(path), Target::Page, "{path}");
        }
    }

    #[test]
    fn parts_icons_and_other_files_are_told() {
        for (path, kind) in [
            ("/a.css", Target::Part),
            ("/a.JS", Target::Part),
            ("/i/a.png;v=2", Target::Part),
            ("/f.woff2", Target::Part),
            ("/a.svgz", Target::Part),
            ("/a.wasm", Target::Part),
            ("/favicon.ico", Target::Icon),
            ("/i/favicon-32x32.png", Target::Icon),
            ("/Apple-touch-icon-precomposed.png", Target::Icon),
            ("/a.js.map", Target::Asset),
            ("/v/1.m3u8", Target::Asset),
            ("/v/1.ts", Target::Asset),
            ("/v/1.vtt", Target::Asset),
            ("/robots.txt", Target::RobotsTxt),
        ] {
            assert_eq!(kind_of(path), kind, "{path}");
        }
    }

    #[test]
    fn machines_have_their_own() {
        for path in [
            "/ads.txt",
            "/sitemap.xml",
            "/sitemap_index.xml",
            "/wp-sitemap-posts-page-1.xml",
            "/sitemap.xml.gz",
            "/feed",
            "/blog/feed/",
            "/rss.xml",
            "/blog/index.xml",
            "/news.rss",
            "/feeds/posts/default",
            "/site.webmanifest",
            "/manifest.json",
            "/api/v1/items.json",
            "/.well-known/security.txt",
            "/wp-json/wp/v2/posts",
            "/healthz",
            "/site/ping",
            "/health",
            "/metrics",
            "/xmlrpc.php",
        ] {
            assert_eq!(kind_of(path), Target::Machine, "{path}");
        }
        for (query, is_feed) in [
            ("", false),
            ("feed=rss2", true),
            ("a=b&flav=atom", true),
            ("format=feed&type=rss", true),
            ("feed=me", false),
            ("format=html", false),
            ("feed", false),
        ] {
            assert_eq!(asks_for_feed(query), is_feed, "{query}");
        }
    }
}

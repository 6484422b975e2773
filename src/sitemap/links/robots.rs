//! robots.txt: what a site allows a robot to ask for, how slowly, and where its sitemaps are (RFC 9309).
//!
//! It is here because the pages are found as a well-behaved robot finds them. Of the groups those for headcount count, else
//! those for `*`. The longest rule that matches decides; of two equal ones the one that allows.
//!
//! It never fetches: it takes the bytes of the file.

use std::time::Duration;

use super::glob;

/// How much of the file is read, in bytes: what RFC 9309 asks for at least.
pub(super) const ROBOTS_BYTES_MAX: usize = 500 << 10;
/// The most rules, and the most sitemaps.
const RULES_MAX: usize = 10_000;
const SITEMAPS_MAX: usize = 100;
/// The names under which a group means us, in lower case.
const OUR_NAMES: [&str; 2] = ["headcount", "headcount-links-bot"];

/// The rules that apply to us.
#[derive(Debug, Default)]
pub(super) struct Robots {
    rules: Vec<Rule>,
    /// How long to wait between two requests, if the file says so.
    pub(super) delay: Option<Duration>,
    /// The URLs of sitemaps, as written.
    pub(super) sitemaps: Vec<String>,
}

#[derive(Debug)]
struct Rule {
    is_allowed: bool,
    /// Ends in `*` unless the rule ended in `$`.
    pattern: Vec<u8>,
    /// The length of the rule as RFC 9309 compares it.
    length: usize,
}

/// Whom a group is for. A group can be for several names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    Us,
    All,
    Others,
}

impl Robots {
    /// Reads a file. What cannot be understood is left out, as the standard says.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(ROBOTS_BYTES_MAX)]);
        let (mut ours, mut of_all) = (Self::default(), Self::default());
        let (mut has_ours, mut names_open, mut group) = (false, false, For::Others);
        let mut sitemaps = Vec::new();
        for line in text.trim_start_matches('\u{feff}').split(['\n', '\r']) {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else { continue };
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            match key.as_str() {
                "user-agent" => {
                    let named = whom(value);
                    has_ours |= named == For::Us;
                    // Names that follow each other begin one group.
                    group = if names_open { wider(group, named) } else { named };
                    names_open = true;
                }
                "sitemap" if sitemaps.len() < SITEMAPS_MAX => sitemaps.push(value.to_owned()),
                "allow" | "disallow" | "crawl-delay" => {
                    names_open = false;
                    match group {
                        For::Us => ours.add(&key, value),
                        For::All => of_all.add(&key, value),
                        For::Others => {}
                    }
                }
                _ => {}
            }
        }
        Self { sitemaps, ..if has_ours { ours } else { of_all } }
    }

    fn add(&mut self, key: &str, value: &str) {
        if key == "crawl-delay" {
            let seconds = value.parse::<f64>().ok();
            self.delay = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).or(self.delay);
            return;
        }
        // An empty rule forbids nothing.
        if value.is_empty() || self.rules.len() == RULES_MAX {
            return;
        }
        let mut pattern = comparable(value);
        let length = pattern.len();
        if pattern.last() == Some(&b'$') {
            pattern.pop();
        } else {
            pattern.push(b'*');
        }
        self.rules.push(Rule { is_allowed: key == "allow", pattern, length });
    }

    /// Whether a path with its query may be asked for.
    pub(super) fn allows(&self, target: &str) -> bool {
        let target = comparable(target);
        let matching = self.rules.iter().filter(|rule| glob::matches(&rule.pattern, &target));
        matching.max_by_key(|rule| (rule.length, rule.is_allowed)).is_none_or(|rule| rule.is_allowed)
    }
}

fn whom(value: &str) -> For {
    if value == "*" {
        return For::All;
    }
    // A version or a comment may follow the name.
    let is_name = |c: char| c.is_ascii_alphabetic() || c == '-' || c == '_';
    let name = value.split(|c| !is_name(c)).next().unwrap_or_default().to_ascii_lowercase();
    if OUR_NAMES.contains(&name.as_str()) { For::Us } else { For::Others }
}

/// Whom a group is for that names both.
fn wider(one: For, other: For) -> For {
    match (one, other) {
        (For::Us, _) | (_, For::Us) => For::Us,
        (For::All, _) | (_, For::All) => For::All,
        _ => For::Others,
    }
}

/// One spelling for each path: letters that need no encoding are plain, all others are encoded in capitals.
fn comparable(text: &str) -> Vec<u8> {
    let mut made = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let encoded = (byte == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let decoded = encoded.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match decoded {
            Some(plain) if plain.is_ascii_alphanumeric() || b"-._~".contains(&plain) => made.push(plain),
            Some(other) => made.extend(percent_encoding::percent_encode_byte(other).bytes()),
            None if byte.is_ascii() => made.push(byte),
            None => made.extend(percent_encoding::percent_encode_byte(byte).bytes()),
        }
        at += if decoded.is_some() { 3 } else { 1 };
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(file: &str, target: &str) -> bool {
        Robots::read(file.as_bytes()).allows(target)
    }

    #[test]
    fn our_group_counts_and_else_that_of_all() {
        let file = "User-agent: other\nDisallow: /\n\nUser-agent: *\nDisallow: /all\n\nUser-Agent: HeadCount/2 (any)\nDisallow: /ours # note\n";
        assert!(!allows(file, "/ours") && allows(file, "/all") && allows(file, "/"));
        let file = "user-agent: other\nuser-agent: *\ndisallow: /all\n";
        assert!(!allows(file, "/all/x") && allows(file, "/"));
        // Several groups for us are one; an empty rule of ours frees us from what is said to all.
        let file = "User-agent: headcount\nDisallow: /a\nUser-agent: *\nDisallow: /\nUser-agent: headcount-links-bot\nDisallow: /b\n";
        assert!(!allows(file, "/a") && !allows(file, "/b") && allows(file, "/c"));
        assert!(allows("User-agent: *\nDisallow: /\nUser-agent: headcount\nDisallow:\n", "/"));
        assert!(allows("", "/") && allows("Disallow: /\n", "/") && allows("\u{0}\u{ff}::\n<html>", "/"));
    }

    #[test]
    fn the_longest_rule_decides() {
        let file = "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/*.pdf$\nAllow: /same\nDisallow: /same\n";
        assert!(!allows(file, "/a") && !allows(file, "/a/c") && allows(file, "/a/b"));
        assert!(!allows(file, "/a/b/c.pdf") && allows(file, "/a/b/c.pdf?x") && allows(file, "/same"));
        assert!(!allows("User-agent: *\nDisallow: /*?id=\n", "/x?id=1"));
        // With a byte order mark and the line ends of an old Mac.
        assert!(!allows("\u{feff}User-agent: *\rDisallow: /x\r", "/x"));
    }

    #[test]
    fn one_path_has_one_spelling() {
        let file = "User-agent: *\nDisallow: /%e3%81%82/\nDisallow: /%7Eme\nDisallow: /い\n";
        assert!(!allows(file, "/あ/x") && !allows(file, "/%E3%81%82/") && !allows(file, "/~me"));
        assert!(!allows(file, "/%E3%81%84") && allows(file, "/%") && allows(file, "/%2"));
    }

    #[test]
    fn delay_and_sitemaps_are_taken() {
        let robots = Robots::read(
            b"Sitemap: https://a.test/1.xml\nUser-agent: *\nCrawl-delay: 2.5\nUser-agent: x\nCrawl-delay: 9\nsitemap:/2.xml",
        );
        assert_eq!(robots.delay, Some(Duration::from_millis(2_500)));
        assert_eq!(robots.sitemaps, ["https://a.test/1.xml", "/2.xml"]);
        assert_eq!(Robots::read(b"User-agent: *\nCrawl-delay: -1\n").delay, None);
    }
}

//! What an HTML page says to somebody who follows links: where they lead, and what a robot is asked not to do.
//!
//! It is here so that one file decides which links count. Links of lists that visitors make are left out ([`Ignore`]), and so are
//! those that the site marks `nofollow`, `ugc` or `sponsored`.
//!
//! It never runs a script, and never resolves or asks for anything.

use std::hash::{DefaultHasher, Hasher};

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

use super::ignore::Ignore;

/// The most links that are taken of one page, feeds included.
const LINKS_MAX: usize = 5_000;
/// The most elements that can be open in each other; what is deeper counts to the last of them.
const DEPTH_MAX: usize = 1_000;

/// Elements that are never closed.
const VOID: [&[u8]; 14] = [
    b"area", b"base", b"br", b"col", b"embed", b"frame", b"hr", b"img", b"input", b"link", b"meta", b"source",
    b"track", b"wbr",
];
/// Elements that end where the next of the same name begins beside them.
const ENDED_BY_THE_NEXT: [&[u8]; 7] = [b"li", b"p", b"td", b"th", b"tr", b"dt", b"dd"];

/// What was found in a page.
#[derive(Debug)]
pub(super) struct Document {
    /// References as written, in their order.
    pub(super) links: Vec<String>,
    /// References to RSS and Atom.
    pub(super) feeds: Vec<String>,
    /// To what references are relative, if the page says so.
    pub(super) base: Option<String>,
    /// What the page asks of robots.
    pub(super) wishes: Wishes,
    /// Links that were left out because of what they stand in.
    pub(super) hidden: u32,
    /// Stands for the text without its digits: two pages with the same are one page under two names.
    pub(super) text_hash: u64,
}

/// What a site asks robots not to do with a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wishes {
    /// The page must not be listed.
    pub(super) is_unlisted: bool,
    /// Its links must not be followed.
    pub(super) is_end: bool,
}

impl Wishes {
    /// Takes in the words of `<meta name="robots">` or of the header X-Robots-Tag.
    pub(super) fn hear(&mut self, words: &str) {
        for word in words.split([',', ' ', ';']) {
            // A header may name the robot first: "googlebot: noindex" is not for us, but obeyed all the same.
            let word = word.trim().to_ascii_lowercase();
            self.is_unlisted |= matches!(word.as_str(), "noindex" | "none");
            self.is_end |= matches!(word.as_str(), "nofollow" | "none");
        }
    }
}

/// Reads a page.
pub(super) fn read(html: &str, ignore: &Ignore) -> Document {
    let mut emitter = DefaultEmitter::default();
    // Otherwise the text of a script would be taken for elements.
    emitter.naively_switch_states(true);
    let mut reading = Reading::new(ignore);
    for token in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Ok(Token::StartTag(tag)) => reading.open(&tag),
            Ok(Token::EndTag(tag)) => reading.close(&tag.name),
            Ok(Token::String(text)) => reading.hear(&text),
            Ok(_) => {}
            // Reading from memory cannot fail.
            Err(never) => match never {},
        }
    }
    reading.found.text_hash = reading.text.finish();
    reading.found
}

/// An element that is open.
struct Open {
    name: Vec<u8>,
    /// Whether links within it are left out.
    hides: bool,
}

struct Reading<'i> {
    ignore: &'i Ignore,
    open: Vec<Open>,
    text: DefaultHasher,
    found: Document,
}

impl<'i> Reading<'i> {
    fn new(ignore: &'i Ignore) -> Self {
        let found = Document {
            links: Vec::new(),
            feeds: Vec::new(),
            base: None,
            wishes: Wishes::default(),
            hidden: 0,
            text_hash: 0,
        };
        Self { ignore, open: Vec::new(), text: DefaultHasher::new(), found }
    }

    fn open(&mut self, tag: &StartTag<()>) {
        let name: &[u8] = &tag.name;
        if ENDED_BY_THE_NEXT.contains(&name) && self.open.last().is_some_and(|open| open.name == name) {
            self.open.pop();
        }
        let is_hidden = self.open.last().is_some_and(|open| open.hides);
        let hides = is_hidden || self.ignore.hides_element(&value(tag, b"class"), &value(tag, b"id"));
        self.take(tag, hides);
        if !VOID.contains(&name) && self.open.len() < DEPTH_MAX {
            self.open.push(Open { name: name.to_vec(), hides });
        }
    }

    fn close(&mut self, name: &[u8]) {
        // An end without a beginning is nothing.
        if let Some(at) = self.open.iter().rposition(|open| open.name == name) {
            self.open.truncate(at);
        }
    }

    fn hear(&mut self, text: &[u8]) {
        let is_shown = |open: &Open| !open.hides && open.name != b"script" && open.name != b"style";
        if self.open.last().is_none_or(is_shown) {
            text.iter().filter(|byte| !byte.is_ascii_digit()).for_each(|&byte| self.text.write_u8(byte));
        }
    }

    fn take(&mut self, tag: &StartTag<()>, hides: bool) {
        match &tag.name[..] {
            b"a" | b"area" => self.link(tag, b"href", hides),
            b"frame" => self.link(tag, b"src", hides),
            b"base" if self.found.base.is_none() => self.found.base = attribute(tag, b"href"),
            b"link" => self.relation(tag, hides),
            b"meta" => self.meta(tag, hides),
            _ => {}
        }
    }

    fn link(&mut self, tag: &StartTag<()>, key: &[u8], hides: bool) {
        let Some(reference) = attribute(tag, key) else { return };
        let rel = value(tag, b"rel").to_ascii_lowercase();
        let is_unwanted = rel.split_ascii_whitespace().any(|word| matches!(word, "nofollow" | "ugc" | "sponsored"));
        if hides || is_unwanted || attribute(tag, b"download").is_some() {
            self.found.hidden = self.found.hidden.saturating_add(1);
        } else if self.has_room() {
            self.found.links.push(reference);
        }
    }

    fn relation(&mut self, tag: &StartTag<()>, hides: bool) {
        let rel = value(tag, b"rel").to_ascii_lowercase();
        let is = |word: &str| rel.split_ascii_whitespace().any(|one| one == word);
        let kind = value(tag, b"type").to_ascii_lowercase();
        let is_feed = kind.contains("rss+xml") || kind.contains("atom+xml");
        let Some(reference) = attribute(tag, b"href").filter(|_| self.has_room() && !hides) else { return };
        if is("alternate") && is_feed {
            self.found.feeds.push(reference);
        } else if is("next") || is("prev") || (is("alternate") && attribute(tag, b"hreflang").is_some()) {
            self.found.links.push(reference);
        }
    }

    fn meta(&mut self, tag: &StartTag<()>, hides: bool) {
        let (name, content) = (value(tag, b"name").to_ascii_lowercase(), value(tag, b"content"));
        if name == "robots" || name == "headcount" {
            self.found.wishes.hear(&content);
        }
        // `<meta http-equiv="refresh" content="0; url=/start">`
        if value(tag, b"http-equiv").eq_ignore_ascii_case("refresh")
            && let Some((_, rest)) = content.split_once(['=']).filter(|_| !hides && self.has_room())
        {
            self.found.links.push(rest.trim().trim_matches(['"', '\'']).to_owned());
        }
    }

    fn has_room(&self) -> bool {
        self.found.links.len() + self.found.feeds.len() < LINKS_MAX
    }
}

fn attribute(tag: &StartTag<()>, key: &[u8]) -> Option<String> {
    tag.attributes.get(key).map(|value| String::from_utf8_lossy(value).into_owned())
}

fn value(tag: &StartTag<()>, key: &[u8]) -> String {
    attribute(tag, key).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(html: &str) -> Document {
        read(html, &Ignore::read(&["#side".to_owned()]).unwrap())
    }

    #[test]
    fn links_feeds_and_the_base_are_found() {
        let found =
            of("<!doctype html><head><base href='/b/'><link rel=alternate type=application/rss+xml href=/feed>\
             <link rel='next' href='?p=2'><link rel=stylesheet href=/s.css><link rel=alternate hreflang=fr href=/fr/>\
             <meta http-equiv=Refresh content=\"0; URL='/start'\"></head>\
             <body><A HREF='/a?x=1&amp;y=2'>a</a><map><area href=b></map><a name=x>no</a><img src=/i.png>\
             <script>document.write('<a href=/script>')</script><!-- <a href=/comment> --><frame src=/f.html>");
        assert_eq!(found.links, ["?p=2", "/fr/", "/start", "/a?x=1&y=2", "b", "/f.html"]);
        assert_eq!(found.feeds, ["/feed"]);
        assert_eq!(found.base.as_deref(), Some("/b/"));
        assert_eq!(found.hidden, 0);
    }

    #[test]
    fn lists_that_visitors_make_are_left_out() {
        let found = of(
            "<div class='box most-read'><ol><li><a href=/1>1</a><li><a href=/2>2</a></ol><br></div><a href=/3>3</a>\
             <ul><li id=side><a href=/4>4</a><li><a href=/5>5</a></ul><p class=trending><a href=/6>6</a><p><a href=/7>7</a>\
             <a class=most-read href=/8>8</a><a href=/9>9</a>",
        );
        assert_eq!(found.links, ["/3", "/5", "/7", "/9"]);
        assert_eq!(found.hidden, 5);
    }

    #[test]
    fn what_the_site_asks_of_robots_is_heard() {
        let found = of("<a rel='noopener NoFollow' href=/1>1</a><a rel=ugc href=/2>2</a><a href=/3.doc download>3</a>");
        assert_eq!((found.links.len(), found.hidden, found.wishes), (0, 3, Wishes::default()));
        let wishes = |html: &str| {
            let wishes = of(html).wishes;
            (wishes.is_unlisted, wishes.is_end)
        };
        assert_eq!(wishes("<meta name=robots content='NOINDEX, follow'>"), (true, false));
        assert_eq!(wishes("<meta content=nofollow name=ROBOTS>"), (false, true));
        assert_eq!(wishes("<meta name=headcount content=none>"), (true, true));
        assert_eq!(wishes("<meta name=description content=noindex>"), (false, false));
    }

    #[test]
    fn pages_that_differ_in_numbers_alone_have_the_same_text() {
        let hash = |html: &str| of(html).text_hash;
        assert_eq!(
            hash("<h1>Events of 2026-11-27</h1><a href=/28>next</a>"),
            hash("<h1>Events of 1999-1-1</h1><a href=/2>next</a>")
        );
        assert_ne!(hash("<p>one"), hash("<p>two"));
        assert_eq!(hash("<p>one<script>1</script>"), hash("<p>one<script>tracker('x')</script>"));
    }

    #[test]
    fn soup_is_eaten() {
        let deep = "<div>".repeat(100_000) + "<a href=/deep>";
        assert_eq!(of(&deep).links, ["/deep"]);
        let many = "<a href=/x>".repeat(LINKS_MAX + 1);
        assert_eq!(of(&many).links.len(), LINKS_MAX);
        for odd in ["", "<", "<a href", "<a href='", "</div></div><a href=/>", "\u{0}<\u{0}a>", "<a href=/ <b>"] {
            of(odd);
        }
    }
}

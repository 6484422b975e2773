//! What is left out of a site's links: lists that visitors make ("most read"), and paths that an operator names.
//!
//! It is here because a page that is known only from what visitors did would tell what they did. Some usual names of such lists
//! are always left out; which others a site has, its operator must say.
//!
//! It never guesses from a text what a list is made of.

use super::glob;
use crate::text::shown;

/// The most entries, and the longest of them in bytes.
const ENTRIES_MAX: usize = 100;
const ENTRY_BYTES_MAX: usize = 256;

/// Classes and ids that lists made from visits usually have, in lower case.
const USUAL: [&str; 16] = [
    "most-read*",
    "mostread*",
    "most_read*",
    "most-viewed*",
    "mostviewed*",
    "most_viewed*",
    "most-popular*",
    "popular-posts*",
    "popular_posts*",
    "wpp-list",
    "trending",
    "trending-*",
    "access-ranking*",
    "accessranking*",
    "recent-searches*",
    "recent-comments*",
];

/// What is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ignore {
    classes: Vec<String>,
    ids: Vec<String>,
    paths: Vec<String>,
}

impl Ignore {
    /// From the entries of a configuration: `.class`, `#id` or `/path`, each with `*` for anything.
    ///
    /// # Errors
    /// For an entry that is none of these: its place in the list, if it has one, and what is wrong.
    pub fn read(entries: &[String]) -> Result<Self, (Option<usize>, String)> {
        if entries.len() > ENTRIES_MAX {
            return Err((None, format!("{} entries; allowed: at most {ENTRIES_MAX}", entries.len())));
        }
        let mut made = Self::default();
        for (at, entry) in entries.iter().enumerate() {
            let is_plain =
                entry.len() <= ENTRY_BYTES_MAX && !entry.contains(|c: char| c.is_whitespace() || c.is_control());
            let name = entry.get(1..).filter(|name| is_plain && !name.is_empty());
            match (entry.as_bytes().first(), name) {
                (Some(b'.'), Some(name)) => made.classes.push(name.to_lowercase()),
                (Some(b'#'), Some(name)) => made.ids.push(name.to_lowercase()),
                (Some(b'/'), Some(_)) => made.paths.push(entry.clone()),
                _ => {
                    let allowed = "allowed: \".class\" or \"#id\" of an element, or a path such as \"/ranking/*\", without spaces";
                    return Err((Some(at), format!("{} is nothing that can be left out; {allowed}", shown(entry))));
                }
            }
        }
        Ok(made)
    }

    /// Whether the links within an element are left out.
    pub(super) fn hides_element(&self, class: &str, id: &str) -> bool {
        let is_named = |name: &str, own: &[String]| {
            let name = name.to_lowercase();
            let mut patterns = own.iter().map(String::as_str).chain(USUAL);
            !name.is_empty() && patterns.any(|pattern| glob::matches(pattern.as_bytes(), name.as_bytes()))
        };
        class.split_ascii_whitespace().any(|name| is_named(name, &self.classes)) || is_named(id, &self.ids)
    }

    /// Whether a page is left out, by the name under which it is counted.
    pub(super) fn hides_page(&self, name: &str) -> bool {
        self.paths.iter().any(|pattern| glob::matches(pattern.as_bytes(), name.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignore(entries: &[&str]) -> Result<Ignore, (Option<usize>, String)> {
        Ignore::read(&entries.iter().map(|&entry| entry.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn classes_ids_and_paths_are_left_out() {
        let ignore = ignore(&[".Hot*", "#ranking", "/top/*"]).unwrap();
        for (class, id) in [("box hotlist", ""), ("", "Ranking"), ("x most-read", ""), ("", "popular-posts-2")] {
            assert!(ignore.hides_element(class, id), "{class} {id}");
        }
        assert!(!ignore.hides_element("box ranking", "hot") && !ignore.hides_element("", ""));
        assert!(ignore.hides_page("/top/1") && !ignore.hides_page("/top") && !ignore.hides_page("/a/top/1"));
    }

    #[test]
    fn what_is_none_of_these_is_refused() {
        for (entry, at) in [("ranking", 0), (".", 0), ("", 0), ("/", 0), (". a", 0)] {
            let (found, what) = ignore(&[entry]).unwrap_err();
            assert_eq!(found, Some(at), "{entry}");
            assert!(what.contains("allowed: \".class\""), "{what}");
        }
        assert!(ignore(&["/a"; ENTRIES_MAX + 1]).unwrap_err().1.contains("at most 100"));
    }
}

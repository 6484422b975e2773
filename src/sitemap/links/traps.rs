//! Traps: places where links go on for ever (calendars, session ids, folders within themselves) and lead to nothing new.
//!
//! It is here so that one endless corner neither fills the list of pages nor keeps a web server busy. It judges by the shape of an
//! address, by how many were asked for in one directory, and by whether pages say the same but for their digits.
//!
//! It never decides by what visitors do.

use std::collections::{BTreeSet, HashMap};

/// The most links from a start to a page.
const LINK_DEPTH_MAX: u32 = 100;
/// The most segments of a path, and how often one of them may occur in it.
const SEGMENTS_MAX: usize = 16;
const SAME_SEGMENT_MAX: usize = 3;
/// The most addresses that are counted under one name: those whose numbers or tokens a name leaves out.
const SAME_NAME_MAX: u32 = 100;
/// The most addresses of one directory.
const DIRECTORY_MAX: u32 = 10_000;
/// Pages of one directory that said what an earlier page said; then it is closed.
const DIRECTORY_REPEATS_MAX: u32 = 100;
/// Pages anywhere that say the same; the links of further ones are not followed.
const SAME_TEXT_MAX: u32 = 200;
/// Directories that are named in the log at most.
pub(super) const CLOSED_SHOWN_MAX: usize = 5;

/// Why an address is not asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trap {
    /// Its path is too deep, or repeats itself.
    Shape,
    /// Too many links lie between it and the start.
    Far,
    /// Many addresses of the same name were asked for.
    SameName,
    /// Its directory had its share, or says the same again and again.
    Directory,
}

#[derive(Debug, Default)]
struct Directory {
    asked: u32,
    repeats: u32,
}

/// What is known of the addresses so far.
#[derive(Debug, Default)]
pub(super) struct Traps {
    names: HashMap<String, u32>,
    directories: HashMap<String, Directory>,
    texts: HashMap<u64, u32>,
    closed: BTreeSet<String>,
}

impl Traps {
    /// Whether an address may be asked for, by the name of its page. If so, it counts as asked.
    pub(super) fn admit(&mut self, name: &str, path: &str, link_depth: u32) -> Result<(), Trap> {
        if link_depth > LINK_DEPTH_MAX {
            return Err(Trap::Far);
        }
        if is_endless(path) {
            return Err(Trap::Shape);
        }
        let same = self.names.get(name).copied().unwrap_or_default();
        if same >= SAME_NAME_MAX {
            return Err(Trap::SameName);
        }
        let pattern = directory_of(name);
        let directory = self.directories.entry(pattern.clone()).or_default();
        if directory.asked >= DIRECTORY_MAX || directory.repeats >= DIRECTORY_REPEATS_MAX {
            self.closed.insert(pattern);
            return Err(Trap::Directory);
        }
        directory.asked += 1;
        self.names.insert(name.to_owned(), same + 1);
        Ok(())
    }

    /// Takes note of what a page says. Whether its links are worth following.
    pub(super) fn saw(&mut self, name: &str, text_hash: u64) -> bool {
        let times = self.texts.entry(text_hash).or_default();
        *times += 1;
        let times = *times;
        if times > 1 {
            let directory = self.directories.entry(directory_of(name)).or_default();
            directory.repeats = directory.repeats.saturating_add(1);
        }
        // The same page under the same name, such as on two hosts of a site, leads nowhere new.
        let is_known = self.names.get(name).is_some_and(|&asked| asked > 1);
        times <= SAME_TEXT_MAX && !(times > 1 && is_known)
    }

    /// Directories of which something was left out, at most [`CLOSED_SHOWN_MAX`], and how many there are.
    pub(super) fn closed(&self) -> (Vec<&str>, usize) {
        (self.closed.iter().take(CLOSED_SHOWN_MAX).map(String::as_str).collect(), self.closed.len())
    }
}

/// Whether a path looks like one of infinitely many.
fn is_endless(path: &str) -> bool {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let times = |one: &str| segments.iter().filter(|&&segment| segment == one).count();
    segments.len() > SEGMENTS_MAX || segments.iter().any(|segment| times(segment) > SAME_SEGMENT_MAX)
}

/// The directory of a page, with `#` for each number: all days of a calendar are one.
fn directory_of(name: &str) -> String {
    let path = name.split('?').next().unwrap_or_default();
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut made = String::with_capacity(folder.len() + 1);
    for character in folder.chars().chain(['/']) {
        if !character.is_ascii_digit() {
            made.push(character);
        } else if !made.ends_with('#') {
            made.push('#');
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_path_is_seen_by_its_shape() {
        assert!(is_endless("/a/b/a/b/a/b/a/") && is_endless(&"/x1/y2".repeat(9)));
        assert!(!is_endless("/a/b/a/b/a/c") && !is_endless("/"));
        let mut traps = Traps::default();
        assert_eq!(traps.admit("/a", "/a", LINK_DEPTH_MAX + 1), Err(Trap::Far));
        assert_eq!(traps.admit("/a", "/a", LINK_DEPTH_MAX), Ok(()));
    }

    #[test]
    fn a_calendar_is_closed_and_its_neighbours_are_not() {
        let mut traps = Traps::default();
        let mut asked = 0;
        for day in 0..10_000 {
            let name = format!("/events/{}/{}", 2000 + day / 365, day % 365);
            if traps.admit(&name, &name, 1).is_ok() {
                asked += 1;
                traps.saw(&name, 7);
            }
        }
        assert_eq!(asked, 1 + DIRECTORY_REPEATS_MAX);
        assert_eq!(traps.closed(), (vec!["/events/#/"], 1));
        assert_eq!(traps.admit("/events/about", "/events/about", 1), Ok(()));
    }

    #[test]
    fn a_directory_and_a_name_have_their_share() {
        let mut traps = Traps::default();
        let asked = |traps: &mut Traps, name: &dyn Fn(u32) -> String| {
            (0..DIRECTORY_MAX + 5).filter(|&n| traps.admit(&name(n), "/x", 1).is_ok()).count()
        };
        assert_eq!(asked(&mut traps, &|n| format!("/list/{n}")), usize::try_from(DIRECTORY_MAX).unwrap());
        assert_eq!(asked(&mut traps, &|_| "/session/{token}".to_owned()), usize::try_from(SAME_NAME_MAX).unwrap());
    }

    #[test]
    fn the_same_page_leads_nowhere_new() {
        let mut traps = Traps::default();
        for (name, text, leads) in [("/", 1, true), ("/", 1, false), ("/", 2, true), ("/other", 1, true)] {
            traps.admit(name, name, 1).unwrap();
            assert_eq!(traps.saw(name, text), leads, "{name} {text}");
        }
    }
}

//! How much personal data is found in a corpus of made-up targets, and how many ordinary pages stay: by class, and over all.
//!
//! It fails where less is found, or less stays, than was promised. The corpus lies beside the repository; without it nothing is
//! tested here, and `held_out` does it with targets of its own.

use std::{collections::BTreeMap, fs, path::Path};

use percent_encoding::percent_decode_str;

use super::*;

/// Classes that no rule can know, because the words in them are words.
const UNKNOWABLE: [&str; 1] = ["name in path"];
/// The least share, in percent.
const PERCENT_MIN: usize = 97;

/// How many of a class were right, of how many.
#[derive(Default, Clone, Copy)]
pub(super) struct Share {
    pub(super) right: usize,
    pub(super) all: usize,
}

impl Share {
    pub(super) fn add(&mut self, is_right: bool) {
        self.right += usize::from(is_right);
        self.all += 1;
    }

    pub(super) fn assert(self, what: &str) {
        assert!(
            self.right * 100 >= self.all * PERCENT_MIN,
            "{what}: {} of {}, less than {PERCENT_MIN} %",
            self.right,
            self.all
        );
    }
}

/// Whether a canary can be read in a page, however it is encoded there.
pub(super) fn is_readable(page: &str, canary: &str) -> bool {
    let mut text = page.to_owned();
    for _ in 0..6 {
        if text.to_lowercase().contains(&canary.to_lowercase()) {
            return true;
        }
        text = percent_decode_str(&text).decode_utf8_lossy().into_owned();
    }
    false
}

/// The parameters in a target, and in a URL within it.
fn parameters(target: &str) -> Vec<String> {
    let query = target.split('#').next().unwrap_or_default().split_once('?').map_or("", |(_, query)| query);
    let names = query.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, _)| name);
    names.map(|name| percent_decode_str(name).decode_utf8_lossy().into_owned()).collect()
}

#[test]
fn the_shared_corpus_is_found_and_ordinary_pages_stay() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/pii/corpus.tsv");
    let Ok(text) = fs::read_to_string(file) else { return };
    let rows: Vec<Vec<&str>> = text.lines().filter(|l| !l.starts_with('#')).map(|l| l.split('\t').collect()).collect();
    let allowed = rows.iter().filter(|row| row[2] != "parameter not allowed").flat_map(|row| parameters(row[3]));
    let rules = PageRules { query_allow: allowed.collect(), ..PageRules::default() };
    let (mut classes, mut found, mut kept) = (BTreeMap::<_, Share>::new(), Share::default(), Share::default());
    for row in &rows {
        let [id, kind, class, target, canary, ..] = row[..] else { panic!("{row:?}") };
        let target = if target.starts_with('/') { format!("/{id}{target}") } else { target.to_owned() };
        let (mut page, mut as_it_is) = (String::new(), String::new());
        normalize(&target, &rules, &mut page).unwrap();
        listed(&target, &rules, &mut as_it_is).unwrap();
        let is_right = if kind == "pos" { !is_readable(&page, canary) } else { page == as_it_is };
        if !is_right {
            println!("{kind} {class}: {target} gives {page}");
        }
        classes.entry((kind, class)).or_default().add(is_right);
        if kind == "neg" {
            kept.add(is_right);
        } else if !UNKNOWABLE.contains(&class) {
            found.add(is_right);
        }
    }
    for ((kind, class), share) in &classes {
        println!("{kind} {class}: {} of {}", share.right, share.all);
    }
    let precision = Share { right: found.right, all: found.right + kept.all - kept.right };
    for (what, share) in [("recall", found), ("precision", precision), ("ordinary pages kept", kept)] {
        println!("{what}: {} of {}", share.right, share.all);
        share.assert(what);
    }
}

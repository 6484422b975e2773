//! The same measure as `corpus` on targets that are made here, from what each class is: seeded, some hundred of each.
//!
//! It is here so that rules are measured on data that they were not written for. A class fails where less than nine tenths are right;
//! all of them together where less than the promise is.

mod pages;
mod secrets;

use std::collections::BTreeMap;

use headcount_model::rng::SplitMix64;

use super::{
    corpus::{Share, is_readable},
    *,
};

const OF_EACH: usize = 200;
const CLASS_PERCENT_MIN: usize = 90;

/// Makes text by patterns.
struct Maker(SplitMix64);

impl Maker {
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.0.next_u64() % u64::try_from(end).unwrap()).unwrap()
    }

    /// One of the texts between ` | `.
    fn one<'t>(&mut self, texts: &'t str) -> &'t str {
        let all: Vec<&str> = texts.split(" | ").collect();
        all[self.below(all.len())]
    }

    fn of(&mut self, alphabet: &str, length: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| letters[self.below(letters.len())]).collect()
    }

    /// Fills a pattern: `9` a digit, `8` a digit but 0, `^` a capital, `~` a small letter, `*` any of the three kinds.
    fn fill(&mut self, pattern: &str) -> String {
        let mut made = String::new();
        for kind in pattern.chars() {
            match kind {
                '9' => made += &self.of("0123456789", 1),
                '8' => made += &self.of("123456789", 1),
                '^' => made += &self.of("ABCDEFGHJKLMNPRSTUVWXYZ", 1),
                '~' => made += &self.of("abcdefghijkmnpqrstuvwxyz", 1),
                '*' => {
                    made += &self.of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 1);
                }
                other => made.push(other),
            }
        }
        made
    }

    /// One of the patterns between ` | `, filled.
    fn made(&mut self, patterns: &str) -> String {
        let pattern = self.one(patterns);
        self.fill(pattern)
    }
}

fn encoded(text: &str, times: usize) -> String {
    let byte = |b: u8| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") };
    let once: String = text.bytes().map(byte).collect();
    (1..times).fold(once, |text, _| text.replace('%', "%25"))
}

/// What a target becomes, and what it would be as a page of a list.
fn both(target: &str) -> (String, String) {
    let rules = PageRules { query_allow: vec!["q".into(), "id".into()], ..PageRules::default() };
    let (mut page, mut as_it_is) = (String::new(), String::new());
    normalize(target, &rules, &mut page).unwrap();
    listed(target, &rules, &mut as_it_is).unwrap();
    (page, as_it_is)
}

#[test]
fn personal_data_of_every_class_is_found_and_ordinary_pages_stay() {
    let mut maker = Maker(SplitMix64::new(20_261_128));
    let (mut classes, mut found, mut kept) = (BTreeMap::<_, Share>::new(), Share::default(), Share::default());
    for (class, make) in secrets::CLASSES {
        for _ in 0..OF_EACH {
            let (canary, text) = make(&mut maker);
            let target = match maker.below(3) {
                0 => format!("/a/{}", in_path(&text)),
                1 => format!("/x/{}/b", in_path(&text)),
                _ => format!("/p?q={}", text.replace('&', "%26").replace('+', "%2B").replace('#', "%23")),
            };
            let (page, _) = both(&target);
            let is_gone = !is_readable(&page, &canary);
            if !is_gone {
                println!("{class}: {target} gives {page} ({canary})");
            }
            classes.entry(class).or_default().add(is_gone);
            found.add(is_gone);
        }
    }
    for (class, make) in pages::CLASSES {
        for _ in 0..OF_EACH {
            let target = make(&mut maker);
            let (page, as_it_is) = both(&target);
            if page != as_it_is {
                println!("{class}: {target} gives {page}");
            }
            classes.entry(class).or_default().add(page == as_it_is);
            kept.add(page == as_it_is);
        }
    }
    for (class, share) in &classes {
        println!("{class}: {} of {}", share.right, share.all);
    }
    found.assert("recall");
    kept.assert("ordinary pages kept");
    for (class, share) in classes {
        assert!(share.right * 100 >= share.all * CLASS_PERCENT_MIN, "{class}: {} of {}", share.right, share.all);
    }
}

fn in_path(text: &str) -> String {
    text.replace('/', "%2F").replace('?', "%3F").replace('#', "%23")
}

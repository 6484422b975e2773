//! The pages of an invented site: language trees with topics and stories, and how much each is read.
//!
//! Every page has the target that a browser asks for, and a *key*: the path as a report should show it, without query,
//! without `index.html` and with `{email}` in place of a mail address. Both are generated here, so that the truth does not
//! depend on the code that it tests.

use super::plan::SitePlan;
use super::random::{Random, Weights};

/// Subjects of a public-sector site, the most read first.
#[rustfmt::skip]
const TOPICS: [&str; 36] = [
    "", "visa/", "consular/passport.html", "opening-hours.html", "contact/", "visa/tourist.html", "news/",
    "consular/", "visa/forms.html", "visa/student.html", "consular/certificates.html", "visa/work.html", "safety/",
    "appointment.html", "visa/fees.html", "consular/births-and-marriages.html", "holidays.html", "about/", "map.html",
    "visa/working-holiday.html", "consular/voting.html", "safety/travel-advice.html", "scholarships/", "culture/",
    "about/ambassador.html", "economy/", "culture/events.html", "study/", "safety/registration.html", "jobs.html",
    "economy/business-support.html", "culture/library.html", "faq.html", "links.html", "privacy.html", "accessibility.html",
];
/// Where stories live, in turn.
const STORY_SECTIONS: [&str; 4] = ["news", "press", "events", "policy"];
/// Queries in visitors' links; a report drops them.
const QUERIES: [&str; 4] = ["?utm_source=newsletter&utm_medium=email", "?lang=en", "?print=1", "?ref=top"];
/// Invented local parts of mail addresses.
const MAIL_NAMES: [&str; 4] = ["hanako.yamada", "taro.suzuki", "marie.dupont", "joao.silva"];
/// Files that every page needs and browsers cache, with their sizes in bytes.
pub const SHARED_ASSETS: [(&str, u32); 3] =
    [("/assets/site.css", 18_233), ("/assets/site.js", 41_870), ("/assets/logo.svg", 3_120)];

/// A page as a report knows it.
#[derive(Debug)]
pub struct Page {
    /// The normalised path; the page's name in the truth.
    pub key: String,
    /// The size of its response.
    pub bytes: u32,
}

/// All pages of one site.
#[derive(Debug)]
pub struct Pages {
    /// The pages; elsewhere they are named by their index here.
    pub list: Vec<Page>,
    trees: Vec<Tree>,
    tree_weights: Weights,
    unsubscribe: usize,
    confirm: usize,
}

/// The pages in one language, the most read first.
#[derive(Debug)]
struct Tree {
    members: Vec<usize>,
    story: usize,
    weights: Weights,
}

impl Pages {
    /// The front page of every site.
    pub const FRONT: usize = 0;

    /// Lays out the pages that `plan` asks for.
    pub fn new(plan: &SitePlan, random: &mut Random) -> Pages {
        let mut list = vec![page("/".to_owned(), random)];
        let tree_length = usize::from(plan.pages) / plan.languages.len().max(1);
        let mut trees = Vec::new();
        for language in &plan.languages {
            trees.push(tree(language, tree_length, &mut list, random));
        }
        let unsubscribe = list.len();
        list.push(page("/unsubscribe".to_owned(), random));
        let confirm = list.len();
        list.push(page("/newsletter/confirm/{email}".to_owned(), random));
        Pages { list, tree_weights: Weights::zipf(trees.len()), trees, unsubscribe, confirm }
    }

    /// A reader's language, as the index of a tree.
    pub fn pick_tree(&self, random: &mut Random) -> usize {
        self.tree_weights.pick(random)
    }

    /// A page that a reader of one language opens.
    pub fn pick(&self, tree: usize, random: &mut Random) -> usize {
        let tree = &self.trees[tree];
        tree.members[tree.weights.pick(random)]
    }

    /// Any page of the language trees with equal chance: a crawler reads everything.
    pub fn pick_evenly(&self, random: &mut Random) -> usize {
        // The two pages at the end are for subscribers of the newsletter.
        random.index(self.unsubscribe)
    }

    /// The page of one language that is in the news on the day of the spike.
    pub fn story(&self, tree: usize) -> usize {
        self.trees[tree].story
    }

    /// One of the two pages that the newsletter links to.
    pub fn pick_newsletter(&self, random: &mut Random) -> usize {
        if random.chance(500) { self.unsubscribe } else { self.confirm }
    }

    /// Writes the path, and perhaps a query, with which a browser asks for `page` into `target`.
    pub fn write_target(&self, page: usize, random: &mut Random, target: &mut String) {
        target.clear();
        let mail_name = MAIL_NAMES[random.index(MAIL_NAMES.len())];
        if page == self.unsubscribe {
            target.push_str("/unsubscribe?mail=");
            target.push_str(mail_name);
            target.push_str("@example.jp");
        } else if page == self.confirm {
            target.push_str("/newsletter/confirm/");
            target.push_str(mail_name);
            target.push_str("%40example.jp");
        } else {
            target.push_str(&self.list[page].key);
            if target.ends_with('/') && random.chance(60) {
                target.push_str("index.html");
            }
            if random.chance(45) {
                target.push_str(QUERIES[random.index(QUERIES.len())]);
            }
        }
    }
}

/// One language: topics and stories take turns after the dozen most read topics.
fn tree(language: &str, length: usize, list: &mut Vec<Page>, random: &mut Random) -> Tree {
    let mut members = Vec::with_capacity(length);
    let mut topics = TOPICS.iter();
    let mut stories = 0_usize;
    for rank in 0..length.max(2) {
        let topic = if rank < 12 || rank % 2 == 0 { topics.next() } else { None };
        let key = if let Some(topic) = topic {
            format!("/{language}/{topic}")
        } else {
            let section = STORY_SECTIONS[stories % STORY_SECTIONS.len()];
            stories += 1;
            format!("/{language}/{section}/story-{stories:02}.html")
        };
        members.push(list.len());
        list.push(page(key, random));
    }
    Tree {
        // A spike shows best on a page that is rarely read on other days.
        story: members[members.len() * 2 / 3],
        weights: Weights::zipf(members.len()),
        members,
    }
}

fn page(key: String, random: &mut Random) -> Page {
    let bytes = u32::try_from(random.between(4_000, 60_000)).unwrap_or(u32::MAX);
    Page { key, bytes }
}

#[cfg(test)]
mod tests {
    use super::super::plan::Plan;
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_site_has_about_the_pages_it_asks_for_and_each_once() {
        for site in &Plan::small(1).sites {
            let pages = Pages::new(site, &mut Random::named(1, "pages"));
            let keys: HashSet<_> = pages.list.iter().map(|page| &page.key).collect();
            assert_eq!(keys.len(), pages.list.len());
            assert!(keys.len().abs_diff(usize::from(site.pages)) <= 4);
        }
    }

    #[test]
    fn a_tiny_site_still_has_pages() {
        let mut site = Plan::small(1).sites.remove(0);
        site.pages = 0;
        let mut random = Random::named(1, "tiny");
        let pages = Pages::new(&site, &mut random);
        assert!(pages.list.len() >= 4);
        assert!(pages.story(1) < pages.list.len());
        assert!(pages.pick_evenly(&mut random) < pages.list.len());
    }
}

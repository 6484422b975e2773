//! Follows links, breadth first: takes an address, asks for it, and takes in what it leads to.
//!
//! It is here so that what is asked, and in which order, is read in one file; the rules themselves are in the files beside it.
//!
//! It never asks for an address twice, and never for one that robots.txt forbids.

use std::{
    collections::{BTreeSet, HashSet, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
    ops::ControlFlow,
    time::Instant,
};

use super::{
    Found, LinkLimits, Links, NameOf, charset,
    document::{self, Document, Wishes},
    feed,
    hosts::{Hosts, State},
    left_out::{LeftOut, Reason},
    place::{Place, origin},
    traps::Traps,
    visit::{Answer, Visitor},
};
use crate::sitemap::{Sitemap, Source, address::Address};

/// Addresses that wait at most, and that are remembered at most.
const WAITING_MAX: usize = 100_000;
const SEEN_MAX: usize = 500_000;
/// Endings of files that are no pages, so that nobody sends them for nothing. Pictures and the like have no name as a page.
const NO_PAGES: [&str; 24] = [
    "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "odp", "zip", "gz", "tgz", "7z", "rar", "exe",
    "dmg", "iso", "csv", "json", "ics", "epub", "txt", "rtf",
];

/// An address that waits.
struct Step {
    place: Place,
    /// Links between it and a start.
    depth: u32,
    is_feed: bool,
}

/// Links that are being followed.
pub(super) struct Walk<'l> {
    links: &'l Links,
    name_of: &'l NameOf,
    limits: LinkLimits,
    visitor: Visitor,
    hosts: Hosts<'l>,
    waiting: VecDeque<Step>,
    /// Hashes of addresses that waited once: a collision loses one of many pages.
    seen: HashSet<u64>,
    traps: Traps,
    pages: Vec<String>,
    known: BTreeSet<String>,
    sitemaps: usize,
    left_out: LeftOut,
}

impl<'l> Walk<'l> {
    pub(super) fn new(links: &'l Links, limits: LinkLimits, name_of: &'l NameOf) -> Self {
        Self {
            links,
            name_of,
            limits,
            visitor: Visitor::new(limits),
            hosts: Hosts::new(links),
            waiting: VecDeque::new(),
            seen: HashSet::new(),
            traps: Traps::default(),
            pages: Vec::new(),
            known: BTreeSet::new(),
            sitemaps: 0,
            left_out: LeftOut::default(),
        }
    }

    pub(super) fn run(mut self, watch: &mut dyn FnMut(&[String]) -> ControlFlow<()>) -> Result<Found, String> {
        for start in &self.links.starts {
            self.meet(start);
            self.wait(start.clone(), 0, false);
        }
        while let Some(step) = self.waiting.pop_front() {
            let limit = self.visitor.is_over().or_else(|| (self.pages.len() >= self.limits.pages).then_some("pages"));
            if let Some(limit) = limit {
                self.left_out.note(format!("the limit of {limit} is reached, {} links wait", self.waiting.len() + 1));
                self.left_out.is_partial = true;
                break;
            }
            if watch(&self.pages).is_break() {
                return Err("stopped".to_owned());
            }
            self.step(&step);
        }
        let left_out = self.left_out.line(&self.traps);
        if self.pages.is_empty() {
            return Err(if left_out.is_empty() { "no page was found".to_owned() } else { left_out });
        }
        let (requests, is_partial) = (self.visitor.asked(), self.left_out.is_partial);
        Ok(Found { pages: self.pages, sitemaps: self.sitemaps, requests, left_out, is_partial })
    }

    /// Meets a host for the first time: robots.txt, then its sitemaps.
    fn meet(&mut self, place: &Place) {
        if self.hosts.met.contains_key(&place.host) {
            return;
        }
        if let Err(what) = self.hosts.meet(place, &mut self.visitor) {
            self.left_out.note(what);
            self.left_out.is_partial = true;
            return;
        }
        let Some(open) = self.hosts.open(&place.host) else { return };
        let named = std::mem::take(&mut open.robots.sitemaps);
        let front = Place::parse(&origin(open.is_https, &place.host));
        if let Some(front) = front.filter(|_| !named.is_empty())
            && self.read_sitemaps(&front, &named)
        {
            self.hosts.met.insert(place.host.clone(), State::Listed);
        }
    }

    /// Whether all sitemaps could be read and have pages. Then nothing else of the host is asked for.
    fn read_sitemaps(&mut self, front: &Place, named: &[String]) -> bool {
        let (mut are_all_read, mut has_pages) = (true, false);
        for url in named {
            let place = front.resolve(url).filter(|place| self.hosts.is_own(&place.host));
            let address = place.ok_or_else(|| "is on another host".to_owned());
            let address = address.and_then(|place| Address::parse(&place.to_string(), &self.links.hosts));
            let pages = address.and_then(|address| {
                let sitemap = Sitemap { source: Source::Url(address), hosts: self.links.hosts.clone() };
                sitemap.read(self.limits.sitemap).map_err(|error| error.to_string())
            });
            match pages {
                Ok(pages) => {
                    self.sitemaps += 1;
                    has_pages |= !pages.is_empty();
                    pages.iter().for_each(|page| self.know(page));
                }
                Err(what) => {
                    are_all_read = false;
                    self.left_out.note(format!("a sitemap of robots.txt: {what}"));
                }
            }
        }
        are_all_read && has_pages
    }

    /// Puts an address at the end, unless it was there before or is not the site's own.
    fn wait(&mut self, place: Place, depth: u32, is_feed: bool) {
        let place = place.with_parameters(&self.links.query_allow);
        if !self.hosts.is_own(&place.host) {
            return;
        }
        let key = key(&place);
        if self.seen.contains(&key) {
            return;
        }
        if self.waiting.len() >= WAITING_MAX || self.seen.len() >= SEEN_MAX {
            self.left_out.add(Reason::Limit, 1);
            return;
        }
        self.seen.insert(key);
        self.waiting.push_back(Step { place, depth, is_feed });
    }

    fn step(&mut self, step: &Step) {
        self.meet(&step.place);
        let Some(open) = self.hosts.open(&step.place.host) else { return };
        let place = step.place.clone().over(open.is_https);
        let target = place.target();
        let is_allowed = open.robots.allows(&target);
        let name = match self.name(&place, step) {
            Ok(name) => name,
            Err(reason) => return self.left_out.add(reason, 1),
        };
        if !is_allowed {
            return self.left_out.add(Reason::Robots, 1);
        }
        if let Err(trap) = self.traps.admit(&name, place.path(), step.depth) {
            return self.left_out.add(Reason::Trap(trap), 1);
        }
        if let Some(answer) = self.ask(&place) {
            self.take(&place, &name, step, &answer);
        }
    }

    /// The name under which a page is counted; a feed has its path.
    fn name(&self, place: &Place, step: &Step) -> Result<String, Reason> {
        let target = place.target();
        if step.is_feed {
            return Ok(target);
        }
        let file = place.path().rsplit('/').next().unwrap_or_default();
        let ending = file.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        if ending.is_some_and(|ending| NO_PAGES.contains(&ending.as_str())) {
            return Err(Reason::NoPage);
        }
        let name = (self.name_of)(&target).ok_or(Reason::NoPage)?;
        let is_hidden = self.links.ignore.hides_page(&name) || self.links.ignore.hides_page(&target);
        if is_hidden { Err(Reason::Hidden) } else { Ok(name) }
    }

    /// Asks after a pause. `None`: it failed, which is counted.
    fn ask(&mut self, place: &Place) -> Option<Answer> {
        let open = self.hosts.open(&place.host)?;
        self.visitor.wait(open.asked_at, open.pause);
        let result = self.visitor.ask(place, false);
        open.asked_at = Some(Instant::now());
        let what = match result {
            Ok(answer) if answer.status < 500 && !answer.is_busy() => {
                open.answered();
                return Some(answer);
            }
            Ok(answer) => {
                let what = format!("the server answers {}", answer.status);
                open.failed(answer.is_busy()).then_some(what)
            }
            Err(failure) => open.failed(false).then(|| failure.into_words()),
        };
        if let Some(what) = what {
            self.left_out.note(format!("{} is left alone, too many requests failed: {what}", place.host.name));
            self.hosts.met.insert(place.host.clone(), State::Closed);
        }
        self.left_out.add(Reason::Failed, 1);
        None
    }

    fn take(&mut self, place: &Place, name: &str, step: &Step, answer: &Answer) {
        if answer.is_redirect() {
            return self.redirect(place, step, answer);
        }
        if answer.status == 200 && answer.is_html() && !step.is_feed {
            let html = charset::decoded(&answer.body, &answer.content_type);
            let found = document::read(&html, &self.links.ignore);
            return self.page(place, name, step, &found, &answer.robots_tag);
        }
        if answer.status == 200 && answer.is_feed() {
            let text = charset::decoded(&answer.body, &answer.content_type);
            for link in feed::links(&text) {
                self.lead(place, &link, step.depth + 1, false);
            }
            return;
        }
        self.left_out.add(Reason::NoPage, 1);
    }

    fn redirect(&mut self, place: &Place, step: &Step, answer: &Answer) {
        let Some(next) = answer.location.as_ref().and_then(|to| place.resolve(to)) else { return };
        if next.host == place.host && next.is_https && !place.is_https {
            // The host answers over https after all: what is asked for from now on is asked for there.
            if let Some(open) = self.hosts.open(&place.host) {
                open.is_https = true;
                self.seen.remove(&key(place));
            }
        }
        if step.depth == 0 && !self.hosts.is_own(&next.host) {
            let what = "leads to a host that `hosts` does not spell out";
            self.left_out.note(format!("{} {what}: {}", place.host.name, next.host.name));
        }
        self.wait(next, step.depth + 1, step.is_feed);
    }

    fn page(&mut self, place: &Place, name: &str, step: &Step, found: &Document, robots_tag: &str) {
        let Wishes { is_unlisted, is_end } = {
            let mut wishes = found.wishes;
            wishes.hear(robots_tag);
            wishes
        };
        if is_unlisted {
            self.left_out.add(Reason::Unlisted, 1);
        } else {
            self.know(name);
        }
        let leads_on = self.traps.saw(name, found.text_hash);
        if is_end {
            self.left_out.add(Reason::Hidden, u32::try_from(found.links.len()).unwrap_or(u32::MAX));
        }
        if is_end || !leads_on {
            return;
        }
        self.left_out.add(Reason::Hidden, found.hidden);
        let base = found.base.as_ref().and_then(|base| place.resolve(base)).unwrap_or_else(|| place.clone());
        let feeds = found.feeds.iter().map(|feed| (feed, true));
        for (reference, is_feed) in feeds.chain(found.links.iter().map(|link| (link, false))) {
            self.lead(&base, reference, step.depth + 1, is_feed);
        }
    }

    fn lead(&mut self, base: &Place, reference: &str, depth: u32, is_feed: bool) {
        if let Some(place) = base.resolve(reference) {
            self.wait(place, depth, is_feed);
        }
    }

    /// Adds a page under the name by which it is counted.
    fn know(&mut self, target: &str) {
        let Some(name) = (self.name_of)(target).filter(|name| !self.links.ignore.hides_page(name)) else { return };
        if self.known.contains(&name) {
            return;
        }
        if self.pages.len() >= self.limits.pages {
            self.left_out.add(Reason::Limit, 1);
            return;
        }
        self.known.insert(name.clone());
        self.pages.push(name);
    }
}

/// Stands for an address. One host is asked over one scheme, so the scheme is left out.
fn key(place: &Place) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&place.host.name, place.host.port, place.target()).hash(&mut hasher);
    hasher.finish()
}

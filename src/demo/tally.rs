//! The truth about one invented log, counted while it is written.
//!
//! [`Tally`] gets every line of the file together with its cause: which person, which page, which browser. Nothing is read
//! back from the text of a line, so a bug in reading logs cannot hide here.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::agents::AGENTS;
use super::crawlers::CRAWLERS;
use super::referrers::{OWN_SITE, REFERRERS};
use super::truth::{Counts, Exact};

/// How many lines of each kind a log has. Every line has exactly one kind: the first that fits, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineCounts {
    /// Not an access: garbage, a truncated line, a request without method and target.
    pub malformed: u64,
    /// Methods other than GET.
    pub not_get: u64,
    /// Statuses other than 200 and 304.
    pub other_status: u64,
    /// Style sheets, scripts, images, fonts and the like.
    pub assets: u64,
    /// Pages fetched by crawlers and monitors.
    pub bot_views: u64,
    /// Pages viewed by people.
    pub human_views: u64,
}

impl LineCounts {
    /// All lines of the log.
    pub fn total(&self) -> u64 {
        self.malformed + self.not_get + self.other_status + self.assets + self.bot_views + self.human_views
    }
}

/// The exact numbers of one invented log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// Visits, views, visitors and pages. Of the weeks, only those that lie within the plan from Monday to Sunday.
    pub counts: Counts,
    /// Visits by the referrer of their first view: its registrable domain, [`DIRECT`](super::referrers::DIRECT) or
    /// [`OWN_SITE`].
    pub referrers: BTreeMap<&'static str, u64>,
    /// Visits by the browser's family.
    pub browsers: BTreeMap<&'static str, u64>,
    /// Visits by the family of the operating system.
    pub systems: BTreeMap<&'static str, u64>,
    /// Visits by device: `desktop`, `mobile` or `tablet`.
    pub devices: BTreeMap<&'static str, u64>,
    /// Pages fetched by crawlers, by family.
    pub bots: BTreeMap<&'static str, u64>,
    /// The lines of the log by kind.
    pub lines: LineCounts,
}

/// A page view by a person.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// The person's number.
    pub person: u64,
    /// The index of their browser in [`AGENTS`].
    pub agent: usize,
    /// The index of the page in the site's list.
    pub page: usize,
    /// The index of the referrer in [`REFERRERS`]; `None` for a link of the site itself.
    pub referrer: Option<usize>,
}

/// The cause of a line.
#[derive(Clone, Copy, Debug)]
pub enum LineKind {
    /// See [`LineCounts::malformed`].
    Malformed,
    /// See [`LineCounts::not_get`].
    NotGet,
    /// See [`LineCounts::other_status`].
    OtherStatus,
    /// See [`LineCounts::assets`].
    Asset,
    /// A page fetched by the crawler of this index in [`CRAWLERS`].
    Bot(usize),
    /// A page view by a person.
    View(View),
}

/// Counts the lines of one log.
#[derive(Debug)]
pub struct Tally {
    exact: Exact,
    truth: Truth,
}

impl Tally {
    /// Nothing counted yet, for a site in `zone`.
    pub fn new(zone: TimeZone) -> Tally {
        Tally { exact: Exact::new(zone), truth: Truth::default() }
    }

    /// Counts the next line, written at `second` since 1970 UTC. `page_key` names a page of the site by its index.
    ///
    /// # Errors
    /// The time is outside the years that a civil date can name.
    pub fn line<'a>(
        &mut self,
        second: i64,
        kind: LineKind,
        page_key: impl Fn(usize) -> &'a str,
    ) -> Result<(), jiff::Error> {
        let lines = &mut self.truth.lines;
        match kind {
            LineKind::Malformed => lines.malformed += 1,
            LineKind::NotGet => lines.not_get += 1,
            LineKind::OtherStatus => lines.other_status += 1,
            LineKind::Asset => lines.assets += 1,
            LineKind::Bot(crawler) => {
                lines.bot_views += 1;
                *self.truth.bots.entry(CRAWLERS[crawler].family).or_default() += 1;
            }
            LineKind::View(view) => {
                lines.human_views += 1;
                let unix_ms = second.saturating_mul(1_000);
                let page = page_key(view.page);
                let observed = self.exact.observe(unix_ms, view.person, page)?;
                if observed.is_first_of_visit {
                    self.visit(view);
                }
            }
        }
        Ok(())
    }

    /// The truth about all lines, of which whole weeks from `first_day` to `last_day` are kept.
    pub fn finish(self, first_day: Date, last_day: Date) -> Truth {
        let mut truth = self.truth;
        truth.counts = self.exact.counts();
        truth.counts.weeks.retain(|&monday, _| monday >= first_day && monday.saturating_add(6.days()) <= last_day);
        truth
    }

    /// Counts the attributes of a visit at its first view.
    fn visit(&mut self, view: View) {
        let agent = &AGENTS[view.agent];
        let domain = view.referrer.map_or(OWN_SITE, |index| REFERRERS[index].domain);
        *self.truth.referrers.entry(domain).or_default() += 1;
        *self.truth.browsers.entry(agent.browser).or_default() += 1;
        *self.truth.systems.entry(agent.os).or_default() += 1;
        *self.truth.devices.entry(agent.device).or_default() += 1;
    }
}

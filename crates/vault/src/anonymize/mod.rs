//! Turns an access into a sighting: the only room that sees who somebody is, and it forgets at once.
//!
//! In goes an [`AccessEvent`]; out comes a [`Sighting`] that has keyed tags in place of the visitor and attributes cut
//! down to what a table publishes, or the reason why there is none. The event is wiped before this room is left.

pub(crate) mod agent;
mod attributes;
mod browser;
pub(crate) mod campaign;
pub(crate) mod health;
mod host;
mod hostname;
pub(crate) mod language;
pub(crate) mod network;
pub(crate) mod page;
pub(crate) mod referrer;
mod visitor;

use std::{net::IpAddr, sync::Arc};

use headcount_model::keys::robot_kinds;
use zeroize::Zeroize;

use super::{
    event::AccessEvent,
    keys::{Epoch, EpochKeys, KeyFault, KeyRing},
    limit::VisitorDay,
    names::{NameId, Names},
    outcome::Outcome,
    release::index::PublishedPeriods,
    site::Site,
    tables::{OTHER_KEY, Table},
};
use crate::{
    calendar::{CalendarMemo, Day, Local, Period},
    units::MS_PER_MINUTE,
};
use agent::{Agent, AgentDigest, Agents};
pub(super) use attributes::Attributes;
use network::Countries;
use referrer::Referrers;

/// No web log is older: 1990-01-01T00:00:00Z.
const OLDEST_UNIX_MS: i64 = 631_152_000_000;
/// How far a sender's clock may be ahead.
const AHEAD_MS_MAX: i64 = 5 * MS_PER_MINUTE;

/// How an event was anonymised.
#[must_use = "every event is answered for"]
pub(super) enum Anonymized {
    /// Somebody was seen.
    Seen(Sighting),
    /// It ended here.
    Ended(Outcome),
}

/// What somebody did who is no longer known. Its texts stand among the [`Names`] of its batch.
pub(super) struct Sighting {
    pub(super) day: Day,
    /// The visitor, under the day's key.
    pub(super) visitor_tag: u64,
    pub(super) seen: Seen,
}

/// What was seen of a visitor.
pub(super) enum Seen {
    /// A page view.
    Visit(Visit),
    /// A request that was answered with an error: its class (a position among the classes), and class with page.
    Error { class: u8, key: NameId },
    /// A style sheet, script, font or picture: somebody has a page on the screen.
    Files,
    /// A page view by a robot, or what only robots ask for: its family (a position in the public list), and how the event ends.
    Robot { family: u16, ended: Outcome },
}

/// A page view.
pub(super) struct Visit {
    pub(super) hour: u8,
    /// The visitor and the page together, under the day's key.
    pub(super) pair_tag: u64,
    /// The visitor and the key `(other)` together, under the day's key.
    pub(super) other_pair_tag: u64,
    /// The visitor under the week's key, where that week is open.
    pub(super) week_tag: Option<u64>,
    /// The visitor under the month's key, where that month is open.
    pub(super) month_tag: Option<u64>,
    pub(super) page: NameId,
    pub(super) attributes: Attributes,
    /// What the request tells of its visitor.
    pub(super) marks: VisitorDay,
}

/// What an event is, before it is known whose.
struct Classified {
    local: Local,
    what: What,
    ip: Option<IpAddr>,
    agent: AgentDigest,
}

/// What a request was.
enum What {
    Page(Attributes, VisitorDay),
    Error { class: u8, key: NameId },
    Files,
    Robot { family: u16, ended: Outcome },
}

/// The keys of the periods of one day.
struct DayKeys {
    day: Day,
    day_keys: Arc<EpochKeys>,
    week_keys: Option<Arc<EpochKeys>>,
    month_keys: Option<Arc<EpochKeys>>,
}

/// What is known of a page view without a key.
struct Facts {
    hour: u8,
    page: NameId,
    attributes: Attributes,
    marks: VisitorDay,
}

impl DayKeys {
    /// A page view with the tags of its visitor in place of the visitor.
    fn visit(&self, identity: &[u8], visitor_tag: u64, page: &str, facts: Facts) -> Visit {
        let tag = |keys: &Arc<EpochKeys>| keys.visitor_tag(identity);
        Visit {
            hour: facts.hour,
            pair_tag: self.day_keys.pair_tag(visitor_tag, page),
            other_pair_tag: self.day_keys.pair_tag(visitor_tag, OTHER_KEY),
            week_tag: self.week_keys.as_ref().map(tag),
            month_tag: self.month_keys.as_ref().map(tag),
            page: facts.page,
            attributes: facts.attributes,
            marks: facts.marks,
        }
    }
}

/// Buffers and look-ups that are used again from event to event of a batch. Wiped at the end.
#[derive(Default)]
pub(super) struct Scratch {
    calendar: CalendarMemo,
    keys: Option<DayKeys>,
    identity: Vec<u8>,
    page: String,
    /// What a table counts a visit under, one after the other.
    text: String,
    /// The texts of the sightings of this batch: what may be counted under, and nothing else.
    pub(super) names: Names,
    /// The names that were given last: of the page, and by table.
    last_page: NameId,
    last: Attributes,
}

impl Scratch {
    /// Names the text on the scratch as what a visit counts under in a table.
    fn name_text(&mut self, table: Table, attributes: &mut Attributes) {
        let mut name = self.last.name(table);
        attributes.set_name(table, self.names.id(&self.text, &mut name));
        self.last.set_name(table, name);
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // The slice and not the vector: that wipes in one piece, and not byte by byte.
        self.identity.as_mut_slice().zeroize();
        self.page.as_mut_str().zeroize();
        self.text.as_mut_str().zeroize();
    }
}

/// The room's tools.
pub(super) struct Anonymizer {
    agents: Agents,
    referrers: Referrers,
    countries: Countries,
    keys: Arc<KeyRing>,
}

impl Anonymizer {
    pub(super) fn new(keys: Arc<KeyRing>, countries: Countries) -> Self {
        Self { agents: Agents::new(), referrers: Referrers::new(), countries, keys }
    }

    /// Makes ready what takes a good part of a second, before the first event comes.
    pub(super) fn prepare(&self) {
        self.agents.prepare();
    }

    /// What was seen in an event, or the outcome that ends it here.
    pub(super) fn anonymize(
        &self,
        site: &Site,
        event: AccessEvent<'_>,
        now_unix_ms: i64,
        sealed: &PublishedPeriods,
        scratch: &mut Scratch,
    ) -> Result<Anonymized, KeyFault> {
        let Classified { local, what, ip, agent } = match self.classify(site, &event, now_unix_ms, sealed, scratch) {
            Ok(classified) => classified,
            Err(outcome) => return Ok(Anonymized::Ended(outcome)),
        };
        visitor::identity(&event, ip, agent, &mut scratch.identity);
        drop(event);
        let keys = self.keys_of(site, local.day, sealed, &mut scratch.keys)?;
        let visitor_tag = keys.day_keys.visitor_tag(&scratch.identity);
        let seen = match what {
            What::Error { class, key } => Seen::Error { class, key },
            What::Files => Seen::Files,
            What::Robot { family, ended } => Seen::Robot { family, ended },
            What::Page(attributes, marks) => {
                let page = scratch.names.id(&scratch.page, &mut scratch.last_page);
                Seen::Visit(keys.visit(
                    &scratch.identity,
                    visitor_tag,
                    &scratch.page,
                    Facts { hour: local.hour, page, attributes, marks },
                ))
            }
        };
        Ok(Anonymized::Seen(Sighting { day: local.day, visitor_tag, seen }))
    }

    /// What an event is, or the outcome that ends it. Its page is then on the scratch.
    fn classify(
        &self,
        site: &Site,
        event: &AccessEvent<'_>,
        now_unix_ms: i64,
        sealed: &PublishedPeriods,
        scratch: &mut Scratch,
    ) -> Result<Classified, Outcome> {
        let time_unix_ms = if event.time_unix_ms == 0 { now_unix_ms } else { event.time_unix_ms };
        if let Some(outcome) = reject_time(time_unix_ms, now_unix_ms) {
            return Err(outcome);
        }
        let local = site.calendar.locate(time_unix_ms, &mut scratch.calendar);
        if sealed.contains(Period::day(local.day)) {
            return Err(Outcome::Late);
        }
        let request = request(event, site, &mut scratch.page)?;
        if let Request::Files = request
            && !site.terms_of(local.day).has(Table::Reader)
        {
            return Err(Outcome::Asset);
        }
        if !visitor::is_somebody(event) {
            return Err(request.without_visitor());
        }
        let ip = visitor::ip(event);
        let (agent, digest) = self.agents.classify(event.user_agent.as_str());
        let what = match request {
            Request::Error(_) if agent.is_bot => return Err(Outcome::NotSuccess),
            Request::Files if agent.is_bot => return Err(Outcome::Asset),
            Request::Files => What::Files,
            Request::RobotsTxt => {
                let family = if agent.is_bot { agent.bot } else { agent::position(robot_kinds::ROBOTS_TXT) };
                What::Robot { family: family.into(), ended: Outcome::NotPage }
            }
            Request::Error(class) => {
                let key = format!("{} {}", health::ERROR_CLASSES[usize::from(class)], scratch.page);
                What::Error { class, key: scratch.names.id(&key, &mut scratch.last_page) }
            }
            Request::Page if agent.is_bot => What::Robot { family: agent.bot.into(), ended: Outcome::Bot },
            Request::Page => {
                let marks = browser::marks(event, &scratch.page, agent.age, local.day);
                What::Page(self.attributes(event, ip, agent, local, site, scratch), marks)
            }
        };
        Ok(Classified { local, what, ip, agent: digest })
    }

    /// What a page view counts under, by table.
    fn attributes(
        &self,
        event: &AccessEvent<'_>,
        ip: Option<IpAddr>,
        agent: Agent,
        local: Local,
        site: &Site,
        scratch: &mut Scratch,
    ) -> Attributes {
        let (address, client_host) = (event.address.as_str(), event.client_host.as_str());
        let mut attributes = Attributes::default();
        self.referrers.find(event.referrer.as_str(), &site.name, &site.hosts, &mut scratch.text);
        scratch.name_text(Table::Referrer, &mut attributes);
        campaign::campaign(event.target.as_str(), &mut scratch.text);
        scratch.name_text(Table::Campaign, &mut attributes);
        if site.terms_of(local.day).has(Table::Hostname) {
            let (target, host) = (event.target.as_str(), event.host.as_str());
            hostname::hostname(target, host, &site.hosts, &mut scratch.text);
            scratch.name_text(Table::Hostname, &mut attributes);
        }
        attributes.set_position(Table::Browser, agent.browser.into());
        attributes.set_position(Table::Os, agent.os.into());
        attributes.set_position(Table::Device, agent.device.into());
        attributes.set_position(Table::Language, language::primary(event.accept_language.as_str()).into());
        attributes.set_position(Table::Country, self.countries.country(ip));
        let host = if client_host.is_empty() { address } else { client_host };
        attributes.set_position(Table::Domain, network::domain(host));
        attributes.set_position(Table::ResponseTime, health::time_bin(event.response_time_ms));
        attributes.set_position(Table::ResponseSize, health::size_bin(event.response_bytes));
        attributes.set_position(Table::HourOfWeek, local.hour_of_week.into());
        attributes
    }

    #[expect(clippy::expect_used, reason = "Unwrap safety: the memo is filled just above if it is empty.")]
    fn keys_of<'b>(
        &self,
        site: &Site,
        day: Day,
        sealed: &PublishedPeriods,
        memo: &'b mut Option<DayKeys>,
    ) -> Result<&'b DayKeys, KeyFault> {
        if memo.as_ref().is_none_or(|keys| keys.day != day) {
            let key = |period| self.keys.for_writing(&Epoch { site: site.name.clone(), period });
            let key_if_open = |period| if sealed.contains(period) { Ok(None) } else { key(period).map(Some) };
            *memo = Some(DayKeys {
                day,
                day_keys: key(Period::day(day))?,
                week_keys: key_if_open(Period::week_of(day))?,
                month_keys: key_if_open(Period::month_of(day))?,
            });
        }
        Ok(memo.as_ref().expect("the day's keys are there"))
    }
}

fn reject_time(time_unix_ms: i64, now_unix_ms: i64) -> Option<Outcome> {
    if time_unix_ms > now_unix_ms + AHEAD_MS_MAX {
        Some(Outcome::Future)
    } else if time_unix_ms < OLDEST_UNIX_MS {
        Some(Outcome::TooOld)
    } else {
        None
    }
}

/// What a request is worth looking at for; its normalised page or file is then in `page`.
enum Request {
    Page,
    /// A file that a page is shown with.
    Files,
    RobotsTxt,
    /// Answered with an error of this class.
    Error(u8),
}

impl Request {
    /// How it ends where nobody can be told by it.
    fn without_visitor(&self) -> Outcome {
        match self {
            Self::Files => Outcome::Asset,
            Self::RobotsTxt => Outcome::NotPage,
            Self::Page | Self::Error(_) => Outcome::NoVisitor,
        }
    }
}

fn request(event: &AccessEvent<'_>, site: &Site, page: &mut String) -> Result<Request, Outcome> {
    if event.status != 0 && !(100..=599).contains(&event.status) {
        return Err(Outcome::BadStatus);
    }
    if !matches!(event.method.as_str(), "" | "GET") {
        return Err(Outcome::NotGet);
    }
    let error = health::error_class(event.status);
    if error.is_none() && !matches!(event.status, 0 | 200 | 304) {
        return Err(Outcome::NotSuccess);
    }
    // A page of a sitemap or a list is public and keeps its name; all else is scrubbed.
    let target = page::named(event.target.as_str(), &site.page_rules, |name| site.is_public_name(name), page);
    match (target, error) {
        (Ok(_), Some(class)) => Ok(Request::Error(class)),
        (Ok(page::Target::Page), None) => Ok(Request::Page),
        (Ok(page::Target::Part), None) => Ok(Request::Files),
        // Robots fetch icons by themselves; a browser does so for a page that it shows, and names it.
        (Ok(page::Target::Icon), None) if browser::has_referrer(event) => Ok(Request::Files),
        (Ok(page::Target::Icon | page::Target::Asset), None) => Err(Outcome::Asset),
        (Ok(page::Target::RobotsTxt), None) => Ok(Request::RobotsTxt),
        (Ok(page::Target::Machine), None) => Err(Outcome::NotPage),
        // What cannot be read is answered with an error, as it should be.
        (Err(page::BadTarget), Some(_)) => Err(Outcome::NotSuccess),
        (Err(page::BadTarget), None) => Err(Outcome::BadTarget),
    }
}

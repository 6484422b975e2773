//! Worst cases: a small crowd, and one visitor-day that goes to every bound. Through the real limiter into real cells, once
//! with that visitor and once without. What is published of either can be drawn as often as an audit wants.

use std::collections::BTreeSet;

use super::{Noise, NoiseFault, noise::Drawn, release};
use crate::{
    Bounds, Mechanism, Privacy, Release, SiteSettings, Table, TableSet,
    anonymize::{Attributes, Seen, Sighting, Visit},
    bound::Bounder,
    calendar::{Calendar, Day, Period, PeriodKind},
    cells::Cells,
    keys::Epoch,
    names::{NameId, Names},
    release::{
        draw::Draw,
        index::{PublicKeys, SiteIndex},
        terms::{History, InForce, Under},
    },
    sites::settings::Site,
    tally::{DayTally, MonthTally, QuarterTally, WeekTally},
    units::SiteName,
};

/// 2026-06-03, a Wednesday.
const DATE: i32 = 20_607;
/// Visitors beside the one in question, and page views of each.
const CROWD: u64 = 40;
const CROWD_VIEWS: u64 = 3;
/// Pages that are published, and the first of those that nobody knows.
pub const PUBLIC_PAGES: u64 = 12;

/// Distinct keys of a day that are told apart: a bound that no flaw raises.
pub const KEYS_PER_DAY_MAX: usize = crate::bound::KEYS_PER_DAY_MAX;
/// The periods of the day, in the order in which they are published.
const KINDS: [PeriodKind; 4] = [PeriodKind::Day, PeriodKind::Week, PeriodKind::Month, PeriodKind::Quarter];

/// What the visitor in question does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    /// As many public pages as count, each in an hour of its own, one more beyond the bound, and an error of each class.
    AtEveryBound,
    /// The same pages again and again: first views and repeats.
    SamePages,
    /// Pages, a referrer, a campaign and errors that nobody else has and nobody published.
    Alone,
    /// A single page view: what is left is the month's sketch, and one visit.
    OneView,
}

/// What a flaw changes on the way to the cells.
#[derive(Debug, Clone, Copy)]
pub struct Leaks {
    /// What the limiter allows; what the plan covers is always the default.
    pub bounds: Bounds,
    /// The limiter forgets everybody in the middle of the day.
    pub forgets: bool,
    /// Beyond so many distinct keys, new ones count as others.
    pub keys_max: usize,
    /// What is promised.
    pub epsilon: f64,
}

/// The cells of all periods, with what is public before they are sealed.
pub struct Stage {
    site: Site,
    public: PublicKeys,
    day: DayTally,
    week: WeekTally,
    month: MonthTally,
    quarter: QuarterTally,
}

/// What the periods of a stage are released under.
pub struct Plans(Vec<Under>);

impl Stage {
    /// Plays a scene with or without the visitor.
    #[must_use]
    pub fn play(scene: Scene, with: bool, leaks: &Leaks) -> Self {
        let site = site(leaks);
        let index = SiteIndex { public: public(), ..SiteIndex::default() };
        let mut cells = Cells::default();
        // The process starts again between the parts of the day.
        let mut names = Names::default();
        let parts = parts(scene, with, &mut names);
        for part in parts {
            let bounder = Bounder { keys_max: leaks.keys_max, ..Bounder::new(&site, &index, [0; 16], 0) };
            let (mut open, mut delta) = (Cells::default(), Cells::default());
            open.merge(&cells);
            for act in part {
                bounder.add(act, &names, &mut open, &mut delta);
            }
            cells.merge(&delta);
            if leaks.forgets {
                for day in cells.days.values_mut() {
                    (day.visitors, day.pairs) = Default::default();
                }
            }
        }
        let epoch = |period| Epoch { site: site.name.clone(), period };
        let date = Day::from_number(DATE);
        let day = cells.days.remove(&epoch(Period::day(date))).unwrap_or_default();
        let mut week = cells.weeks.remove(&epoch(Period::week_of(date))).unwrap_or_default();
        let mut month = cells.months.remove(&epoch(Period::month_of(date))).unwrap_or_default();
        let mut quarter = QuarterTally::default();
        week.absorb(&day);
        month.absorb(&day);
        quarter.absorb(&day, |table, key| index.is_public(table, key));
        Self { public: index.public, site, day, week, month, quarter }
    }

    /// The plans of the stage's periods, as a flaw spoils their mechanisms.
    #[must_use]
    pub fn plans(&self, spoil: impl Fn(&mut Mechanism)) -> Plans {
        let plan = |kind| {
            let mut under = self.site.history.of_period(Period::of(kind, Day::from_number(DATE)));
            under.plan.mechanisms.iter_mut().for_each(&spoil);
            under
        };
        Plans(KINDS.into_iter().map(plan).collect())
    }

    /// What is claimed of a visitor-day: the mechanisms of the day's plan, not spoilt.
    #[must_use]
    pub fn claimed(&self) -> &[Mechanism] {
        &self.site.history.of_day(Day::from_number(DATE)).plan.mechanisms
    }

    /// Publishes everything once: the day, its week, month and quarter.
    ///
    /// # Errors
    /// When the noise fails.
    pub fn publish(&self, plans: &Plans, noise: &mut dyn Noise) -> Result<Vec<Release>, NoiseFault> {
        let none = BTreeSet::new();
        let noise = &mut Drawn(noise);
        let mut all = Vec::with_capacity(KINDS.len());
        for (kind, under) in KINDS.into_iter().zip(&plans.0) {
            let mut draw =
                Draw { site: &self.site, known_pages: &none, under, public: &self.public, noise: &mut *noise };
            let body = match kind {
                PeriodKind::Day => draw.day(Day::from_number(DATE), &self.day, &[]),
                PeriodKind::Week => draw.week(&self.week),
                PeriodKind::Month => draw.month(&self.month),
                _ => draw.quarter(&self.quarter),
            };
            all.push(release(&self.site, under, Period::of(kind, Day::from_number(DATE)), 0, body?));
        }
        Ok(all)
    }

    /// The keys of open tables that somebody asked for and nobody published yet.
    #[must_use]
    pub fn keys_not_public(&self) -> BTreeSet<(Table, String)> {
        let pages = self.day.pages.keys().map(|key| (Table::Page, key));
        let texts = [Table::Referrer, Table::Campaign, Table::Error]
            .into_iter()
            .flat_map(|table| self.day.texts(table).keys().map(move |key| (table, key)));
        let is_public = |table, key: &str| self.public.get(&table).is_some_and(|keys| keys.contains(key));
        let own = pages.chain(texts).filter(|(table, key)| !is_public(*table, key));
        own.map(|(table, key)| (table, key.to_owned())).collect()
    }
}

/// The limiter gets what the leak allows, and the noise covers what the default promises.
fn site(leaks: &Leaks) -> Site {
    // Unwrap safety: a fixed name that is one, and UTC is always known.
    let (name, calendar) = (SiteName::new("audit").expect("a name"), Calendar::new("UTC").expect("a zone"));
    // Long lists of keys take time and are drawn like short ones.
    let tables = TableSet::without_sources().without(Table::Language).without(Table::Browser);
    let settings = SiteSettings { tables, ..SiteSettings::plain(name, calendar) };
    let promised = Privacy { epsilon: leaks.epsilon, ..Privacy::default() };
    let covered = InForce::new(settings.terms(promised));
    let mut in_force = InForce::new(settings.terms(Privacy { bounds: leaks.bounds, ..promised }));
    in_force.plan = covered.plan;
    Site::new(&settings, History(vec![in_force]))
}

/// What earlier periods published.
fn public() -> PublicKeys {
    let pages = (0..PUBLIC_PAGES).map(page).collect();
    let errors = ["4xx /p0", "5xx /p1"].map(Into::into).into();
    PublicKeys::from([
        (Table::Page, pages),
        (Table::Error, errors),
        (Table::Referrer, ["known.example".into()].into()),
        (Table::Campaign, ["known / - / -".into()].into()),
    ])
}

fn page(number: u64) -> Box<str> {
    format!("/p{number}").into()
}

/// A number that looks like a keyed hash.
fn tag(of: u64, what: u64) -> u64 {
    let mut word = of.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ what.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

fn view(who: u64, number: u64, hour: u64, is_alone: bool, names: &mut Names) -> Sighting {
    let mut last = NameId::default();
    let [referrer, campaign] =
        if is_alone { ["mine.example", "mine / - / -"] } else { ["known.example", "known / - / -"] };
    let mut attributes = Attributes::default();
    for (table, text) in [(Table::Referrer, referrer), (Table::Campaign, campaign)] {
        attributes.set_name(table, names.id(text, &mut last));
    }
    Sighting {
        day: Day::from_number(DATE),
        visitor_tag: tag(who, 1),
        seen: Seen::Visit(Visit {
            // Cast safety: below 24.
            hour: (hour % 24) as u8,
            pair_tag: tag(who, 1_000 + number),
            other_pair_tag: tag(who, 2),
            week_tag: Some(tag(who, 3)),
            month_tag: Some(tag(who, 4)),
            page: names.id(&page(number), &mut last),
            attributes,
        }),
    }
}

fn error(who: u64, class: u8, key: &str, names: &mut Names) -> Sighting {
    let key = names.id(key, &mut NameId::default());
    Sighting { day: Day::from_number(DATE), visitor_tag: tag(who, 1), seen: Seen::Error { class, key } }
}

/// All that happens on the day, in three parts. The visitor comes first, and at every bound in each part again.
fn parts(scene: Scene, with: bool, names: &mut Names) -> [Vec<Sighting>; 3] {
    const VISITOR: u64 = 7_777;
    let pages = |names: &mut Names| (0..9).map(|n| view(VISITOR, n, n, false, names)).collect::<Vec<_>>();
    let mut mine: Vec<Sighting> = match scene {
        Scene::AtEveryBound => pages(names),
        Scene::SamePages => (0..12).map(|n| view(VISITOR, n / 3, n, false, names)).collect(),
        Scene::Alone => (0..8).map(|n| view(VISITOR, PUBLIC_PAGES + n, n, true, names)).collect(),
        Scene::OneView => vec![view(VISITOR, 0, 0, false, names)],
    };
    match scene {
        Scene::AtEveryBound => {
            mine.extend([error(VISITOR, 0, "4xx /p0", names), error(VISITOR, 1, "5xx /p1", names)]);
            mine.push(Sighting { seen: Seen::Robot { family: 0 }, ..error(VISITOR, 0, "", names) });
        }
        Scene::Alone => mine.extend([error(VISITOR, 0, "4xx /mine", names), error(VISITOR, 1, "5xx /mine", names)]),
        Scene::SamePages | Scene::OneView => {}
    }
    let again = |names: &mut Names| if with && scene == Scene::AtEveryBound { pages(names) } else { Vec::new() };
    let crowd = (0..CROWD * CROWD_VIEWS).map(|n| view(n % CROWD, n % PUBLIC_PAGES, n / 7, false, names));
    let first = mine.into_iter().filter(|_| with).chain(crowd).collect();
    [first, again(names), again(names)]
}

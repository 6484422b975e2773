//! Worst cases: a small crowd, and one visitor-day that goes to every bound. Through the real limiter into real cells, once
//! with that visitor and once without. What is published of either can be drawn as often as an audit wants.

use std::collections::BTreeSet;

use headcount_model::{guard::Guard, rng::SplitMix64};
use zeroize::Zeroizing;

use super::{Noise, NoiseFault, noise::Drawn, release};
use crate::{
    Bounds, Mechanism, Outcome, Privacy, Release, SiteSettings, Table, TableSet,
    anonymize::{Attributes, Seen, Sighting, Visit},
    bound::Bounder,
    calendar::{Calendar, Day, Period, PeriodKind},
    cells::Cells,
    guard,
    keys::Epoch,
    limit,
    names::{NameId, Names},
    release::{
        draw::Draw,
        index::{PublicKeys, SiteIndex},
        noise::ReleaseNoise,
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

/// A page that the visitor never sees, and how many come to it: enough that it appears.
const NOBODYS_PAGE: u64 = 40;
const PAGE_CROWD: u64 = 150;
/// The day's parts.
const PARTS: usize = 3;
/// Of the keys that the visitor in question opens so many lie beyond the threshold of the guard.
const KEYS_TO_THRESHOLD: u64 = 4;
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
    /// As alone, on a day with so many other pages that the table closes at a moment that the noise decides, while a crowd comes
    /// to a page that the visitor opened, and to one that nobody did.
    Closing,
}

/// What bounds a day's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// The guard that servers have.
    Guarded,
    /// The guard without noise to speak of.
    GuardedExactly,
    /// The guard, and pages that have a row keep it after the table has closed.
    RowsStay,
    /// Beyond so many pages new ones are others.
    Capped(usize),
}

/// What a flaw changes on the way to the cells.
#[derive(Debug, Clone, Copy)]
pub struct Leaks {
    /// What the limiter allows; what the plan covers is always the default.
    pub bounds: Bounds,
    /// The limiter forgets everybody in the middle of the day.
    pub forgets: bool,
    /// What bounds the keys.
    pub keys: Keys,
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
    /// How many pages beside the public ones there were after each part.
    asked: Vec<u64>,
}

/// What the periods of a stage are released under.
pub struct Plans(Vec<Under>);

/// A scene with or without the visitor, as it ends by when the pages' table closed: after the first part, after the second, or
/// never. Other scenes than [`Scene::Closing`] end in one way.
pub struct Play {
    /// Each way in which it ends.
    pub stages: Vec<Stage>,
    /// What the guard was asked after each part but the last.
    asked: Vec<u64>,
    guard: Guard,
}

impl Play {
    /// Plays a scene.
    ///
    /// # Panics
    /// Where the plan has no guard on pages, which every plan has.
    #[must_use]
    pub fn of(scene: Scene, with: bool, leaks: &Leaks) -> Self {
        let never = Stage::play(scene, with, leaks, PARTS);
        let of_site = never.site.history.of_day(Day::from_number(DATE)).plan.guard(Table::Page);
        // Unwrap safety: every plan has a guard on pages.
        let mut guard = Guard { keys_free: 0, ..of_site.expect("a guard") };
        if leaks.keys == Keys::GuardedExactly {
            guard.scale = 1;
        }
        if scene != Scene::Closing || matches!(leaks.keys, Keys::Capped(_)) {
            return Self { stages: vec![never], asked: Vec::new(), guard };
        }
        let asked =
            never.asked.iter().take(PARTS - 1).map(|keys| keys + guard.threshold() - KEYS_TO_THRESHOLD).collect();
        let mut stages: Vec<Stage> = (1..PARTS).map(|part| Stage::play(scene, with, leaks, part)).collect();
        stages.push(never);
        Self { stages, asked, guard }
    }

    /// In which of its ways it ends, by the noise that servers draw; `random` stands for what the system gives them.
    ///
    /// # Errors
    /// When the noise fails.
    pub fn end(&self, random: &mut SplitMix64) -> Result<usize, NoiseFault> {
        let mut key = || {
            let mut key = Zeroizing::new([0; 32]);
            key.chunks_exact_mut(8).for_each(|word| word.copy_from_slice(&random.next_u64().to_le_bytes()));
            key
        };
        let (of_day, mut fresh) = (key(), ReleaseNoise::kept(&key()));
        for (end, keys) in self.asked.iter().enumerate() {
            if guard::closes(self.guard, *keys, &of_day, &mut fresh, 1).map_err(NoiseFault::of)? {
                return Ok(end);
            }
        }
        Ok(self.asked.len())
    }
}

impl Stage {
    /// Plays a scene with or without the visitor; the pages' table closes after so many parts.
    fn play(scene: Scene, with: bool, leaks: &Leaks, closes_after: usize) -> Self {
        let site = site(leaks);
        let index = SiteIndex { public: public(), ..SiteIndex::default() };
        let mut cells = Cells::default();
        // The process starts again between the parts of the day.
        let mut names = Names::default();
        let parts = parts(scene, with, &mut names);
        let mut asked = Vec::new();
        let of_day = Epoch { site: site.name.clone(), period: Period::day(Day::from_number(DATE)) };
        for (place, part) in parts.into_iter().enumerate() {
            let bounder = Bounder::new(&site, &index);
            let (mut open, mut delta) = (Cells::default(), Cells::default());
            open.merge(&cells);
            for act in part {
                let day = open.days.entry(of_day.clone()).or_default();
                day.set_pages_closed(leaks.keys.closes(&act, &names, day, place >= closes_after));
                bounder.add(act, &names, &mut open, &mut delta);
            }
            cells.merge(&delta);
            let day = cells.days.entry(of_day.clone()).or_default();
            asked.push(guard::keys_beside_public(&site, &index, day, Table::Page));
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
        week.absorb(&day, site.terms_of(date).plan.has_weeks_of_pages());
        month.absorb(&day, site.terms_of(date).tables());
        quarter.absorb(&day, |table, key| index.is_public(table, key));
        Self { public: index.public, site, day, week, month, quarter, asked }
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

impl Keys {
    /// Whether the table is closed for a view.
    fn closes(self, act: &Sighting, names: &Names, day: &DayTally, is_closed: bool) -> bool {
        let Seen::Visit(visit) = &act.seen else { return is_closed };
        let has_row = || day.pages.place(names.get(visit.page)).is_some();
        match self {
            Self::Guarded | Self::GuardedExactly => is_closed,
            Self::RowsStay => is_closed && !has_row(),
            Self::Capped(most) => day.pages.len() >= most && !has_row(),
        }
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
            marks: limit::VisitorDay::mark_browser(),
        }),
    }
}

fn error(who: u64, class: u8, key: &str, names: &mut Names) -> Sighting {
    let key = names.id(key, &mut NameId::default());
    Sighting { day: Day::from_number(DATE), visitor_tag: tag(who, 1), seen: Seen::Error { class, key } }
}

/// Views of one page each by visitors who see no other.
fn crowd_on(number: u64, first: u64, names: &mut Names) -> Vec<Sighting> {
    (first..first + PAGE_CROWD).map(|who| view(who, number, who, false, names)).collect()
}

/// All that happens on the day, in three parts. The visitor comes first, and at every bound in each part again.
fn parts(scene: Scene, with: bool, names: &mut Names) -> [Vec<Sighting>; PARTS] {
    const VISITOR: u64 = 7_777;
    let pages = |names: &mut Names| (0..9).map(|n| view(VISITOR, n, n, false, names)).collect::<Vec<_>>();
    let mut mine: Vec<Sighting> = match scene {
        Scene::AtEveryBound => pages(names),
        Scene::SamePages => (0..12).map(|n| view(VISITOR, n / 3, n, false, names)).collect(),
        Scene::Alone | Scene::Closing => (0..8).map(|n| view(VISITOR, PUBLIC_PAGES + n, n, true, names)).collect(),
        Scene::OneView => vec![view(VISITOR, 0, 0, false, names)],
    };
    match scene {
        Scene::AtEveryBound => {
            mine.extend([error(VISITOR, 0, "4xx /p0", names), error(VISITOR, 1, "5xx /p1", names)]);
            mine.push(Sighting { seen: Seen::Files, ..error(VISITOR, 0, "", names) });
            mine.push(Sighting {
                seen: Seen::Robot { family: 0, ended: Outcome::Bot },
                ..error(VISITOR, 0, "", names)
            });
        }
        Scene::Alone | Scene::Closing => {
            mine.extend([error(VISITOR, 0, "4xx /mine", names), error(VISITOR, 1, "5xx /mine", names)])
        }
        Scene::SamePages | Scene::OneView => {}
    }
    let again = |names: &mut Names| if with && scene == Scene::AtEveryBound { pages(names) } else { Vec::new() };
    let crowd = (0..CROWD * CROWD_VIEWS).map(|n| view(n % CROWD, n % PUBLIC_PAGES, n / 7, false, names));
    let first = mine.into_iter().filter(|_| with).chain(crowd).collect();
    if scene == Scene::Closing {
        return [first, crowd_on(PUBLIC_PAGES, 10_000, names), crowd_on(NOBODYS_PAGE, 20_000, names)];
    }
    [first, again(names), again(names)]
}

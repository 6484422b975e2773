//! Worst cases: a small crowd, and one visitor-day that goes to every bound. Through the real limiter into real cells, once
//! with that visitor and once without.

use crate::{
    Bounds, Privacy, SiteSettings, Table, TableSet,
    anonymize::{Attributes, Seen, Sighting, Visit},
    bound::Bounder,
    calendar::{Calendar, Day, Period},
    cells::Cells,
    keys::Epoch,
    names::{NameId, Names},
    release::{
        index::{PublicKeys, SiteIndex},
        terms::{History, InForce},
    },
    site::Site,
    tally::{DayTally, MonthTally, QuarterTally, WeekTally},
    units::SiteName,
};

/// 2026-06-03, a Wednesday.
pub(super) const DATE: i32 = 20_607;
/// Visitors beside the one in question, and page views of each.
const CROWD: u64 = 40;
const CROWD_VIEWS: u64 = 3;
/// Pages that are published, and the first of those that nobody knows.
pub(super) const PUBLIC_PAGES: u64 = 12;

/// What the visitor in question does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scene {
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
pub(super) struct Leaks {
    /// What the limiter allows; what the plan covers is always the default.
    pub(super) bounds: Bounds,
    /// The limiter forgets everybody in the middle of the day.
    pub(super) forgets: bool,
    /// Beyond so many distinct keys, new ones count as others.
    pub(super) keys_max: usize,
    /// What is promised.
    pub(super) epsilon: f64,
}

/// The cells of all periods, with what is public before they are sealed.
pub(super) struct Stage {
    pub(super) site: Site,
    pub(super) public: PublicKeys,
    pub(super) day: DayTally,
    pub(super) week: WeekTally,
    pub(super) month: MonthTally,
    pub(super) quarter: QuarterTally,
}

impl Stage {
    /// Plays a scene with or without the visitor.
    pub(super) fn play(scene: Scene, with: bool, leaks: &Leaks) -> Self {
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

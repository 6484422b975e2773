//! What the noise covers: for any visitor-day and any crowd, leaving that visitor-day out changes the exact numbers of each
//! mechanism by no more than its declared sensitivity. Through the real limiter, tallies and drawing, with noise of zero.
//!
//! That holds given the moment at which the guard on keys closes the tables, which is the same on both sides here; and until
//! then what the guard is asked changes by no more than is declared either.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::calendar::{Day, Period, PeriodKind};
use bound::Bounder;
use cells::Cells;
use keys::Epoch;
use release::{
    budget::SigmaMilli,
    draw::Body,
    estimate,
    index::{PublicKeys, PublishedPeriods, SiteIndex},
    noise::{Noise, NoiseFault},
    plan::What,
};
use tally::QuarterTally;

/// No noise at all: what is drawn is exact.
struct Silence;

impl Noise for Silence {
    fn sample(&mut self, _: SigmaMilli) -> Result<i64, NoiseFault> {
        Ok(0)
    }
}

/// One request of somebody.
#[derive(Debug, Clone)]
struct Act {
    hour: u8,
    page: u8,
    status: u32,
    robot: bool,
    /// A page, a file that belongs to one, or robots.txt.
    kind: Kind,
    /// Whether the browser is years behind.
    old: bool,
    referrer: u8,
    campaign: u8,
    host: u8,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Page,
    File,
    RobotsTxt,
}

/// The tables that take in new keys, and what their guards are asked.
const TABLES: [Table; 4] = [Table::Page, Table::Referrer, Table::Campaign, Table::Error];
type Asked = [(Table, usize); TABLES.len()];

const PAGES: u8 = 12;
const VISITOR: u32 = 77;

fn act() -> impl Strategy<Value = Act> {
    let status = prop::sample::select(vec![200_u32, 200, 200, 304, 404, 410, 500, 301]);
    let kind = prop::sample::select(vec![Kind::Page, Kind::Page, Kind::Page, Kind::File, Kind::RobotsTxt]);
    let how = (prop::bool::weighted(0.1), kind, any::<bool>());
    (0_u8..24, 0..PAGES, status, how, 0_u8..4, 0_u8..3, 0_u8..4).prop_map(
        |(hour, page, status, (robot, kind, old), referrer, campaign, host)| Act {
            hour,
            page,
            status,
            robot,
            kind,
            old,
            referrer,
            campaign,
            host,
        },
    )
}

fn event(who: u32, act: &Act) -> AccessEvent<'static> {
    let agent = match (act.robot, act.old) {
        (true, _) => "Googlebot/2.1 (+http://www.google.com/bot.html)",
        (_, true) => "Mozilla/5.0 (X11; Linux x86_64; rv:52.0) Gecko/20100101 Firefox/52.0",
        _ => "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    };
    let midnight = NOON_UNIX_MS - DAY_MS / 2;
    let target = match act.campaign {
        _ if act.kind == Kind::File => format!("/{}.css", act.page),
        _ if act.kind == Kind::RobotsTxt => "/robots.txt".to_owned(),
        0 => format!("/p{}", act.page),
        n => format!("/p{}?utm_source=s{n}&utm_campaign=c", act.page),
    };
    // The cookie makes one visitor of whatever agent it uses.
    AccessEvent::at(midnight + i64::from(act.hour) * 3_600_000, act.status)
        .from_whom(format!("10.9.0.{who}"), format!("cookie-{who}"), agent.to_owned())
        .for_what("GET".to_owned(), target)
        .with_context(format!("https://r{}.example/", act.referrer), String::new())
        .with_answer(String::new(), Some(u32::from(act.page) * 40), Some(2_000))
        .at_host(format!("h{}.example", act.host))
}

/// The exact numbers of every mechanism, by key and counter.
type Vectors = BTreeMap<(Table, PeriodKind, &'static str), BTreeMap<String, i64>>;

struct Bench {
    site: site::Site,
    anonymizer: anonymize::Anonymizer,
    index: SiteIndex,
    _keys: tempfile::TempDir,
}

impl Bench {
    fn new(bounds: Bounds) -> Self {
        let keys = tempfile::tempdir().unwrap();
        let settings = SiteSettings {
            // It publishes pages by week as well, and finds new ones by month.
            shares: Shares::SMALL_FIRST_MONTH,
            tables: TableSet::all(),
            // Two of four hosts.
            hosts: vec!["h0.example".to_owned(), "h1.example".to_owned()],
            // Some pages are known, so that votes go to the others.
            known_pages: (0..3).map(|n| format!("/p{n}")).collect(),
            ..SiteSettings::plain(SiteName::new("www").unwrap(), Calendar::new("UTC").unwrap())
        };
        let terms = settings.terms(Privacy { bounds, ..Privacy::default() });
        let site = site::Site::new(&settings, release::terms::History::of(vec![terms]));
        // Some keys were published before.
        let public = PublicKeys::from([
            (Table::Page, ["/p3".into()].into()),
            (Table::Referrer, ["r1.example".into()].into()),
            (Table::Error, ["4xx /p1".into()].into()),
        ]);
        let index = SiteIndex { public, ..SiteIndex::default() };
        Self { site, anonymizer: anonymizer(keys.path()), index, _keys: keys }
    }

    /// What is counted, with the visitor or without, where the guard closes all tables before the act at a place; and what it
    /// is asked before each act until then.
    fn count(&self, acts: &[(u32, Act)], with: bool, closes_at: usize) -> (Cells, Vec<Asked>) {
        let mut asked = Vec::new();
        let of_day = Epoch { site: self.site.name.clone(), period: Period::day(date()) };
        let (mut bench, sealed) = (anonymize::Scratch::default(), PublishedPeriods::default());
        let (mut open, mut delta) = (Cells::default(), Cells::default());
        let bounder = Bounder::new(&self.site, &self.index);
        for (place, (who, act)) in acts.iter().enumerate() {
            for cells in [&mut open, &mut delta] {
                let day = cells.days.entry(of_day.clone()).or_default();
                if place == closes_at {
                    day.close(TABLES.into_iter().collect());
                }
            }
            if place <= closes_at {
                let day = &open.days[&of_day];
                asked.push(TABLES.map(|table| (table, day.keys_of(table))));
            }
            if *who == VISITOR && !with {
                continue;
            }
            let event = event(*who, act);
            let sighting = self.anonymizer.anonymize(&self.site, event, NOON_UNIX_MS + DAY_MS, &sealed, &mut bench);
            if let anonymize::Anonymized::Seen(sighting) = sighting.unwrap() {
                bounder.add(sighting, &bench.names, &mut open, &mut delta);
            }
        }
        (delta, asked)
    }

    fn vectors(&self, cells: &Cells) -> Vectors {
        let none = tally::DayTally::default();
        let day = cells.days.values().next().unwrap_or(&none);
        let mut week = cells.weeks.values().next().cloned().unwrap_or_default();
        week.absorb(day, true);
        let mut month = cells.months.values().next().cloned().unwrap_or_default();
        month.absorb(day, TableSet::all());
        month.absorb_votes(day, |_| false);
        let mut quarter = QuarterTally::default();
        quarter.absorb(day, |_, _| false);
        let date = date();
        let mut vectors = Vectors::new();
        let public = everything(day);
        for kind in [PeriodKind::Day, PeriodKind::Week, PeriodKind::Month] {
            let under = self.site.history.of_period(Period::of(kind, date));
            let mut silence = Silence;
            let mut draw = draw(&self.site, &under, &public, &mut silence);
            let body = match kind {
                PeriodKind::Day => draw.day(date, day, &[]),
                PeriodKind::Week => draw.week(&week),
                _ => draw.month(&month),
            };
            collect(kind, body.unwrap(), &mut vectors);
        }
        // Where nobody saw a page there is no sketch: its mechanism moves nothing.
        vectors.entry((Table::Page, PeriodKind::Month, What::Visitors.name())).or_default();
        sketch((Table::Site, PeriodKind::Week), "", &week.visitors, &mut vectors);
        sketch((Table::Site, PeriodKind::Month), "", &month.visitors, &mut vectors);
        for (page, tally) in month.pages.iter() {
            sketch((Table::Page, PeriodKind::Month), page, &tally.visitors, &mut vectors);
        }
        let of_month = month.votes.iter().map(|(k, n)| (k.to_string(), *n as i64)).collect();
        vectors.insert((Table::Page, PeriodKind::Month, What::Votes.name()), of_month);
        for table in [Table::Page, Table::Referrer, Table::Campaign] {
            let votes = quarter.votes(table).iter().map(|(k, n)| (k.to_string(), *n as i64)).collect();
            vectors.insert((table, PeriodKind::Quarter, What::Votes.name()), votes);
        }
        vectors
    }
}

/// The day of all acts.
fn date() -> Day {
    Day::from_number(i32::try_from(NOON_UNIX_MS / DAY_MS).unwrap())
}

/// Every key of the open tables, so that no threshold hides one.
fn everything(day: &tally::DayTally) -> PublicKeys {
    let mut public = PublicKeys::default();
    public.insert(Table::Page, day.pages.keys().map(Into::into).collect());
    for table in [Table::Referrer, Table::Campaign, Table::Error] {
        public.insert(table, day.texts(table).keys().map(Into::into).collect());
    }
    public
}

fn collect(kind: PeriodKind, body: Body, vectors: &mut Vectors) {
    fn put(all: &mut Vectors, table: Table, kind: PeriodKind, what: What, key: String, count: i64) {
        all.entry((table, kind, what.name())).or_default().insert(key, count);
    }
    let numbers = body.site_numbers.unwrap();
    for (rank, noisy) in numbers.ranks.iter().enumerate() {
        let what = if rank == 0 { What::Visits } else { What::FurtherViews };
        put(vectors, Table::Site, kind, what, rank.to_string(), noisy.count);
    }
    put(vectors, Table::Site, kind, What::FurtherViews, "limited".into(), numbers.limited.count);
    for hour in body.hours {
        for (position, count) in hour.counts.into_iter().enumerate() {
            put(vectors, Table::Site, PeriodKind::Hour, What::Counters, format!("{} {position}", hour.hour), count);
        }
    }
    for table in body.tables {
        vectors.entry((table.table, kind, What::Counters.name())).or_default();
        for key in table.keys {
            for (n, count) in key.counts.into_iter().enumerate() {
                put(vectors, table.table, kind, What::Counters, format!("{} {n}", key.key), count);
            }
        }
    }
}

/// The released form of a sketch of a week or month.
fn sketch((table, kind): (Table, PeriodKind), name: &str, sketch: &sketch::Sketch, vectors: &mut Vectors) {
    // An unused sketch is that of a page that is not there.
    let unused = estimate::released_form(&sketch::Sketch::new(sketch.precision()).histogram());
    let bins = estimate::released_form(&sketch.histogram());
    let entry = vectors.entry((table, kind, What::Visitors.name())).or_default();
    for (value, (bin, none)) in bins.into_iter().zip(unused).enumerate() {
        entry.insert(format!("{name} {value}"), bin - none);
    }
}

fn distance_squared(with: &BTreeMap<String, i64>, without: &BTreeMap<String, i64>) -> i64 {
    let keys: std::collections::BTreeSet<&String> = with.keys().chain(without.keys()).collect();
    let at = |map: &BTreeMap<String, i64>, key| map.get(key).copied().unwrap_or(0);
    keys.into_iter().map(|key| (at(with, key) - at(without, key)).pow(2)).sum()
}

/// By how many keys the visitor changes what a table's guard is asked, at most. It never has fewer by it.
fn keys_moved(table: Table, with: &[Asked], without: &[Asked]) -> usize {
    let keys = |asked: &Asked| asked.iter().find(|(of, _)| *of == table).unwrap().1;
    let moved = with.iter().zip(without).map(|(with, without)| keys(with).checked_sub(keys(without)).unwrap());
    moved.max().unwrap_or(0)
}

/// Compares a crowd with and without the visitor, for every mechanism of the plan.
fn check(bench: &Bench, acts: &[(u32, Act)], closes_at: usize) -> Result<(), TestCaseError> {
    let (with, asked_with) = bench.count(acts, true, closes_at);
    let (without, asked_without) = bench.count(acts, false, closes_at);
    let (with, without) = (bench.vectors(&with), bench.vectors(&without));
    let none = BTreeMap::new();
    let plan = &bench.site.history.of_day(Day::from_number(0)).plan;
    for mechanism in &plan.mechanisms {
        let declared = i64::from(mechanism.l2_squared);
        if mechanism.what == What::Guard {
            let moved = keys_moved(mechanism.table, &asked_with, &asked_without) as i64;
            prop_assert!(moved * moved <= declared, "the guard on {:?} is asked {moved} more", mechanism.table);
            continue;
        }
        let key = (mechanism.table, mechanism.period, mechanism.what.name());
        prop_assert!(with.contains_key(&key) || without.contains_key(&key), "{key:?} is nowhere drawn");
        let distance = distance_squared(with.get(&key).unwrap_or(&none), without.get(&key).unwrap_or(&none));
        prop_assert!(distance <= declared, "{key:?} moves by the root of {distance}, declared is that of {declared}");
    }
    for key in with.keys() {
        prop_assert!(plan.mechanisms.iter().any(|m| (m.table, m.period, m.what.name()) == *key), "{key:?} is free");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_visitor_day_moves_no_mechanism_further_than_declared(
        crowd in prop::collection::vec((1_u32..6, act()), 0..30),
        mine in prop::collection::vec((0_usize..40, act()), 1..25),
        views in 1_u8..=10,
        of_page in 1_u8..=3,
        closes_at in 0_usize..60,
    ) {
        let bench = Bench::new(Bounds { views_per_visitor_day: views, views_per_page: of_page.min(views) });
        let mut acts = crowd;
        for (place, act) in mine {
            acts.insert(place.min(acts.len()), (VISITOR, act));
        }
        check(&bench, &acts, closes_at)?;
    }
}

#[test]
fn the_declared_sensitivities_are_reached() {
    let bench = Bench::new(Bounds::default());
    let plain = |page: u8| Act {
        hour: page % 24,
        page,
        status: 200,
        robot: false,
        kind: Kind::Page,
        old: false,
        referrer: 0,
        campaign: 1,
        host: 0,
    };
    let mut acts: Vec<(u32, Act)> = (4..12).map(|page| (VISITOR, plain(page))).collect();
    acts.extend([404, 500].map(|status| (VISITOR, Act { status, ..plain(0) })));
    acts.push((VISITOR, Act { robot: true, ..plain(0) }));
    // One more, so that the guard is asked once more.
    acts.push((VISITOR, Act { robot: true, ..plain(0) }));
    let (with, asked_with) = bench.count(&acts, true, usize::MAX);
    let (without, asked_without) = bench.count(&acts, false, usize::MAX);
    let (with, without) = (bench.vectors(&with), bench.vectors(&without));
    let none = BTreeMap::new();
    for mechanism in &bench.site.history.of_day(Day::from_number(0)).plan.mechanisms {
        if mechanism.what == What::Guard {
            let moved = keys_moved(mechanism.table, &asked_with, &asked_without);
            assert_eq!(moved * moved, mechanism.l2_squared as usize, "{:?}", mechanism.table);
            continue;
        }
        let key = (mechanism.table, mechanism.period, mechanism.what.name());
        let distance = distance_squared(with.get(&key).unwrap_or(&none), without.get(&key).unwrap_or(&none));
        // Eight new pages: the votes of ranks nine and ten are never given. The mark of the limit is one more than the
        // seven further views here, but for want of a ninth view.
        let wanted = match (mechanism.table, mechanism.what) {
            (Table::Page, What::Votes) => 9_894,
            (Table::Site, What::FurtherViews) => 7,
            _ => i64::from(mechanism.l2_squared),
        };
        assert_eq!(distance, wanted, "{key:?}");
    }
}

//! The room as a whole over releases in memory: what is computed once, what a new release changes, and what is followed.

use std::{
    sync::{
        RwLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use headcount_model::{ledger::Ledger, plan::Plan, regular::Regular};
use tokio_stream::StreamExt;

use super::*;
use crate::{
    calendar::{Day, Period, PeriodKind},
    query::{
        Source,
        fixture::{Memory, table},
        range::{Compare, Dates},
        top::{PageAsk, PageSize, TopAsk},
        traffic::TrafficAsk,
    },
    vault::{Bounds, DayLedger, Mechanism, Privacy, RETENTION, Release, Shares, SiteInfo, Table, TableSet, Terms},
};

/// How long anything may take that should take a moment.
const PATIENCE: Duration = Duration::from_secs(60);

/// Releases in memory that a test may add to.
#[derive(Clone)]
pub(crate) struct Shelf {
    pub(crate) memory: Arc<RwLock<Memory>>,
    latest: Arc<watch::Sender<u64>>,
    /// How often a release was asked for.
    reads: Arc<AtomicU32>,
}

impl Shelf {
    pub(crate) fn new(names: &[&str]) -> Self {
        let latest = Arc::new(watch::Sender::new(0));
        Self { memory: Arc::new(RwLock::new(Memory::new(names))), latest, reads: Arc::default() }
    }

    /// Publishes a day with so many visits.
    fn publish(&self, day: Day, visits: i64) {
        let mut memory = self.memory.write().unwrap();
        let release = memory.put(Period::day(day), &[visits]);
        release.tables = vec![table(Table::Page, &[("/", &[visits / 2, 0]), ("/b", &[visits / 4, 0])])];
        let number = release.number;
        drop(memory);
        self.latest.send_replace(number);
    }

    fn reads(&self) -> u32 {
        self.reads.load(Ordering::SeqCst)
    }
}

impl Source for Shelf {
    fn sites(&self) -> Vec<SiteInfo> {
        self.memory.read().unwrap().sites()
    }
    fn get(&self, site: &SiteName, period: Period) -> Result<Option<Arc<Release>>, ReadError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.memory.read().unwrap().get(site, period)
    }
    fn published(&self, site: &SiteName, kind: PeriodKind, from: Day, to: Day) -> Vec<Period> {
        self.memory.read().unwrap().published(site, kind, from, to)
    }
    fn bounds(&self, _: &SiteName) -> Bounds {
        Bounds::default()
    }
}

impl Ledger for Shelf {
    fn terms(&self, site: &SiteName) -> Option<(Terms, Vec<Terms>)> {
        Some((self.terms_of(site, Day::from_number(0))?, Vec::new()))
    }
    fn terms_of(&self, _: &SiteName, _: Day) -> Option<Terms> {
        Some(Terms {
            from: Day::from_number(i32::MIN),
            privacy: Privacy::default(),
            profile: "standard".to_owned(),
            shares: Shares::STANDARD,
            tables: TableSet::without_sources(),
            has_page_list: false,
        })
    }
    fn mechanisms(&self, _: &SiteName) -> Option<Vec<Mechanism>> {
        Some(Plan::new(&Privacy::default(), &Shares::STANDARD, TableSet::without_sources()).mechanisms)
    }
    fn regulars(&self, _: &SiteName) -> Option<[Regular; 3]> {
        Some([4.0, 5.0, 6.0].map(|epsilon| Regular { epsilon, delta: epsilon / 100.0 }))
    }
    fn numbers_after(&self, _: Option<&SiteName>, after: u64) -> Vec<u64> {
        let memory = self.memory.read().unwrap();
        let mut numbers: Vec<u64> = memory.releases.values().map(|r| r.number).filter(|n| *n > after).collect();
        numbers.sort_unstable();
        numbers
    }
    fn numbered(&self, _: &SiteName) -> Vec<(Period, u64)> {
        self.memory.read().unwrap().releases.iter().map(|(period, release)| (*period, release.number)).collect()
    }
    fn by_number(&self, number: u64) -> Result<Option<Arc<Release>>, ReadError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        Ok(self.memory.read().unwrap().releases.values().find(|release| release.number == number).cloned())
    }
    fn day_ledger(&self, _: &SiteName, day: Day) -> Result<Option<DayLedger>, ReadError> {
        let spent = vec![(Period::day(day), 1, 7)];
        Ok(Some(DayLedger { day, terms_from: day, promised_rho_nano: 9, spent }))
    }
}

impl Published for Shelf {
    fn watch(&self) -> watch::Receiver<u64> {
        self.latest.subscribe()
    }
}

const FIRST_DAY: i32 = 20_000;

fn day(number: i32) -> Day {
    Day::from_number(FIRST_DAY + number)
}

/// Answers over three days of one site.
fn answers() -> (Shelf, Answers<Shelf>) {
    let shelf = Shelf::new(&["www"]);
    (0..3).for_each(|number| shelf.publish(day(number), 100));
    (shelf.clone(), Answers::new(shelf, Refusals::default()))
}

fn last_day(site: Option<SiteName>) -> TrafficQuestion {
    TrafficQuestion {
        site,
        ask: TrafficAsk { dates: Dates::of(day(2), day(2)), granularity: PeriodKind::Day, compare: Compare::None },
    }
}

fn pages() -> BreakdownQuestion {
    BreakdownQuestion { site: None, ask: TopAsk { table: Table::Page, dates: Dates::LATEST, compare: Compare::None } }
}

#[tokio::test]
async fn the_same_question_reads_releases_once_until_something_is_published() {
    let (shelf, answers) = answers();
    let first = answers.traffic(&last_day(None)).await.unwrap();
    assert_eq!(first.traffic.total.figures.visits.estimate, Some(100));
    assert_eq!(first.site.name.as_str(), "www");
    let reads = shelf.reads();
    assert!(reads > 0);
    assert_eq!(answers.traffic(&last_day(None)).await.unwrap().stamp(), first.stamp());
    assert_eq!(shelf.reads(), reads);
    shelf.publish(day(3), 40);
    let later = answers.traffic(&last_day(None)).await.unwrap();
    assert!(later.stamp() > first.stamp() && shelf.reads() > reads);
}

#[tokio::test]
async fn questions_that_differ_have_answers_of_their_own() {
    let (_, answers) = answers();
    let named = answers.named_site(&Scope::All, "www").unwrap();
    let whole = TrafficQuestion { ask: TrafficAsk { dates: Dates::LATEST, ..last_day(None).ask }, ..last_day(named) };
    let whole = answers.traffic(&whole).await.unwrap();
    assert_eq!(whole.traffic.points.len(), 3);
    assert_eq!(answers.traffic(&last_day(None)).await.unwrap().traffic.points.len(), 1);
}

#[tokio::test]
async fn pages_are_cut_from_a_breakdown_that_is_computed_once() {
    let (shelf, answers) = answers();
    let breakdown = answers.breakdown(&pages()).await.unwrap();
    let reads = shelf.reads();
    let mut ask = PageAsk { size: PageSize::new(1).unwrap(), ..PageAsk::default() };
    let first = breakdown.page(&ask).unwrap();
    ask.token.clone_from(&first.next_page_token);
    let second = answers.breakdown(&pages()).await.unwrap().page(&ask).unwrap();
    assert_eq!((first.rows[0].key.as_str(), second.rows[0].key.as_str()), ("/", "/b"));
    assert_eq!((first.keys, second.next_page_token.as_str()), (2, ""));
    assert_eq!(shelf.reads(), reads);
    // What the token leads on from is gone after a release.
    shelf.publish(day(3), 40);
    let refused = answers.breakdown(&pages()).await.unwrap().page(&ask);
    assert!(matches!(refused, Err(AskError::Field { field: "page_token", .. })));
}

#[tokio::test]
async fn a_cached_answer_keeps_no_release_in_memory() {
    let (shelf, answers) = answers();
    let _traffic = answers.traffic(&last_day(None)).await.unwrap();
    let _breakdown = answers.breakdown(&pages()).await.unwrap();
    let _privacy = answers.privacy(&PrivacyQuestion::new(None, 0, 0).unwrap()).await.unwrap();
    let memory = shelf.memory.read().unwrap();
    assert!(memory.releases.values().all(|release| Arc::strong_count(release) == 1));
}

#[tokio::test]
async fn every_site_is_in_the_overview_with_the_visits_of_its_last_day() {
    let (shelf, answers) = answers();
    let sites = answers.sites().await.unwrap();
    let all: Vec<_> = sites.sites.iter().map(|s| (s.site.name.as_str(), s.last_visits.estimate)).collect();
    assert_eq!(all, [("www", Some(100))]);
    shelf.publish(day(3), 40);
    assert_eq!(answers.sites().await.unwrap().sites[0].last_visits.estimate, Some(40));
}

#[tokio::test]
async fn the_ledger_has_the_latest_releases_first_and_as_many_days_as_are_asked_for() {
    let (_, answers) = answers();
    let answer = answers.privacy(&PrivacyQuestion::new(None, 2, 2).unwrap()).await.unwrap();
    assert_eq!(answer.ledger.iter().map(|entry| entry.release).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(answer.ledger[0].start, day(2).to_string());
    assert_eq!(answer.days.iter().map(|ledger| ledger.day).collect::<Vec<_>>(), [day(1), day(2)]);
    assert_eq!(answer.retention, RETENTION);
    assert!(PrivacyQuestion::new(None, 1_001, 0).is_err() && PrivacyQuestion::new(None, 0, 401).is_err());
}

#[tokio::test]
async fn what_has_no_answer_says_why() {
    let (_, answers) = answers();
    let unknown = last_day(Some(SiteName::new("other").unwrap()));
    let refused = answers.traffic(&unknown).await.map(|_| ());
    assert!(matches!(refused, Err(AnswerError::Unanswered(AskError::UnknownSite { .. }))), "{refused:?}");
    let whole_site = BreakdownQuestion { ask: TopAsk { table: Table::Site, ..pages().ask }, ..pages() };
    let refused = answers.breakdown(&whole_site).await.map(|_| ());
    assert!(matches!(refused, Err(AnswerError::Unanswered(AskError::Field { field: "table", .. }))), "{refused:?}");
    let empty = Answers::new(Shelf::new(&[]), Refusals::default());
    let refused = empty.traffic(&last_day(None)).await.map(|_| ());
    assert!(matches!(refused, Err(AnswerError::Unanswered(AskError::NoSites))), "{refused:?}");
}

/// The number of a release.
struct Number(u64);

impl Weigh for Number {
    fn bytes(&self) -> usize {
        size_of::<Self>()
    }
}

fn follow(answers: &Answers<Shelf>, follow: Follow, stopping: &watch::Receiver<bool>) -> Followed<Number> {
    let number = Arc::new(|release: &Release| Some(Number(release.number)));
    answers.follow((None, follow), Reader::default(), stopping.clone(), number).unwrap()
}

async fn next(releases: &mut Followed<Number>) -> Option<Result<u64, follow::Ended>> {
    let next = tokio::time::timeout(PATIENCE, releases.next()).await.expect("a release in time");
    next.map(|release| release.map(|Number(number)| number))
}

#[tokio::test]
async fn releases_are_followed_in_order_until_the_server_stops() {
    let (shelf, answers) = answers();
    let (stop, stopping) = watch::channel(false);
    let mut published = follow(&answers, Follow::Published { after: 1 }, &stopping);
    assert_eq!([next(&mut published).await, next(&mut published).await].map(|n| n.unwrap().unwrap()), [2, 3]);
    assert!(next(&mut published).await.is_none());
    let mut new = follow(&answers, Follow::AndNew { after: answers.latest() }, &stopping);
    shelf.publish(day(3), 40);
    assert_eq!(next(&mut new).await.unwrap().unwrap(), 4);
    stop.send_replace(true);
    assert!(matches!(next(&mut new).await, Some(Err(follow::Ended::Stopping))));
    assert!(next(&mut new).await.is_none());
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_read_nothing_for_and_given_up() {
    let (shelf, mut answers) = answers();
    answers.flows.stuck_wait = Duration::from_millis(50);
    (3..40).for_each(|number| shelf.publish(day(number), 10));
    let (_stop, stopping) = watch::channel(false);
    let reader = Reader::default();
    let number = Arc::new(|release: &Release| Some(Number(release.number)));
    let published = (None, Follow::Published { after: 0 });
    let mut stuck = answers.follow(published, reader.clone(), stopping, number).unwrap();
    tokio::time::timeout(PATIENCE, reader.hang_up.asked()).await.expect("it is given up");
    assert_eq!(shelf.reads(), 1);
    assert_eq!(next(&mut stuck).await.unwrap().unwrap(), 1);
    assert!(next(&mut stuck).await.is_none());
}

#[tokio::test]
async fn a_client_exports_only_so_much_at_the_same_time() {
    let (_, answers) = answers();
    let (_stop, stopping) = watch::channel(false);
    let published = Follow::Published { after: 0 };
    let mut many: Vec<_> = (0..8).map(|_| follow(&answers, published, &stopping)).collect();
    let refused =
        answers.follow((None, published), Reader::default(), stopping.clone(), Arc::new(|_: &Release| Some(Number(0))));
    assert_eq!(refused.err().map(|busy| busy.allowed), Some(8));
    // One that has ended is not counted.
    many.pop();
    assert_eq!(next(&mut follow(&answers, published, &stopping)).await.unwrap().unwrap(), 1);
}

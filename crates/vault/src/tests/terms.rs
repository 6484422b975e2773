//! What a day is counted and published under: changes at midnight, the ledger, gaps, and what finds new keys.

use super::*;
use crate::calendar::{Day, Period, PeriodKind};

fn www() -> SiteName {
    SiteName::new("www").unwrap()
}

fn with_epsilon(house: &House, epsilon: f64) -> Options {
    Options { privacy: Privacy { epsilon, ..Privacy::default() }, ..house.options() }
}

fn crowd(at_unix_ms: i64, people: u32) -> Vec<AccessEvent<'static>> {
    (0..people).map(|n| view(at_unix_ms, n, "/")).collect()
}

#[test]
fn a_new_promise_holds_from_the_next_midnight_and_no_day_is_overspent() {
    let house = House::new();
    let running = house.open_with(with_epsilon(&house, 3.0)).unwrap();
    let lane = running.lane("www", "p");
    block_on(lane.send(batch(1, crowd(NOON_UNIX_MS, 50), 0))).unwrap();
    drop(lane);
    running.close();

    // Restarted with a stricter promise at noon of 2026-11-02: that day keeps the old one.
    let running = house.open_with(with_epsilon(&house, 0.5)).unwrap();
    let (terms, later) = running.releases.terms(&www()).unwrap();
    assert_eq!((terms.privacy.epsilon, later.len()), (3.0, 1));
    assert_eq!((later[0].from, later[0].privacy.epsilon), (day("2026-11-03"), 0.5));
    let lane = running.lane("www", "p");
    let end = NOON_UNIX_MS + 40 * DAY_MS;
    house.clock.set(end);
    block_on(lane.send(batch(2, crowd(NOON_UNIX_MS + DAY_MS, 50), end))).unwrap();
    let month = running.wait_for("www", Period::month_of(day("2026-11-02")));
    // The month has days of both: its noise is that of the stricter one.
    let froms: Vec<Day> = month.costs.iter().map(|cost| cost.terms_from).collect();
    assert_eq!(froms, [Day::from_number(i32::MIN), day("2026-11-03")]);
    let mut sigmas = Vec::new();
    for (date, epsilon) in [("2026-11-02", 3.0), ("2026-11-03", 0.5)] {
        let ledger = running.releases.day_ledger(&www(), day(date)).unwrap().unwrap();
        let promised = Privacy { epsilon, ..Privacy::default() }.rho_nano();
        assert_eq!(ledger.promised_rho_nano, promised);
        let kinds: Vec<PeriodKind> = ledger.spent.iter().map(|(period, ..)| period.kind).collect();
        assert_eq!(kinds, [PeriodKind::Day, PeriodKind::Week, PeriodKind::Month]);
        assert!(ledger.spent_rho_nano() > promised / 3, "{ledger:?}");
        assert!(ledger.spent_rho_nano() <= promised, "{ledger:?}");
        let release = running.wait_for("www", Period::day(day(date)));
        sigmas.push(release.site_numbers.as_ref().unwrap().ranks[0].sigma_milli);
    }
    assert!(sigmas[1] > 4 * sigmas[0], "{sigmas:?}");
    drop(lane);
    running.close();
}

#[test]
fn new_bounds_are_those_of_the_days_from_then_on() {
    let house = House::new();
    house.open().close();
    let bounds = Bounds { views_per_visitor_day: 2, views_per_page: 1 };
    let narrow = || Options { privacy: Privacy { bounds, ..Privacy::default() }, ..house.options() };
    let running = house.open().lane("www", "p");
    block_on(running.send(batch(1, crowd(NOON_UNIX_MS, 1), 0))).unwrap();
    drop(running);
    // The committer of the first house ends when its lane is gone; wait for the directory.
    let running = loop {
        match house.open_with(narrow()) {
            Err(OpenError::Commit(CommitError::Read(ReadError::Engine(EngineError::InUse(_))))) => {
                std::thread::yield_now()
            }
            other => break other.unwrap(),
        }
    };
    let lane = running.lane("www", "p");
    let five = |at: i64| (0..5).map(|page| view(at, 9, &format!("/{page}"))).collect();
    let today = block_on(lane.send(batch(2, five(NOON_UNIX_MS), 0))).unwrap();
    assert_eq!(count(&today, Outcome::Counted), 5);
    house.clock.set(NOON_UNIX_MS + DAY_MS);
    let tomorrow = block_on(lane.send(batch(3, five(NOON_UNIX_MS + DAY_MS), 0))).unwrap();
    assert_eq!((count(&tomorrow, Outcome::Counted), count(&tomorrow, Outcome::BeyondBound)), (2, 3));
    drop(lane);
    running.close();
}

#[test]
fn pages_have_a_week_from_the_first_one_on_all_of_whose_days_have_a_share_for_it() {
    let house = House::new();
    let of_profile = |profile: &str| {
        let site = SiteSettings {
            profile: profile.to_owned(),
            shares: Shares::named(profile).unwrap(),
            known_pages: vec!["/".to_owned(), "/none".to_owned()],
            has_page_list: true,
            is_configured: true,
            ..SiteSettings::plain(www(), Calendar::new("UTC").unwrap())
        };
        Options { sites: vec![site], ..house.options() }
    };
    // 2026-11-02 is a Monday, and sealed before a restart changes the profile; so the week was open without counting pages.
    let running = house.open_with(of_profile("standard")).unwrap();
    let lane = running.lane("www", "p");
    block_on(lane.send(batch(1, crowd(NOON_UNIX_MS, 400), 0))).unwrap();
    house.clock.set(NOON_UNIX_MS + DAY_MS);
    block_on(lane.send(batch(2, crowd(NOON_UNIX_MS + DAY_MS, 400), NOON_UNIX_MS + DAY_MS))).unwrap();
    running.wait_for("www", Period::day(day("2026-11-02")));
    drop(lane);
    running.close();

    let running = house.open_with(of_profile("small")).unwrap();
    let lane = running.lane("www", "p");
    for n in 2..14_u64 {
        let at = NOON_UNIX_MS + i64::try_from(n).unwrap() * DAY_MS;
        house.clock.set(at + DAY_MS);
        block_on(lane.send(batch(n + 1, crowd(at, 400), at + DAY_MS))).unwrap();
    }
    let [changed, whole] = ["2026-11-02", "2026-11-09"].map(|date| running.wait_for("www", Period::week_of(day(date))));
    assert!(changed.tables.is_empty() && changed.site_numbers.is_some() && changed.gap.is_none(), "{changed:?}");
    let pages = whole.table(Table::Page).unwrap();
    // Six standard deviations of the noise.
    let off = |key: &str, exact: i64| (pages.key(key).unwrap().counts[0] - exact).unsigned_abs() * 1_000;
    assert!(off("/", 7 * 400) < 6 * pages.sigma_milli && off("/none", 0) < 6 * pages.sigma_milli, "{pages:?}");
    for date in ["2026-11-02", "2026-11-03", "2026-11-04", "2026-11-09", "2026-11-15"] {
        let ledger = running.releases.day_ledger(&www(), day(date)).unwrap().unwrap();
        assert!(ledger.spent_rho_nano() <= ledger.promised_rho_nano, "{ledger:?}");
    }
    drop(lane);
    running.close();
}

#[test]
fn a_small_site_without_a_list_finds_pages_in_its_first_month() {
    let house = House::new();
    // The noon of 2026-11-02.
    let site = SiteSettings {
        profile: "small".to_owned(),
        shares: Shares::SMALL,
        is_configured: true,
        ..SiteSettings::plain(www(), Calendar::new("UTC").unwrap())
    };
    let running = house.open_with(Options { sites: vec![site], ..house.options() }).unwrap();
    let lane = running.lane("www", "p");
    for n in 0..29_u64 {
        let at = NOON_UNIX_MS + i64::try_from(n).unwrap() * DAY_MS;
        house.clock.set(at + DAY_MS);
        // Two a day: 58 in a month, where a month's own threshold is above 80.
        let mut events: Vec<AccessEvent<'static>> = (0..2).map(|who| view(at, who, "/rare")).collect();
        // Nobody else sees this one: one visitor, once.
        events.extend((n == 9).then(|| view(at, 700, "/mine-alone")));
        block_on(lane.send(batch(n + 1, events, at + DAY_MS))).unwrap();
    }
    let month = running.wait_for("www", Period::month_of(day("2026-11-02")));
    let pages = month.table(Table::Page).unwrap();
    assert_eq!(pages.keys.iter().map(|key| &*key.key).collect::<Vec<_>>(), ["/rare"]);
    assert!(pages.threshold > 70, "{pages:?}");
    // Its number is that of its views, whether or not they are above that threshold; six standard deviations of the noise.
    assert!((pages.keys[0].counts[0] - 58).unsigned_abs() * 1_000 < 6 * pages.sigma_milli, "{pages:?}");
    for date in ["2026-11-02", "2026-11-11", "2026-11-30"] {
        let ledger = running.releases.day_ledger(&www(), day(date)).unwrap().unwrap();
        assert!(ledger.spent_rho_nano() <= ledger.promised_rho_nano, "{ledger:?}");
    }
    // From December on the budget is shared as it stays.
    let (_, later) = running.releases.terms(&www()).unwrap();
    assert!(later.iter().all(|terms| terms.from == day("2026-12-01") && terms.shares == Shares::SMALL));
    drop(lane);
    running.close();
}

#[test]
fn sums_that_are_impossible_are_kept_and_flagged_and_nothing_of_them_is_published() {
    let house = House::new();
    let Opened { intake, mut committer, releases, .. } =
        open_with_noise(house.options(), house.clock.clone(), Box::new(SeededNoise::new(1))).unwrap();
    let lane = intake.lane(&www(), "p", SECRET, "").unwrap();
    let sender = std::thread::spawn(move || {
        block_on(lane.send(batch(1, crowd(NOON_UNIX_MS, 20), 0))).unwrap();
        block_on(lane.send(batch(2, crowd(NOON_UNIX_MS + DAY_MS, 20), NOON_UNIX_MS + 2 * DAY_MS))).unwrap();
    });
    house.clock.set(NOON_UNIX_MS + 2 * DAY_MS);
    for _ in 0..2 {
        block_on(committer.commit_next()).unwrap();
    }
    sender.join().unwrap();
    // A page view that is in no other table: what a broken program might have done.
    let first = Epoch { site: www(), period: Period::day(day("2026-11-02")) };
    committer.cells_mut().days.get_mut(&first).unwrap().pages.get_mut("/").unwrap().counts.first += 1;
    committer.seal_due().unwrap();

    let gap = releases.get(&www(), first.period).unwrap().unwrap();
    assert!(gap.gap.as_ref().is_some_and(|why| why.contains("did not agree")), "{gap:?}");
    assert_eq!((&gap.site_numbers, gap.tables.len(), gap.hours.len()), (&None, 0, 0));
    // The day after is published as ever, and the day's key is kept for whoever looks into it.
    assert!(releases.get(&www(), Period::day(day("2026-11-03"))).unwrap().unwrap().gap.is_none());
    assert!(house.keys().join("www.day-2026-11-02.key").exists());
    assert!(!house.keys().join("www.day-2026-11-03.key").exists());
    drop((intake, committer, releases));
    // It stays a gap, and its cell and key stay, over a restart.
    let running = house.open();
    assert!(running.wait_for("www", first.period).gap.is_some());
    assert!(house.keys().join("www.day-2026-11-02.key").exists());
    running.close();
}

#[test]
fn a_quarter_makes_pages_public_that_no_month_could() {
    let house = House::new();
    let running = house.open();
    let lane = running.lane("www", "p");
    // Two in a day see the page first, all of the quarter: some 60 a month, below the threshold of a month.
    let first = NOON_UNIX_MS - 32 * DAY_MS;
    for n in 0..92 {
        let at = first + n * DAY_MS;
        house.clock.set(at + 60_000);
        let mut events: Vec<AccessEvent<'static>> = (0..2).map(|who| view(at, who, "/rare")).collect();
        // Nobody else sees this one: one visitor, once.
        events.extend((n == 40).then(|| view(at, 700, "/mine-alone")));
        block_on(lane.send(batch(u64::try_from(n).unwrap() + 1, events, at))).unwrap();
    }
    let end = first + 93 * DAY_MS;
    house.clock.set(end);
    block_on(lane.send(batch(93, vec![], end))).unwrap();
    let quarter = running.wait_for("www", Period::of(PeriodKind::Quarter, day("2026-11-02")));
    let names = |release: &Release| {
        let pages = release.table(Table::Page).unwrap();
        pages.keys.iter().map(|key| key.key.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&quarter), ["/rare"]);
    assert!(quarter.table(Table::Page).unwrap().keys.iter().all(|key| key.counts.is_empty()));
    let month = running.wait_for("www", Period::month_of(day("2026-11-02")));
    assert_eq!(names(&month), [""; 0]);
    // Public from now on: the next day shows it though nobody comes.
    house.clock.set(end + DAY_MS);
    block_on(lane.send(batch(94, crowd(end, 1), end + DAY_MS))).unwrap();
    let next = running.wait_for("www", Period::day(day("2026-10-01").plus(93)));
    assert_eq!(names(&next), ["/rare"]);
    drop(lane);
    running.close();
}

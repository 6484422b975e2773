//! Pages that become known while the vault is open.

use super::*;
use crate::calendar::{Day, Period};

/// The pages of a published day.
fn pages(running: &Running, date: &str) -> Vec<String> {
    let release = running.wait_for("www", Period::day(Day::from_date(date.parse().unwrap())));
    release.table(Table::Page).unwrap().keys.iter().map(|page| page.key.clone()).collect()
}

fn know(running: &Running, pages: &[&str]) {
    let pages: Vec<String> = pages.iter().map(|&page| page.to_owned()).collect();
    running.intake.know_pages(&SiteName::new("www").unwrap(), &pages);
}

#[test]
fn a_page_that_becomes_known_is_in_every_later_period_without_visitors() {
    let house = House::new();
    let name = SiteName::new("www").unwrap();
    let plain = SiteSettings::plain(name.clone(), Calendar::new("UTC").unwrap());
    let site = SiteSettings { is_configured: true, known_pages: vec!["/first".into()], ..plain };
    let options = || Options { sites: vec![site.clone()], site_policy: SitePolicy::Configured, ..house.options() };
    // The site begins on 2026-11-02, and its quiet days are published two days later.
    let running = house.open_with(options()).unwrap();
    let lane = running.lane("www", "p");
    house.clock.set(NOON_UNIX_MS + 2 * DAY_MS);
    assert_eq!(pages(&running, "2026-11-02"), ["/first"]);
    // Names are made alike wherever they come from, and what is no page is left out.
    know(&running, &["/second/index.html?lost=1", "/picture.png"]);
    running.intake.know_pages(&SiteName::new("elsewhere").unwrap(), &["/nowhere".to_owned()]);
    assert!(running.releases.site(&name).unwrap().has_known_pages);
    house.clock.set(NOON_UNIX_MS + 3 * DAY_MS);
    // What was public stays public.
    assert_eq!(pages(&running, "2026-11-03"), ["/first", "/second/"]);
    know(&running, &[]);
    assert!(!running.releases.site(&name).unwrap().has_known_pages);
    house.clock.set(NOON_UNIX_MS + 4 * DAY_MS);
    assert_eq!(pages(&running, "2026-11-04"), ["/first", "/second/"]);
    drop(lane);
    running.close();
}

#[test]
fn a_page_of_a_list_keeps_its_name_and_any_other_is_scrubbed() {
    let house = House::new();
    let name = SiteName::new("www").unwrap();
    let plain = SiteSettings::plain(name, Calendar::new("UTC").unwrap());
    let known_pages = ["/article/123456", "/orders/654321", "/mail/info@example.jp"].map(String::from).to_vec();
    let site = SiteSettings { is_configured: true, known_pages, query_allow: vec!["q".into()], ..plain };
    let options = || Options { sites: vec![site.clone()], site_policy: SitePolicy::Configured, ..house.options() };
    let running = house.open_with(options()).unwrap();
    let lane = running.lane("www", "p");
    let views = |from: u32, at: i64, pages: [&str; 4]| -> Vec<AccessEvent<'static>> {
        (from..from + 400).flat_map(|n| pages.map(|page| view(at, n, page))).collect()
    };
    // In the list, not in the list, in the list with another query, and in another form.
    let pages_of_day =
        ["/orders/654321", "/orders/654322", "/mail/info@example.jp?q=taro@example.jp", "//article/./123456"];
    block_on(lane.send(batch(1, views(0, NOON_UNIX_MS, pages_of_day), 0))).unwrap();
    house.clock.set(NOON_UNIX_MS + 2 * DAY_MS);
    let expected = [
        "/article/123456",
        "/mail/info@example.jp",
        "/mail/info@example.jp?q={email}",
        "/orders/654321",
        "/orders/{id}",
    ];
    assert_eq!(pages(&running, "2026-11-02"), expected);
    // It leaves the list, and the server starts again: a page that was published keeps its name.
    know(&running, &[]);
    drop(lane);
    running.close();
    let empty = SiteSettings { known_pages: Vec::new(), ..site.clone() };
    let running = house.open_with(Options { sites: vec![empty], ..options() }).unwrap();
    let lane = running.lane("www", "p");
    let at = NOON_UNIX_MS + 2 * DAY_MS;
    block_on(lane.send(batch(2, views(0, at, ["/orders/654321", "/orders/1", "/orders/2", "/orders/3"]), 0))).unwrap();
    house.clock.set(NOON_UNIX_MS + 4 * DAY_MS);
    let release = running.wait_for("www", Period::day(Day::from_date("2026-11-04".parse().unwrap())));
    let views_of = |name: &str| {
        let keys = &release.table(Table::Page).unwrap().keys;
        keys.iter().find(|key| &*key.key == name).map(|key| key.counts.iter().sum::<i64>())
    };
    assert!(views_of("/orders/654321").unwrap() > 200, "{:?}", views_of("/orders/654321"));
    drop(lane);
    running.close();
}

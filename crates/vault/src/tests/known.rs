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

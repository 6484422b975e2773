//! The readers of an invented site: how a log sees them, and how often they come.
//!
//! To a log a visitor is an address and a user-agent string, and no two people here share both. Some come on most days, some
//! about once a week, some rarely, most only once. Addresses are from ranges reserved for documentation and private use:
//! 10.0.0.0/8 and 2001:db8::/32 for people at home, each with their own network, and 192.0.2.0/24 and 198.51.100.0/24 for
//! offices that share one address among people with different browsers.

use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::agents;
use super::pages::Pages;
use super::plan::SitePlan;
use super::random::{Random, Weights};

/// How often a group of regular readers comes: people per 100 visits of a weekday, and the range of the chance, in
/// thousandths, that one of them comes on a weekday.
const GROUPS: [(u32, u64, u64); 3] = [(10, 500, 900), (80, 100, 250), (500, 10, 50)];
/// How many of a thousand weekday visits come from the groups, on average.
const REGULAR_PERMILLE: u32 = 70 + 140 + 150;
/// Addresses of offices in each of the two ranges.
const OFFICES_PER_RANGE: u32 = 254;

/// A person, as their browser shows them to the site.
#[derive(Clone, Debug)]
pub struct Person {
    /// Numbered from 0 in the order of creation; identifies the visitor in the truth.
    pub number: u64,
    /// The address, as a log writes it.
    pub address: String,
    /// The index of the browser in [`agents::AGENTS`].
    pub agent: usize,
    /// The language tree they read.
    pub tree: usize,
    /// Whether their browser has cached the site's assets from an earlier visit.
    pub has_assets: bool,
    /// The chance of a visit on a weekday, in thousandths.
    visit_permille: u64,
}

/// All people of one site.
#[derive(Debug)]
pub struct People {
    regulars: Vec<Person>,
    count: u64,
    site_base: u32,
    office_count: u32,
    offices_taken: HashSet<(u32, usize)>,
    agent_weights: Weights,
}

impl People {
    /// The regular readers of the site at `site_index` in the plan.
    pub fn new(plan: &SitePlan, site_index: u32, pages: &Pages, random: &mut Random) -> People {
        let mut people = People {
            regulars: Vec::new(),
            count: 0,
            site_base: site_index.wrapping_mul(1 << 18),
            office_count: (plan.visits_per_day / 5).clamp(8, 2 * OFFICES_PER_RANGE),
            offices_taken: HashSet::new(),
            agent_weights: agents::weights(),
        };
        for (per_hundred, low_permille, high_permille) in GROUPS {
            for _ in 0..plan.visits_per_day * per_hundred / 100 {
                // Regular readers often sit in an office.
                let mut person = people.person(150, pages, random);
                person.visit_permille = random.between(low_permille, high_permille);
                people.regulars.push(person);
            }
        }
        people
    }

    /// How many new people a day with `visits` visits needs, on average.
    pub fn newcomers(visits: u32) -> u32 {
        visits - visits / 1_000 * REGULAR_PERMILLE - visits % 1_000 * REGULAR_PERMILLE / 1_000
    }

    /// The regular readers who come on a day that has `day_permille` of a weekday's traffic.
    pub fn regulars_of_day(&mut self, day_permille: u64, random: &mut Random) -> Vec<Person> {
        let mut present = Vec::new();
        for person in &mut self.regulars {
            if random.chance(person.visit_permille * day_permille / 1_000) {
                present.push(person.clone());
                person.has_assets = true;
            }
        }
        present
    }

    /// A person who has never come before and will not come on another day.
    pub fn newcomer(&mut self, pages: &Pages, random: &mut Random) -> Person {
        self.person(60, pages, random)
    }

    fn person(&mut self, office_permille: u64, pages: &Pages, random: &mut Random) -> Person {
        let number = self.count;
        self.count += 1;
        let mut agent = self.agent_weights.pick(random);
        let mut address = None;
        if random.chance(office_permille) {
            let office = u32::try_from(random.below(u64::from(self.office_count))).unwrap_or(0);
            for _ in 0..4 {
                // Two people of one office with the same browser would be one visitor to the log.
                if self.offices_taken.insert((office, agent)) {
                    address = Some(office_address(office));
                    break;
                }
                agent = self.agent_weights.pick(random);
            }
        }
        Person {
            number,
            address: address.unwrap_or_else(|| self.home_address(number, random)),
            agent,
            tree: pages.pick_tree(random),
            // Some came before the log begins.
            has_assets: random.chance(150),
            visit_permille: 0,
        }
    }

    /// An address that is unique within the site: multiplying by an odd number permutes the integers below a power of two.
    fn home_address(&self, number: u64, random: &mut Random) -> String {
        let low = u32::try_from(number & 0xFFFF_FFFF).unwrap_or(0);
        let unique = self.site_base.wrapping_add(low);
        if random.chance(600) {
            let [_, a, b, c] = unique.wrapping_mul(0x9E37_79B1).to_be_bytes();
            // The lower three bytes of a product depend only on the lower three bytes of its factors.
            Ipv4Addr::new(10, a, b, c).to_string()
        } else {
            let network = unique.wrapping_mul(0x85EB_CA6B);
            let high_bits = u128::from(0x2001_0DB8_u32) << 96 | u128::from(network) << 64;
            Ipv6Addr::from_bits(high_bits | u128::from(random.bits())).to_string()
        }
    }
}

fn office_address(office: u32) -> String {
    let host = u8::try_from(office % OFFICES_PER_RANGE + 1).unwrap_or(1);
    if office < OFFICES_PER_RANGE {
        Ipv4Addr::new(192, 0, 2, host).to_string()
    } else {
        Ipv4Addr::new(198, 51, 100, host).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::Plan;
    use super::*;

    #[test]
    fn nobody_shares_both_address_and_browser_nor_a_network_at_home() {
        let plan = Plan::small(3);
        let mut random = Random::named(3, "people");
        let pages = Pages::new(&plan.sites[0], &mut random);
        let mut people = People::new(&plan.sites[0], 3, &pages, &mut random);
        let mut seen = HashSet::new();
        let mut networks = HashSet::new();
        for _ in 0..30_000 {
            let person = people.newcomer(&pages, &mut random);
            if let Ok(address) = person.address.parse::<Ipv6Addr>() {
                assert!(networks.insert(address.to_bits() >> 64), "{address}");
            }
            assert!(seen.insert((person.address, person.agent)));
        }
        let shared: HashSet<_> = seen.iter().map(|(address, _)| address).collect();
        assert!(shared.len() < seen.len() && networks.len() > 8_000);
    }

    #[test]
    fn newcomers_are_what_regulars_leave() {
        assert_eq!(People::newcomers(1_000), 640);
        assert_eq!(People::newcomers(0), 0);
        assert_eq!(People::newcomers(1_500), 960);
    }
}

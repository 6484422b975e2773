//! A made-up site: who comes on a day, and what they look at. Everything follows from a seed.
//!
//! Pages follow Zipf's law with exponent 1. A visit has a geometric number of page views with mean 2.3; it begins as a
//! rule on one of the popular pages, and one view in ten shows the page that was open already. Some visitors come
//! often, some now and then, and many once.

use headcount_model::rng::{SplitMix64, mix};
use headcount_vault::probe::{View, VisitorDay};

use super::{alias::Alias, habits::Habits};
use crate::calendar::Day;

/// The chance of one more view: 1 / (1 - 0.565) = 2.3 views a visit.
const ONE_MORE: f64 = 0.565;
const VIEWS_PER_VISIT_MAX: usize = 60;
/// The chance that a view after the first shows the same page again.
const SAME_PAGE: f64 = 0.1;
/// The chance that a visit begins on one of the popular pages, which are a tenth of all.
const POPULAR_START: f64 = 0.8;
const POPULAR_PART: usize = 10;
/// To so many pages of a sitemap that people open there is one more that nobody opens.
pub(super) const OPENED_PER_UNSEEN: usize = 2;
/// The chance that the next view falls into the next hour.
const HOUR_PASSES: f64 = 0.08;
/// Shares of visits by visitors who come often and now and then; all others come once.
const OFTEN: f64 = 0.25;
const SOMETIMES: f64 = 0.35;
/// So many visitors there are who come now and then, for each visit of a day.
const SOMETIMES_POOL: u64 = 10;
/// Visits by weekday from Monday, relative to the mean.
const WEEKDAYS: [f64; 7] = [1.16, 1.14, 1.12, 1.10, 1.04, 0.72, 0.72];
/// Each day lies up to this part above or below what its weekday has.
const VARIATION: f64 = 0.12;
/// Visits begun by hour.
const HOURS: [f64; 24] = [
    1.5, 1.0, 0.8, 0.7, 0.8, 1.2, 2.5, 4.5, 6.5, 7.5, 7.5, 7.0, 6.0, 6.5, 6.8, 6.6, 6.0, 5.2, 4.8, 4.8, 4.6, 4.0, 3.2,
    2.2,
];

/// A made-up site.
pub(super) struct Crowd {
    visits_per_day: u64,
    pages: usize,
    seed: u64,
    all: Alias,
    popular: Alias,
    hours: Alias,
    habits: Habits,
}

impl Crowd {
    /// A site with so many visits a day on average and so many pages that people open.
    pub(super) fn new(visits_per_day: u64, pages: usize, seed: u64) -> Self {
        Self {
            visits_per_day,
            pages,
            seed,
            all: Alias::zipf(pages),
            popular: Alias::zipf(pages.div_ceil(POPULAR_PART)),
            hours: Alias::new(&HOURS),
            habits: Habits::new(),
        }
    }

    /// The pages of its sitemap: those that people open, the most popular first, then those that nobody opens.
    pub(super) fn sitemap(&self) -> Vec<Box<str>> {
        let all = self.pages + self.pages.div_ceil(OPENED_PER_UNSEEN);
        (0..all).map(|page| name("/page/", page)).collect()
    }

    /// Gives all visitors of a day, each once.
    pub(super) fn day(&self, day: Day, give: &mut dyn FnMut(&VisitorDay)) {
        // Cast safety: any number makes a seed.
        let mut bits = SplitMix64::new(mix(self.seed, day.number() as u64));
        let weekday = WEEKDAYS[usize::try_from(day.number() - day.monday().number()).unwrap_or(0)];
        let luck = 1.0 + VARIATION * (2.0 * bits.next_unit() - 1.0);
        let visits = self.visits_per_day as f64 * weekday * luck;
        // Cast safety: all are positive and far below 2^53.
        let (often, sometimes) = ((visits * OFTEN) as u64, (visits * SOMETIMES) as u64);
        let once = visits as u64 - often - sometimes;
        for person in distinct(self.visits_per_day, often, &mut bits) {
            give(&self.visit(person, false, &mut bits));
        }
        for person in distinct(self.visits_per_day * SOMETIMES_POOL, sometimes, &mut bits) {
            give(&self.visit(self.visits_per_day + person, false, &mut bits));
        }
        for number in 0..once {
            let person = 1 << 63 | (day.number() as u64) << 32 | number;
            give(&self.visit(person, true, &mut bits));
        }
    }

    fn visit(&self, person: u64, comes_once: bool, bits: &mut SplitMix64) -> VisitorDay {
        let facts = self.habits.facts(mix(self.seed, person), bits);
        let first = if bits.next_unit() < POPULAR_START { &self.popular } else { &self.all };
        let mut hour = u8::try_from(self.hours.pick(bits)).unwrap_or(0);
        let mut page = first.pick(bits);
        let mut views = vec![View { hour, page }];
        while views.len() < VIEWS_PER_VISIT_MAX && bits.next_unit() < ONE_MORE {
            if bits.next_unit() >= SAME_PAGE {
                page = self.all.pick(bits);
            }
            if hour < 23 && bits.next_unit() < HOUR_PASSES {
                hour += 1;
            }
            views.push(View { hour, page });
        }
        VisitorDay { person, comes_once, facts, views }
    }
}

/// The name of a page or host: the number in syllables.
pub(super) fn name(before: &str, number: usize) -> Box<str> {
    const SYLLABLES: [&str; 16] =
        ["ba", "de", "fi", "go", "ku", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "wo", "yu", "za"];
    let mut name = before.to_owned();
    for place in (0..5).rev() {
        name.push_str(SYLLABLES[number >> (4 * place) & 15]);
    }
    name.into()
}

/// So many different numbers below `pool`: steps of a length that shares no factor with it.
fn distinct(pool: u64, count: u64, bits: &mut SplitMix64) -> impl Iterator<Item = u64> + use<> {
    let start = bits.next_u64() % pool;
    let mut step = bits.next_u64() % pool;
    while greatest_common_divisor(step, pool) != 1 {
        step = (step + 1) % pool;
    }
    (0..count.min(pool)).map(move |n| (start + n * step) % pool)
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_day_is_as_it_was_meant() {
        let crowd = Crowd::new(20_000, 2_000, 1);
        let day = Day::from_number(20_605);
        let (mut people, mut views, mut short, mut same) = (HashSet::new(), 0, 0, 0);
        crowd.day(day, &mut |visitor| {
            assert!(people.insert(visitor.person), "every visitor comes once");
            assert_eq!(visitor.comes_once, visitor.person >= 20_000 * (1 + SOMETIMES_POOL));
            views += visitor.views.len();
            short += usize::from(visitor.views.len() <= 2);
            same += visitor.views.iter().filter(|v| v.page == 0).count();
        });
        let visits = people.len() as f64;
        assert!((12_000.0..30_000.0).contains(&visits));
        assert!((2.2..2.4).contains(&(views as f64 / visits)), "views a visit");
        assert!((0.65..0.75).contains(&(short as f64 / visits)), "most visits have one or two views");
        assert!((0.12..0.18).contains(&(same as f64 / views as f64)), "the front page");
        let mut again = 0;
        crowd.day(day, &mut |visitor| again += visitor.views.len());
        assert_eq!(again, views);
        assert_eq!(crowd.sitemap().iter().collect::<HashSet<_>>().len(), 3_000);
    }
}

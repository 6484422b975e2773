//! What somebody could learn from releases who knows everything but whether the visitor was there: who else came, what
//! they did, and what the visitor would have done. Only published numbers are looked at.

use std::collections::BTreeMap;

use headcount_model::{
    budget::SigmaMilli,
    plan::{Mechanism, What},
    release::{Measured, Release},
    rng::SplitMix64,
};
use headcount_vault::probe::{Noise, NoiseFault, Plans, Play, Stage};

use super::{
    bound::Verdicts,
    flaw::{Flaw, Flawed},
};
use crate::{Table, calendar::PeriodKind};

/// All that is published of the day and of its week, month and quarter.
pub(super) struct Published(Vec<(PeriodKind, Release)>);

/// A number in what is published.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    kind: PeriodKind,
    table: Table,
    key: String,
    counter: usize,
}

/// A published number and the variance of its noise.
type Numbers = BTreeMap<Place, (f64, f64)>;

/// No noise: what is exact.
struct Silence;

impl Noise for Silence {
    fn sample(&mut self, _: SigmaMilli) -> Result<i64, NoiseFault> {
        Ok(0)
    }
}

/// Publishes everything once.
pub(super) fn publish(stage: &Stage, plans: &Plans, noise: &mut dyn Noise) -> Result<Published, NoiseFault> {
    let all = stage.publish(plans, noise)?;
    Ok(Published(all.into_iter().map(|release| (release.period.kind, release)).collect()))
}

impl Published {
    /// Every number with its variance, and the presence of every key of a quarter.
    fn numbers(&self) -> Numbers {
        let mut numbers = Numbers::new();
        let square = |sigma_milli: u64| (sigma_milli as f64 / 1e3).powi(2);
        for (kind, body) in &self.0 {
            let mut put = |table, key: &str, counter, value: i64, sigma_milli| {
                let place = Place { kind: *kind, table, key: key.to_owned(), counter };
                numbers.insert(place, (value as f64, square(sigma_milli)));
            };
            if let Some(site) = &body.site_numbers {
                for (rank, noisy) in site.ranks.iter().chain([&site.limited]).enumerate() {
                    put(Table::Site, "", rank, noisy.count, noisy.sigma_milli);
                }
            }
            for hour in &body.hours {
                for (counter, count) in hour.counts.iter().enumerate() {
                    put(Table::Site, &format!("hour {}", hour.hour), counter, *count, hour.sigma_milli);
                }
            }
            for table in &body.tables {
                for key in &table.keys {
                    for (counter, count) in key.counts.iter().enumerate() {
                        put(table.table, &key.key, counter, *count, table.sigma_milli);
                    }
                }
            }
            for (table, key, visitors) in self.visitors(*kind) {
                let place = Place { kind: *kind, table, key: key.to_owned(), counter: VISITORS };
                numbers.insert(place, (visitors.estimate_milli as f64 / 1e3, square(visitors.standard_error_milli)));
            }
        }
        numbers
    }

    fn visitors(&self, of: PeriodKind) -> impl Iterator<Item = (Table, &str, Measured)> {
        let bodies = self.0.iter().filter(move |(kind, _)| *kind == of).map(|(_, body)| body);
        bodies.flat_map(|body| {
            let site = body.site_numbers.iter().filter_map(|n| Some((Table::Site, "", n.visitors?)));
            let keys = body.tables.iter().flat_map(|t| t.keys.iter().map(move |key| (t.table, key)));
            site.chain(keys.filter_map(|(table, key)| Some((table, key.key.as_str(), key.visitors?))))
        })
    }

    /// One published number.
    fn at(&self, place: &Place) -> f64 {
        let Some((_, body)) = self.0.iter().find(|(kind, _)| *kind == place.kind) else { return 0.0 };
        let table = || body.tables.iter().find(|t| t.table == place.table)?.key(&place.key);
        if place.counter == VISITORS {
            let of_site = body.site_numbers.as_ref().and_then(|numbers| numbers.visitors);
            let visitors = if place.table == Table::Site { of_site } else { table().and_then(|key| key.visitors) };
            return visitors.map_or(0.0, |visitors| visitors.estimate_milli as f64 / 1e3);
        }
        let count = match (place.table, place.key.strip_prefix("hour ")) {
            (Table::Site, Some(hour)) => {
                let numbers = body.hours.iter().find(|h| h.hour.to_string() == hour);
                numbers.and_then(|h| h.counts.get(place.counter).copied())
            }
            (Table::Site, None) => {
                body.site_numbers.as_ref().map(|site| site.ranks.get(place.counter).unwrap_or(&site.limited).count)
            }
            _ => table().and_then(|key| key.counts.get(place.counter).copied()),
        };
        count.unwrap_or(0) as f64
    }

    fn has(&self, kind: PeriodKind, table: Table, key: &str) -> bool {
        let bodies = self.0.iter().filter(|(of, _)| *of == kind);
        bodies.flat_map(|(_, body)| &body.tables).any(|t| t.table == table && t.key(key).is_some())
    }
}

/// Stands for the estimate of visitors among the counters.
const VISITORS: usize = usize::MAX;

/// Ways to look at what is published. Each gives one number that is larger where the visitor was there.
pub(super) const VIEWS: usize = 7;

/// What the attacker knows beforehand.
pub(super) struct Attacker {
    /// Every number that the visitor changes, by how much, over the variance of its noise: added up, the logarithm of the
    /// likelihood ratio of Gaussian noise, which no other look at these numbers beats (Neyman and Pearson 1933).
    weights: Vec<(Place, f64)>,
    /// The same for a part of the numbers: the sketches' estimates; the counters of pages; all counters that a bound on page
    /// views covers.
    parts: [Vec<(Place, f64)>; 3],
    /// What is claimed of each way of looking: `sqrt(2 rho)` over the mechanisms whose numbers it reads.
    pub(super) claims: [f64; VIEWS],
    /// Keys that nobody but the visitor has and that are not public; and keys that are lost to others by it.
    own_keys: Vec<(PeriodKind, Table, String)>,
    lost_keys: Vec<(PeriodKind, Table, String)>,
    /// What the sums above are in the middle between a day with the visitor and one without, before noise.
    centres: [f64; 4],
    /// Neighbours in a table of which the visitor changes the first, and their exact difference with and without.
    pairs: Vec<(Place, Place, f64, f64)>,
}

impl Attacker {
    /// Learns from both stages, without noise, what the visitor changes.
    pub(super) fn new(with: &Stage, without: &Stage, plans: &Plans) -> Result<Self, NoiseFault> {
        let [with_it, without_it] = [publish(with, plans, &mut Silence)?, publish(without, plans, &mut Silence)?];
        let (exact_with, exact_without) = (with_it.numbers(), without_it.numbers());
        let mut weights = Vec::new();
        let mut pairs = Vec::new();
        let mut before: Option<(&Place, f64, f64)> = None;
        for (place, (mine, variance)) in &exact_with {
            let Some((theirs, _)) = exact_without.get(place) else { continue };
            if mine != theirs {
                weights.push((place.clone(), (mine - theirs) / variance));
            }
            if let Some((first, first_mine, first_theirs)) = before.replace((place, *mine, *theirs)) {
                let (with, without) = (first_mine - mine, first_theirs - theirs);
                if first.table == place.table && first.kind == place.kind && with != without {
                    pairs.push((first.clone(), place.clone(), with, without));
                }
            }
        }
        let part = |reads: fn(&Place) -> bool| weights.iter().filter(|(place, _)| reads(place)).cloned().collect();
        let parts = [part(is_sketch), part(is_page), part(is_bounded)];
        let (own_keys, lost_keys) = (own_keys(with, without), own_keys(without, with));
        let centres = [0.0; 4];
        let mut attacker = Self { weights, parts, claims: claims(with), own_keys, lost_keys, centres, pairs };
        let sums = [&with_it, &without_it].map(|published| attacker.sums(published));
        attacker.centres = std::array::from_fn(|place| 0.5 * (sums[0][place] + sums[1][place]));
        Ok(attacker)
    }

    /// All numbers that the visitor changes, weighed, and those of each part.
    fn sums(&self, published: &Published) -> [f64; 4] {
        let sum = |weights: &[(Place, f64)]| weights.iter().map(|(place, weight)| weight * published.at(place)).sum();
        let [sketches, pages, bounded] = &self.parts;
        [sum(&self.weights), sum(sketches), sum(pages), sum(bounded)]
    }

    /// Looks at what is published; `end` is how the day ended.
    pub(super) fn look(&self, published: &Published, end: usize) -> [f64; VIEWS] {
        let at = |place: &Place| published.at(place);
        let there = |keys: &[(PeriodKind, Table, String)]| {
            keys.iter().filter(|(kind, table, key)| published.has(*kind, *table, key)).count() as f64
        };
        let repeated = self.pairs.iter().map(|(first, second, with, without)| {
            let difference = at(first) - at(second);
            f64::from(u8::from(difference == *with)) - f64::from(u8::from(difference == *without))
        });
        let sums = self.sums(published);
        let [all, sketches, pages, bounded] = std::array::from_fn(|place| sums[place] - self.centres[place]);
        // The sooner the table closed, the more keys it had.
        let closed = -(end as f64);
        [all, there(&self.own_keys) - there(&self.lost_keys), repeated.sum(), sketches, pages, bounded, closed]
    }
}

fn is_sketch(place: &Place) -> bool {
    place.counter == VISITORS
}

fn is_page(place: &Place) -> bool {
    place.table == Table::Page && !is_sketch(place)
}

/// Numbers of the site but for visits, of hours and of pages.
fn is_bounded(place: &Place) -> bool {
    let is_visits = place.table == Table::Site && place.key.is_empty() && place.counter == 0;
    is_page(place) || (place.table == Table::Site && !is_visits && !is_sketch(place))
}

/// What the plan claims of each way of looking. The flaws are in what is done, not in the claims.
fn claims(stage: &Stage) -> [f64; VIEWS] {
    let claim = |reads: &dyn Fn(&Mechanism) -> bool| {
        let rho: u64 = stage.claimed().iter().filter(|m| reads(m)).map(|m| m.rho_nano).sum();
        (2.0 * rho as f64 / 1e9).sqrt()
    };
    let is_page = |m: &Mechanism| m.table == Table::Page && m.what == What::Counters;
    let of_site = |m: &Mechanism| m.table == Table::Site && matches!(m.what, What::Counters | What::FurtherViews);
    let all = claim(&|_| true);
    let guard = claim(&|m| m.table == Table::Page && m.what == What::Guard);
    [all, all, all, claim(&|m| m.what == What::Visitors), claim(&is_page), claim(&|m| is_page(m) || of_site(m)), guard]
}

/// Keys of open tables that only the stage with the visitor has.
fn own_keys(with: &Stage, without: &Stage) -> Vec<(PeriodKind, Table, String)> {
    let others = without.keys_not_public();
    let own = with.keys_not_public().into_iter().filter(|key| !others.contains(key));
    let kinds = [PeriodKind::Day, PeriodKind::Month, PeriodKind::Quarter];
    own.flat_map(|(table, key)| kinds.map(|kind| (kind, table, key.clone()))).collect()
}

/// Publishes and looks, so many times. A flaw that publishes twice shows both.
pub(super) fn looks(
    play: &Play,
    plans: &Plans,
    attackers: &[Attacker],
    ends: &mut SplitMix64,
    noise: &mut Flawed,
    times: u64,
) -> Result<Vec<[f64; VIEWS]>, NoiseFault> {
    let mut all = Vec::new();
    for _ in 0..times {
        let end = play.end(ends)?;
        let (stage, attacker) = (&play.stages[end], &attackers[end]);
        let mut look = attacker.look(&publish(stage, plans, noise)?, end);
        if noise.flaw == Flaw::ReleasedTwice {
            let second = attacker.look(&publish(stage, plans, noise)?, end);
            look.iter_mut().zip(second).for_each(|(mine, more)| *mine += more);
        }
        all.push(look);
    }
    Ok(all)
}

/// "Was there" from a threshold on, in one way of looking.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    pub(super) view: usize,
    threshold: f64,
}

/// Thresholds that are tried for each way of looking.
const THRESHOLDS: usize = 120;

impl Rule {
    pub(super) fn judge(self, with: &[[f64; VIEWS]], without: &[[f64; VIEWS]]) -> Verdicts {
        let says =
            |looks: &[[f64; VIEWS]]| looks.iter().filter(|look| look[self.view] >= self.threshold).count() as u64;
        Verdicts { with: with.len() as u64, right: says(with), without: without.len() as u64, wrong: says(without) }
    }

    /// The rule that proves most on these, by a measure of what is proved.
    pub(super) fn best(
        with: &[[f64; VIEWS]],
        without: &[[f64; VIEWS]],
        proved: impl Fn(Verdicts, usize) -> f64,
    ) -> Option<Self> {
        let mut best: Option<(f64, Self)> = None;
        for view in 0..VIEWS {
            let mut values: Vec<f64> = with.iter().chain(without).map(|look| look[view]).collect();
            values.sort_by(f64::total_cmp);
            values.dedup();
            let step = (values.len() / THRESHOLDS).max(1);
            for &threshold in values.iter().step_by(step) {
                let rule = Self { view, threshold };
                let proves = proved(rule.judge(with, without), view);
                if best.is_none_or(|(most, _)| proves > most) {
                    best = Some((proves, rule));
                }
            }
        }
        best.map(|(_, rule)| rule)
    }
}

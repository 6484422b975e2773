//! An audit of the promise: the real limiter, cells, noise and choice of keys, run on a crowd with and without one
//! visitor-day, many thousands of times. An attacker who knows everything else says each time whether that visitor was
//! there. How often the attacker is right bounds the real epsilon from below: it must stay under the claim. And the same
//! audit must find every one of a list of broken variants.
//!
//! Half of the releases serve to choose the attack, the other half to judge it, so that choosing among many attacks
//! proves nothing by itself.

mod attack;
mod bound;
mod flaw;

use std::fmt::Write;

use headcount_model::rng::SplitMix64;
use headcount_model::shares::Privacy;
use headcount_vault::probe::{Noise, NoiseFault, Play, Scene, SeededNoise, SystemNoise};

use super::parallel;
use attack::{Attacker, Rule, VIEWS, looks};
use bound::{Verdicts, epsilon_of_mu};
use flaw::{Flaw, Flawed};

/// What to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Only the cases whose name has this in it; empty for all.
    pub only: String,
    /// Releases of each case: half with the visitor, half without.
    pub releases: u64,
    /// Whether a quarter of the releases of the first case draw the noise of servers, which is slow. All others draw that of
    /// tests, which is the same distribution from a seed.
    pub system_noise: bool,
    /// Only the broken variants that few releases show.
    pub quick: bool,
    /// From which the seeded noise follows.
    pub seed: u64,
}

/// How one case ended.
#[derive(Debug, Clone)]
pub struct Row {
    /// What was audited.
    pub case: String,
    /// How many releases were looked at.
    pub releases: u64,
    /// The mu that is proved: `sqrt(2 rho)` of Gaussian noise.
    pub mu: f64,
    /// What that mu is as epsilon at the delta of the noise.
    pub epsilon_of_mu: f64,
    /// The largest mu that is proved of the numbers of some mechanisms, over what is claimed of these.
    pub of_claim: f64,
    /// The epsilon that is proved without taking the noise for Gaussian, at the whole delta.
    pub epsilon: f64,
    /// Whether it is more than was claimed.
    pub exceeds: bool,
    is_broken: bool,
}

/// All cases.
#[derive(Debug, Clone)]
pub struct AuditReport {
    /// In the order in which they were run, unbroken ones first.
    pub rows: Vec<Row>,
    claimed: Privacy,
}

/// Batches of releases, so that all processors have work.
const BATCHES: u64 = 16;
/// Scenes in which what servers run is audited.
const SCENES: [(Scene, &str); 5] = [
    (Scene::AtEveryBound, "a visitor at every bound, on public pages, across hours"),
    (Scene::SamePages, "a visitor who sees the same pages again"),
    (Scene::Alone, "a visitor alone on pages, a referrer, a campaign and errors"),
    (Scene::OneView, "a visitor with one page view, present or absent in the month's sketch"),
    (Scene::Closing, "a visitor whose pages may close the table to those of others"),
];

/// Runs the audit.
///
/// # Errors
/// When the system gives no randomness.
pub fn audit(options: &Options, progress: &mut dyn FnMut(&str)) -> Result<AuditReport, Box<dyn std::error::Error>> {
    let claimed = Privacy::default();
    let mut rows = Vec::new();
    let is_wanted = |name: &str| name.contains(&options.only);
    for (scene, name) in SCENES.into_iter().filter(|(_, name)| is_wanted(name)) {
        progress(name);
        rows.push(case(scene, name, Flaw::None, options, &claimed)?);
    }
    // In few releases an excess of some percent, or of one sketch among all tables, cannot be seen.
    let is_small = |flaw: &Flaw| {
        use Flaw::{DayBoundOffByOne, PageBoundOffByOne, ReleasedTwice, SketchSensitivity};
        matches!(flaw, SketchSensitivity | DayBoundOffByOne | PageBoundOffByOne | ReleasedTwice)
    };
    for flaw in Flaw::BROKEN.into_iter().filter(|flaw| is_wanted(flaw.name()) && (!options.quick || !is_small(flaw))) {
        progress(flaw.name());
        rows.push(case(flaw.scene(), flaw.name(), flaw, options, &claimed)?);
    }
    Ok(AuditReport { rows, claimed })
}

fn case(scene: Scene, name: &str, flaw: Flaw, options: &Options, claimed: &Privacy) -> Result<Row, NoiseFault> {
    let [with, without] = [true, false].map(|with| Play::of(scene, with, &flaw.leaks()));
    let plans = with.stages[0].plans(|mechanism| flaw.spoil(mechanism));
    // However the day ended, the attacker knows it: its pages tell.
    let ends = with.stages.iter().zip(&without.stages);
    let attackers = ends.map(|(with, without)| Attacker::new(with, without, &plans)).collect::<Result<Vec<_>, _>>()?;
    let each = options.releases * flaw.patience() / 2 / BATCHES;
    // Even batches are without the visitor, odd ones with.
    let batches = parallel::map(usize::try_from(2 * BATCHES).unwrap_or(0), |batch| {
        let play = if batch % 2 == 1 { &with } else { &without };
        let seed = options.seed ^ (batch as u64) << 8 ^ (flaw as u64) << 32 ^ (scene as u64) << 40;
        let is_system = options.system_noise && flaw == Flaw::None && scene == Scene::AtEveryBound && batch < 8;
        let noise: Box<dyn Noise> =
            if is_system { Box::new(SystemNoise::new()?) } else { Box::new(SeededNoise::new(seed)) };
        let ends = &mut SplitMix64::new(!seed);
        looks(play, &plans, &attackers, ends, &mut Flawed { flaw, noise, last: None }, each)
    });
    let (mut seen_with, mut seen_without) = (Vec::new(), Vec::new());
    for (number, batch) in batches.into_iter().enumerate() {
        if number % 2 == 1 { &mut seen_with } else { &mut seen_without }.extend(batch?);
    }
    Ok(judge(name, flaw, &attackers[0].claims, &seen_with, &seen_without, claimed))
}

fn judge(
    name: &str,
    flaw: Flaw,
    claims: &[f64; VIEWS],
    with: &[[f64; VIEWS]],
    without: &[[f64; VIEWS]],
    claimed: &Privacy,
) -> Row {
    let (choose_with, judge_with) = with.split_at(with.len() / 2);
    let (choose_without, judge_without) = without.split_at(without.len() / 2);
    // Chosen on one half by what seems to prove most, and judged on the other.
    let best = |seems: &dyn Fn(Verdicts, usize) -> f64, proved: &dyn Fn(Verdicts, usize) -> f64| {
        let rule = Rule::best(choose_with, choose_without, seems);
        rule.map_or(0.0, |rule| proved(rule.judge(judge_with, judge_without), rule.view))
    };
    let mu = best(&|verdicts, _| verdicts.mu(), &|verdicts, _| verdicts.mu());
    let of_claim = best(&|verdicts, view| verdicts.mu() - claims[view], &|verdicts, view| verdicts.mu() / claims[view]);
    let epsilon = best(&|verdicts, _| verdicts.epsilon(claimed.delta), &|verdicts, _| verdicts.epsilon(claimed.delta));
    Row {
        case: name.to_owned(),
        releases: (with.len() + without.len()) as u64,
        mu,
        of_claim,
        epsilon_of_mu: epsilon_of_mu(mu, claimed.delta - claimed.delta_keys()),
        epsilon,
        exceeds: of_claim > 1.0 || epsilon > flaw.leaks().epsilon,
        is_broken: flaw != Flaw::None,
    }
}

impl AuditReport {
    /// The largest epsilon that was proved of what servers run.
    #[must_use]
    pub fn epsilon_lower_bound(&self) -> f64 {
        let sound = self.rows.iter().filter(|row| !row.is_broken);
        sound.map(|row| row.epsilon_of_mu.max(row.epsilon)).fold(0.0, f64::max)
    }

    /// Whether what servers run stays under the claim and everything broken is caught.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.rows.iter().all(|row| row.exceeds == row.is_broken)
    }

    /// A Markdown table, and a last line.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = String::from(
            "| case | releases | μ proved | as ε | ε proved directly | of its claim | above the claim |\n\
             |---|---|---|---|---|---|---|\n",
        );
        for row in &self.rows {
            let mark = if row.is_broken { "broken: " } else { "" };
            let verdict = if row.exceeds { "yes" } else { "no" };
            // Writing to a string never fails.
            let _ = writeln!(
                text,
                "| {mark}{} | {} | {:.3} | {:.2} | {:.2} | {:.2} | {verdict} |",
                row.case, row.releases, row.mu, row.epsilon_of_mu, row.epsilon, row.of_claim
            );
        }
        let broken = self.rows.iter().filter(|row| row.is_broken);
        let caught = broken.clone().filter(|row| row.exceeds).count();
        let _ = writeln!(
            text,
            "\naudit: epsilon_lower_bound {:.2} of {:.2} claimed, caught {caught} of {} broken variants",
            self.epsilon_lower_bound(),
            self.claimed.epsilon,
            broken.count()
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The short form: what is broken a good deal is caught, and what servers run stays under the claim. `benches/audit`
    /// is the long one.
    #[test]
    fn the_promise_holds_and_what_is_broken_is_caught() {
        let options = Options { only: String::new(), releases: 2_400, system_noise: false, quick: true, seed: 5 };
        let report = audit(&options, &mut |_| ()).unwrap();
        assert!(report.passes(), "{}", report.markdown());
        assert!(report.epsilon_lower_bound() > 0.1, "an audit that proves nothing: {}", report.markdown());
    }
}

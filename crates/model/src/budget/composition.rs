//! The exact (epsilon, delta) of whole plans, computed another way than the rule that made them: the discrete Gaussians of a plan
//! are composed number by number as privacy loss distributions, by fast Fourier transforms, with every loss rounded so that
//! delta can only become too large.
//!
//! Source of the method: Koskela, Jälkö, Honkela 2020 (arXiv:1906.03049); rounding that keeps both distributions whole
//! ("connecting the dots"): Doroshenko, Ghazi, Kamath, Kumar, Manurangsi 2022 (arXiv:2207.04380).

use std::f64::consts::TAU;

use proptest::prelude::*;

use crate::{
    plan::{Mechanism, Plan, What},
    shares::{BASIS_POINTS, Privacy, Shares},
    tables::{Bounds, Table, TableSet, VOTE_WEIGHTS},
};

/// Steps of the grid of losses; a power of two.
const GRID: usize = 1 << 15;
/// Rounding errors of the transforms, absolute: 1e-16 for each of some hundred products.
const TRANSFORM_ERROR: f64 = 1e-13;

type Complex = (f64, f64);

fn times(a: Complex, b: Complex) -> Complex {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

/// The discrete Fourier transform in place (Cooley, Tukey 1965); `sign` -1 forward, 1 back, without the division by the length.
fn transform(values: &mut [Complex], sign: f64) {
    let length = values.len();
    let shift = usize::BITS - length.trailing_zeros();
    for at in 0..length {
        let mirrored = at.reverse_bits() >> shift;
        if at < mirrored {
            values.swap(at, mirrored);
        }
    }
    let mut half = 1;
    while half < length {
        let turns: Vec<Complex> = (0..half)
            .map(|k| (sign * TAU * k as f64 / (2 * half) as f64).sin_cos())
            .map(|(sin, cos)| (cos, sin))
            .collect();
        for block in values.chunks_exact_mut(2 * half) {
            let (left, right) = block.split_at_mut(half);
            for ((l, r), turn) in left.iter_mut().zip(right).zip(&turns) {
                let turned = times(*r, *turn);
                (*l, *r) = ((l.0 + turned.0, l.1 + turned.1), (l.0 - turned.0, l.1 - turned.1));
            }
        }
        half *= 2;
    }
}

/// Losses of several numbers that are published one after the other.
struct Losses {
    step: f64,
    spectrum: Vec<Complex>,
    /// The chance of what was cut off, whose loss counts as infinite.
    lost: f64,
}

impl Losses {
    /// Nothing is published yet; the grid reaches over twelve standard deviations for `rho`.
    fn none(rho: f64) -> Self {
        let reach = 12.0 * (2.0 * rho).sqrt() + rho;
        Self { step: 2.0 * reach / GRID as f64, spectrum: vec![(1.0, 0.0); GRID], lost: 0.0 }
    }

    /// Adds `copies` numbers with discrete Gaussian noise that a visitor-day moves by `moved` each.
    fn add(&mut self, sigma: f64, moved: f64, copies: u32) {
        let reach = (12.0 * sigma).ceil() as i32;
        let weight = |x: f64| (-0.5 * (x / sigma).powi(2)).exp();
        let total: f64 = (-reach..=reach).map(|x| weight(x.into())).sum();
        let mut grid = vec![(0.0, 0.0); GRID];
        for x in (-reach..=reach).map(f64::from) {
            // ln P(x) / Q(x) for noise around 0 and around `moved`: the normalising constants are the same for whole numbers.
            self.put(&mut grid, weight(x) / total, moved * (moved - 2.0 * x) / (2.0 * sigma * sigma));
        }
        self.lost += f64::from(copies) * 1e-30;
        self.compose(grid, copies);
    }

    /// Adds an answer with nothing but a pure guarantee: the worst one is right with probability e^epsilon / (1 + e^epsilon).
    fn add_pure(&mut self, epsilon: f64) {
        let right = epsilon.exp() / (1.0 + epsilon.exp());
        let mut grid = vec![(0.0, 0.0); GRID];
        self.put(&mut grid, right, epsilon);
        self.put(&mut grid, 1.0 - right, -epsilon);
        self.compose(grid, 1);
    }

    /// Splits a loss between its neighbours on the grid so that the chances under P and under Q both stay what they are.
    fn put(&self, grid: &mut [Complex], chance: f64, loss: f64) {
        let below = (loss / self.step).floor();
        let above = chance * (below * self.step - loss).exp_m1() / (-self.step).exp_m1();
        let place = |steps: f64| (steps as i64).rem_euclid(GRID as i64) as usize;
        grid[place(below)].0 += chance - above;
        grid[place(below + 1.0)].0 += above;
    }

    fn compose(&mut self, mut grid: Vec<Complex>, copies: u32) {
        transform(&mut grid, -1.0);
        for (all, one) in self.spectrum.iter_mut().zip(grid) {
            *all = (0..copies).fold(*all, |all, _| times(all, one));
        }
    }

    fn delta(mut self, epsilon: f64) -> f64 {
        transform(&mut self.spectrum, 1.0);
        let loss = |place: usize| if place < GRID / 2 { place as f64 } else { place as f64 - GRID as f64 } * self.step;
        let terms = self.spectrum.iter().enumerate().map(|(place, chance)| match epsilon - loss(place) {
            gap if gap < 0.0 => -gap.exp_m1() * chance.0 / GRID as f64,
            _ => 0.0,
        });
        terms.sum::<f64>() + self.lost
    }
}

/// Adds what one visitor-day moves in a mechanism, spread over as many counters as can be.
fn add(losses: &mut Losses, plan: &Plan, mechanism: &Mechanism, views: usize) {
    let sigma = mechanism.sigma_milli as f64 / 1e3;
    match (mechanism.what, mechanism.table) {
        (What::Votes, Table::Page) => {
            VOTE_WEIGHTS[..views].iter().for_each(|weight| losses.add(sigma, f64::from(*weight), 1));
        }
        // A sketch's register is used for the first time.
        (What::Visitors, _) => {
            losses.add(sigma, 2.0, mechanism.l2_squared / 5);
            losses.add(sigma, 1.0, mechanism.l2_squared / 5);
        }
        (What::Guard, table) => {
            let scale = plan.guard(table).unwrap().scale as f64;
            losses.add_pure(2.0 * f64::from(mechanism.l2_squared).sqrt() / scale);
        }
        _ => losses.add(sigma, 1.0, mechanism.l2_squared),
    }
}

/// The exact delta of everything that is published under a plan.
fn composed(plan: &Plan, privacy: &Privacy) -> f64 {
    let mut losses = Losses::none(privacy.rho().as_rho());
    for mechanism in plan.mechanisms.iter().filter(|m| m.rho_nano > 0) {
        add(&mut losses, plan, mechanism, usize::from(privacy.bounds.views_per_visitor_day));
    }
    losses.delta(privacy.epsilon)
}

fn assert_holds(privacy: &Privacy, shares: &Shares, tables: TableSet, what: &str) {
    let delta = composed(&Plan::new(privacy, shares, tables), privacy);
    let claimed = privacy.delta_noise();
    println!("{what}: delta {delta:.4e} of {claimed:.4e}");
    assert!(delta <= claimed + TRANSFORM_ERROR, "{what}: delta {delta} of {claimed}");
}

#[test]
fn every_built_in_profile_holds_what_it_claims() {
    for (name, shares) in [("small", Shares::SMALL), ("standard", Shares::STANDARD), ("busy", Shares::BUSY)] {
        let privacy = Privacy { bounds: Bounds::of_profile(name), ..Privacy::default() };
        for has_list in [true, false] {
            let what = format!("{name}, with a list: {has_list}");
            assert_holds(&privacy, &shares.for_pages(has_list), TableSet::without_sources(), &what);
        }
    }
}

#[test]
fn the_first_month_of_a_small_site_holds_what_it_claims() {
    let privacy = Privacy { bounds: Bounds::of_profile("small"), ..Privacy::default() };
    let shares = Shares::SMALL_FIRST_MONTH.for_pages(false);
    assert_holds(&privacy, &shares, TableSet::without_sources(), "small without a list, first month");
}

/// The composition itself, against continuous Gaussian noise of a large sigma, which it must be a little above.
#[test]
fn the_composition_finds_what_is_known_of_gaussian_noise() {
    for (rho, epsilon) in [(0.1746, 3.0), (0.02, 1.0), (0.9, 6.0)] {
        let mut losses = Losses::none(rho);
        let sigma: f64 = 400.0;
        // Five counters that share rho.
        losses.add(sigma, (2.0 * rho * sigma * sigma / 5.0).sqrt().round(), 5);
        let moved = 5.0 * (2.0 * rho * sigma * sigma / 5.0).sqrt().round().powi(2);
        let known = super::normal::delta_of((moved / (sigma * sigma)).sqrt(), epsilon);
        let found = losses.delta(epsilon);
        assert!(found >= known - TRANSFORM_ERROR, "{found} is below {known}");
        assert!(found <= known * 1.001 + TRANSFORM_ERROR, "{found} is far above {known}");
    }
}

/// A plan that draws with less noise than it should is found out.
#[test]
fn the_composition_sees_noise_that_is_a_hundredth_too_small() {
    let privacy = Privacy::default();
    let mut plan = Plan::new(&privacy, &Shares::STANDARD, TableSet::without_sources());
    plan.mechanisms.iter_mut().for_each(|m| m.sigma_milli = m.sigma_milli * 98 / 100);
    assert!(composed(&plan, &privacy) > privacy.delta_noise());
}

/// Everything in one table, so that the sigma is small and the lattice coarse; on one counter and on several.
#[test]
fn the_rule_holds_where_the_lattice_is_coarse() {
    for (epsilon, delta) in [(10.0, 1e-4), (10.0, 1e-9), (6.0, 1e-7), (3.0, 1e-7)] {
        let privacy = Privacy::new(epsilon, delta, Bounds::default());
        for l2_squared in [1_u32, 2, 4, 8, 9, 40] {
            let sigma = privacy.accounting.sigma_milli(l2_squared, privacy.rho()).as_sigma();
            let root = l2_squared.isqrt();
            let mut ways = vec![(1.0, l2_squared)];
            ways.extend((root * root == l2_squared).then_some((f64::from(root), 1)));
            for (moved, copies) in ways {
                let mut losses = Losses::none(privacy.rho().as_rho());
                losses.add(sigma, moved, copies);
                let found = losses.delta(epsilon);
                let claimed = privacy.delta_noise();
                assert!(found <= claimed + TRANSFORM_ERROR, "{epsilon}, {delta}, {copies} of {moved}: {found}");
            }
        }
    }
}

/// Eleven shares that add up to the whole, none of them too small to draw for.
fn any_shares() -> impl Strategy<Value = Shares> {
    prop::collection::vec(1_u32..100, 11).prop_map(|parts| {
        let all: u32 = parts.iter().sum();
        let share = |part: u32| u16::try_from(u32::from(BASIS_POINTS) * part / all).unwrap();
        Shares {
            hour: share(parts[0]),
            day_site: share(parts[1]),
            day_pages: share(parts[2]),
            day_attributes: share(parts[3]),
            week_site: share(parts[4]),
            week_pages: share(parts[5]),
            month_site: share(parts[6]),
            month_pages: share(parts[7]),
            month_attributes: share(parts[8]),
            selection: share(parts[9]),
            month_selection: share(parts[10]),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn own_profiles_hold_what_they_claim(
        shares in any_shares(),
        epsilon in 0.2_f64..10.0,
        log_delta in -20.0_f64..-9.3,
        views in 1_u8..=10,
        has_list in any::<bool>(),
    ) {
        let bounds = Bounds { views_per_visitor_day: views, views_per_page: views.min(3) };
        let privacy = Privacy::new(epsilon, log_delta.exp(), bounds);
        assert_holds(&privacy, &shares.for_pages(has_list), TableSet::all(), &format!("{privacy:?}, {shares:?}"));
    }
}

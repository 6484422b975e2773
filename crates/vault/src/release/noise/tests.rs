//! Both sources against the exact probabilities.
//!
//! A correct sampler fails one of these tests with probability below 2e-6: the bound on the chi-square statistic is
//! that of Laurent and Massart (2000), P(chi2_d >= d + 2 sqrt(d x) + 2 x) <= exp(-x), at x = 16 (1.2e-7 a test, ten
//! tests); mean and variance may be 6 standard errors off (2e-9).

use super::*;

const DRAWS: usize = 20_000;
const LOG_ODDS: f64 = 16.0;

/// P(X = x), by plain sums in order of size.
fn pmf(sigma: f64, x: i64) -> f64 {
    let weight = |y: i64| (-((y * y) as f64) / (2.0 * sigma * sigma)).exp();
    let reach = (40.0 * sigma) as i64;
    let total: f64 = 1.0 + 2.0 * (1..=reach).rev().map(weight).sum::<f64>();
    weight(x) / total
}

fn assert_gaussian(source: &mut impl Noise, sigma_milli: u64) {
    let sigma = sigma_milli as f64 / 1e3;
    let draws: Vec<i64> =
        (0..DRAWS).map(|_| source.sample(SigmaMilli(sigma_milli)).expect("the sampler works")).collect();
    let (count, sigma_squared) = (DRAWS as f64, sigma * sigma);

    let mean = draws.iter().sum::<i64>() as f64 / count;
    assert!(mean.abs() < 6.0 * sigma / count.sqrt(), "mean {mean}");
    let variance = draws.iter().map(|x| (x * x) as f64).sum::<f64>() / count;
    let spread = 6.0 * sigma_squared * (2.0 / count).sqrt();
    assert!((variance - sigma_squared).abs() < spread, "variance {variance}, expected {sigma_squared}");

    // Cells wide enough that at least 20 draws are expected in each; the two tails are cells of their own.
    let edge = (2.5 * sigma) as i64;
    let (mut statistic, mut cells, mut inside) = (0.0, 0, 0.0);
    let mut add = |expected: f64, observed: usize| {
        assert!(expected >= 20.0, "cell of {expected}");
        statistic += (observed as f64 - expected).powi(2) / expected;
        cells += 1;
    };
    for x in -edge..=edge {
        let p = pmf(sigma, x);
        inside += p;
        add(p * count, draws.iter().filter(|draw| **draw == x).count());
    }
    for sign in [-1, 1] {
        add((1.0 - inside) / 2.0 * count, draws.iter().filter(|draw| sign * **draw > edge).count());
    }
    let freedom = f64::from(cells - 1);
    let bound = freedom + 2.0 * (freedom * LOG_ODDS).sqrt() + 2.0 * LOG_ODDS;
    assert!(statistic < bound, "chi-square {statistic} with {freedom} degrees of freedom, bound {bound}");
}

/// The noise of one release of a server.
fn system() -> ReleaseNoise {
    SystemNoise::new().fresh().expect("the system has randomness")
}

#[test]
fn system_noise_is_the_discrete_gaussian() {
    assert_gaussian(&mut system(), 2_500);
    assert_gaussian(&mut system(), 12_300);
    // Where the scale of the proposals steps, and where nearly every draw is 0.
    for sigma_milli in [999, 1_000, 1_001, 14_999] {
        assert_gaussian(&mut system(), sigma_milli);
    }
}

#[test]
fn every_release_has_a_key_of_its_own_even_where_the_system_repeats_itself() {
    let entropy = Zeroizing::new([9; KEY_BYTES]);
    let mut source = SystemNoise::new();
    let keys: Vec<_> = (0..3).map(|_| *source.key(&entropy)).collect();
    assert!(keys[0] != keys[1] && keys[0] != keys[2] && keys[1] != keys[2]);
    // Two that go on from the same state, as after a snapshot of the machine, a while apart.
    let (mut one, mut other) = (SystemNoise { ..source }, SystemNoise { ..source });
    assert_ne!(*one.key(&entropy), *other.key(&entropy));
}

#[test]
fn draws_of_two_releases_do_not_repeat_each_other() {
    let mut source = SystemNoise::new();
    let mut draws = || -> Vec<i64> {
        let mut noise = source.of_release().expect("the system has randomness");
        (0..50).map(|_| noise.sample(SigmaMilli(20_000)).expect("the sampler works")).collect()
    };
    assert_ne!(draws(), draws());
}

#[test]
fn seeded_noise_is_the_discrete_gaussian() {
    for seed in [1, 2] {
        let mut source = SeededNoise::new(seed);
        assert_gaussian(&mut source, 2_500);
        assert_gaussian(&mut source, 12_300);
    }
}

#[test]
fn seeded_noise_repeats_and_seeds_differ() {
    let draw = |seed| -> Vec<i64> {
        let mut source = SeededNoise::new(seed);
        (0..50).map(|_| source.sample(SigmaMilli(20_000)).expect("the sampler works")).collect()
    };
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
}

#[test]
fn no_noise_is_refused() {
    for sigma in [SigmaMilli(0), SigmaMilli::UNAFFORDABLE, SigmaMilli(SIGMA_MILLI_MAX + 1)] {
        assert!(matches!(system().sample(sigma), Err(NoiseFault::Sigma(_))));
        assert!(matches!(SeededNoise::new(1).sample(sigma), Err(NoiseFault::Sigma(_))));
    }
    assert!(system().sample(SigmaMilli(1)).is_ok());
    assert!(system().sample(SigmaMilli(SIGMA_MILLI_MAX)).is_ok());
}

/// How long a draw takes: `cargo test system_noise_speed -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, not a check"]
fn system_noise_speed() {
    for sigma_milli in [2_500, 12_300, 50_000, 1_000_000] {
        let mut source = system();
        let start = Instant::now();
        for _ in 0..DRAWS {
            source.sample(SigmaMilli(sigma_milli)).expect("the sampler works");
        }
        println!("sigma {sigma_milli:>9} thousandths: {:?} a draw", start.elapsed() / DRAWS as u32);
    }
}

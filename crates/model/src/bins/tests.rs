//! Bins: every value has one, and percentiles are near the truth, with and without noise.

use proptest::prelude::*;

use super::*;

const BOTH: [Bins; 2] = [RESPONSE_TIMES, RESPONSE_SIZES];

#[test]
fn a_value_lies_in_its_bin() {
    for (value, label) in [
        (0, "<5 ms"),
        (4, "<5 ms"),
        (5, "5-10 ms"),
        (999, "750-1000 ms"),
        (1_000, "1-1.5 s"),
        (29_999, "10-30 s"),
        (30_000, ">=30 s"),
        (u64::MAX, ">=30 s"),
    ] {
        assert_eq!(RESPONSE_TIMES.labels[usize::from(RESPONSE_TIMES.position(Some(value)))], label, "{value}");
    }
    for (value, label) in [(0, "<1 KiB"), (1_023, "<1 KiB"), (1_024, "1-2 KiB"), (100 << 20, ">=100 MiB")] {
        assert_eq!(RESPONSE_SIZES.labels[usize::from(RESPONSE_SIZES.position(Some(value)))], label, "{value}");
    }
    for bins in BOTH {
        assert_eq!(bins.labels[usize::from(bins.position(None))], "(unknown)");
        assert_eq!(bins.bounds(bins.position(None)), None);
        assert_eq!(bins.bounds(0).unwrap().0, 0);
        assert_eq!(bins.bounds(u16::MAX), None);
    }
}

/// A number as the labels write it, in the unit of the bins.
fn written(number: &str, label: &str) -> f64 {
    let units = [(" KiB", 1024.0), (" MiB", 1_048_576.0), (" ms", 1.0), (" s", 1_000.0)];
    let unit = units.iter().find(|(ending, _)| label.ends_with(ending)).unwrap().1;
    number.parse::<f64>().unwrap() * unit
}

#[test]
fn labels_say_the_edges() {
    for bins in BOTH {
        for position in 0..u16::try_from(bins.count()).unwrap() {
            let label = bins.labels[usize::from(position)];
            let (low, high) = bins.bounds(position).unwrap();
            let number = label.split(' ').next().unwrap();
            match (number.strip_prefix('<'), number.strip_prefix(">="), number.split_once('-')) {
                (Some(end), _, _) => assert_eq!((low, written(end, label)), (0, high.unwrap() as f64)),
                (_, Some(start), _) => assert_eq!((written(start, label), high), (low as f64, None)),
                (_, _, Some((start, end))) => {
                    assert_eq!((written(start, label), written(end, label)), (low as f64, high.unwrap() as f64));
                }
                _ => panic!("{label}"),
            }
        }
    }
}

fn counts(filled: &[(u64, f64)]) -> Vec<f64> {
    let mut counts = vec![0.0; RESPONSE_TIMES.count()];
    for &(value, count) in filled {
        counts[usize::from(RESPONSE_TIMES.position(Some(value)))] += count;
    }
    counts
}

#[test]
fn percentiles_are_interpolated_within_a_bin() {
    let value = |filled: &[(u64, f64)], q| RESPONSE_TIMES.percentile(&counts(filled), q).map(|p| (p.value, p.at_least));
    let near = |found: Option<(f64, bool)>, expected: f64| {
        let (found, at_least) = found.unwrap();
        assert!((found - expected).abs() < 1e-9 && !at_least, "{found}, not {expected}");
    };
    near(value(&[(100, 10.0)], 0.5), (100.0_f64 * 150.0).sqrt());
    near(value(&[(100, 10.0)], 0.0), 100.0);
    near(value(&[(100, 10.0)], 1.0), 150.0);
    near(value(&[(0, 10.0)], 0.5), 2.5);
    near(value(&[(10, 9.0), (1_000, 1.0)], 0.9), 20.0);
    near(value(&[(10, 9.0), (1_000, 1.0)], 0.95), (1_000.0_f64 * 1_500.0).sqrt());
    assert_eq!(value(&[(40_000, 1.0)], 0.5), Some((30_000.0, true)));
    assert_eq!(value(&[], 0.5), None);
    assert_eq!(value(&[(10, -5.0)], 0.5), None);
    assert_eq!(value(&[(10, 5.0)], 1.5), None);
    assert_eq!(value(&[(10, 5.0)], f64::NAN), None);
    assert_eq!(value(&[(10, f64::NAN)], 0.5), None);
    assert_eq!(RESPONSE_TIMES.percentile(&[1.0], 0.5), None);
    // What comes after the bins is left out.
    let mut with_unknown = counts(&[(100, 10.0)]);
    with_unknown.push(1e9);
    assert!(RESPONSE_TIMES.percentile(&with_unknown, 0.5).unwrap().value < 150.0);
}

#[test]
fn totals_are_pooled_where_they_descend() {
    assert_eq!(ascending(&[1.0, 3.0, 2.0, 5.0]), [1.0, 2.5, 2.5, 5.0]);
    assert_eq!(ascending(&[3.0, 2.0, 1.0]), [2.0; 3]);
    assert_eq!(ascending(&[-4.0, 2.0]), [0.0, 2.0]);
    assert_eq!(ascending(&[1.0, 2.0, 2.0, 7.5]), [1.0, 2.0, 2.0, 7.5]);
}

/// Normal noise, the same in every run: the sum of twelve uniform numbers of a linear congruential generator.
fn noise(state: &mut u64) -> f64 {
    let mut uniform = || {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..12).map(|_| uniform()).sum::<f64>() - 6.0
}

/// A day of a small site: 400 responses, nearly all of them fast.
fn small_site() -> Vec<f64> {
    counts(&[(12, 40.0), (25, 120.0), (40, 130.0), (60, 60.0), (120, 30.0), (400, 12.0), (1_200, 6.0), (4_000, 2.0)])
}

#[test]
fn intervals_hold_the_percentile_in_95_of_100_cases() {
    let (exact, sigma, rounds) = (small_site(), 6.0, 2_000);
    let mut state = 7;
    for q in [0.5, 0.9, 0.99] {
        let truth = RESPONSE_TIMES.percentile(&exact, q).unwrap().value;
        let mut held = 0;
        for _ in 0..rounds {
            let noisy: Vec<f64> = exact.iter().map(|count| count + sigma * noise(&mut state)).collect();
            let (low, high) = RESPONSE_TIMES.percentile_interval(&noisy, sigma, q).unwrap();
            held += i32::from(low as f64 <= truth && high.is_none_or(|high| truth <= high as f64));
        }
        eprintln!("p{}: {} of {rounds}", q * 100.0, held);
        assert!(held * 100 >= rounds * 95, "{held} of {rounds} at {q}");
    }
    // Without noise it is the bin; with nothing but noise it is everything.
    assert_eq!(RESPONSE_TIMES.percentile_interval(&exact, 0.0, 0.5), Some((30, Some(50))));
    assert_eq!(RESPONSE_TIMES.percentile_interval(&counts(&[]), 10.0, 0.5), Some((0, None)));
    assert_eq!(RESPONSE_TIMES.percentile_interval(&exact, 1.0, -0.1), None);
}

#[test]
fn noise_in_empty_bins_does_not_move_the_percentile() {
    let (exact, sigma) = (small_site(), 6.0);
    let truth = RESPONSE_TIMES.percentile(&exact, 0.9).unwrap().value;
    let (mut state, mut pooled, mut cut) = (11, 0.0, 0.0);
    for _ in 0..500 {
        let noisy: Vec<f64> = exact.iter().map(|count| count + sigma * noise(&mut state)).collect();
        let clamped: Vec<f64> = noisy.iter().map(|count| count.max(0.0)).collect();
        let error = |counts: &[f64]| (RESPONSE_TIMES.percentile(counts, 0.9).unwrap().value / truth).ln();
        pooled += error(&noisy);
        cut += error(&clamped);
    }
    eprintln!("mean error of p90 in powers of e: pooled {}, cut off at zero {}", pooled / 500.0, cut / 500.0);
    assert!(pooled.abs() < cut.abs() / 2.0, "pooled {pooled}, cut off {cut}");
}

proptest! {
    #[test]
    fn any_value_lies_within_the_bounds_of_its_bin(value in prop_oneof![any::<u64>(), 0_u64..1 << 28]) {
        for bins in BOTH {
            let position = bins.position(Some(value));
            let (low, high) = bins.bounds(position).unwrap();
            prop_assert!(usize::from(position) < bins.count());
            prop_assert!(low <= value && high.is_none_or(|high| value < high));
        }
    }

    #[test]
    fn percentiles_ascend_and_lie_in_the_bins_that_hold_something(
        counts in prop::collection::vec(0.0_f64..1e6, 20),
        a in 0.0_f64..=1.0,
        b in 0.0_f64..=1.0,
    ) {
        let of = |q| RESPONSE_TIMES.percentile(&counts, q).map_or(-1.0, |p| p.value);
        prop_assert!(a > b || of(a) <= of(b));
        // The definition, for counts that are not below zero.
        let all: f64 = counts.iter().sum();
        if let Some(found) = RESPONSE_TIMES.percentile(&counts, a) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "Cast safety: no value is negative or past the last edge."
            )]
            let value = found.value as u64;
            let bin = usize::from(RESPONSE_TIMES.position(Some(value)));
            let up_to: f64 = counts[..=bin].iter().sum();
            let before: f64 = counts[..bin.saturating_sub(1)].iter().sum();
            prop_assert!(before <= a * all + 1e-3 && a * all <= up_to + 1e-3);
        }
    }

    #[test]
    fn any_counts_give_a_percentile_or_none(counts in prop::collection::vec(any::<f64>(), 0..24), sigma in 0.0_f64..1e9, q in any::<f64>()) {
        let _ = RESPONSE_TIMES.percentile(&counts, q);
        let interval = RESPONSE_TIMES.percentile_interval(&counts, sigma, q);
        prop_assert!(interval.is_none_or(|(low, high)| high.is_none_or(|high| low <= high)));
    }
}

//! A damaged data directory is either read correctly or refused. Bits are flipped, blocks zeroed, moved and cut off at places
//! that a seed chooses, in directories of servers that were stopped and of servers that were killed.
//!
//! A failure: a server that starts and knows less (or more) than was acknowledged, shows another number than was
//! published, or publishes an open day with other counts; a panic message; death by a signal; a refusal that
//! does not say what to do.
//! Not a failure: a refusal with exit code 1 that says what to do, and damage to unused space.

use crate::faults::{
    Dice,
    damage::{Verdict, Wound},
    scene::Scene,
};

/// How often the short form damages a directory; the variable `HEADCOUNT_WOUNDS` asks for more.
const WOUNDS: u64 = 60;

/// Damages copies of a directory and returns every verdict.
fn verdicts(ends_well: bool, seed: u64) -> Vec<(Wound, Verdict)> {
    #[allow(clippy::disallowed_methods)] // a test that may be asked to look longer
    let count = std::env::var("HEADCOUNT_WOUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(WOUNDS);
    let scene = Scene::new(ends_well);
    let mut dice = Dice::new(seed);
    let wounds = (0..count).map(|_| Wound::random(&scene, &mut dice));
    wounds.map(|wound| (wound.clone(), wound.verdict(&scene))).collect()
}

fn assert_none(verdicts: &[(Wound, Verdict)], is_bad: impl Fn(&Verdict) -> bool) {
    let bad: Vec<String> =
        verdicts.iter().filter(|(_, v)| is_bad(v)).map(|(wound, verdict)| format!("{wound:?}: {verdict:?}")).collect();
    assert!(bad.is_empty(), "{} of {}:\n{}", bad.len(), verdicts.len(), bad.join("\n"));
}

#[test]
fn no_damage_makes_it_panic_or_crash() {
    for (ends_well, seed) in [(true, 21), (false, 22)] {
        assert_none(&verdicts(ends_well, seed), |verdict| matches!(verdict, Verdict::Broken(_)));
    }
}

#[test]
fn a_damaged_directory_that_was_closed_is_right_or_refused() {
    assert_none(&verdicts(true, 11), |verdict| !matches!(verdict, Verdict::Right | Verdict::Refused));
}

#[test]
fn a_damaged_directory_that_was_killed_is_right_or_refused() {
    assert_none(&verdicts(false, 12), |verdict| !matches!(verdict, Verdict::Right | Verdict::Refused));
}

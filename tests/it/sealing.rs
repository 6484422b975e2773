//! Sealing that is interrupted anywhere has the same result: killed before any change of the disk, in the middle of any write,
//! or by a power failure before any sync.
//!
//! A day, its neighbour, their week, month and quarter are sealed at once, as after the import of an old log. The disk
//! changes at system calls only, so killing before each of them covers every instruction.
//!
//! A failure: a start that is refused, a release that was seen and is different or gone afterwards, a period with two
//! releases or with none, a gap, a key that is left after its period was published, and numbers that do not match what was
//! sent. A key that is destroyed before its release is durable shows as a refusal or as a gap.
//! Not a failure: a release that nobody has seen is drawn again.

use crate::faults::{
    Dice,
    scene::Scene,
    sealing::{Break, break_off, measure},
};

/// Points of each kind in the short form; `benches/crash` tries all.
const POINTS_MAX: usize = 24;

/// All integers from 1 to `last`, or that many spread over them.
fn points(last: i64, seed: u64) -> Vec<i64> {
    let all: Vec<i64> = (1..=last).collect();
    let step = all.len().div_ceil(POINTS_MAX).max(1);
    all.into_iter().skip(usize::try_from(seed).expect("small") % step).step_by(step).collect()
}

fn break_off_at_all(scene: &Scene, breaks: Vec<Break>) {
    let count = breaks.len();
    let wrong: Vec<String> = breaks.into_iter().filter_map(|at| break_off(scene, at).err()).collect();
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_sealing_that_is_killed_anywhere_ends_the_same_way() {
    let scene = Scene::new(false);
    let Some(span) = measure(&scene) else { return };
    let mut breaks: Vec<Break> = points(span.changes, 0).into_iter().map(Break::Before).collect();
    breaks.extend(points(span.changes, 1).into_iter().map(Break::Within));
    eprintln!("{} of {span:?}", breaks.len());
    break_off_at_all(&scene, breaks);
}

#[test]
fn a_sealing_in_which_the_power_fails_ends_the_same_way() {
    let scene = Scene::new(true);
    let Some(span) = measure(&scene) else { return };
    let mut dice = Dice::new(7);
    let mut power = |n| Break::Power(n, (dice.below(2)) as i64, (dice.below(2) * dice.below(1 << 40)) as i64);
    let breaks: Vec<Break> = points(span.syncs, 0).into_iter().map(&mut power).collect();
    eprintln!("{} of {span:?}", breaks.len());
    break_off_at_all(&scene, breaks);
}

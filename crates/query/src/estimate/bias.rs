//! By how much what is shown is off on average, by the size of the true count, beside half the width of its interval.
//!
//! A single number may be off by its noise; an average over many must not be. From [`FAIR_FROM`] on, the mean error is to be
//! below [`SHARE_MAX`] of the mean half-width. Below that, less error is worth some bias (`docs/ESTIMATES.md`).

use std::{collections::BTreeMap, fmt};

use crate::number::Number;

/// From which true count on what is shown must be right on average.
pub(super) const FAIR_FROM: i64 = 100;
/// The mean error allowed there, as a share of the mean half-width.
pub(super) const SHARE_MAX: f64 = 0.1;
/// The least true count of each class of sizes.
const CLASSES: [i64; 5] = [0, 1, 10, FAIR_FROM, 1_000];

/// Errors of numbers of one size.
#[derive(Default, Clone, Copy)]
pub(super) struct Class {
    numbers: f64,
    errors: f64,
    squares: f64,
    halves: f64,
    held: f64,
}

impl Class {
    fn mean(&self, sum: f64) -> f64 {
        sum / self.numbers.max(1.0)
    }

    /// The mean error as a share of the mean half-width.
    pub(super) fn share(&self) -> f64 {
        self.errors / self.halves.max(f64::MIN_POSITIVE)
    }

    /// How many of the intervals hold the truth.
    pub(super) fn coverage(&self) -> f64 {
        self.mean(self.held)
    }

    /// How many numbers there are.
    pub(super) fn numbers(&self) -> f64 {
        self.numbers
    }
}

/// Errors by what is shown and by size.
#[derive(Default)]
pub(super) struct Bias(BTreeMap<(String, i64), Class>);

impl Bias {
    pub(super) fn note(&mut self, what: &str, number: &Number, truth: i64) {
        let least = CLASSES.into_iter().rev().find(|least| truth >= *least).unwrap_or(0);
        let class = self.0.entry((what.to_owned(), least)).or_default();
        let off = (number.estimate.unwrap() - truth) as f64;
        class.numbers += 1.0;
        class.errors += off;
        class.squares += off * off;
        class.halves += (number.high - number.low) as f64 / 2.0;
        class.held += f64::from(u8::from((number.low..=number.high).contains(&truth)));
    }

    /// The classes of at least so many numbers, with what they are of and their least true count.
    pub(super) fn classes(&self, numbers_min: f64) -> impl Iterator<Item = (&str, i64, Class)> {
        let all = self.0.iter().map(|((what, least), class)| (what.as_str(), *least, *class));
        all.filter(move |(_, _, class)| class.numbers >= numbers_min)
    }
}

impl Bias {
    /// The root of the mean square error of what is shown for true counts below [`FAIR_FROM`].
    pub(super) fn small_rmse(&self, what: &str) -> f64 {
        let small = self.0.iter().filter(|((of, least), _)| of == what && *least < FAIR_FROM);
        let (numbers, squares) = small.fold((0.0, 0.0), |sum, (_, of)| (sum.0 + of.numbers, sum.1 + of.squares));
        assert!(numbers > 0.0, "{what}");
        (squares / numbers).sqrt()
    }
}

impl fmt::Display for Bias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = ["from", "numbers", "error", "rmse", "half", "share", "held"];
        writeln!(f, "{:28} {}", "mean error by true count", heads.map(|head| format!("{head:>9}")).join(" "))?;
        for (what, least, class) in self.classes(1.0) {
            let (error, half) = (class.mean(class.errors), class.mean(class.halves));
            let rmse = class.mean(class.squares).sqrt();
            let mark = if least >= FAIR_FROM && class.share().abs() > SHARE_MAX { " *" } else { "" };
            writeln!(
                f,
                "{what:28} {least:9} {:9} {error:9.1} {rmse:9.1} {half:9.1} {:9.3} {:9.3}{mark}",
                class.numbers,
                class.share(),
                class.coverage()
            )?;
        }
        Ok(())
    }
}

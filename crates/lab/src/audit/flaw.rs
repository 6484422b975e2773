//! Ways to be broken. Each is a mistake that somebody could make in the limiter, the noise or the choice of keys; an audit
//! that does not see them would prove nothing.

use headcount_model::{
    budget::SigmaMilli,
    plan::{Mechanism, What},
    tables::Bounds,
};
use headcount_vault::probe::{Keys, Leaks, Noise, NoiseFault, PUBLIC_PAGES, Scene};

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Nothing: what servers run.
    None,
    /// Every draw has half of its sigma.
    NoiseHalved,
    /// Two numbers that follow each other get the same draw.
    NoiseRepeated,
    /// A period is drawn twice, and both are seen.
    ReleasedTwice,
    /// The limiter takes one more view of a page than the noise covers.
    PageBoundOffByOne,
    /// The limiter takes one more page view than the noise covers.
    DayBoundOffByOne,
    /// New keys appear from two sigmas on.
    ThresholdTooLow,
    /// A restart forgets whom the limiter has seen.
    RestartForgets,
    /// The sketch is noised as if a visitor changed one bin by one.
    SketchSensitivity,
    /// A cap on distinct pages that real traffic reaches: one visitor decides under which key others count.
    CapCouples,
    /// The guard on keys closes at an exact number of them.
    GuardExact,
    /// Where the guard has closed, keys with a row keep it: one visitor's page decides where others count.
    GuardKeepsRows,
}

impl Flaw {
    /// All that are broken.
    pub(super) const BROKEN: [Self; 11] = [
        Self::NoiseHalved,
        Self::NoiseRepeated,
        Self::ReleasedTwice,
        Self::PageBoundOffByOne,
        Self::DayBoundOffByOne,
        Self::ThresholdTooLow,
        Self::RestartForgets,
        Self::SketchSensitivity,
        Self::CapCouples,
        Self::GuardExact,
        Self::GuardKeepsRows,
    ];

    /// In words.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "as it is",
            Self::NoiseHalved => "noise halved",
            Self::NoiseRepeated => "a draw used twice",
            Self::ReleasedTwice => "a period released twice",
            Self::PageBoundOffByOne => "bound on a page's views off by one",
            Self::DayBoundOffByOne => "bound on a day's views off by one",
            Self::ThresholdTooLow => "threshold too low",
            Self::RestartForgets => "restart forgets the limiter",
            Self::SketchSensitivity => "sketch noised with the wrong sensitivity",
            Self::CapCouples => "cap that couples visitors",
            Self::GuardExact => "guard on keys without noise",
            Self::GuardKeepsRows => "guard on keys that spares those with a row",
        }
    }

    /// The scene in which it shows.
    pub(super) fn scene(self) -> Scene {
        match self {
            Self::PageBoundOffByOne => Scene::SamePages,
            Self::ThresholdTooLow => Scene::Alone,
            Self::CapCouples | Self::GuardExact | Self::GuardKeepsRows => Scene::Closing,
            _ => Scene::AtEveryBound,
        }
    }

    /// How many times as many releases it takes to see it: an excess of some percent hides in the noise of few.
    pub(super) fn patience(self) -> u64 {
        if matches!(self, Self::DayBoundOffByOne | Self::PageBoundOffByOne) { 4 } else { 1 }
    }

    pub(super) fn leaks(self) -> Leaks {
        let bounds = match self {
            Self::PageBoundOffByOne => Bounds { views_per_page: 3, ..Bounds::default() },
            Self::DayBoundOffByOne => Bounds { views_per_visitor_day: 9, ..Bounds::default() },
            _ => Bounds::default(),
        };
        let keys = match self {
            // Room for two pages: those to which a crowd comes.
            Self::CapCouples => Keys::Capped(PUBLIC_PAGES as usize + 2),
            Self::GuardExact => Keys::GuardedExactly,
            Self::GuardKeepsRows => Keys::RowsStay,
            _ => Keys::Guarded,
        };
        // One view in nine too many is some percent of the promise: more of it shows where more is promised.
        let epsilon = if self == Self::DayBoundOffByOne { 10.0 } else { 3.0 };
        Leaks { bounds, forgets: self == Self::RestartForgets, keys, epsilon }
    }

    /// What it makes of a mechanism.
    pub(super) fn spoil(self, mechanism: &mut Mechanism) {
        let two_sigmas = i64::try_from(mechanism.sigma_milli / 500).unwrap_or(i64::MAX);
        match self {
            Self::ThresholdTooLow if mechanism.threshold > 0 => mechanism.threshold = two_sigmas,
            // The square root of the declared 5.
            Self::SketchSensitivity if mechanism.what == What::Visitors => {
                mechanism.sigma_milli = mechanism.sigma_milli * 1_000 / 2_236;
            }
            _ => {}
        }
    }
}

/// Noise as a flaw has it.
pub(super) struct Flawed {
    pub(super) flaw: Flaw,
    pub(super) noise: Box<dyn Noise>,
    pub(super) last: Option<(SigmaMilli, i64)>,
}

impl Noise for Flawed {
    fn sample(&mut self, sigma: SigmaMilli) -> Result<i64, NoiseFault> {
        match self.flaw {
            Flaw::NoiseHalved => self.noise.sample(SigmaMilli(sigma.0 / 2)),
            Flaw::NoiseRepeated => match self.last.take() {
                Some((of, draw)) if of == sigma => Ok(draw),
                _ => {
                    let draw = self.noise.sample(sigma)?;
                    self.last = Some((sigma, draw));
                    Ok(draw)
                }
            },
            _ => self.noise.sample(sigma),
        }
    }
}

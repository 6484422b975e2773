//! Changes as text. A change that the noise alone may have made is never written as one: no sign, no arrow, no number.

use super::{Digits, Interval, Language};

/// A difference, now less then, with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeInterval {
    /// The best estimate, anywhere in the interval.
    pub estimate: i64,
    /// The lower end.
    pub low: i64,
    /// The upper end.
    pub high: i64,
    /// Whether the noise alone may have made it.
    pub is_within_noise: bool,
}

impl ChangeInterval {
    /// For a cell of a table: `+218 ± 44`, `-218 ± 44`, `within the noise`.
    #[must_use]
    pub fn cell(&self, digits: Digits, language: Language) -> String {
        if self.is_within_noise {
            return within_noise(language).to_owned();
        }
        let sign = if self.estimate < 0 { '-' } else { '+' };
        format!("{sign}{}", self.size().text(digits, language))
    }

    /// Against what it is compared with: `218 ± 44 more than September`, `9月より218 ± 44多い`.
    #[must_use]
    pub fn sentence(&self, base: &str, language: Language) -> String {
        let size = self.size().text(Digits::Full, language);
        match (self.is_within_noise, self.estimate < 0, language) {
            (true, _, Language::English) => format!("the difference from {base} is within the noise"),
            (true, _, Language::Japanese) => format!("{base}との差は誤差の範囲内です"),
            (false, false, Language::English) => format!("{size} more than {base}"),
            (false, true, Language::English) => format!("{size} less than {base}"),
            (false, false, Language::Japanese) => format!("{base}より{size}多い"),
            (false, true, Language::Japanese) => format!("{base}より{size}少ない"),
        }
    }

    /// How large it is, whatever its direction.
    #[must_use]
    pub fn size(&self) -> Interval {
        let [estimate, low, high] = if self.estimate < 0 {
            [self.estimate, self.high, self.low].map(i64::saturating_neg)
        } else {
            [self.estimate, self.low, self.high]
        };
        Interval { estimate, low, high, is_within_noise: self.is_within_noise }
    }
}

/// What stands in the place of a change that the noise alone may have made.
#[must_use]
pub fn within_noise(language: Language) -> &'static str {
    match language {
        Language::English => "within the noise",
        Language::Japanese => "誤差の範囲内",
    }
}

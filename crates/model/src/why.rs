//! Why there is no number.
//!
//! One list for those who answer, for the wire and for the texts of [`format`](mod@crate::format): an absent number is never
//! a zero, and it never comes without a reason.

/// Why there is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The period is not over, or not every producer has sent everything.
    NotSealed,
    /// Nothing was counted for this site yet.
    BeforeFirstDay,
    /// Distinct visitors exist for exactly one hour, day, week or month.
    VisitorsDoNotAdd,
    /// The table has no such metric or no such period.
    NotMeasured,
    /// The release failed its own checks.
    Gap,
    /// The day was published without this hour.
    NotPublished,
    /// The table is not counted at this site.
    NotCounted,
    /// The key was not published by name: its noisy count did not pass the threshold.
    BelowThreshold,
}

impl Why {
    /// Its name in JSON: that of the protocol without its prefix and in small letters.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotSealed => "not_sealed",
            Self::BeforeFirstDay => "before_first_day",
            Self::VisitorsDoNotAdd => "visitors_do_not_add",
            Self::NotMeasured => "not_measured",
            Self::Gap => "gap",
            Self::NotPublished => "not_published",
            Self::NotCounted => "not_counted",
            Self::BelowThreshold => "below_threshold",
        }
    }

    /// The reason of a name in JSON, or in the protocol without its prefix and in small letters.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "not_sealed" => Self::NotSealed,
            "before_first_day" => Self::BeforeFirstDay,
            "visitors_do_not_add" => Self::VisitorsDoNotAdd,
            "not_measured" => Self::NotMeasured,
            "gap" => Self::Gap,
            "not_published" => Self::NotPublished,
            "not_counted" => Self::NotCounted,
            "below_threshold" => Self::BelowThreshold,
            _ => return None,
        })
    }
}

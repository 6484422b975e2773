//! The tables: the short list of what can ever be published. Nothing else exists.
//!
//! Counters are disjoint: a page view raises exactly one counter of a table. So a visitor-day moves as many counters
//! by one as it has counted page views, and the L2 sensitivity is the square root of that bound, not the bound.

use serde::{Deserialize, Serialize};

use super::anonymize::{
    agent::{BROWSERS, DEVICES, OSES},
    language::LANGUAGES,
    referrer::PUBLIC_REFERRERS,
};

/// The largest bound that a configuration may set on a visitor-day's counted page views.
pub const VIEWS_PER_DAY_MAX: u8 = 10;

/// Registers of a site's visitor sketch: 2 to the power of this.
pub(super) const SITE_PRECISION: super::sketch::Precision = super::sketch::Precision::P14;
/// Registers of a page's visitor sketch: 2 to the power of this.
pub(super) const PAGE_PRECISION: super::sketch::Precision = super::sketch::Precision::P12;

/// The key under which pages beyond the guard on distinct pages are counted, and what is in no published key.
pub const OTHER_KEY: &str = "(other)";

/// A table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Table {
    /// The site as a whole.
    Site,
    /// Its pages.
    Page,
    /// Where a visit came from.
    Referrer,
    /// The browser family.
    Browser,
    /// The operating system.
    Os,
    /// The device class.
    Device,
    /// The preferred language.
    Language,
}

impl Table {
    /// The tables that count a visit once, by one attribute of its first page view.
    pub const ATTRIBUTES: [Self; 5] = [Self::Referrer, Self::Browser, Self::Os, Self::Device, Self::Language];

    /// Its name in messages and exports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Page => "page",
            Self::Referrer => "referrer",
            Self::Browser => "browser",
            Self::Os => "os",
            Self::Device => "device",
            Self::Language => "language",
        }
    }

    /// The keys that are known without looking at any visitor. They appear in every period, also with zero.
    pub(super) fn public_keys(self) -> &'static [&'static str] {
        match self {
            Self::Site | Self::Page => &[],
            Self::Referrer => PUBLIC_REFERRERS,
            Self::Browser => BROWSERS,
            Self::Os => OSES,
            Self::Device => DEVICES,
            Self::Language => LANGUAGES,
        }
    }

    /// Whether every visit is counted under exactly one of the published keys, so that they add up to the visits.
    #[must_use]
    pub fn is_complete(self) -> bool {
        matches!(self, Self::Browser | Self::Os | Self::Device | Self::Language)
    }

    /// Whether a key that is in no list may appear, once its noisy count passes the threshold.
    #[must_use]
    pub fn is_open_key_space(self) -> bool {
        matches!(self, Self::Page | Self::Referrer)
    }
}

/// What one visitor-day can add at most. Part of the configuration, never of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// Counted page views a visitor-day, 1 to [`VIEWS_PER_DAY_MAX`].
    pub views_per_visitor_day: u8,
    /// Of these, views of one page, at least 1.
    pub views_per_page: u8,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { views_per_visitor_day: 8, views_per_page: 2 }
    }
}

impl Bounds {
    /// The square of the L2 sensitivity of the pages' first-view and repeat-view counters: the most that
    /// the sum over pages of `1 + (views - 1)^2` can be.
    #[must_use]
    pub fn pages_l2_squared(self) -> u32 {
        let (views, cap) = (usize::from(self.views_per_visitor_day), usize::from(self.views_per_page));
        let mut most = vec![0_u32; views + 1];
        for total in 1..=views {
            for on_one in 1..=cap.min(total) {
                let repeats = u32::try_from(on_one - 1).unwrap_or(u32::MAX);
                most[total] = most[total].max(most[total - on_one] + 1 + repeats * repeats);
            }
        }
        most[views]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_sensitivity_is_that_of_the_worst_visitor() {
        let squared = |views, page| Bounds { views_per_visitor_day: views, views_per_page: page }.pages_l2_squared();
        assert_eq!(squared(8, 1), 8);
        assert_eq!(squared(8, 2), 8);
        // Two pages three times (1 + 4 each) and one twice (1 + 1).
        assert_eq!(squared(8, 3), 12);
        assert_eq!(squared(8, 8), 1 + 49);
        assert_eq!(squared(1, 1), 1);
    }

    #[test]
    fn public_keys_are_distinct() {
        for table in Table::ATTRIBUTES {
            let mut keys = table.public_keys().to_vec();
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len(), table.public_keys().len(), "{}", table.name());
        }
    }
}

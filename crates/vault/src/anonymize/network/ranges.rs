//! Ranges of addresses with their country, compact and fast to search.
//!
//! It is here because there are some 400,000 of them. A stretch of addresses is kept as where it starts and one byte for its
//! country; it ends where the next one starts. What is in no range is a stretch of its own, of an unknown country.

use super::codes::UNKNOWN;

/// An address, or the half of one that is looked at.
pub(super) trait Point: Copy + Ord {
    /// The next one; `None` after the last.
    fn after(self) -> Option<Self>;
}

impl Point for u32 {
    fn after(self) -> Option<Self> {
        self.checked_add(1)
    }
}

impl Point for u64 {
    fn after(self) -> Option<Self> {
        self.checked_add(1)
    }
}

/// Stretches of addresses in ascending order.
pub(super) struct Ranges<T> {
    starts: Vec<T>,
    countries: Vec<u8>,
    /// Where the last range ends.
    last: Option<T>,
}

impl<T> Default for Ranges<T> {
    fn default() -> Self {
        Self { starts: Vec::new(), countries: Vec::new(), last: None }
    }
}

impl<T: Point> Ranges<T> {
    /// Adds a range, both ends included. It must lie after all that were added before.
    pub(super) fn push(&mut self, first: T, last: T, country: u8) {
        assert!(first <= last && self.last.is_none_or(|end| end < first), "ranges are checked before they are added");
        if let Some(gap) = self.last.and_then(T::after)
            && gap < first
        {
            self.start(gap, UNKNOWN);
        }
        self.start(first, country);
        self.last = Some(last);
    }

    /// Ends the last range; nothing is added any more.
    pub(super) fn finish(&mut self) {
        if let Some(gap) = self.last.and_then(T::after) {
            self.start(gap, UNKNOWN);
        }
        self.starts.shrink_to_fit();
        self.countries.shrink_to_fit();
    }

    /// Neighbours of one country are one stretch.
    fn start(&mut self, at: T, country: u8) {
        if self.countries.last() != Some(&country) {
            self.starts.push(at);
            self.countries.push(country);
        }
    }

    /// The country of an address.
    pub(super) fn find(&self, address: T) -> u8 {
        let after = self.starts.partition_point(|&start| start <= address);
        after.checked_sub(1).map_or(UNKNOWN, |stretch| self.countries[stretch])
    }

    /// Whether no range was added.
    pub(super) fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// How many stretches there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.starts.len()
    }
}

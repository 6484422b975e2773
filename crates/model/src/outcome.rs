//! The one way in which each event ends, and the books that prove that every event did.

/// How an event ended. The discriminants are those of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// Counted in the tables of its day.
    Counted = 1,
    /// A page view beyond what one visitor may add in a day.
    BeyondBound = 2,
    /// A page view by a robot.
    Bot = 3,
    /// A style sheet, script, image, font, sound or film.
    Asset = 4,
    /// A method other than GET.
    NotGet = 5,
    /// A status other than 200 and 304.
    NotSuccess = 6,
    /// What machines read: robots.txt, a feed, a sitemap, a manifest, a health check.
    NotPage = 7,
    /// Its day is sealed already.
    Late = 20,
    /// Too far ahead of the clock.
    Future = 21,
    /// Earlier than any web log.
    TooOld = 22,
    /// Neither an address nor a cookie, or one that is too long.
    NoVisitor = 23,
    /// The target is empty, too long, or neither a path nor a URL.
    BadTarget = 24,
    /// The status is outside 100 to 599.
    BadStatus = 25,
}

impl Outcome {
    /// All of them, accepted ones first.
    pub const ALL: [Self; 13] = [
        Self::Counted,
        Self::BeyondBound,
        Self::Bot,
        Self::Asset,
        Self::NotGet,
        Self::NotSuccess,
        Self::NotPage,
        Self::Late,
        Self::Future,
        Self::TooOld,
        Self::NoVisitor,
        Self::BadTarget,
        Self::BadStatus,
    ];

    /// Whether the event was accepted; what is not counted was then left out for no fault of the sender.
    #[must_use]
    pub fn is_accepted(self) -> bool {
        (self as u8) < Self::Late as u8
    }

    fn slot(self) -> usize {
        let n = self as usize;
        if self.is_accepted() { n - 1 } else { n - Self::Late as usize + Self::NotPage as usize }
    }
}

/// How many events of a batch ended in each way, and the index of the first that did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "every event is answered for"]
pub struct OutcomeCounts {
    sent: u32,
    entered: u32,
    rows: [(u32, u32); Outcome::ALL.len()],
}

impl OutcomeCounts {
    /// OutcomeCounts for a batch of that many events.
    pub fn open(sent: u32) -> Self {
        Self { sent, entered: 0, rows: [(0, 0); Outcome::ALL.len()] }
    }

    /// Enters how the event at an index ended.
    pub fn enter(&mut self, index: u32, outcome: Outcome) {
        let row = &mut self.rows[outcome.slot()];
        row.1 = if row.0 == 0 { index } else { row.1.min(index) };
        row.0 += 1;
        self.entered += 1;
    }

    /// Every outcome that occurred: count and first index.
    ///
    /// # Panics
    /// When an event was not entered or entered twice: that is a mistake in this program.
    pub fn close(&self) -> impl Iterator<Item = (Outcome, u32, u32)> + '_ {
        assert_eq!(self.entered, self.sent, "every event ends in exactly one outcome");
        Outcome::ALL
            .into_iter()
            .zip(self.rows)
            .filter(|(_, (count, _))| *count > 0)
            .map(|(outcome, (count, first))| (outcome, count, first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_has_its_own_row_and_the_books_balance() {
        let mut books = OutcomeCounts::open(26);
        for (i, outcome) in Outcome::ALL.into_iter().chain(Outcome::ALL).enumerate() {
            books.enter(u32::try_from(i).unwrap(), outcome);
        }
        let rows: Vec<_> = books.close().collect();
        assert_eq!(rows.len(), 13);
        for (i, (outcome, count, first)) in rows.into_iter().enumerate() {
            assert_eq!((outcome, count, first as usize), (Outcome::ALL[i], 2, i));
        }
    }

    #[test]
    #[should_panic(expected = "exactly one outcome")]
    fn a_forgotten_event_is_a_programming_error() {
        let _ = OutcomeCounts::open(1).close().count();
    }
}

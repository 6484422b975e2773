//! Whether an input was understood, and whether what the server answered is what a sender meant.
//!
//! A log in an unknown format must not make a day that was never read look like a day without visitors, so nothing is stated as
//! complete of an input that was not understood. What decides is how lines are built, which is up to the server that wrote
//! them: a request that is no request is understood, because anybody can send one.

use super::summary::FileSummary;

/// So many lines that are not understood are no reason to doubt the others.
const HANDFUL: u64 = 10;
/// One line of so many may be beyond understanding; more are told.
const LINES_FOR_ONE_BAD: u64 = 100;
/// Where more than one line of so many in a batch is not understood, that batch is not sent.
const LINES_FOR_ONE_BAD_IN_A_BATCH: u64 = 10;
/// A line that is further ahead of the clock than this is rejected by the server.
pub(super) const AHEAD_MS_MAX: i64 = 5 * 60 * 1_000;
/// A clock is not wrong by more than this; the time of such a line is.
const WAIT_MS_MAX: i64 = 24 * 60 * 60 * 1_000;

/// How many lines of a content were understood, in this run and those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Account {
    /// Accesses, and requests that are none.
    pub(super) understood: u64,
    /// Malformed lines, and lines that are too long.
    pub(super) not_understood: u64,
}

impl Account {
    /// Both together.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            understood: self.understood + other.understood,
            not_understood: self.not_understood + other.not_understood,
        }
    }

    fn lines(self) -> u64 {
        self.understood + self.not_understood
    }

    /// Whether the content was understood as a whole: what was read of it is what is in it.
    pub(super) fn is_trusted(self) -> bool {
        self.not_understood == 0
            || (self.understood > 0
                && (self.not_understood <= HANDFUL || self.not_understood * LINES_FOR_ONE_BAD <= self.lines()))
    }

    /// Whether this batch may be sent after what came before it. One that is not leaves the position before it, so that it can
    /// be read anew once it is known how.
    pub(super) fn may_follow(self, before: Self) -> bool {
        let knows_some = before.and(self).understood > 0;
        let is_few = self.not_understood * LINES_FOR_ONE_BAD_IN_A_BATCH <= self.lines();
        self.not_understood == 0 || (knows_some && (self.not_understood <= HANDFUL || is_few))
    }
}

/// Whether a line that holds no method and target is one of an access all the same: `[time] "anything" status`. Whoever sends
/// garbage, or nothing, writes such a line.
pub(super) fn is_broken_request(line: &[u8]) -> bool {
    let Some(quote) = line.windows(3).position(|part| part == b"] \"") else { return false };
    let rest = &line[quote + 3..];
    rest.windows(5).any(|part| matches!(part, [b'"', b' ', digits @ ..] if digits.iter().all(u8::is_ascii_digit)))
}

/// Whether a log that is still written is to be read again later from a line of this time on.
pub(super) fn is_to_wait_for(time_unix_ms: i64, now_unix_ms: i64) -> bool {
    let ahead_ms = time_unix_ms.saturating_sub(now_unix_ms);
    (AHEAD_MS_MAX + 1..=WAIT_MS_MAX).contains(&ahead_ms)
}

/// What is wrong with the answers to one input, with what to do: most of it came late, or is in the future.
pub(super) fn trouble(file: &FileSummary) -> Option<String> {
    let of = |name: &str| file.outcomes.get(name).copied().unwrap_or(0);
    let answered = file.accepted + file.rejected;
    let is_many = |count: u64| count * 2 > answered && (count > HANDFUL || file.resumed_at_line == 0);
    let (late, future) = (of("late"), of("future"));
    if is_many(late) {
        return Some(format!(
            "came late: the days of {late} of {answered} lines are published already, and nothing can be added to them. Name all \
             logs of a site that hold requests up to now in one command, and use --live for a log alone (see \"Send logs\" in \
             docs/OPERATIONS.md)"
        ));
    }
    is_many(future).then(|| {
        format!(
            "is ahead of the server's clock: {future} of {answered} lines are of more than five minutes from now, and were not \
             counted. Compare the clocks and time zones of this host, of the one that wrote the log and of the server; nothing \
             is stated as complete"
        )
    })
}

/// Whether what the server answered forbids to state that all is there.
pub(super) fn is_ahead(file: &FileSummary) -> bool {
    let future = file.outcomes.get("future").copied().unwrap_or(0);
    file.trouble.is_some() && future * 2 > file.accepted + file.rejected
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(understood: u64, not_understood: u64) -> Account {
        Account { understood, not_understood }
    }

    #[test]
    fn a_hundredth_or_a_handful_may_be_strange() {
        for (understood, not_understood, is_trusted) in [
            (0, 0, true),
            (0, 1, false),
            (1, 10, true),
            (1, 11, false),
            (989, 11, false),
            (1_089, 11, true),
            (600, 0, true),
        ] {
            assert_eq!(account(understood, not_understood).is_trusted(), is_trusted, "{understood} {not_understood}");
        }
    }

    #[test]
    fn a_batch_that_is_strange_is_not_sent() {
        let known = account(5, 0);
        assert!(account(0, 3).may_follow(known));
        assert!(!account(0, 3).may_follow(Account::default()));
        assert!(!account(0, 11).may_follow(known));
        assert!(account(900, 100).may_follow(Account::default()));
        assert!(!account(899, 101).may_follow(known));
    }

    #[test]
    fn garbage_of_a_client_is_a_line_of_the_server() {
        for line in [r#"h - - [t] "\x16\x03\x01" 400 150 "-" "-""#, r#"h - - [t] "-" 408 -"#, r#"h - - [t] "" 400 0"#] {
            assert!(is_broken_request(line.as_bytes()), "{line}");
        }
        for line in ["", "{\"a\": 1}", "h - - [t] (0 s) \"GET / HTTP/1.1\" 200 5", r#"[t] "x" 40"#] {
            assert!(!is_broken_request(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn a_line_ahead_of_the_clock_is_waited_for_but_not_for_ever() {
        let now = 1_000_000_000_000;
        for (ahead_ms, waits) in
            [(-1, false), (300_000, false), (300_001, true), (86_400_000, true), (86_400_001, false)]
        {
            assert_eq!(is_to_wait_for(now + ahead_ms, now), waits, "{ahead_ms}");
        }
        assert!(!is_to_wait_for(i64::MAX, i64::MIN));
    }
}

//! The keys of the range that a breakdown is compared with, and what changed of each.
//!
//! A change is told only where nothing of either range is missing, and where both publish the key.

use headcount_model::calendar::Period;

use super::{
    Compared, missing_of,
    rows::{Counts, Reader},
};
use crate::{
    AskError, Source,
    change::{CHANGE_REACH, Change, Difference},
    estimate::{direct::Direct, keys::Shown},
    number::{Number, Why},
    range::Range,
};

/// What a range is compared with.
pub(super) struct Previous<'r, S> {
    reader: &'r Reader<'r, S>,
    /// Its numbers, or why a part of it is missing.
    counts: Result<(Counts, Vec<Shown>), Why>,
}

impl<'r, S: Source> Previous<'r, S> {
    /// Reads a range.
    pub(super) fn read(reader: &'r Reader<'r, S>, range: Range) -> Result<Self, AskError> {
        let cover = reader.cover(range)?;
        if let Some((_, why)) = missing_of(reader.table, &cover).first() {
            return Ok(Self { reader, counts: Err(*why) });
        }
        let counts = reader.counts(range, cover)?;
        let shown = reader.shown(&counts)?;
        Ok(Self { reader, counts: Ok((counts, shown)) })
    }

    /// What a key of the range asked for is compared with.
    pub(super) fn of(&self, key: &str, now: &Counts) -> Compared {
        let (counts, shown) = match &self.counts {
            Ok(counts) => counts,
            Err(why) => return Compared { count: Number::absent(*why), change: Change::absent(*why) },
        };
        let (Some(position), Some(before)) = (counts.direct.position(key), counts.direct.get(key)) else {
            let count = self.reader.unpublished(counts, key);
            return Compared { count, change: Change::absent(count.reason.unwrap_or(Why::NotMeasured)) };
        };
        Compared { count: shown[position].number, change: change(key, (counts.range, before), now) }
    }
}

fn change(key: &str, (range, before): (Range, &Direct), now: &Counts) -> Change {
    let missing = now.why_missing();
    let Some(found) = now.direct.get(key).filter(|_| missing.is_none()) else {
        return Change::absent(missing.unwrap_or(Why::BelowThreshold));
    };
    // Days of one month are made to agree with it, which ties their noise together; without that it is independent.
    let is_of_one_month = Period::month_of(range.to).start >= Period::month_of(now.range.from).start;
    let of = |direct: &Direct| if is_of_one_month { direct.plain } else { direct.measure };
    let difference = Difference {
        hidden_now: found.slack,
        hidden_before: before.slack,
        ..Difference::between(of(found), of(before))
    };
    Change::of(difference, CHANGE_REACH)
}

//! The keys of the range that a breakdown is compared with, and what changed of each.
//!
//! A change is told only where nothing of either range is missing, and where both publish the key.

use std::{collections::BTreeMap, sync::Arc};

use headcount_model::{calendar::Period, release::Release, source::SiteInfo, tables::Table};

use super::{Compared, missing_of};
use crate::{
    AskError, Source,
    change::{CHANGE_REACH, Change, Difference},
    estimate::{
        Part,
        keys::{Direct, Hiding, Keys},
        site::Site,
    },
    number::{Number, Why},
    plan::Cover,
    range::Range,
};

/// What is asked for.
pub(super) struct Now<'n> {
    pub(super) range: Range,
    pub(super) direct: &'n BTreeMap<&'n str, Direct>,
    /// Why a part of it is missing.
    pub(super) missing: Option<Why>,
}

/// What it is compared with.
pub(super) struct Previous<'b> {
    range: Range,
    direct: BTreeMap<&'b str, Direct>,
    shown: BTreeMap<String, Number>,
    /// What the blocks hide of other keys; none where the table has no threshold.
    hiding: Option<Hiding<'b>>,
    /// Why a part of it is missing.
    missing: Option<Why>,
}

impl<'b> Previous<'b> {
    /// Reads a range that is covered like this.
    pub(super) fn read(
        source: &'b impl Source,
        site: &'b SiteInfo,
        table: Table,
        range: Range,
        cover: &'b Cover<Arc<Release>>,
    ) -> Result<Self, AskError> {
        let missing = missing_of(table, cover).first().map(|(_, why)| *why);
        if missing.is_some() {
            return Ok(Self { range, direct: BTreeMap::new(), shown: BTreeMap::new(), hiding: None, missing });
        }
        let keys = Keys { source, site: &site.name, table, part: Part::All, blocks: &cover.blocks };
        let total = Site::new(source, &site.name).blocks(cover.blocks.iter().map(|block| block.period))?;
        let whole = if table == Table::Page { total.views_shown() } else { total.visits_shown() };
        let direct = keys.direct()?;
        let shown = keys.shown(&direct, whole.estimate.unwrap_or(0))?;
        let shown = shown.into_iter().map(|key| (key.key, key.number)).collect();
        Ok(Self { range, direct, shown, hiding: keys.hiding(), missing })
    }

    /// What a key of the range asked for is compared with.
    pub(super) fn of(&self, key: &str, now: &Now<'_>) -> Compared {
        if let Some(why) = self.missing {
            return Compared { count: Number::absent(why), change: Change::absent(why) };
        }
        let (Some(count), Some(before)) = (self.shown.get(key), self.direct.get(key)) else {
            let count = unpublished(self.hiding.as_ref(), key);
            return Compared { count, change: Change::absent(count.reason.unwrap_or(Why::NotMeasured)) };
        };
        Compared { count: *count, change: self.change(key, *before, now) }
    }

    fn change(&self, key: &str, before: Direct, now: &Now<'_>) -> Change {
        let Some(found) = now.direct.get(key).filter(|_| now.missing.is_none()) else {
            return Change::absent(now.missing.unwrap_or(Why::BelowThreshold));
        };
        // Days of one month are made to agree with it, which ties their noise together; without that it is independent.
        let is_of_one_month = Period::month_of(self.range.to).start >= Period::month_of(now.range.from).start;
        let of = |direct: &Direct| if is_of_one_month { direct.plain } else { direct.measure };
        let difference = Difference {
            hidden_now: found.slack,
            hidden_before: before.slack,
            ..Difference::between(of(found), of(&before))
        };
        Change::of(difference, CHANGE_REACH)
    }
}

/// A key that no block publishes.
pub(crate) fn unpublished(hiding: Option<&Hiding<'_>>, key: &str) -> Number {
    hiding.map_or(Number::absent(Why::NotMeasured), |hiding| Number::below_threshold(hiding.of(key)))
}

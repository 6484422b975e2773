//! A single release that can be asked about, for the benchmark of a query.

use std::sync::Arc;

use headcount_model::{
    release::Release,
    source::{SiteInfo, Source},
    tables::Bounds,
    units::SiteName,
};

use super::ReadError;
use crate::{
    Table,
    calendar::{Day, Period, PeriodKind},
    query::{
        AskError,
        range::{Compare, Dates},
        top::{PageAsk, PageSize, TopAsk, top},
    },
};

/// A site of which one day is published.
pub struct Published {
    info: SiteInfo,
    release: Arc<Release>,
}

impl Published {
    /// The site and its release.
    #[must_use]
    pub fn new(info: SiteInfo, release: Release) -> Self {
        Self { info, release: Arc::new(release) }
    }

    /// The day's pages with most views, a hundred of them, and how many there are in all.
    ///
    /// # Errors
    /// None: the release is there.
    pub fn top_pages(&self) -> Result<(usize, u64), AskError> {
        let ask = TopAsk { table: Table::Page, dates: Dates::LATEST, compare: Compare::None };
        let page = PageAsk { size: PageSize::new(100)?, ..PageAsk::default() };
        let top = top(self, &self.info, &ask, &page)?;
        Ok((top.rows.len(), top.keys))
    }
}

impl Source for Published {
    fn sites(&self) -> Vec<SiteInfo> {
        vec![self.info.clone()]
    }
    fn get(&self, _: &SiteName, period: Period) -> Result<Option<Arc<Release>>, ReadError> {
        Ok((period == self.release.period).then(|| self.release.clone()))
    }
    fn published(&self, _: &SiteName, kind: PeriodKind, from: Day, to: Day) -> Vec<Period> {
        let period = self.release.period;
        if period.kind == kind && (from..=to).contains(&period.start) { vec![period] } else { Vec::new() }
    }
    fn bounds(&self, _: &SiteName) -> Bounds {
        self.release.bounds
    }
}

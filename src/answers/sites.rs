//! The overview of all sites: what is public about each, and the visits of its last published day.

use super::{AnswerError, cache::Weigh};
use crate::{
    calendar::PeriodKind,
    query::{
        AskError, Source,
        number::{Number, Why},
        range::Dates,
        traffic::{TrafficAsk, traffic},
    },
    vault::SiteInfo,
};

/// A site.
#[derive(Debug)]
pub struct SiteSummary {
    /// What is public about it.
    pub site: SiteInfo,
    /// The visits of its last published day.
    pub last_visits: Number,
}

impl Weigh for Vec<SiteSummary> {
    fn bytes(&self) -> usize {
        self.iter().map(|summary| size_of::<SiteSummary>() + summary.site.profile.len()).sum()
    }
}

/// All sites, on all cores: of a server that was just started every site has a release to read.
pub(super) fn compute(source: &(impl Source + Sync)) -> Result<Vec<SiteSummary>, AnswerError> {
    let sites = source.sites();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = sites.len().div_ceil(cores).max(1);
    std::thread::scope(|scope| {
        let summaries = |some: &[SiteInfo]| some.iter().map(|site| summary(source, site)).collect::<Vec<_>>();
        let threads: Vec<_> = sites.chunks(share).map(|some| scope.spawn(move || summaries(some))).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|_| vec![Err(AnswerError::Failed)]))
            .collect()
    })
}

fn summary(source: &impl Source, site: &SiteInfo) -> Result<SiteSummary, AnswerError> {
    Ok(SiteSummary { site: site.clone(), last_visits: last_visits(source, site)? })
}

fn last_visits(source: &impl Source, site: &SiteInfo) -> Result<Number, AskError> {
    let Some((_, last)) = site.days else { return Ok(Number::absent(Why::NotSealed)) };
    let ask = TrafficAsk { dates: Dates::of(last, last), granularity: PeriodKind::Day };
    Ok(traffic(source, site, &ask)?.total.figures.visits)
}

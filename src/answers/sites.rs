//! The list of all sites: what is public about each, the visits of its last published day, and its latest periods.

use super::{AnswerError, cache::Weigh};
use crate::{
    calendar::{Day, Period, PeriodKind},
    query::{
        AskError, Source,
        number::{Number, Why},
        range::{Compare, Dates},
        traffic::{TrafficAsk, traffic},
    },
    vault::{SiteGroup, SiteInfo},
};

/// All sites, and the groups that they belong to.
#[derive(Debug)]
pub struct SitesAnswer {
    /// The sites, by name.
    pub sites: Vec<SiteSummary>,
    /// The groups, in the order of the configuration.
    pub groups: Vec<SiteGroup>,
}

/// A site.
#[derive(Debug)]
pub struct SiteSummary {
    /// What is public about it.
    pub site: SiteInfo,
    /// The visits of its last published day.
    pub last_visits: Number,
    /// The first day of its latest published month.
    pub last_month: Option<Day>,
    /// The first day of its latest published week.
    pub last_week: Option<Day>,
}

impl Weigh for SitesAnswer {
    fn bytes(&self) -> usize {
        let sites = self.sites.iter().map(|summary| size_of::<SiteSummary>() + summary.site.profile.len());
        sites.sum::<usize>() + groups_bytes(&self.groups)
    }
}

/// What groups take in memory, in bytes, about.
pub(super) fn groups_bytes(groups: &[SiteGroup]) -> usize {
    let titles = groups.iter().flat_map(|group| &group.titles).map(|(language, title)| language.len() + title.len());
    groups.iter().map(|group| size_of::<SiteGroup>() + group.name.len()).chain(titles).sum()
}

/// All sites, on all cores: of a server that was just started every site has a release to read.
pub(super) fn compute(source: &(impl Source + Sync)) -> Result<SitesAnswer, AnswerError> {
    let sites = on_all_cores(&source.sites(), |site| summary(source, site))?;
    Ok(SitesAnswer { sites, groups: source.groups().to_vec() })
}

/// Computes something of each site, on all cores, and gives it in the order of the sites.
pub(super) fn on_all_cores<T: Send>(
    sites: &[SiteInfo],
    of_site: impl Fn(&SiteInfo) -> Result<T, AnswerError> + Sync,
) -> Result<Vec<T>, AnswerError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = sites.len().div_ceil(cores).max(1);
    let of_some = |some: &[SiteInfo]| some.iter().map(&of_site).collect::<Vec<_>>();
    std::thread::scope(|scope| {
        let threads: Vec<_> = sites.chunks(share).map(|some| scope.spawn(|| of_some(some))).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|_| vec![Err(AnswerError::Failed)]))
            .collect()
    })
}

fn summary(source: &impl Source, site: &SiteInfo) -> Result<SiteSummary, AnswerError> {
    let latest = |kind| latest(source, site, kind).map(|period| period.start);
    Ok(SiteSummary {
        last_visits: last_visits(source, site)?,
        last_month: latest(PeriodKind::Month),
        last_week: latest(PeriodKind::Week),
        site: site.clone(),
    })
}

fn latest(source: &impl Source, site: &SiteInfo, kind: PeriodKind) -> Option<Period> {
    let (first, last) = site.days?;
    source.published(&site.name, kind, Period::of(kind, first).start, last).pop()
}

fn last_visits(source: &impl Source, site: &SiteInfo) -> Result<Number, AskError> {
    let Some((_, last)) = site.days else { return Ok(Number::absent(Why::NotSealed)) };
    let ask = TrafficAsk { dates: Dates::of(last, last), granularity: PeriodKind::Day, compare: Compare::None };
    Ok(traffic(source, site, &ask)?.total.figures.visits)
}

//! All sites, or those of a group, over one period, in one answer.
//!
//! A site's part is kept until it has a new release: after each release of one site, the others need not be computed anew.

use std::sync::Arc;

use quick_cache::sync::Cache;

use super::{
    AnswerError,
    cache::Weigh,
    sites::{groups_bytes, on_all_cores},
    source::Published,
};
use crate::{
    calendar::PeriodKind,
    query::{
        AskError, excerpt,
        overview::{OverviewAsk, SiteOverview, site_overview},
    },
    units::SiteName,
    vault::{SiteGroup, SiteInfo},
};

/// Parts of sites that are kept: a few questions about as many sites as there may be.
const PARTS_MAX: usize = 4_000;
/// The longest name of a language, in bytes.
const LANGUAGE_BYTES_MAX: usize = 35;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OverviewQuestion {
    /// The group; empty for all sites.
    pub group: String,
    /// The language of titles; empty for English.
    pub language: String,
    /// The numbers.
    pub ask: OverviewAsk,
}

impl OverviewQuestion {
    /// The language as it was typed.
    ///
    /// # Errors
    /// When it cannot be the name of one.
    pub fn language(text: &str) -> Result<String, AskError> {
        let is_tag = text.len() <= LANGUAGE_BYTES_MAX && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if is_tag {
            return Ok(text.to_ascii_lowercase());
        }
        let what = format!("{:?} is no language", excerpt(text));
        Err(AskError::field("language", what, "a language tag such as \"en\" or \"ja\"; empty: English"))
    }
}

/// All sites.
#[derive(Debug)]
pub struct OverviewAnswer {
    /// The length of the period.
    pub kind: PeriodKind,
    /// The sites, by name.
    pub sites: Vec<SitePart>,
    /// All groups, in the order of the configuration.
    pub groups: Vec<SiteGroup>,
}

/// A site.
#[derive(Debug)]
pub struct SitePart {
    /// What is public about it.
    pub site: SiteInfo,
    /// Its title in the language that was asked for, or in another; empty where it has none.
    pub title: String,
    /// Its numbers.
    pub overview: Arc<SiteOverview>,
}

impl Weigh for OverviewQuestion {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.group.len() + self.language.len()
    }
}

impl Weigh for OverviewAnswer {
    fn bytes(&self) -> usize {
        let parts = self.sites.iter().map(|part| {
            size_of::<SitePart>() + size_of::<SiteOverview>() + size_of_val(&*part.overview.weeks) + part.title.len()
        });
        parts.sum::<usize>() + groups_bytes(&self.groups)
    }
}

/// Parts of sites, each with the number of the release that was the site's latest.
pub(super) struct SiteCache(Cache<(SiteName, OverviewAsk), (u64, Arc<SiteOverview>)>);

impl SiteCache {
    pub(super) fn new() -> Self {
        Self(Cache::new(PARTS_MAX))
    }

    fn part(
        &self,
        source: &impl Published,
        site: &SiteInfo,
        ask: &OverviewAsk,
    ) -> Result<Arc<SiteOverview>, AnswerError> {
        let question = (site.name.clone(), *ask);
        if let Some((_, known)) = self.0.get(&question).filter(|(latest, _)| *latest == site.latest_release) {
            return Ok(known);
        }
        let part = Arc::new(site_overview(source, site, ask)?);
        self.0.insert(question, (site.latest_release, part.clone()));
        Ok(part)
    }
}

pub(super) fn compute(
    source: &impl Published,
    question: &OverviewQuestion,
    cache: &SiteCache,
) -> Result<OverviewAnswer, AnswerError> {
    let groups = source.groups().to_vec();
    if !question.group.is_empty() && !groups.iter().any(|group| group.name == question.group) {
        let known = groups.into_iter().map(|group| group.name).collect();
        return Err(AskError::UnknownGroup { name: excerpt(&question.group), known }.into());
    }
    let mut sites = source.sites();
    sites.retain(|site| question.group.is_empty() || site.label.group == question.group);
    let sites = on_all_cores(&sites, |site| {
        let overview = cache.part(source, site, &question.ask)?;
        Ok(SitePart { site: site.clone(), title: title(site, &question.language), overview })
    })?;
    Ok(OverviewAnswer { kind: question.ask.kind, sites, groups })
}

/// The title in a language, else in the one that it belongs to ("ja" for "ja-JP"), else in English, else in any.
fn title(site: &SiteInfo, language: &str) -> String {
    let titles = &site.label.titles;
    let general = language.split('-').next().unwrap_or_default();
    let found = [language, general, "en"].into_iter().find_map(|language| titles.get(language));
    found.or_else(|| titles.values().next()).cloned().unwrap_or_default()
}

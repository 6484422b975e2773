//! Typed answers to typed questions, made of releases by `query`.
//!
//! It stands between `query`, which computes one answer, and whoever sends answers out: a protocol reads its requests into
//! the questions of this room and writes the answers in its own form. Here is what all of them share: one answer is
//! computed once for all who ask the same ([`cache`]), only so many at a time ([`limit`]), and releases can be followed as
//! they come ([`follow`]).
//!
//! It never names a protocol or a message, and never sees what is not published.

pub mod cache;
pub mod follow;
pub mod key;
pub mod label;
pub mod limit;
pub mod ordinal;
pub mod overview;
pub mod privacy;
pub mod question;
pub mod sites;
pub mod source;
pub mod top;
pub mod traffic;
mod workers;

#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;

use tokio::sync::watch;

use headcount_model::source::ReadError;

use crate::{access::Scope, query::AskError, telemetry::Refusals, units::SiteName};
use cache::{AnswerCache, Computed, Weigh};
use follow::{Flows, Follow, Followed, Make, Reader};
use key::{KeyAnswer, KeyQuestion};
use limit::{Busy, ComputeLimit};
use ordinal::Ordinals;
use overview::{OverviewAnswer, OverviewQuestion, SiteCache};
use privacy::{PrivacyAnswer, PrivacyQuestion};
use sites::SitesAnswer;
use source::Published;
use top::{BreakdownAnswer, BreakdownQuestion};
use traffic::{TrafficAnswer, TrafficQuestion};

/// What cached answers of a kind may take, in bytes; breakdowns are cached with all of their keys.
const ANSWERS_BYTES_MAX: u64 = 8 * 1024 * 1024;
const BREAKDOWNS_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// The question has none.
    #[error(transparent)]
    Unanswered(#[from] AskError),
    /// Too much is asked for at the same time.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// Our failure: the computation ended without an answer.
    #[error("the computation of an answer ended unexpectedly")]
    Failed,
}

impl From<ReadError> for AnswerError {
    fn from(error: ReadError) -> Self {
        Self::Unanswered(error.into())
    }
}

/// Answers questions about what a source has published.
pub struct Answers<S> {
    source: S,
    sites: AnswerCache<(), SitesAnswer>,
    overviews: AnswerCache<OverviewQuestion, OverviewAnswer>,
    of_sites: Arc<SiteCache>,
    traffic: AnswerCache<TrafficQuestion, TrafficAnswer>,
    breakdowns: AnswerCache<BreakdownQuestion, BreakdownAnswer>,
    keys: AnswerCache<KeyQuestion, KeyAnswer>,
    privacy: AnswerCache<PrivacyQuestion, PrivacyAnswer>,
    flows: Flows,
}

impl<S: Published> Answers<S> {
    /// Answers from this source. All answers together are computed under one limit; what it refuses is counted there.
    #[must_use]
    pub fn new(source: S, refusals: Refusals) -> Self {
        let limit = ComputeLimit::new(refusals.clone());
        Self {
            source,
            sites: AnswerCache::new(ANSWERS_BYTES_MAX, &limit),
            overviews: AnswerCache::new(ANSWERS_BYTES_MAX, &limit),
            of_sites: Arc::new(SiteCache::new()),
            traffic: AnswerCache::new(ANSWERS_BYTES_MAX, &limit),
            breakdowns: AnswerCache::new(BREAKDOWNS_BYTES_MAX, &limit),
            keys: AnswerCache::new(ANSWERS_BYTES_MAX, &limit),
            privacy: AnswerCache::new(ANSWERS_BYTES_MAX, &limit),
            flows: Flows::new(limit.workers().clone(), refusals),
        }
    }

    /// The name of a site as it was typed; `None` where it is empty, which means the first site. For whoever may read some sites
    /// alone, the first of those is named.
    ///
    /// # Errors
    /// When there is no such site, or it may not be read: nobody learns which.
    pub fn named_site(&self, scope: &Scope, text: &str) -> Result<Option<SiteName>, AskError> {
        question::named_site(&self.source, scope, text)
    }

    /// The numbers of a site's releases within the site.
    #[must_use]
    pub fn ordinals(&self, site: &SiteName) -> Ordinals {
        Ordinals::of(self.source.numbered(site))
    }

    /// All sites, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn sites(&self) -> Result<Arc<Computed<SitesAnswer>>, AnswerError> {
        let source = self.source.clone();
        self.sites.answer(&(), self.source.latest(), move || sites::compute(&source)).await
    }

    /// All sites, or those of a group, over one period.
    ///
    /// # Errors
    /// When there is no such group, or the store cannot be read.
    pub async fn overview(&self, question: &OverviewQuestion) -> Result<Arc<Computed<OverviewAnswer>>, AnswerError> {
        let (source, asked, cache) = (self.source.clone(), question.clone(), self.of_sites.clone());
        let compute = move || overview::compute(&source, &asked, &cache);
        self.overviews.answer(question, self.source.latest(), compute).await
    }

    /// A series.
    ///
    /// # Errors
    /// When there is no such site, the range asks for too much, or the store cannot be read.
    pub async fn traffic(&self, question: &TrafficQuestion) -> Result<Arc<Computed<TrafficAnswer>>, AnswerError> {
        let (source, asked) = (self.source.clone(), question.clone());
        self.traffic.answer(question, self.source.latest(), move || traffic::compute(&source, &asked)).await
    }

    /// A breakdown with all of its keys, of which [`BreakdownAnswer::page`] gives pages.
    ///
    /// # Errors
    /// When there is no such site, the table has no breakdown, the range is too long, or the store cannot be read.
    pub async fn breakdown(&self, question: &BreakdownQuestion) -> Result<Arc<Computed<BreakdownAnswer>>, AnswerError> {
        let (source, asked) = (self.source.clone(), question.clone());
        self.breakdowns.answer(question, self.source.latest(), move || top::compute(&source, &asked)).await
    }

    /// One key over time.
    ///
    /// # Errors
    /// When there is no such site, the key cannot be one, the range asks for too much, or the store cannot be read.
    pub async fn key(&self, question: &KeyQuestion) -> Result<Arc<Computed<KeyAnswer>>, AnswerError> {
        let (source, asked) = (self.source.clone(), question.clone());
        self.keys.answer(question, self.source.latest(), move || key::compute(&source, &asked)).await
    }

    /// What is promised at a site, and what was spent.
    ///
    /// # Errors
    /// When there is no such site, or the store cannot be read.
    pub async fn privacy(&self, question: &PrivacyQuestion) -> Result<Arc<Computed<PrivacyAnswer>>, AnswerError> {
        let (source, asked) = (self.source.clone(), question.clone());
        self.privacy.answer(question, self.source.latest(), move || privacy::compute(&source, &asked)).await
    }

    /// What `make` makes of the releases of these sites, or of all sites, one after the other, until `shutdown` turns true.
    ///
    /// # Errors
    /// When the reader, or all readers together, follow as many as they may.
    pub fn follow<T: Weigh>(
        &self,
        what: (Option<Vec<SiteName>>, Follow),
        reader: Reader,
        shutdown: watch::Receiver<bool>,
        make: Make<T>,
    ) -> Result<Followed<T>, Busy> {
        follow::follow(&self.flows, self.source.clone(), what, reader, shutdown, make)
    }

    /// The number of the latest release.
    #[must_use]
    pub fn latest(&self) -> u64 {
        self.source.latest()
    }
}

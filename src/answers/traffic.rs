//! A series of a site, with the metrics in words.

use super::{AnswerError, cache::Weigh, source::Published};
use crate::{
    calendar::PeriodKind,
    query::{
        find_site,
        traffic::{Traffic, TrafficAsk, traffic},
        words::{self, Metric},
    },
    units::SiteName,
    vault::SiteInfo,
};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TrafficQuestion {
    /// The site; the first by name where it is left out.
    pub site: Option<SiteName>,
    /// The series.
    pub ask: TrafficAsk,
}

/// A series.
#[derive(Debug)]
pub struct TrafficAnswer {
    /// The site.
    pub site: SiteInfo,
    /// The length of each point.
    pub granularity: PeriodKind,
    /// The numbers.
    pub traffic: Traffic,
    /// The metrics in words.
    pub definitions: Vec<(Metric, String)>,
}

impl Weigh for TrafficQuestion {
    fn bytes(&self) -> usize {
        size_of::<Self>()
    }
}

impl Weigh for TrafficAnswer {
    fn bytes(&self) -> usize {
        let words: usize = self.definitions.iter().map(|(_, text)| text.len()).sum();
        size_of::<Self>() + self.traffic.memory_bytes() + words
    }
}

pub(super) fn compute(source: &impl Published, question: &TrafficQuestion) -> Result<TrafficAnswer, AnswerError> {
    let site = find_site(source, question.site.as_ref())?;
    let traffic = traffic(source, &site, &question.ask)?;
    let definitions = words::of_traffic(source.bounds(&site.name));
    Ok(TrafficAnswer { site, granularity: question.ask.granularity, traffic, definitions })
}

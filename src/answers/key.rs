//! One key of a table over time, with its metric in words.

use super::{AnswerError, cache::Weigh, source::Published};
use crate::{
    calendar::PeriodKind,
    query::{
        find_site,
        series::{KeyAsk, KeySeries, key_series},
        words::{self, Metric},
    },
    units::SiteName,
    vault::{SiteInfo, Table},
};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyQuestion {
    /// The site; the first by name where it is left out.
    pub site: Option<SiteName>,
    /// The key.
    pub ask: KeyAsk,
}

/// A key over time.
#[derive(Debug)]
pub struct KeyAnswer {
    /// The site.
    pub site: SiteInfo,
    /// The table.
    pub table: Table,
    /// The key.
    pub key: String,
    /// The length of each point.
    pub granularity: PeriodKind,
    /// The numbers.
    pub series: KeySeries,
    /// The metrics in words.
    pub definitions: Vec<(Metric, String)>,
}

impl Weigh for KeyQuestion {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.ask.key.len()
    }
}

impl Weigh for KeyAnswer {
    fn bytes(&self) -> usize {
        let words: usize = self.definitions.iter().map(|(_, text)| text.len()).sum();
        size_of::<Self>() + self.key.len() + self.series.memory_bytes() + words
    }
}

pub(super) fn compute(source: &impl Published, question: &KeyQuestion) -> Result<KeyAnswer, AnswerError> {
    let site = find_site(source, question.site.as_ref())?;
    let KeyAsk { table, key, granularity, .. } = question.ask.clone();
    let series = key_series(source, &site, &question.ask)?;
    let definitions = words::of_top(table, source.bounds(&site.name));
    Ok(KeyAnswer { site, table, key, granularity, series, definitions })
}

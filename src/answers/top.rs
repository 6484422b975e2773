//! A breakdown of a site by one table. It is computed and cached whole, so that whoever reads page after page has it computed
//! once.

use super::{AnswerError, cache::Weigh, source::Published};
use crate::{
    query::{
        AskError, find_site,
        top::{Breakdown, PageAsk, Top, TopAsk, breakdown},
        words::{self, Metric},
    },
    units::SiteName,
    vault::{SiteInfo, Table},
};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BreakdownQuestion {
    /// The site; the first by name where it is left out.
    pub site: Option<SiteName>,
    /// The breakdown.
    pub ask: TopAsk,
}

/// A breakdown with all of its keys.
#[derive(Debug)]
pub struct BreakdownAnswer {
    /// The site.
    pub site: SiteInfo,
    /// The table.
    pub table: Table,
    /// The metrics in words.
    pub definitions: Vec<(Metric, String)>,
    /// Where the list behind the table comes from, for the attribution that its licence asks for; empty where there is none.
    pub attribution: String,
    breakdown: Breakdown,
}

impl BreakdownAnswer {
    /// A page of it.
    ///
    /// # Errors
    /// When the token belongs to another request.
    pub fn page(&self, ask: &PageAsk) -> Result<Top, AskError> {
        self.breakdown.page(ask)
    }
}

impl Weigh for BreakdownQuestion {
    fn bytes(&self) -> usize {
        size_of::<Self>()
    }
}

impl Weigh for BreakdownAnswer {
    fn bytes(&self) -> usize {
        let words: usize = self.definitions.iter().map(|(_, text)| text.len()).sum();
        size_of::<Self>() + self.breakdown.memory_bytes() + words + self.attribution.len()
    }
}

pub(super) fn compute(source: &impl Published, question: &BreakdownQuestion) -> Result<BreakdownAnswer, AnswerError> {
    let site = find_site(source, question.site.as_ref())?;
    let table = question.ask.table;
    let breakdown = breakdown(source, &site, &question.ask)?;
    let definitions = words::of_top(table, source.bounds(&site.name));
    let attribution = if table == Table::Country { source.country_sources().join("; ") } else { String::new() };
    Ok(BreakdownAnswer { site, table, definitions, attribution, breakdown })
}

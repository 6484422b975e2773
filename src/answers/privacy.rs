//! What is promised to the visitors of a site, and the ledger of what was spent.

use super::{
    AnswerError,
    cache::Weigh,
    label, question,
    source::{Published, SitePromise},
};
use crate::{
    calendar::PeriodKind,
    query::{AskError, find_site},
    units::SiteName,
    vault::{DayLedger, Fault, Mechanism, RETENTION, Release, Retention, SiteInfo, Terms},
};

/// Default and maximum number of ledger entries.
const LEDGER_ENTRIES_DEFAULT: u32 = 31;
const LEDGER_ENTRIES_MAX: u32 = 1_000;
/// Default and maximum number of days in the ledger of days.
const LEDGER_DAYS_DEFAULT: u32 = 7;
const LEDGER_DAYS_MAX: u32 = 400;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PrivacyQuestion {
    site: Option<SiteName>,
    ledger_entries: u32,
    ledger_days: u32,
}

impl PrivacyQuestion {
    /// Asks about a site (the first by name where it is left out), with so many of the latest ledger entries and published
    /// days; 0 means as many as is usual.
    ///
    /// # Errors
    /// When they are too many.
    pub fn new(site: Option<SiteName>, ledger_entries: u32, ledger_days: u32) -> Result<Self, AskError> {
        let entries = (LEDGER_ENTRIES_DEFAULT, LEDGER_ENTRIES_MAX);
        let days = (LEDGER_DAYS_DEFAULT, LEDGER_DAYS_MAX);
        Ok(Self {
            site,
            ledger_entries: question::count("ledger_entries", "entries", ledger_entries, entries.0, entries.1)?,
            ledger_days: question::count("ledger_days", "days", ledger_days, days.0, days.1)?,
        })
    }
}

/// What one release took. It names the release and does not hold it, so that a cached answer keeps no releases in memory.
#[derive(Debug)]
pub struct LedgerEntry {
    /// The number of the release.
    pub release: u64,
    /// The length of its period.
    pub kind: PeriodKind,
    /// When the period starts, in the local time that it was cut by.
    pub start: String,
    /// When it was sealed, cut to the hour.
    pub sealed_at_unix_s: i64,
    /// What it took from the budget of each visitor-day in it, at most.
    pub rho_nano: u64,
    /// Why the period is a gap.
    pub gap: Option<String>,
}

impl LedgerEntry {
    fn of(release: &Release) -> Self {
        Self {
            release: release.number,
            kind: release.kind(),
            start: label::start(release),
            sealed_at_unix_s: release.sealed_at_unix_s,
            rho_nano: release.rho_nano(),
            gap: release.gap.clone(),
        }
    }
}

/// The promise and what was spent.
#[derive(Debug)]
pub struct PrivacyAnswer {
    /// The site.
    pub site: SiteName,
    /// The promise.
    pub promise: SitePromise,
    /// What each of the latest releases took, the newest first.
    pub ledger: Vec<LedgerEntry>,
    /// What was spent of the latest published days, oldest first.
    pub days: Vec<DayLedger>,
    /// What is kept, how, and until when.
    pub retention: &'static [Retention],
}

impl Weigh for PrivacyQuestion {
    fn bytes(&self) -> usize {
        size_of::<Self>()
    }
}

impl Weigh for PrivacyAnswer {
    fn bytes(&self) -> usize {
        let text = |entry: &LedgerEntry| entry.start.len() + entry.gap.as_ref().map_or(0, String::len);
        let ledger: usize = self.ledger.iter().map(|entry| size_of::<LedgerEntry>() + text(entry)).sum();
        let days: usize = self.days.iter().map(|day| size_of::<DayLedger>() + size_of_val(&*day.spent)).sum();
        let terms = (1 + self.promise.later.len()) * size_of::<Terms>();
        size_of::<Self>() + ledger + days + terms + self.promise.mechanisms.len() * size_of::<Mechanism>()
    }
}

pub(super) fn compute(source: &impl Published, question: &PrivacyQuestion) -> Result<PrivacyAnswer, AnswerError> {
    let site = find_site(source, question.site.as_ref())?;
    Ok(PrivacyAnswer {
        promise: source.promise(&site.name).ok_or(AnswerError::Failed)?,
        ledger: ledger(source, &site, question.ledger_entries)?,
        days: day_ledgers(source, &site, question.ledger_days)?,
        retention: &RETENTION,
        site: site.name,
    })
}

/// What each of the latest releases took, the newest first.
fn ledger(source: &impl Published, site: &SiteInfo, entries: u32) -> Result<Vec<LedgerEntry>, Fault> {
    let mut ledger = Vec::new();
    let entries = usize::try_from(entries).unwrap_or(usize::MAX);
    for number in source.numbers_after(Some(&site.name), 0).into_iter().rev().take(entries) {
        ledger.extend(source.by_number(number)?.map(|release| LedgerEntry::of(&release)));
    }
    Ok(ledger)
}

/// What was spent of the latest published days, oldest first.
fn day_ledgers(source: &impl Published, site: &SiteInfo, days: u32) -> Result<Vec<DayLedger>, Fault> {
    let Some((first, last)) = site.days else { return Ok(Vec::new()) };
    let from = first.max(last.plus(1 - i32::try_from(days).unwrap_or(i32::MAX)));
    let published = source.published(&site.name, PeriodKind::Day, from, last);
    let ledgers = published.into_iter().map(|day| source.day_ledger(&site.name, day.start));
    let found: Result<Vec<_>, Fault> = ledgers.collect();
    Ok(found?.into_iter().flatten().collect())
}

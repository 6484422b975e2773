//! The mail of a group of sites, or of all.
//!
//! The server compares all sites at once and says which changes are more than the noise of so many.

use jiff::civil::Date;

use super::{
    DigestError, Frame, Letter, Period,
    change::{number, told, towards},
    letter::{Part, Row, Towards},
    site::{foot, late},
    words::{self, Words},
};
use crate::{
    proto::{Change, GetOverviewResponse, SiteOverview, Value},
    report::clean,
};
use headcount_model::format::Digits;

/// The most changes of one kind.
const CHANGES_MAX: usize = 20;
/// The most notes.
const NOTES_MAX: usize = 20;

/// The mail of what the server answered.
pub(super) fn letter(
    of: &GetOverviewResponse,
    group: &str,
    period: Period,
    frame: &Frame,
) -> Result<Letter, DigestError> {
    let words = words::of(frame.language);
    let named = if group.is_empty() { "any site" } else { group };
    let first = of.sites.iter().filter_map(first_day).max().ok_or_else(|| period.nothing_published(named))?;
    let (name, base) = (words.period(period, first), words.base(period, first));
    let title = clean(&title(words, of, group));
    // A site whose latest period is an older one is not compared with the others.
    let current: Vec<&SiteOverview> = of.sites.iter().filter(|site| first_day(site) == Some(first)).collect();
    let parts = [
        changed(words, words.sites, &current, |site| (site.visits.as_ref(), site.change.as_ref())),
        changed(words, words.errors_5xx, &current, |site| (None, site.errors.as_ref())),
    ];
    let changes: Vec<Part> = parts.into_iter().flatten().collect();
    let about_changes = if changes.is_empty() { words.no_change } else { words.how_chosen_sites };
    let mut notes = vec![words.no_total.to_owned()];
    notes.extend(missing(words, of, first, period, frame));
    Ok(Letter {
        language: frame.language,
        subject: words.subject_of_sites(&title, of.sites.len(), &name),
        period: words.compared(&name, &base),
        title,
        figures: Vec::new(),
        changes_heading: words.changes,
        about_changes: about_changes.to_owned(),
        changes,
        notes,
        tables: vec![all(words, &current)],
        link: frame.dashboard_url.as_ref().map(|url| (words.dashboard.to_owned(), url.clone())),
        foot: foot(words, frame),
    })
}

fn first_day(site: &SiteOverview) -> Option<Date> {
    site.from_date.parse().ok()
}

fn title(words: &Words, of: &GetOverviewResponse, group: &str) -> String {
    if group.is_empty() {
        return words.all_sites.to_owned();
    }
    let titles = of.groups.iter().find(|known| known.group == group).map(|known| &known.titles);
    let found =
        titles.and_then(|titles| titles.get(words.tag).or_else(|| titles.get("en")).or_else(|| titles.values().min()));
    found.map_or(group, String::as_str).to_owned()
}

fn name(site: &SiteOverview) -> String {
    clean(if site.title.is_empty() { &site.site } else { &site.title })
}

/// The sites that changed beyond the noise, largest change first. `of` gives a number, where the overview has it, and its change.
fn changed<'a>(
    words: &Words,
    heading: &str,
    sites: &[&'a SiteOverview],
    of: impl Fn(&'a SiteOverview) -> (Option<&'a Value>, Option<&'a Change>),
) -> Option<Part> {
    let beyond = |change| told(change).filter(|change| !change.is_within_noise);
    let of_site = |site: &&'a SiteOverview| {
        let (value, change) = of(site);
        Some((*site, value, beyond(change)?))
    };
    let mut found: Vec<_> = sites.iter().filter_map(of_site).collect();
    found.sort_by_key(|(_, _, change)| std::cmp::Reverse(change.estimate.unsigned_abs()));
    let rows = found.into_iter().take(CHANGES_MAX).map(|(site, value, change)| Row {
        name: name(site),
        number: value.map_or_else(String::new, |value| number(Some(value), words.language)),
        remark: change.cell(Digits::Full, words.language),
        // More errors, which come without a number, are not good news: no colour says so.
        towards: if value.is_none() { Towards::Nowhere } else { towards(&change) },
    });
    let rows: Vec<Row> = rows.collect();
    (!rows.is_empty()).then(|| Part { heading: heading.to_owned(), counted: words.visits, rows })
}

fn all(words: &Words, sites: &[&SiteOverview]) -> Part {
    let row = |site: &&SiteOverview| Row {
        name: name(site),
        number: number(site.visits.as_ref(), words.language),
        remark: String::new(),
        towards: Towards::Nowhere,
    };
    Part { heading: words.sites.to_owned(), counted: words.visits, rows: sites.iter().map(row).collect() }
}

/// What sites lack: gaps, late days, periods that are not published yet.
fn missing(words: &Words, of: &GetOverviewResponse, first: Date, period: Period, frame: &Frame) -> Vec<String> {
    let lacks = |site: &SiteOverview| match first_day(site) {
        None => Some(words.nothing()),
        Some(_) if site.gap_days > 0 => Some(words.gap_days(site.gap_days)),
        Some(other) if other < first => Some(words.older(&words.period(period, other))),
        Some(_) => late(words, &site.last_date, site.next_due_unix_s, frame),
    };
    let said = |site: &SiteOverview| Some(words.of_site(&name(site), &lacks(site)?));
    let mut notes: Vec<String> = of.sites.iter().filter_map(said).collect();
    let left = notes.len().saturating_sub(NOTES_MAX);
    if left > 0 {
        notes.truncate(NOTES_MAX);
        notes.push(words.more(left));
    }
    notes
}

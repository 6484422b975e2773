//! Lists of sites and the overview of all, as the protocol's messages.

use std::collections::HashMap;

use super::{change, date, kind, reason, value};
use crate::{
    access::Scope,
    answers::{
        overview::{OverviewAnswer, SitePart},
        sites::{SiteSummary, SitesAnswer},
    },
    calendar::Period,
    proto,
    query::{change::CHANGE_REACH_OF_MANY, number::Number},
    vault::{SiteGroup, SiteInfo},
};

/// The sites of a scope, and their groups.
pub(in crate::rpc) fn sites(answer: &SitesAnswer, scope: &Scope) -> proto::ListSitesResponse {
    let seen: Vec<&SiteSummary> = answer.sites.iter().filter(|summary| scope.allows(&summary.site.name)).collect();
    let groups = groups(&answer.groups, scope, || seen.iter().map(|summary| &summary.site));
    proto::ListSitesResponse { sites: seen.iter().map(|summary| site(summary)).collect(), groups }
}

/// All groups; for whoever may read some sites alone, those that these are in.
fn groups<'s, I: Iterator<Item = &'s SiteInfo>>(
    all: &[SiteGroup],
    scope: &Scope,
    seen: impl Fn() -> I,
) -> Vec<proto::Group> {
    let is_seen = |of: &&SiteGroup| *scope == Scope::All || seen().any(|site| site.label.group == of.name);
    all.iter().filter(is_seen).map(group).collect()
}

fn site(summary: &SiteSummary) -> proto::Site {
    let SiteSummary { site, last_visits, last_month, last_week } = summary;
    proto::Site {
        site: site.name.to_string(),
        time_zone: site.calendar.zone_name().to_owned(),
        profile: site.profile.clone(),
        first_date: date(site.days.map(|d| d.0)),
        last_date: date(site.days.map(|d| d.1)),
        last_visits: Some(value(last_visits)),
        releases: site.releases as u64,
        titles: titles(&site.label.titles),
        group: site.label.group.clone(),
        country: site.label.country.clone(),
        last_month: date(*last_month),
        last_week: date(*last_week),
        next_due_unix_s: site.next_due_unix_s,
    }
}

fn group(group: &SiteGroup) -> proto::Group {
    proto::Group { group: group.name.clone(), titles: titles(&group.titles) }
}

fn titles(titles: &headcount_model::source::Titles) -> HashMap<String, String> {
    titles.iter().map(|(language, title)| (language.clone(), title.clone())).collect()
}

/// The sites of a scope, and of a group where one is named; none where the scope has no site of that group.
pub(in crate::rpc) fn overview(
    answer: &OverviewAnswer,
    scope: &Scope,
    asked_group: &str,
) -> Option<proto::GetOverviewResponse> {
    let seen: Vec<&SitePart> = answer.sites.iter().filter(|part| scope.allows(&part.site.name)).collect();
    let is_asked = |part: &&&SitePart| asked_group.is_empty() || part.site.label.group == asked_group;
    let sites: Vec<proto::SiteOverview> = seen.iter().filter(is_asked).map(|seen| part(seen)).collect();
    if *scope != Scope::All && sites.is_empty() && !asked_group.is_empty() {
        return None;
    }
    Some(proto::GetOverviewResponse {
        period: kind(answer.kind).into(),
        sites,
        groups: groups(&answer.groups, scope, || seen.iter().map(|part| &part.site)),
        change_standard_errors: CHANGE_REACH_OF_MANY,
    })
}

fn part(part: &SitePart) -> proto::SiteOverview {
    let SitePart { site, title, overview } = part;
    let weeks = &overview.weeks;
    let last = |period: Period| period.end_day().plus(-1);
    proto::SiteOverview {
        site: site.name.to_string(),
        title: title.clone(),
        group: site.label.group.clone(),
        country: site.label.country.clone(),
        time_zone: site.calendar.zone_name().to_owned(),
        from_date: date(overview.period.map(|period| period.start)),
        to_date: date(overview.period.map(last)),
        visits: Some(value(&overview.visits)),
        previous: overview.previous.as_ref().map(|(number, _)| value(number)),
        change: overview.previous.as_ref().map(|(_, of)| change(of)),
        week_estimates: weeks.iter().map(|week| week.estimate.unwrap_or(0)).collect(),
        week_below: weeks
            .iter()
            .map(|week| week.estimate.map_or(0, |estimate| estimate.saturating_sub(week.low)))
            .collect(),
        week_above: weeks
            .iter()
            .map(|week| week.estimate.map_or(0, |estimate| week.high.saturating_sub(estimate)))
            .collect(),
        week_reasons: week_reasons(weeks),
        weeks_from_date: date(overview.weeks_from),
        last_date: date(site.days.map(|(_, last)| last)),
        next_due_unix_s: site.next_due_unix_s,
        gap_days: overview.gap_days,
        errors: overview.errors.as_ref().map(change),
    }
}

/// None where every week has a number: an answer has hundreds of sites.
fn week_reasons(weeks: &[Number]) -> Vec<i32> {
    if weeks.iter().all(|week| week.reason.is_none()) {
        return Vec::new();
    }
    weeks.iter().map(|week| week.reason.map_or(proto::Reason::Unspecified, reason).into()).collect()
}

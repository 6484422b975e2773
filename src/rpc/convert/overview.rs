//! Lists of sites and the overview of all, as the protocol's messages.

use std::collections::HashMap;

use super::{change, date, kind, reason, value};
use crate::{
    answers::{
        overview::{OverviewAnswer, SitePart},
        sites::{SiteSummary, SitesAnswer},
    },
    calendar::Period,
    proto,
    query::{change::CHANGE_REACH_OF_MANY, number::Number},
    vault::SiteGroup,
};

pub(in crate::rpc) fn sites(answer: &SitesAnswer) -> proto::ListSitesResponse {
    proto::ListSitesResponse {
        sites: answer.sites.iter().map(site).collect(),
        groups: answer.groups.iter().map(group).collect(),
    }
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

pub(in crate::rpc) fn overview(answer: &OverviewAnswer) -> proto::GetOverviewResponse {
    proto::GetOverviewResponse {
        period: kind(answer.kind).into(),
        sites: answer.sites.iter().map(part).collect(),
        groups: answer.groups.iter().map(group).collect(),
        change_standard_errors: CHANGE_REACH_OF_MANY,
    }
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

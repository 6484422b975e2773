//! The report as one JSON object with stable snake_case keys, for scripts.
//!
//! It writes what the server answered and adds nothing. An absent number is null, with its reason; null never means zero.

use serde_json::{Value as Json, json};

use super::fetch::ReportData;
use crate::proto::{
    Block, Change, GetKeySeriesResponse, GetOverviewResponse, GetPrivacyResponse, GetTrafficResponse, KeyPoint,
    LedgerEntry, ListTopResponse, Mechanism, MetricDefinition, Missing, Scope, Site, SiteOverview, TrafficPoint, Value,
};

/// The whole report. Keys: `site`, `sites`, `privacy`, `traffic`, `weeks`, `months`, `tops`; what is absent is null (or an
/// empty list).
#[must_use]
pub fn report_json(data: &ReportData) -> Json {
    let numbers = data.numbers.as_ref();
    json!({
        "site": data.site.as_ref().map(|site| site.site.clone()),
        "sites": data.sites.iter().map(site).collect::<Vec<_>>(),
        "privacy": data.privacy.as_ref().map(privacy_json),
        "traffic": numbers.map(|numbers| traffic(&numbers.traffic)),
        "weeks": numbers.and_then(|numbers| numbers.weeks.as_ref()).map(traffic),
        "months": numbers.and_then(|numbers| numbers.months.as_ref()).map(traffic),
        "tops": numbers.map_or_else(Vec::new, |numbers| numbers.tops.iter().map(top).collect()),
    })
}

/// The answer of `GetPrivacy` as one object.
#[must_use]
pub fn privacy_json(answer: &GetPrivacyResponse) -> Json {
    json!({
        "site": answer.site,
        "profile": answer.profile,
        "epsilon": answer.epsilon,
        "delta": answer.delta,
        "delta_keys": answer.delta_keys,
        "rho_nano": answer.rho_nano,
        "epsilon_week": answer.epsilon_week,
        "epsilon_month": answer.epsilon_month,
        "epsilon_year": answer.epsilon_year,
        "delta_week": answer.delta_week,
        "delta_month": answer.delta_month,
        "delta_year": answer.delta_year,
        "not_covered": answer.not_covered,
        "bounds": answer.bounds.map(|bounds| json!({
            "views_per_visitor_day": bounds.views_per_visitor_day,
            "views_per_page": bounds.views_per_page,
            "attributes_per_visitor_day": bounds.attributes_per_visitor_day,
        })),
        "mechanisms": answer.mechanisms.iter().map(mechanism).collect::<Vec<_>>(),
        "ledger": answer.ledger.iter().map(ledger_entry).collect::<Vec<_>>(),
        "retention": answer.retention.iter().map(|kept| json!({
            "what": kept.what, "how": kept.how, "until": kept.until,
        })).collect::<Vec<_>>(),
    })
}

/// The answer of `ListSites` as one object.
#[must_use]
pub fn sites_json(sites: &[Site]) -> Json {
    json!({ "sites": sites.iter().map(site).collect::<Vec<_>>() })
}

/// The answer of `ListTop` as one object.
#[must_use]
pub fn top_json(answer: &ListTopResponse) -> Json {
    top(answer)
}

fn mechanism(mechanism: &Mechanism) -> Json {
    json!({
        "table": name(mechanism.table().as_str_name(), "TABLE_"),
        "period": name(mechanism.period().as_str_name(), "PERIOD_KIND_"),
        "what": mechanism.what,
        "share_basis_points": mechanism.share_basis_points,
        "rho_nano": mechanism.rho_nano,
        "sensitivity_l2_squared": mechanism.sensitivity_l2_squared,
        "sigma": mechanism.sigma,
        "threshold": mechanism.threshold,
    })
}

fn ledger_entry(entry: &LedgerEntry) -> Json {
    json!({
        "release": entry.release,
        "kind": name(entry.kind().as_str_name(), "PERIOD_KIND_"),
        "start": entry.start,
        "sealed_at_unix_s": entry.sealed_at_unix_s,
        "rho_nano": entry.rho_nano,
        "gap": if entry.gap.is_empty() { Json::Null } else { json!(entry.gap) },
    })
}

fn site(site: &Site) -> Json {
    json!({
        "site": site.site,
        "titles": site.titles.iter().collect::<std::collections::BTreeMap<_, _>>(),
        "group": site.group,
        "country": site.country,
        "time_zone": site.time_zone,
        "profile": site.profile,
        "first_date": date(&site.first_date),
        "last_date": date(&site.last_date),
        "last_visits": value(site.last_visits.as_ref()),
        "releases": site.releases,
    })
}

fn traffic(answer: &GetTrafficResponse) -> Json {
    json!({
        "scope": answer.scope.as_ref().map(scope),
        "granularity": name(answer.granularity().as_str_name(), "PERIOD_KIND_"),
        "points": answer.points.iter().map(point).collect::<Vec<_>>(),
        "total": answer.total.as_ref().map(point),
        "previous": answer.previous.as_ref().map(point),
        "previous_points": answer.previous_points.iter().map(point).collect::<Vec<_>>(),
        "change": answer.change.as_ref().map(|changes| json!({
            "visits": change(changes.visits.as_ref()),
            "views": change(changes.views.as_ref()),
            "visitors": change(changes.visitors.as_ref()),
        })),
        "blocks": blocks(&answer.blocks),
        "missing": missing(&answer.missing),
        "definitions": definitions(&answer.definitions),
    })
}

fn point(point: &TrafficPoint) -> Json {
    json!({
        "start": point.start,
        "end": point.end,
        "visits": value(point.visits.as_ref()),
        "views": value(point.views.as_ref()),
        "visitors": value(point.visitors.as_ref()),
        "limited_visits": value(point.limited_visits.as_ref()),
        "bounce_percent": point.bounce_percent,
        "views_per_visit": point.views_per_visit,
    })
}

fn top(answer: &ListTopResponse) -> Json {
    let rows = answer.rows.iter().map(|row| {
        json!({
            "key": row.key,
            "visits": value(row.visits.as_ref()),
            "views": value(row.views.as_ref()),
            "visitors": value(row.visitors.as_ref()),
        })
    });
    json!({
        "table": name(answer.table().as_str_name(), "TABLE_"),
        "scope": answer.scope.as_ref().map(scope),
        "key_space": name(answer.key_space().as_str_name(), "KEY_SPACE_"),
        "keys": answer.keys,
        "rows": rows.collect::<Vec<_>>(),
        "other": value(answer.other.as_ref()),
        "blocks": blocks(&answer.blocks),
        "missing": missing(&answer.missing),
        "definitions": definitions(&answer.definitions),
    })
}

fn change(change: Option<&Change>) -> Json {
    let Some(change) = change else {
        return Json::Null;
    };
    let is_present = change.estimate.is_some();
    json!({
        "estimate": change.estimate,
        "low": is_present.then_some(change.low),
        "high": is_present.then_some(change.high),
        "within_noise": is_present.then_some(change.within_noise),
        "percent": change.percent,
        "reason": (!is_present).then(|| name(change.reason().as_str_name(), "REASON_")),
    })
}

/// One key over time as one object.
#[must_use]
pub fn key_json(answer: &GetKeySeriesResponse) -> Json {
    let point = |point: &KeyPoint| {
        json!({
            "start": point.start,
            "end": point.end,
            "count": value(point.count.as_ref()),
            "visitors": value(point.visitors.as_ref()),
        })
    };
    json!({
        "scope": answer.scope.as_ref().map(scope),
        "table": name(answer.table().as_str_name(), "TABLE_"),
        "key": answer.key,
        "granularity": name(answer.granularity().as_str_name(), "PERIOD_KIND_"),
        "metric": name(answer.metric().as_str_name(), "METRIC_"),
        "points": answer.points.iter().map(point).collect::<Vec<_>>(),
        "total": value(answer.total.as_ref()),
        "previous_scope": answer.previous_scope.as_ref().map(scope),
        "previous": value(answer.previous.as_ref()),
        "change": change(answer.change.as_ref()),
        "missing": missing(&answer.missing),
        "definitions": definitions(&answer.definitions),
    })
}

/// All sites as one object.
#[must_use]
pub fn overview_json(answer: &GetOverviewResponse) -> Json {
    let site = |site: &SiteOverview| {
        json!({
            "site": site.site,
            "title": site.title,
            "group": site.group,
            "country": site.country,
            "time_zone": site.time_zone,
            "from_date": date(&site.from_date),
            "to_date": date(&site.to_date),
            "visits": value(site.visits.as_ref()),
            "previous": value(site.previous.as_ref()),
            "change": change(site.change.as_ref()),
            "weeks_from_date": date(&site.weeks_from_date),
            "week_estimates": site.week_estimates,
            "week_below": site.week_below,
            "week_above": site.week_above,
            "week_reasons": site.week_reasons().map(|of| name(of.as_str_name(), "REASON_")).collect::<Vec<_>>(),
            "last_date": date(&site.last_date),
            "next_due_unix_s": site.next_due_unix_s,
            "gap_days": site.gap_days,
            "errors": change(site.errors.as_ref()),
        })
    };
    json!({
        "period": name(answer.period().as_str_name(), "PERIOD_KIND_"),
        "change_standard_errors": answer.change_standard_errors,
        "sites": answer.sites.iter().map(site).collect::<Vec<_>>(),
    })
}

fn scope(scope: &Scope) -> Json {
    json!({
        "site": scope.site,
        "time_zone": scope.time_zone,
        "from_date": scope.from_date,
        "to_date": scope.to_date,
    })
}

fn blocks(blocks: &[Block]) -> Json {
    let block = |block: &Block| {
        json!({
            "kind": name(block.kind().as_str_name(), "PERIOD_KIND_"),
            "start": block.start,
            "release": block.release,
        })
    };
    blocks.iter().map(block).collect()
}

fn missing(missing: &[Missing]) -> Json {
    let one = |missing: &Missing| {
        json!({
            "kind": name(missing.kind().as_str_name(), "PERIOD_KIND_"),
            "start": missing.start,
            "reason": name(missing.reason().as_str_name(), "REASON_"),
        })
    };
    missing.iter().map(one).collect()
}

fn definitions(definitions: &[MetricDefinition]) -> Json {
    let one = |definition: &MetricDefinition| {
        json!({
            "metric": name(definition.metric().as_str_name(), "METRIC_"),
            "text": definition.text,
        })
    };
    definitions.iter().map(one).collect()
}

/// A published number; null if the table does not have it at all (a page's visits).
pub(super) fn value(value: Option<&Value>) -> Json {
    let Some(value) = value else {
        return Json::Null;
    };
    let is_present = value.estimate.is_some();
    json!({
        "estimate": value.estimate,
        "low": is_present.then_some(value.low),
        "high": is_present.then_some(value.high),
        "standard_error": is_present.then_some(value.standard_error),
        "noisy_zero": is_present.then_some(value.noisy_zero),
        "reason": if is_present { Json::Null } else { name(value.reason().as_str_name(), "REASON_") },
    })
}

fn date(text: &str) -> Json {
    if text.is_empty() { Json::Null } else { json!(text) }
}

/// An enum's name in the protocol without its prefix, in lower case: `PERIOD_KIND_DAY` is `day`.
fn name(text: &str, prefix: &str) -> Json {
    json!(text.trim_start_matches(prefix).to_lowercase())
}

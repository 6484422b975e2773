//! Answers of the service as rows, in the columns of the files that a server gives. Nothing is computed and nothing is added up.

use super::value::{metrics, value};
use crate::{
    calendar::{Calendar, Day},
    files::{
        Field, SITES, Sheet, Symbols, TABLE, TRAFFIC, file_name, moment, named, site_row, stretches, table_row,
        traffic_row,
    },
    proto::{
        self, GetKeySeriesResponse, GetOverviewResponse, GetTrafficResponse, ListTopResponse, Missing, Site,
        TrafficPoint, Value,
    },
    vault::{OTHER_KEY, Table},
};

/// The sites.
#[must_use]
pub fn sites_sheet(sites: &[Site]) -> Sheet {
    Sheet { columns: &SITES, rows: sites.iter().map(of_site).collect() }
}

/// The points of a series.
#[must_use]
pub fn traffic_sheet(answer: &GetTrafficResponse) -> Sheet {
    let scope = answer.scope.clone().unwrap_or_default();
    let rows = |point: &TrafficPoint| of_point(&scope.site, &time(&scope.time_zone, &point.start), point);
    Sheet { columns: &TRAFFIC, rows: answer.points.iter().flat_map(rows).collect() }
}

/// A breakdown.
#[must_use]
pub fn top_sheet(answer: &ListTopResponse) -> Sheet {
    let site = answer.scope.as_ref().map_or("", |scope| &scope.site);
    Sheet { columns: &TABLE, rows: of_answer(site, table(answer.table()), answer) }
}

/// One key over time.
#[must_use]
pub fn key_sheet(answer: &GetKeySeriesResponse) -> Sheet {
    let (table, site) = (table(answer.table()), answer.scope.as_ref().map_or("", |scope| &scope.site));
    let rows = answer.points.iter().flat_map(|point| {
        let one = |metric, number: Option<&Value>| {
            let range = [point.start.as_str(), point.end.as_str()];
            table_row(range, site, file_name(table), [&answer.key, metric], &value(number), Symbols::None)
        };
        let visitors = point.visitors.as_ref().map(|number| one("visitors", Some(number)));
        [one(metric(table), point.count.as_ref())].into_iter().chain(visitors)
    });
    Sheet { columns: &TABLE, rows: rows.collect() }
}

/// The visits of all sites over one period each.
#[must_use]
pub fn overview_sheet(answer: &GetOverviewResponse) -> Sheet {
    let row = |site: &proto::SiteOverview| {
        let time = time(&site.time_zone, &site.from_date);
        traffic_row(&time, &site.site, "visits", &value(site.visits.as_ref()), Symbols::None)
    };
    Sheet { columns: &TRAFFIC, rows: answer.sites.iter().map(row).collect() }
}

/// The instant of a start; as it was answered where this machine does not know the time zone.
fn time(zone: &str, start: &str) -> String {
    Calendar::new(zone).map_or_else(|_| start.to_owned(), |calendar| moment(&calendar, start))
}

/// The table of the protocol's number.
fn table(table: proto::Table) -> Table {
    let name = table.as_str_name().trim_start_matches("TABLE_").to_lowercase().replace('_', "-");
    named(&name).unwrap_or(Table::Page)
}

fn metric(table: Table) -> &'static str {
    if table == Table::Page { "views" } else { "visits" }
}

pub(super) fn of_site(site: &Site) -> Vec<Field> {
    let [english, japanese] = ["en", "ja"].map(|language| site.titles.get(language).map_or("", String::as_str));
    let Site { site: name, group, country, time_zone, profile, first_date, last_date, .. } = site;
    site_row([name, english, japanese, group, country, time_zone, profile, first_date, last_date])
}

pub(super) fn of_point(site: &str, time: &str, point: &TrafficPoint) -> Vec<Vec<Field>> {
    metrics(point).map(|(metric, value)| traffic_row(time, site, metric, &value, Symbols::None)).into()
}

/// The keys of a period, what is in none of them, and the days that are missing.
pub(super) fn of_answer(site: &str, table: Table, answer: &ListTopResponse) -> Vec<Vec<Field>> {
    let name = file_name(table);
    let range =
        answer.scope.as_ref().map(|scope| [scope.from_date.as_str(), scope.to_date.as_str()]).unwrap_or_default();
    let metric = metric(table);
    let one = |range: [&str; 2], key: &str, metric: &str, number: Option<&Value>| {
        table_row(range, site, name, [key, metric], &value(number), Symbols::None)
    };
    let mut rows = Vec::new();
    for row in &answer.rows {
        let count = if table == Table::Page { row.views.as_ref() } else { row.visits.as_ref() };
        rows.push(one(range, row.key.as_str(), metric, count));
        rows.extend(row.visitors.as_ref().map(|number| one(range, row.key.as_str(), "visitors", Some(number))));
    }
    rows.extend(answer.other.as_ref().map(|number| one(range, OTHER_KEY, metric, Some(number))));
    let day = |missing: &Missing| Some((Day::from_date(missing.start.parse().ok()?), missing.reason()));
    for (from, to, why) in stretches(answer.missing.iter().filter_map(day)) {
        let absent = Value { reason: why.into(), ..Value::default() };
        rows.push(one([&from.to_string(), &to.to_string()], "", metric, Some(&absent)));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_of_the_protocol_has_its_rows() {
        for known in (1..).map_while(|n| proto::Table::try_from(n).ok()) {
            let name = known.as_str_name().trim_start_matches("TABLE_").to_lowercase();
            assert_eq!(table(known).name().replace('-', "_"), name);
        }
    }
}

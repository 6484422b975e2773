//! From answers to sheets. Decides nothing: every number passes through as it is.

use super::{
    FileError,
    ask::{Asked, METRICS, What},
    columns::{SITES, Symbols, TABLE, TRAFFIC, Value, moment, site_row, stretches, table_row, traffic_row},
    sheet::{Field, Sheet},
    tables::file_name,
};
use crate::{
    access::Scope,
    answers::{
        Answers,
        sites::SiteSummary,
        source::Published,
        top::{BreakdownAnswer, BreakdownQuestion},
        traffic::TrafficQuestion,
    },
    calendar::{Day, Period, PeriodKind},
    query::{
        number::{Number, Why},
        range::{Compare, Dates, Range},
        top::{PageAsk, PageSize, Row, TopAsk},
        traffic::{Figures, Point, TrafficAsk},
    },
    units::SiteName,
    vault::{OTHER_KEY, SiteInfo, Table},
};

/// The sheet that is asked for, and a name for its file without an extension.
pub(super) async fn sheet<S: Published>(
    answers: &Answers<S>,
    scope: &Scope,
    asked: &Asked,
) -> Result<(String, Sheet), FileError> {
    let symbols = asked.symbols;
    match &asked.what {
        What::Sites => sites(answers, scope).await,
        What::Overview { month } => overview(answers, scope, *month, symbols).await,
        What::Traffic { site, dates, by, metrics } => {
            let ask = TrafficAsk { dates: *dates, granularity: *by, compare: Compare::None };
            let question = TrafficQuestion { site: answers.named_site(scope, site)?, ask };
            let answer = answers.traffic(&question).await?;
            let name = file(&answer.site, &format!("traffic-{}", by.name()), answer.traffic.range);
            let rows = answer.traffic.points.iter().flat_map(|point| of_point(&answer.site, point, metrics, symbols));
            Ok((name, Sheet { columns: &TRAFFIC, rows: rows.collect() }))
        }
        What::Table { site, table, dates } => {
            let ask = TopAsk { table: *table, dates: *dates, compare: Compare::None };
            let question = BreakdownQuestion { site: answers.named_site(scope, site)?, ask };
            breakdown(&*answers.breakdown(&question).await?, symbols)
        }
    }
}

async fn sites<S: Published>(answers: &Answers<S>, scope: &Scope) -> Result<(String, Sheet), FileError> {
    let answer = answers.sites().await?;
    let seen = answer.sites.iter().filter(|summary| scope.allows(&summary.site.name));
    let rows = seen.map(|summary| of_site(&summary.site)).collect();
    Ok(("sites".to_owned(), Sheet { columns: &SITES, rows }))
}

fn of_site(site: &SiteInfo) -> Vec<Field> {
    let days = site.days.map(|(first, last)| [first.to_string(), last.to_string()]).unwrap_or_default();
    let [english, japanese] = ["en", "ja"].map(|language| site.label.titles.get(language).map_or("", String::as_str));
    let [group, country] = [&site.label.group, &site.label.country];
    let [name, zone] = [site.name.as_str(), site.calendar.zone_name()];
    site_row([name, english, japanese, group, country, zone, &site.profile, &days[0], &days[1]])
}

/// Each site over a month, in the columns of a series; over its latest published one where none is named.
async fn overview<S: Published>(
    answers: &Answers<S>,
    scope: &Scope,
    month: Option<Period>,
    symbols: Symbols,
) -> Result<(String, Sheet), FileError> {
    let mut rows = Vec::new();
    let answer = answers.sites().await?;
    for SiteSummary { site, last_month, .. } in answer.sites.iter().filter(|summary| scope.allows(&summary.site.name)) {
        let shown = month.or(last_month.map(Period::month_of));
        // Before the first month is published, the month of the last day says so.
        let last_day = site.days.map(|(_, last)| Period::month_of(last));
        if let Some(month) = shown.or(last_day) {
            rows.extend(of_month(answers, &site.name, month, symbols).await?);
        }
    }
    let name = month.map_or("overview".to_owned(), |month| format!("overview-{}", month_name(month.start)));
    Ok((name, Sheet { columns: &TRAFFIC, rows }))
}

async fn of_month<S: Published>(
    answers: &Answers<S>,
    site: &SiteName,
    month: Period,
    symbols: Symbols,
) -> Result<Vec<Vec<Field>>, FileError> {
    let dates = Dates::of(month.start, month.end_day().plus(-1));
    let ask = TrafficAsk { dates, granularity: PeriodKind::Month, compare: Compare::None };
    let answer = answers.traffic(&TrafficQuestion { site: Some(site.clone()), ask }).await?;
    let points = answer.traffic.points.iter();
    Ok(points.flat_map(|point| of_point(&answer.site, point, &METRICS, symbols)).collect())
}

/// A row for each metric.
fn of_point(site: &SiteInfo, point: &Point, metrics: &[&'static str], symbols: Symbols) -> Vec<Vec<Field>> {
    let time = moment(&site.calendar, &point.start);
    let row = |metric: &&'static str| {
        traffic_row(&time, site.name.as_str(), metric, &value(&figure(&point.figures, metric)), symbols)
    };
    metrics.iter().map(row).collect()
}

fn figure(figures: &Figures, metric: &str) -> Number {
    match metric {
        "visits" => figures.visits,
        "views" => figures.views,
        "visitors" => figures.visitors,
        _ => figures.limited,
    }
}

fn breakdown(answer: &BreakdownAnswer, symbols: Symbols) -> Result<(String, Sheet), FileError> {
    let top = answer.page(&PageAsk { size: PageSize::ALL, ..PageAsk::default() })?;
    let (site, table) = (answer.site.name.as_str(), file_name(answer.table));
    let range = top.range.map(|range| [range.from.to_string(), range.to.to_string()]).unwrap_or_default();
    let metric = if answer.table == Table::Page { "views" } else { "visits" };
    let one = |key: &str, metric: &str, number: &Number| {
        table_row([&range[0], &range[1]], site, table, [key, metric], &value(number), symbols)
    };
    let of_row = |row: &Row| {
        let visitors = row.visitors.as_ref().map(|number| one(&row.key, "visitors", number));
        [one(&row.key, metric, &row.count)].into_iter().chain(visitors)
    };
    let mut rows: Vec<Vec<Field>> = top.rows.iter().flat_map(of_row).collect();
    // Before anything is published there is no range to speak of.
    rows.extend(top.other.iter().filter(|_| top.range.is_some()).map(|number| one(OTHER_KEY, metric, number)));
    for (from, to, why) in stretches(top.missing.iter().copied()) {
        let days = [from.to_string(), to.to_string()];
        let absent = value(&Number::absent(why));
        rows.push(table_row([&days[0], &days[1]], site, table, ["", metric], &absent, symbols));
    }
    Ok((file(&answer.site, table, top.range), Sheet { columns: &TABLE, rows }))
}

fn value(number: &Number) -> Value {
    Value {
        estimate: number.estimate,
        low: number.low,
        high: number.high,
        standard_error: number.standard_error,
        reason: number.reason.map_or("", Why::name),
    }
}

fn file(site: &SiteInfo, what: &str, range: Option<Range>) -> String {
    let dates = range.map(|range| format!("-{}-{}", range.from, range.to)).unwrap_or_default();
    format!("{}-{what}{dates}", site.name)
}

fn month_name(first: Day) -> String {
    first.date().strftime("%Y-%m").to_string()
}

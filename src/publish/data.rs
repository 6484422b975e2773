//! The files of numbers: for each site and year its series by day, week and month, and its tables by month (and day), each as
//! CSV and JSON. Their places never change: `data/{site}/{year}/{what}.csv`.

use std::collections::BTreeMap;

use super::{
    PublishError,
    encoding::{ENCODINGS, Encoding},
    fetch::{SiteData, year_of},
    rows::{of_answer, of_point, of_site},
    tree::Tree,
};
use crate::{
    calendar::Calendar,
    files::{Column, Field, SITES, Sheet, TABLE, TRAFFIC, file_name, moment},
    proto::{ListTopResponse, Site, TrafficPoint},
};

/// What the rows of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Sites,
    Traffic,
    Table,
}

impl Form {
    pub(super) const ALL: [Self; 3] = [Self::Sites, Self::Traffic, Self::Table];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sites => "sites",
            Self::Traffic => "traffic",
            Self::Table => "table",
        }
    }

    pub(super) fn columns(self) -> &'static [Column] {
        match self {
            Self::Sites => &SITES,
            Self::Traffic => &TRAFFIC,
            Self::Table => &TABLE,
        }
    }
}

/// A file of numbers, in all its forms.
#[derive(Debug, Clone)]
pub(super) struct Resource {
    /// Its place without an extension.
    pub place: String,
    pub form: Form,
    /// The site; empty for all.
    pub site: String,
    /// What it holds, in words.
    pub title: String,
    /// How many bytes it has in each form.
    pub sizes: Vec<(&'static Encoding, usize)>,
}

/// Writes all sites.
pub(super) fn write_sites(sites: &[Site], tree: &mut Tree) -> Result<Resource, PublishError> {
    let rows = sites.iter().map(of_site).collect();
    let resource = Resource {
        place: "data/sites".to_owned(),
        form: Form::Sites,
        site: String::new(),
        title: "The sites, their time zones and published days".to_owned(),
        sizes: Vec::new(),
    };
    put(resource, rows, tree)
}

/// Writes all numbers of a site.
pub(super) fn write(data: &SiteData, tree: &mut Tree) -> Result<Vec<Resource>, PublishError> {
    let bad_zone = || PublishError::Answer(format!("{:?} is no time zone of this machine", data.site.time_zone));
    let calendar = Calendar::new(&data.site.time_zone).map_err(|_| bad_zone())?;
    let mut resources = Vec::new();
    for (periods, points) in [("days", &data.days), ("weeks", &data.weeks), ("months", &data.months)] {
        let rows = |point: &TrafficPoint| of_point(&data.site.site, &moment(&calendar, &point.start), point);
        let title = format!("Visits, page views and visitors by {}", &periods[..periods.len() - 1]);
        let years = by_year(data, points.iter().map(|point| (point.start.as_str(), rows(point))));
        resources.extend(write_years(data, Form::Traffic, [&format!("traffic-{periods}"), &title], years, tree)?);
    }
    for table in &data.tables {
        let name = file_name(table.table);
        for (periods, answers) in [("days", &table.days), ("months", &table.months)] {
            let rows = |answer: &ListTopResponse| of_answer(&data.site.site, table.table, answer);
            let title = format!("{} by {}", title_case(name), &periods[..periods.len() - 1]);
            let start = |answer: &ListTopResponse| answer.scope.as_ref().map_or(String::new(), |s| s.from_date.clone());
            let starts: Vec<(String, Vec<Vec<Field>>)> = answers.iter().map(|a| (start(a), rows(a))).collect();
            let years = by_year(data, starts.iter().map(|(start, rows)| (start.as_str(), rows.clone())));
            resources.extend(write_years(data, Form::Table, [&format!("{name}-{periods}"), &title], years, tree)?);
        }
    }
    Ok(resources)
}

/// Rows by the year in whose folder they belong, in order.
fn by_year<'a>(
    data: &SiteData,
    rows: impl Iterator<Item = (&'a str, Vec<Vec<Field>>)>,
) -> BTreeMap<String, Vec<Vec<Field>>> {
    let mut years: BTreeMap<String, Vec<Vec<Field>>> = BTreeMap::new();
    for (start, rows) in rows {
        years.entry(year_of(&data.site, start)).or_default().extend(rows);
    }
    years
}

/// A file for each year.
fn write_years(
    data: &SiteData,
    form: Form,
    [name, title]: [&str; 2],
    years: BTreeMap<String, Vec<Vec<Field>>>,
    tree: &mut Tree,
) -> Result<Vec<Resource>, PublishError> {
    let site = &data.site.site;
    let mut resources = Vec::new();
    for (year, rows) in years {
        let place = format!("data/{site}/{year}/{name}");
        let title = format!("{title}, {site}, {year}");
        resources.push(put(Resource { place, form, site: site.clone(), title, sizes: Vec::new() }, rows, tree)?);
    }
    Ok(resources)
}

fn put(mut resource: Resource, rows: Vec<Vec<Field>>, tree: &mut Tree) -> Result<Resource, PublishError> {
    let sheet = Sheet { columns: resource.form.columns(), rows };
    for encoding in ENCODINGS {
        let bytes = (encoding.write)(&sheet)?;
        tree.put(&format!("{}.{}", resource.place, encoding.extension), &bytes)?;
        resource.sizes.push((encoding, bytes.len()));
    }
    Ok(resource)
}

/// `error-classes` as `Error classes`.
fn title_case(name: &str) -> String {
    let words = name.replace('-', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

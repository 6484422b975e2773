//! The page of a site: its months.

use std::fmt::Write as _;

use super::{
    Report,
    chart::{Point, chart},
    frame::{Page, table},
    month::Month,
    number::number,
    site_title,
    words::Words,
};
use crate::{
    publish::{
        data::Resource,
        encoding::Encoding,
        fetch::{SiteData, year_of},
    },
    report::escaped,
};

/// The page.
pub(super) fn page(report: &Report<'_>, words: &Words, months: &[Month<'_>]) -> String {
    let data = report.data;
    let mut content = line(words, data);
    let points: Vec<Point<'_>> = months
        .iter()
        .map(|month| Point { label: month.name.clone(), value: month.point.and_then(|point| point.visits.as_ref()) })
        .collect();
    let _ = writeln!(content, "<h2>{}</h2>", words.months_heading);
    if months.len() > 1 {
        content.push_str(&chart(words, words.months_heading, &points));
    }
    let mut rows = String::new();
    for month in months.iter().rev() {
        let _ = write!(
            rows,
            "<tr><th scope=\"row\"><a href=\"{}/{}\">{}</a></th>",
            month.name,
            words.file,
            words.month_of(month.first)
        );
        for value in month.numbers() {
            let _ = write!(rows, "<td class=\"right\">{}</td>", number(words, value));
        }
        rows.push_str("</tr>\n");
    }
    let columns = [words.month, words.visits, words.visitors, words.views];
    content.push_str(&table(words, words.months_heading, &columns, &rows));
    let _ = writeln!(content, "<p class=\"note\">{}</p>", words.not_add);
    content.push_str(&files(words, report, "../"));
    let title = site_title(words, &data.site);
    Page { about: report.about, words, title, root: "../", content }.text()
}

/// Where the site lives and how far it is published.
pub(super) fn line(words: &Words, data: &SiteData) -> String {
    let site = &data.site;
    format!(
        "<p class=\"note\">{} {} · {}</p>\n",
        words.zone,
        escaped(&site.time_zone),
        words.published(&escaped(&site.last_date))
    )
}

/// The files of the site's latest year.
pub(super) fn files(words: &Words, report: &Report<'_>, root: &str) -> String {
    let site = &report.data.site;
    let year = year_of(site, &site.last_date);
    let folder = format!("data/{}/{year}/", site.site);
    let item = |resource: &Resource| {
        let (name, place) = (resource.place.strip_prefix(&folder)?, escaped(&resource.place));
        let link = |(encoding, _): &(&Encoding, usize)| {
            format!(" <a href=\"{root}{place}.{}\">{}</a>", encoding.extension, encoding.name)
        };
        let links: String = resource.sizes.iter().map(link).collect();
        Some(format!("<li>{name}{links}</li>"))
    };
    let items: String = report.resources.iter().filter_map(item).collect();
    format!("<h2>{} {}</h2>\n<ul class=\"data\">{items}</ul>\n", words.data, escaped(&year))
}

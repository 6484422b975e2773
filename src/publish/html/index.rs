//! The first page: every site with its latest published month.

use std::fmt::Write as _;

use super::{
    Catalogue, Entry,
    frame::{Page, table},
    number::number,
    site_title,
    words::Words,
};
use crate::{publish::readme, report::escaped};

/// The page.
pub(super) fn page(catalogue: &Catalogue<'_>, words: &Words) -> String {
    let about = catalogue.publication;
    let mut rows = String::new();
    for entry in &catalogue.sites {
        rows.push_str(&row(words, entry));
    }
    let columns = [words.site, words.month, words.visits, words.visitors, words.views];
    let content = format!(
        "<p class=\"note\">{}</p>\n{}<h2>{}</h2>\n<ul class=\"data\"><li><a href=\"data/sites.csv\">sites.csv</a></li>\
         <li><a href=\"datapackage.json\">datapackage.json</a></li><li><a href=\"dcat.jsonld\">dcat.jsonld</a></li></ul>\n",
        words.sites(catalogue.sites.len()),
        table(words, words.all_sites, &columns, &rows),
        words.data
    );
    let title = if words.code == "ja" { readme::title_ja(about) } else { readme::title(about) };
    Page { about, words, title: &title, root: "", content }.text()
}

fn row(words: &Words, entry: &Entry) -> String {
    let site = &entry.site;
    let mut row = format!(
        "<tr><th scope=\"row\"><a href=\"{}/{}\">{}</a></th>",
        escaped(&site.site),
        words.file,
        escaped(site_title(words, site))
    );
    let latest = entry.latest.as_ref();
    let month =
        latest.and_then(|month| month.start.parse().ok()).map_or_else(|| "—".to_owned(), |date| words.month_of(date));
    let _ = write!(row, "<td class=\"right\">{month}</td>");
    for value in [latest.and_then(|m| m.visits), latest.and_then(|m| m.visitors), latest.and_then(|m| m.views)] {
        let _ = write!(row, "<td class=\"right\">{}</td>", number(words, value.as_ref()));
    }
    row.push_str("</tr>\n");
    row
}

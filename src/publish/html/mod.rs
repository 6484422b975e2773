//! The public report as pages that read without JavaScript: all sites, each site, and each of its months, in English
//! (`index.html`) and Japanese (`index.ja.html`).
//!
//! They have the look of the dashboard, ask nobody else for anything, and show every number with its interval or the reason why it
//! is not there. Texts of visitors (pages, campaigns) are escaped and never become a link.

mod chart;
mod frame;
mod index;
mod month;
mod number;
mod site;
mod words;

use super::{Catalogue, Entry, PublishError, data::Resource, fetch::SiteData, tree::Tree};
use crate::config::Publication;
use words::Words;

/// The style of all pages. Its colours are the dashboard's, so that both look the same.
const STYLE: &str = concat!(include_str!("../../../dashboard/src/style/palette.css"), "\n", include_str!("style.css"));

/// What the pages of a site are made of.
struct Report<'a> {
    about: &'a Publication,
    data: &'a SiteData,
    /// Its files of numbers.
    resources: &'a [Resource],
}

/// Writes the pages of a site.
pub(super) fn write_site(
    about: &Publication,
    data: &SiteData,
    resources: &[Resource],
    tree: &mut Tree,
) -> Result<(), PublishError> {
    let report = Report { about, data, resources };
    let months = month::of_site(data);
    for words in Words::ALL {
        let place = format!("{}/{}", data.site.site, words.file);
        tree.put(&place, site::page(&report, words, &months).as_bytes())?;
        for (at, month) in months.iter().enumerate() {
            let place = format!("{}/{}/{}", data.site.site, month.name, words.file);
            tree.put(&place, month::page(&report, words, &months, at).as_bytes())?;
        }
    }
    Ok(())
}

/// Writes the first page, with all sites, and the style.
pub(super) fn write_index(catalogue: &Catalogue<'_>, tree: &mut Tree) -> Result<(), PublishError> {
    tree.put("style.css", STYLE.as_bytes())?;
    for words in Words::ALL {
        tree.put(words.file, index::page(catalogue, words).as_bytes())?;
    }
    Ok(())
}

/// The title of a site in a language; its name where it has none.
fn site_title<'a>(words: &Words, site: &'a crate::proto::Site) -> &'a str {
    let titles = &site.titles;
    let title = titles.get(words.code).or_else(|| titles.get("en")).or_else(|| titles.values().min());
    title.map_or(&site.site, |title| title)
}

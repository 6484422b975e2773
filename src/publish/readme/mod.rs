//! `README.md` and `README.ja.md` beside the data: what is here, how the numbers were made, what they cannot say, and what is
//! missing.

mod english;
mod japanese;

use super::{Catalogue, Entry, PublishError, terms::Terms, tree::Tree};
use crate::config::Publication;

/// Writes both.
pub(super) fn write(catalogue: &Catalogue<'_>, tree: &mut Tree) -> Result<(), PublishError> {
    tree.put("README.md", english::text(catalogue).as_bytes())?;
    tree.put("README.ja.md", japanese::text(catalogue).as_bytes())
}

/// What the statistics are called in English.
pub(super) fn title(about: &Publication) -> String {
    about.title.clone().unwrap_or_else(|| "Web statistics".to_owned())
}

/// What they are called in Japanese.
pub(super) fn title_ja(about: &Publication) -> String {
    about.title_ja.clone().or_else(|| about.title.clone()).unwrap_or_else(|| "ウェブサイト利用統計".to_owned())
}

/// The sites that have the same parameters, those of the first site first.
fn by_terms<'a>(catalogue: &'a Catalogue<'_>) -> Vec<(&'a Terms, Vec<&'a str>)> {
    let mut groups: Vec<(&Terms, Vec<&str>)> = Vec::new();
    for entry in &catalogue.sites {
        match groups.iter_mut().find(|(terms, _)| **terms == entry.terms) {
            Some((_, sites)) => sites.push(&entry.site.site),
            None => groups.push((&entry.terms, vec![&entry.site.site])),
        }
    }
    groups
}

/// The noise of each table and period as rows of a table of Markdown.
fn noise_rows(terms: &Terms) -> String {
    let row = |noise: &super::terms::Noise| {
        let threshold = if noise.threshold > 0 { noise.threshold.to_string() } else { "-".to_owned() };
        format!("| {} | {} | {} | {:.2} | {threshold} |\n", noise.table, noise.period, noise.what, noise.sigma)
    };
    terms.noise.iter().map(row).collect()
}

/// The sites as rows of a table of Markdown.
fn site_rows(catalogue: &Catalogue<'_>) -> String {
    let row = |entry: &Entry| {
        let site = &entry.site;
        format!("| {} | {} | {} | {} |\n", site.site, site.time_zone, site.first_date, site.last_date)
    };
    catalogue.sites.iter().map(row).collect()
}

/// The days without numbers as items of a list; empty where there are none.
fn gap_items(catalogue: &Catalogue<'_>) -> String {
    let item = |entry: &Entry| {
        let days: Vec<String> = entry.missing.iter().map(|(day, why)| format!("{day} ({why})")).collect();
        (!days.is_empty()).then(|| format!("- {}: {}\n", entry.site.site, days.join(", ")))
    };
    catalogue.sites.iter().filter_map(item).collect()
}

/// Where lists of countries come from, each once.
fn sources<'a>(catalogue: &'a Catalogue<'_>) -> Vec<&'a str> {
    let mut sources: Vec<&str> = catalogue.sites.iter().map(|entry| entry.source.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    sources.retain(|source| !source.is_empty());
    sources
}

/// A licence as a link of Markdown.
fn licence_link(about: &Publication) -> Option<String> {
    let licence = about.licence.as_ref()?;
    Some(licence.name.map_or_else(|| format!("<{}>", licence.url), |name| format!("[{name}]({})", licence.url)))
}

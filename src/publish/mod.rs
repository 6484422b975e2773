//! The public report and open data: what a server has published, as files that anybody can host.
//!
//! ```text
//! fetch (gRPC) --> SiteData --> data (CSV, JSON) --> metadata (Frictionless, DCAT, README) --> tree (only what changed)
//!                          \--> html (pages that read without JavaScript)
//! ```
//!
//! It is a client like any other and sees what every reader of the service sees. The same releases and settings give the same
//! bytes, whenever and wherever it runs: no file holds the time of the run. It removes nothing that it did not write.

mod data;
mod datapackage;
mod dcat;
mod encoding;
mod error;
mod fetch;
mod html;
mod readme;
mod rows;
mod terms;
mod tree;
mod value;

use std::path::Path;

use tonic::transport::Channel;

pub use error::PublishError;
pub use rows::{key_sheet, overview_sheet, sites_sheet, top_sheet, traffic_sheet};
pub use tree::Written;

use crate::{
    config::Publication,
    proto::{Site, TrafficPoint},
};
use data::Resource;
use fetch::{Reader, SiteData};
use terms::Terms;
use tree::Tree;

/// What all sites together say of themselves.
struct Catalogue<'a> {
    publication: &'a Publication,
    sites: Vec<Entry>,
    /// All files of data, in the order of the sites.
    resources: Vec<Resource>,
}

/// What is kept of a site when its files are written.
struct Entry {
    site: Site,
    terms: Terms,
    /// Its latest month that is published or should be; `None` before the first is over.
    latest: Option<TrafficPoint>,
    /// Days without numbers after the first one with numbers, and why.
    missing: Vec<(String, &'static str)>,
    /// Where the list of countries comes from; empty where there is none.
    source: String,
}

/// How far it has come: the site that is next, how many are done, and how many there are.
pub struct Progress<'a> {
    /// The name of the site that is next.
    pub site: &'a str,
    /// How many are done.
    pub done: usize,
    /// How many there are.
    pub all: usize,
}

/// How it is published.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Where.
    pub out: &'a Path,
    /// Whether files of an earlier run that are no longer part of it are removed.
    pub prune: bool,
}

/// Writes everything that is to be published.
///
/// # Errors
/// When the server cannot be reached, a site is not there, or a file cannot be written.
pub async fn publish(
    channel: Channel,
    publication: &Publication,
    options: Options<'_>,
    mut seen: impl FnMut(Progress<'_>),
) -> Result<Written, PublishError> {
    let mut reader = Reader::new(channel);
    let sites = chosen(reader.sites().await?, publication)?;
    let mut tree = Tree::open(options.out)?;
    let mut catalogue = Catalogue { publication, sites: Vec::new(), resources: Vec::new() };
    for (done, site) in sites.iter().enumerate() {
        seen(Progress { site: &site.site, done, all: sites.len() });
        let found = reader.site(site, publication).await?;
        let resources = data::write(&found, &mut tree)?;
        html::write_site(publication, &found, &resources, &mut tree)?;
        catalogue.resources.extend(resources);
        catalogue.sites.push(entry(&found));
    }
    catalogue.resources.insert(0, data::write_sites(&sites, &mut tree)?);
    datapackage::write(&catalogue, &mut tree)?;
    dcat::write(&catalogue, &mut tree)?;
    readme::write(&catalogue, &mut tree)?;
    html::write_index(&catalogue, &mut tree)?;
    tree.finish(options.prune)
}

fn entry(found: &SiteData) -> Entry {
    Entry {
        site: found.site.clone(),
        terms: Terms::of(&found.privacy),
        latest: found.months.last().cloned(),
        missing: found.missing(),
        source: found.source().to_owned(),
    }
}

/// The sites that are to be published, by name. Those without a published day are left out: there is nothing to say of them.
fn chosen(all: Vec<Site>, publication: &Publication) -> Result<Vec<Site>, PublishError> {
    if let Some(name) = publication.sites.iter().find(|name| !all.iter().any(|site| site.site == name.as_str())) {
        let known = all.into_iter().map(|site| site.site).collect();
        return Err(PublishError::UnknownSite { name: name.to_string(), known });
    }
    let is_asked =
        |site: &Site| publication.sites.is_empty() || publication.sites.iter().any(|name| name.as_str() == site.site);
    let sites: Vec<Site> = all.into_iter().filter(|site| is_asked(site) && !site.first_date.is_empty()).collect();
    if sites.is_empty() { Err(PublishError::Nothing) } else { Ok(sites) }
}

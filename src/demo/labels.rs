//! What the made-up sites are called, so that the demo shows titles, groups and countries as a configuration gives them.
//!
//! Their countries are invented; the codes are those of the places whose clocks they go by.

use std::collections::BTreeMap;

use headcount_model::source::{SiteGroup, SiteLabel, Titles};

/// Site, titles in English and Japanese, group, country.
const SITES: [[&str; 5]; 4] = [
    ["www", "Ministry, main site", "本省サイト", "", ""],
    ["embassy-aurelia", "Embassy in Aurelia", "在アウレリア大使館", "europe", "FR"],
    ["embassy-borealis", "Embassy in Borealis", "在ボレアリス大使館", "americas", "BR"],
    ["embassy-corvia", "Embassy in Corvia", "在コルビア大使館", "africa", "KE"],
];

/// Group, titles in English and Japanese.
const GROUPS: [[&str; 3]; 3] =
    [["europe", "Europe", "欧州"], ["americas", "The Americas", "米州"], ["africa", "Africa", "アフリカ"]];

/// What a made-up site is called; nothing where it is none of the usual ones.
#[must_use]
pub fn label(site: &str) -> SiteLabel {
    let found = SITES.iter().find(|[name, ..]| *name == site);
    let named = |[_, english, japanese, group, country]: &[&str; 5]| SiteLabel {
        titles: titles(english, japanese),
        group: (*group).to_owned(),
        country: (*country).to_owned(),
    };
    found.map(named).unwrap_or_default()
}

/// The groups of the made-up sites.
#[must_use]
pub fn groups() -> Vec<SiteGroup> {
    let group = |[name, english, japanese]: &[&str; 3]| SiteGroup {
        name: (*name).to_owned(),
        titles: titles(english, japanese),
    };
    GROUPS.iter().map(group).collect()
}

fn titles(english: &str, japanese: &str) -> Titles {
    BTreeMap::from([("en".to_owned(), english.to_owned()), ("ja".to_owned(), japanese.to_owned())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::Plan;

    #[test]
    fn each_site_of_the_month_has_titles_and_a_group_that_exists() {
        let groups: Vec<String> = groups().into_iter().map(|group| group.name).collect();
        for site in Plan::month(jiff::civil::date(2026, 10, 1), 1).sites {
            let label = label(&site.name);
            assert_eq!(label.titles.keys().collect::<Vec<_>>(), ["en", "ja"], "{}", site.name);
            assert!(label.group.is_empty() || groups.contains(&label.group), "{}", label.group);
        }
        assert_eq!(label("another"), SiteLabel::default());
    }
}

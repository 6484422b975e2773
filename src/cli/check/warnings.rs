//! What may show people in the settings of a site: parameters that are kept, and pages of its lists.
//!
//! It is here because the scrubber knows forms and not people: a search for a name looks like any search, and what stands in a
//! sitemap is published as it is there. It never shows a whole list, and changes nothing.

use crate::{
    config::SiteConfig,
    text::shown,
    vault::{personal_parameter, scrubbed_page},
};

/// Parameters that people write freely into, or whose values are often names. In small letters, without signs.
const FREE_TEXT: [&str; 22] = [
    "comment",
    "contact",
    "from",
    "free",
    "freeword",
    "keyword",
    "keywords",
    "kw",
    "message",
    "note",
    "p",
    "profile",
    "q",
    "query",
    "s",
    "search",
    "searchword",
    "subject",
    "text",
    "title",
    "to",
    "word",
];
/// How many pages are shown.
const SHOWN_MAX: usize = 3;

/// What the operator should look at.
pub(super) fn of(site: &SiteConfig) -> Vec<String> {
    let name = &site.name;
    let mut warnings = Vec::new();
    for parameter in &site.query_allow {
        let plain: String = parameter.to_lowercase().chars().filter(|ch| ch.is_alphanumeric()).collect();
        if let Some(label) = personal_parameter(parameter) {
            warnings.push(format!(
                "{name}: query_allow {}: its values tell who somebody is or where; each is replaced by {label}, so it tells no pages apart",
                shown(parameter)
            ));
        } else if FREE_TEXT.contains(&plain.as_str()) {
            warnings.push(format!(
                "{name}: query_allow {}: people may write names into it, which no rule can tell from other words; keep it only where the site itself gives all its values",
                shown(parameter)
            ));
        }
    }
    warnings.extend(listed(site));
    warnings
}

/// Pages of a list that would be scrubbed without it.
fn listed(site: &SiteConfig) -> Option<String> {
    let found = site.pages.iter().filter_map(|page| Some((page, scrubbed_page(page, &site.query_allow)?)));
    // Numbers of articles are what lists are for.
    let personal = |(_, scrubbed): &(&String, String)| {
        ["{card}", "{email}", "{name}", "{phone}", "{token}", "{uuid}"].iter().any(|label| scrubbed.contains(label))
    };
    let found: Vec<(&String, String)> = found.filter(personal).collect();
    let shown: Vec<String> =
        found.iter().take(SHOWN_MAX).map(|(page, scrubbed)| format!("{} (like {scrubbed})", shown(page))).collect();
    (!found.is_empty()).then(|| {
        format!(
            "{}: {} known pages look as if they told of people, and are published as they are: {}",
            site.name,
            found.len(),
            shown.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::config;

    #[test]
    fn parameters_and_pages_that_may_tell_of_people_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("h.toml");
        let text = "[[site]]\nname = \"www\"\npages = [\"/article/123456\", \"/u/taro@example.jp\"]\n\
                    query_allow = [\"lang\", \"user\", \"q\"]\n";
        std::fs::write(&file, text).unwrap();
        let config = config::load(&file).unwrap();
        let warnings = super::of(&config.sites[0]);
        assert_eq!(warnings.len(), 3, "{warnings:?}");
        assert!(warnings[0].contains("query_allow \"user\"") && warnings[0].contains("{name}"), "{}", warnings[0]);
        assert!(warnings[1].contains("query_allow \"q\""), "{}", warnings[1]);
        assert!(warnings[2].contains("1 known pages") && warnings[2].contains("/u/{email}"), "{}", warnings[2]);
    }
}

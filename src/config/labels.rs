//! What people call sites, and which belong together: titles by language, groups, countries.
//!
//! It is here so that a title that would break a line of a table, or a site that names a group that is not there, is refused
//! with its line. It takes what is written of sites and groups.
//!
//! Labels decide nothing: not how a site is counted, and not what is published of it.

use super::{
    Problem,
    raw::{Group, Site, Title},
    validate::At,
};
use crate::{
    text::{nearest, shown},
    units::SiteName,
    vault::{SiteGroup, SiteLabel},
};
use headcount_model::source::Titles;

/// The longest title, in characters.
const TITLE_CHARACTERS_MAX: usize = 100;
/// The most languages of one title.
const LANGUAGES_MAX: usize = 16;
/// The most groups.
const GROUPS_MAX: usize = 100;
/// The language of a title that names none.
const LANGUAGE_DEFAULT: &str = "en";

/// The groups, which have names of their own.
pub(super) fn groups(raw: Vec<Group>) -> Result<Vec<SiteGroup>, Problem> {
    if raw.len() > GROUPS_MAX {
        return Err(Problem::new(&["group"], format!("{} groups; allowed: at most {GROUPS_MAX}", raw.len())));
    }
    let mut made: Vec<SiteGroup> = Vec::with_capacity(raw.len());
    for (index, Group { name, title }) in raw.into_iter().enumerate() {
        let index = index.to_string();
        let problem = |key: &[&str], what: String| Problem::new(&[&["group", index.as_str()], key].concat(), what);
        // The same letters as in the name of a site: both are typed on a command line and written in an address.
        if SiteName::new(&name).is_err() {
            let allowed = "1 to 64 of the characters a-z, 0-9, '.', '-', '_', beginning with a letter or a digit";
            return Err(problem(&["name"], format!("{} is not the name of a group; allowed: {allowed}", shown(&name))));
        }
        if made.iter().any(|group| group.name == name) {
            let what = format!("{name:?} is the name of an earlier group; allowed: a name of its own");
            return Err(problem(&["name"], what));
        }
        let titles = titles(title).map_err(|(key, what)| match key {
            Some(language) => problem(&["title", &language], what),
            None => problem(&["title"], what),
        })?;
        made.push(SiteGroup { name, titles });
    }
    Ok(made)
}

/// What people call a site.
pub(super) fn label(raw: &mut Site, groups: &[SiteGroup], at: &At) -> Result<SiteLabel, Problem> {
    let titles = titles(raw.title.take()).map_err(|(key, what)| match key {
        Some(language) => at.problem(&["title", &language], what),
        None => at.problem(&["title"], what),
    })?;
    let group = raw.group.take().unwrap_or_default();
    if is_unknown(&group, groups) {
        let known: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
        let hint =
            nearest(&group, known.iter().copied()).map(|near| format!(" did you mean {near:?}?")).unwrap_or_default();
        let allowed = if known.is_empty() {
            "one that a [[group]] names, and there is none".to_owned()
        } else {
            known.join(", ")
        };
        return Err(at.problem(&["group"], format!("{} is not a group;{hint} allowed: {allowed}", shown(&group))));
    }
    let country = raw.country.take().unwrap_or_default();
    if !country.is_empty() && !is_country(&country) {
        let what = format!(
            "{} is not the code of a country; allowed: two letters of ISO 3166 such as \"FR\" or \"JP\"",
            shown(&country)
        );
        return Err(at.problem(&["country"], what));
    }
    Ok(SiteLabel { titles, group, country })
}

fn is_unknown(name: &str, groups: &[SiteGroup]) -> bool {
    !name.is_empty() && !groups.iter().any(|group| group.name == name)
}

fn is_country(code: &str) -> bool {
    headcount_model::keys::COUNTRY_CODES.contains(&code)
}

/// Titles by language. A mistake names the language at fault, if it is that of one.
fn titles(raw: Option<Title>) -> Result<Titles, (Option<String>, String)> {
    let written = match raw {
        None => return Ok(Titles::new()),
        Some(Title::Plain(text)) => {
            return match check(&text) {
                Some(what) => Err((None, what)),
                None => Ok(Titles::from([(LANGUAGE_DEFAULT.to_owned(), text)])),
            };
        }
        Some(Title::ByLanguage(written)) => written,
    };
    if written.len() > LANGUAGES_MAX {
        return Err((None, format!("{} languages; allowed: at most {LANGUAGES_MAX}", written.len())));
    }
    let mut titles = Titles::new();
    for (language, text) in written {
        if !is_language(&language) {
            let what = format!("{} is not a language; allowed: a tag such as en, ja or pt-br", shown(&language));
            return Err((Some(language), what));
        }
        if let Some(what) = check(&text) {
            return Err((Some(language), what));
        }
        titles.insert(language, text);
    }
    Ok(titles)
}

/// A language tag in lower case: "en", "pt-br".
fn is_language(tag: &str) -> bool {
    let is_part = |part: &str| {
        (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    tag.len() <= 35 && tag.starts_with(|c: char| c.is_ascii_lowercase()) && tag.split('-').all(is_part)
}

/// What is wrong with a title.
fn check(text: &str) -> Option<String> {
    // Also what turns the direction of the text around it.
    let odd = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let characters = text.chars().count();
    if text.trim().is_empty() {
        Some("is empty; allowed: a title, or no key at all".to_owned())
    } else if characters > TITLE_CHARACTERS_MAX {
        Some(format!("has {characters} characters; allowed: at most {TITLE_CHARACTERS_MAX}"))
    } else if text.contains(odd) {
        Some(format!("{} holds a control character; allowed: text of one line", shown(text)))
    } else {
        None
    }
}

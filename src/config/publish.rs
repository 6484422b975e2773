//! `[publish]`: what `headcount publish` puts where anybody finds it. All of it may be read already by whoever reaches the
//! server; this is what an institution stands for with its name.

use super::{
    Problem,
    link::{Kind, is_link},
    raw,
};
use crate::{
    text::{nearest, shown},
    units::SiteName,
    vault::Table,
};

/// The longest text, in characters.
const TEXT_CHARACTERS_MAX: usize = 200;

/// What is published, and under which name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Publication {
    /// The sites; empty: all that the server has.
    pub sites: Vec<SiteName>,
    /// The tables; empty: [`Publication::TABLES`].
    pub tables: Vec<Table>,
    /// Whether tables are also published by day.
    pub table_days: bool,
    /// What the statistics are called, in English and in Japanese.
    pub title: Option<String>,
    /// The same in Japanese.
    pub title_ja: Option<String>,
    /// Who publishes them.
    pub publisher: Option<String>,
    /// What may be done with them.
    pub licence: Option<Licence>,
    /// Where `--out` will be found, with a slash at its end.
    pub url: Option<String>,
}

/// A licence that others know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licence {
    /// Its short name; `None` where it is named by its address alone.
    pub name: Option<&'static str>,
    /// Its address.
    pub url: String,
}

/// Licences by their short names.
const LICENCES: [(&str, &str); 4] = [
    ("CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/"),
    ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
    ("ODC-BY-1.0", "https://opendatacommons.org/licenses/by/1-0/"),
    ("PDL-1.0", "https://www.digital.go.jp/resources/open_data/public_data_license_v1.0"),
];

impl Publication {
    /// The tables of a publication that names none: what visitors read and where they came from. Errors, response times and
    /// robots are for whoever runs the site.
    pub const TABLES: [Table; 11] = [
        Table::Page,
        Table::Entry,
        Table::Referrer,
        Table::Campaign,
        Table::Country,
        Table::Domain,
        Table::Language,
        Table::Browser,
        Table::Os,
        Table::Device,
        Table::HourOfWeek,
    ];

    /// The tables that are meant.
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        if self.tables.is_empty() { &Self::TABLES } else { &self.tables }
    }

    /// The table of a name, as `skip_tables` names it.
    ///
    /// # Errors
    /// When there is no table with keys of this name. The text says which there are.
    pub fn table(name: &str) -> Result<Table, String> {
        let known = || Table::ALL.into_iter().filter(|table| *table != Table::Site);
        known().find(|table| table.name() == name).ok_or_else(|| {
            let near = nearest(name, known().map(Table::name));
            let hint = near.map(|near| format!(" did you mean {near:?}?")).unwrap_or_default();
            let all: Vec<&str> = known().map(Table::name).collect();
            format!("{} is not a table;{hint} allowed: {}", shown(name), all.join(", "))
        })
    }
}

/// From what is written to what it means.
pub(super) fn publication(raw: raw::Publish) -> Result<Publication, Problem> {
    let mut made = Publication { table_days: raw.table_days, ..Publication::default() };
    for (index, name) in raw.sites.iter().enumerate() {
        let site = SiteName::new(name).map_err(|error| {
            Problem::new(&["publish", "sites", &index.to_string()], format!("{} is not allowed: {error}", shown(name)))
        })?;
        made.sites.push(site);
    }
    for (index, name) in raw.tables.iter().enumerate() {
        let table = Publication::table(name);
        made.tables.push(table.map_err(|what| Problem::new(&["publish", "tables", &index.to_string()], what))?);
    }
    made.title = text("title", raw.title)?;
    made.title_ja = text("title_ja", raw.title_ja)?;
    made.publisher = text("publisher", raw.publisher)?;
    made.licence = raw.licence.map(|text| licence(&text)).transpose()?;
    made.url = raw.url.map(|url| address("url", &url, Kind::Base)).transpose()?;
    if let Some(url) = made.url.as_mut().filter(|url| !url.ends_with('/')) {
        url.push('/');
    }
    Ok(made)
}

fn text(key: &str, text: Option<String>) -> Result<Option<String>, Problem> {
    let is_fit = |text: &String| {
        (1..=TEXT_CHARACTERS_MAX).contains(&text.trim().chars().count()) && !text.contains(char::is_control)
    };
    match text {
        Some(text) if !is_fit(&text) => {
            let what =
                format!("{} is no such text; allowed: 1 to {TEXT_CHARACTERS_MAX} characters in one line", shown(&text));
            Err(Problem::new(&["publish", key], what))
        }
        text => Ok(text),
    }
}

fn licence(text: &str) -> Result<Licence, Problem> {
    if let Some((name, url)) = LICENCES.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        return Ok(Licence { name: Some(name), url: url.to_owned() });
    }
    let names: Vec<&str> = LICENCES.iter().map(|(name, _)| *name).collect();
    address("licence", text, Kind::Whole).map(|url| Licence { name: None, url }).map_err(|_| {
        let what =
            format!("{} is not a known licence; allowed: {}, or its https:// address", shown(text), names.join(", "));
        Problem::new(&["publish", "licence"], what)
    })
}

fn address(key: &str, text: &str, kind: Kind) -> Result<String, Problem> {
    if is_link(text, &["https://", "http://"], kind) {
        return Ok(text.to_owned());
    }
    let what = format!("{} is not an address; allowed: https://HOST/PATH, percent-encoded", shown(text));
    Err(Problem::new(&["publish", key], what))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{ConfigError, interpret, raw::Variables};

    fn read(text: &str) -> Result<Publication, ConfigError> {
        let variables = Variables::of(std::iter::empty());
        interpret(Path::new("h.toml"), &format!("[publish]\n{text}\n"), variables).map(|config| config.publish)
    }

    #[test]
    fn what_is_written_is_what_is_published() {
        let made = read(
            "sites = [\"www\"]\ntables = [\"page\", \"bot\"]\ntable_days = true\ntitle = \"T\"\nlicence = \"cc-by-4.0\"\n\
             url = \"https://a.jp/s\"",
        )
        .unwrap();
        assert_eq!((made.sites[0].as_str(), made.tables()), ("www", &[Table::Page, Table::Bot][..]));
        assert_eq!(made.licence.as_ref().unwrap().name, Some("CC-BY-4.0"));
        assert_eq!((made.url.as_deref(), made.title.as_deref()), (Some("https://a.jp/s/"), Some("T")));
        let plain = read("").unwrap();
        assert_eq!((plain.tables(), &plain), (&Publication::TABLES[..], &Publication::default()));
        let by_address = read("licence = \"https://a.jp/terms\"").unwrap().licence.unwrap();
        assert_eq!((by_address.name, by_address.url.as_str()), (None, "https://a.jp/terms"));
    }

    #[test]
    fn what_cannot_be_published_is_told_with_its_line() {
        for (text, expected) in [
            (
                "tables = [\"pages\"]",
                "publish.tables[0]: \"pages\" is not a table; did you mean \"page\"? allowed: page, ",
            ),
            ("sites = [\"a\",\n\"B\"]", "h.toml:3: publish.sites[1]: \"B\" is not allowed: a site's name"),
            ("licence = \"free\"", "publish.licence: \"free\" is not a known licence; allowed: CC-BY-4.0, CC0-1.0"),
            ("url = \"a.jp\"", "publish.url: \"a.jp\" is not an address; allowed: https://HOST/PATH"),
            ("url = \"https://a.jp/a b\"", "is not an address"),
            ("title = \" \"", "publish.title: \" \" is no such text; allowed: 1 to 200 characters in one line"),
            ("table_days = 1", "publish.table_days: found the number 1; allowed: true or false"),
        ] {
            let message = read(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{text}: {message}");
        }
    }
}

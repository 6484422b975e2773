//! The configuration as it is written: the keys, their types, and the variables that override them.
//!
//! It is here so that an unknown key or a wrong type is refused before anything is interpreted. Integers are read as `i64`, so
//! that a value out of range is reported like any other. It takes the text and the variables, and gives [`Raw`].
//!
//! It never decides what a value means, and never reads a file.

use std::collections::BTreeMap;

use figment::{
    Figment, Metadata, Profile, Provider,
    error::{Actual, Kind},
    providers::Serialized,
    util::nest,
    value::{Dict, Map, Value},
};
use serde::Deserialize;

use super::Problem;
use crate::text::{nearest, shown};

/// Variables with this prefix and a `__` belong to the configuration.
const PREFIX: &str = "HEADCOUNT_";
/// Separates section and key in a variable's name.
const SEPARATOR: &str = "__";
/// The sections that variables can set.
const SECTIONS: [&str; 7] = ["server", "web", "monitor", "tls", "privacy", "bounds", "seal"];
/// The keys whose values are text even if they look like a number.
const TEXT_KEYS: [&str; 7] = ["listen", "data", "keys", "archive", "tokens", "certificate", "key"];

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    pub server: Server,
    pub web: Web,
    pub monitor: Monitor,
    pub tls: Tls,
    pub privacy: Privacy,
    pub bounds: Bounds,
    pub seal: Seal,
    pub geo: Geo,
    pub receive: Receive,
    pub profiles: BTreeMap<String, ProfileShares>,
    pub publish: Publish,
    pub mail: Mail,
    pub group: Vec<Group>,
    pub site: Vec<Site>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Monitor {
    pub listen: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Server {
    pub listen: Option<String>,
    pub data: Option<String>,
    pub keys: Option<String>,
    pub archive: Option<String>,
    pub tokens: Option<String>,
    pub journal_mib: Option<i64>,
    pub free_space_reserve_mib: Option<i64>,
    pub links: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Web {
    pub listen: Option<String>,
    pub hosts: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Tls {
    pub certificate: Option<String>,
    pub key: Option<String>,
    pub behind_proxy: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Privacy {
    pub epsilon: Option<f64>,
    pub delta: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Bounds {
    pub views_per_visitor_day: Option<i64>,
    pub views_per_page: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Seal {
    pub max_lateness_minutes: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Geo {
    pub countries: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Publish {
    pub sites: Vec<String>,
    pub tables: Vec<String>,
    pub table_days: bool,
    pub title: Option<String>,
    pub title_ja: Option<String>,
    pub publisher: Option<String>,
    pub licence: Option<String>,
    pub url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Mail {
    pub server: Option<String>,
    pub port: Option<i64>,
    pub tls: Option<String>,
    pub cleartext: bool,
    pub from: Option<String>,
    pub user: Option<String>,
    pub password_file: Option<String>,
    pub timeout_s: Option<i64>,
    pub dashboard_url: Option<String>,
    pub unsubscribe: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Receive {
    pub cookie: Option<String>,
}

/// The shares of a custom profile, in basis points.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileShares {
    pub hour: i64,
    pub day_site: i64,
    pub day_pages: i64,
    pub day_attributes: i64,
    pub week_site: i64,
    #[serde(default)]
    pub week_pages: i64,
    pub month_site: i64,
    pub month_pages: i64,
    pub month_attributes: i64,
    pub selection: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub name: String,
    pub title: Option<Title>,
}

/// One title, or one for each language.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a text, or a table of texts by language such as { en = \"...\", ja = \"...\" }")]
pub(super) enum Title {
    Plain(String),
    ByLanguage(BTreeMap<String, String>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Site {
    pub name: String,
    pub title: Option<Title>,
    pub group: Option<String>,
    pub country: Option<String>,
    #[serde(default)]
    pub hosts: Vec<String>,
    pub time_zone: Option<String>,
    pub profile: Option<String>,
    #[serde(default)]
    pub pages: Vec<String>,
    pub sitemap: Option<String>,
    pub sitemap_refresh_minutes: Option<i64>,
    #[serde(default)]
    pub public: bool,
    pub links: Option<bool>,
    #[serde(default)]
    pub links_start: Vec<String>,
    #[serde(default)]
    pub links_ignore: Vec<String>,
    pub links_delay_ms: Option<i64>,
    #[serde(default)]
    pub query_allow: Vec<String>,
    #[serde(default)]
    pub client_domains: bool,
    #[serde(default)]
    pub skip_tables: Vec<String>,
}

/// The variables of the environment that belong to the configuration, as name and value.
#[derive(Debug, Default)]
pub(super) struct Variables(Vec<(String, String)>);

impl Variables {
    /// The variables of this process.
    pub(super) fn of_process() -> Self {
        let all = std::env::vars_os();
        Self::of(all.map(|(n, v)| (n.to_string_lossy().into_owned(), v.to_string_lossy().into_owned())))
    }

    /// The variables of a list. Names without `__` (`HEADCOUNT_SERVER`) belong to the command line and are left out.
    pub(super) fn of(all: impl Iterator<Item = (String, String)>) -> Self {
        let ours = |name: &str| name.strip_prefix(PREFIX).is_some_and(|rest| rest.contains(SEPARATOR));
        let mut list: Vec<_> = all.filter(|(name, _)| ours(name)).collect();
        // The environment has no order; sorted, the first mistake is always the same one.
        list.sort();
        Self(list)
    }

    /// The path of keys that a variable sets.
    fn path(name: &str) -> Vec<String> {
        let rest = name.strip_prefix(PREFIX).unwrap_or(name);
        rest.split(SEPARATOR).map(str::to_ascii_lowercase).collect()
    }

    /// The name of the variable that sets a key, if there is one.
    pub(super) fn setting(&self, path: &[String]) -> Option<&str> {
        // The last one wins, as in `data`.
        self.0.iter().rev().map(|(name, _)| name.as_str()).find(|name| Self::path(name) == path)
    }

    /// Refuses variables that name no key of a section.
    pub(super) fn check(&self) -> Result<(), Problem> {
        for (name, _) in &self.0 {
            let path = Self::path(name);
            let known = path.len() == 2 && SECTIONS.contains(&path[0].as_str()) && !path[1].is_empty();
            if !known {
                let what = format!(
                    "is not a key that a variable can set; allowed: {PREFIX}SECTION{SEPARATOR}KEY with one of the sections {}",
                    SECTIONS.join(", ").to_ascii_uppercase()
                );
                return Err(Problem { path, what });
            }
        }
        Ok(())
    }
}

impl Provider for Variables {
    fn metadata(&self) -> Metadata {
        Metadata::named("environment")
    }

    fn data(&self) -> figment::error::Result<Map<Profile, Dict>> {
        let mut sections = Dict::new();
        for (name, text) in &self.0 {
            if let [section, key] = &Self::path(name)[..] {
                let leaf = nest(key, value_of(key, text)).into_dict().unwrap_or_default();
                let entry = sections.entry(section.clone()).or_insert_with(|| Value::from(Dict::new()));
                if let Value::Dict(_, keys) = entry {
                    keys.extend(leaf);
                }
            }
        }
        Ok(Profile::Default.collect(sections))
    }
}

/// A variable's text as a truth value, an integer, a float or text, whichever it looks like.
fn value_of(key: &str, text: &str) -> Value {
    if TEXT_KEYS.contains(&key) {
        return Value::from(text);
    }
    if let Ok(truth) = text.parse::<bool>() {
        return Value::from(truth);
    }
    let number = text.parse::<i64>().map(Value::from);
    number.or_else(|_| text.parse::<f64>().map(Value::from)).unwrap_or_else(|_| Value::from(text))
}

/// Reads text and variables; the variables win.
pub(super) fn read(text: &str, variables: &Variables) -> Result<Raw, Problem> {
    let table: toml::Table = toml::from_str(text).map_err(|e| Problem::new(&[], e.message()))?;
    let figment = Figment::from(Serialized::defaults(table)).merge(variables);
    figment.extract().map_err(|error| problem_of(&error))
}

fn problem_of(error: &figment::Error) -> Problem {
    let mut path = error.path.clone();
    let what = match &error.kind {
        Kind::UnknownField(found, known) => unknown_key(found, known),
        Kind::MissingField(name) => {
            path.push(name.clone().into_owned());
            "is missing; it must be given".to_owned()
        }
        Kind::InvalidType(found, allowed) | Kind::InvalidValue(found, allowed) => {
            format!("found {}; allowed: {}", found_words(found), allowed_words(allowed))
        }
        other => other.to_string(),
    };
    Problem { path, what }
}

fn unknown_key(found: &str, known: &[&str]) -> String {
    let nearest = nearest(found, known.iter().copied());
    let hint = nearest.map(|key| format!("; did you mean {key:?}?")).unwrap_or_default();
    format!("unknown key{hint}{} allowed: {}", if hint.is_empty() { ";" } else { "" }, known.join(", "))
}

fn found_words(found: &Actual) -> String {
    match found {
        Actual::Bool(value) => format!("{value}"),
        Actual::Unsigned(value) => format!("the number {value}"),
        Actual::Signed(value) => format!("the number {value}"),
        Actual::Float(value) => format!("the number {value:?}"),
        Actual::Str(value) => format!("the text {}", shown(value)),
        Actual::Seq => "a list".to_owned(),
        Actual::Map => "a table or a date".to_owned(),
        other => other.to_string(),
    }
}

fn allowed_words(allowed: &str) -> &str {
    match allowed {
        "i64" => "a whole number",
        "f64" => "a number",
        "a boolean" => "true or false",
        "a string" => "a text in quotes",
        "a sequence" => "a list in brackets",
        "a map" => "a table",
        other if other.starts_with("struct ") => "a table",
        other => other,
    }
}

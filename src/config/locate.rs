//! Finds the line of a key, so that every mistake is reported with its line.
//!
//! It is here because the reader of values knows paths of keys, while people look for lines. It takes the text and a
//! [`Problem`] and gives a [`ConfigError`].
//!
//! It never judges a value.

use std::path::{Path, PathBuf};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{ConfigError, Origin, Problem, raw::Variables};
use crate::text::line_at;

/// A parsed file that remembers the position of everything in it.
pub(super) struct Source<'t> {
    file: PathBuf,
    text: &'t str,
    root: Spanned<DeTable<'t>>,
}

impl<'t> Source<'t> {
    /// Parses the text.
    ///
    /// # Errors
    /// At the first position that is not TOML.
    pub(super) fn parse(file: &Path, text: &'t str) -> Result<Self, ConfigError> {
        let root = DeTable::parse(text).map_err(|error| {
            let line = error.span().map(|span| line_at(text.as_bytes(), span.start));
            let origin = Origin::File { file: file.to_owned(), line };
            ConfigError { origin, key: String::new(), what: format!("this is not TOML: {}", error.message()) }
        })?;
        Ok(Self { file: file.to_owned(), text, root })
    }

    /// Adds where a problem comes from: the variable that set the key, or the line of the key in the file. A missing key is
    /// reported with the line of its table.
    pub(super) fn locate(&self, problem: Problem, variables: &Variables) -> ConfigError {
        let origin = match variables.setting(&problem.path) {
            Some(name) => Origin::Variable(name.to_owned()),
            None => Origin::File { file: self.file.clone(), line: self.line(&problem.path) },
        };
        ConfigError { origin, key: written(&problem.path), what: problem.what }
    }

    /// The line of the deepest part of the path that the file has.
    fn line(&self, path: &[String]) -> Option<usize> {
        let mut offset_bytes = None;
        let steps = path.iter();
        let mut table = Some(self.root.get_ref());
        let mut list = None;
        for step in steps {
            let value = if let Some(entries) = table {
                let entry = entries.iter().find(|(key, _)| key.get_ref() == step);
                entry.map(|(key, value)| (key.span().start, value))
            } else {
                let at = step.parse::<usize>().ok();
                let items: Option<&toml::de::DeArray<'_>> = list;
                let item = items.zip(at).and_then(|(items, at)| items.get(at));
                item.map(|value| (value.span().start, value))
            };
            let Some((start, value)) = value else { break };
            offset_bytes = Some(start);
            (table, list) = match value.get_ref() {
                DeValue::Table(inner) => (Some(inner), None),
                DeValue::Array(inner) => (None, Some(inner)),
                _ => break,
            };
        }
        offset_bytes.map(|offset| line_at(self.text.as_bytes(), offset))
    }
}

/// A path as people write it: `site[0].hosts[1]`.
fn written(path: &[String]) -> String {
    let mut out = String::new();
    for (at, step) in path.iter().enumerate() {
        let is_index =
            at > 0 && ["site", "group", "web", "publish"].contains(&path[0].as_str()) && step.parse::<usize>().is_ok();
        if is_index {
            out.push_str(&format!("[{step}]"));
            continue;
        }
        if at > 0 {
            out.push('.');
        }
        out.extend(step.escape_debug());
    }
    out
}

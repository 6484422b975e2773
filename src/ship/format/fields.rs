//! Reads logs that say in a `#Fields` line what stands in those after it: W3C extended, IIS, CloudFront, NetScaler, Incapsula.
//!
//! The line may come again with other fields. Before it, and where a field that is needed is not among those named, nothing is
//! guessed.

use std::borrow::Cow;

use super::Malformed;
use super::access::{Access, Field};
use super::draft::{Draft, is_none};
use super::role::{Ranked, Role};
use super::seen::Kind;
use super::tokens::Tokens;
use crate::ship::units::Unit;

/// More columns than any server has.
const COLUMNS_MAX: usize = 256;

/// How the lines that come are to be read.
#[derive(Default)]
pub(super) struct Fields {
    columns: Vec<Ranked>,
    kind: Option<Kind>,
    /// The unit of a duration without a fraction.
    whole_duration: Option<Unit>,
    /// The date of `#Date`, for lines that have a time of day alone.
    date: Vec<u8>,
    dated: bool,
}

impl Fields {
    /// Whether a `#Fields` line has come.
    pub(super) fn is_known(&self) -> bool {
        !self.columns.is_empty()
    }

    /// Reads a line that begins with `#`.
    pub(super) fn directive(&mut self, line: &[u8]) {
        let Some(colon) = memchr::memchr(b':', line) else { return };
        let value = line[colon + 1..].trim_ascii();
        match line[1..colon].trim_ascii().to_ascii_lowercase().as_slice() {
            b"fields" => self.set_columns(value),
            b"date" => self.date = value.get(..10).unwrap_or_default().to_vec(),
            b"software" => {
                let iis = value.starts_with(b"Microsoft Internet Information");
                self.kind = Some(if iis { Kind::Iis } else { Kind::Fields });
                // Microsoft counts milliseconds, where the standard counts seconds.
                self.whole_duration =
                    Some(if value.starts_with(b"Microsoft") { Unit::Milliseconds } else { Unit::Seconds });
            }
            _ => {}
        }
    }

    fn set_columns(&mut self, names: &[u8]) {
        let separator = |byte: &u8| matches!(byte, b' ' | b'\t' | b',');
        let names = names.split(separator).filter(|name| !name.is_empty()).take(COLUMNS_MAX);
        let names: Vec<_> = names.map(|name| name.to_ascii_lowercase()).collect();
        if names.iter().any(|name| name == b"x-edge-location") {
            self.kind = Some(Kind::CloudFront);
        }
        self.dated = names.iter().any(|name| matches!(name.as_slice(), b"date" | b"date-local"));
        self.columns = names.iter().map(|name| role(name)).collect();
    }

    /// What the lines are.
    pub(super) fn kind(&self) -> Kind {
        self.kind.unwrap_or(Kind::Fields)
    }

    /// Reads a line that is no directive.
    ///
    /// # Errors
    /// It has fewer fields than named, or a part that is needed is missing or cannot be read.
    pub(super) fn parse<'a>(&self, line: &'a [u8]) -> Result<Access<'a>, Malformed> {
        let mut draft = Draft::default();
        draft.whole_duration = self.whole_duration.unwrap_or(Unit::Milliseconds);
        if memchr::memchr(b'\t', line).is_some() {
            let values = line.split(|byte| *byte == b'\t').map(unquoted);
            self.take(values, &mut draft)?;
        } else {
            self.take_words(line, &mut draft)?;
        }
        if !self.dated && !self.date.is_empty() {
            draft.set((Role::Date, u8::MAX), Cow::Owned(self.date.clone()));
        }
        draft.finish()
    }

    fn take<'a>(&self, values: impl Iterator<Item = &'a [u8]>, draft: &mut Draft<'a>) -> Result<(), Malformed> {
        let mut count = 0;
        for (column, value) in self.columns.iter().zip(values) {
            set(draft, *column, value);
            count += 1;
        }
        if count < self.columns.len() { Err(Malformed::FieldCount) } else { Ok(()) }
    }

    /// Takes fields with blanks between them. Where there are more than named, a user agent with spaces is to blame.
    fn take_words<'a>(&self, line: &'a [u8], draft: &mut Draft<'a>) -> Result<(), Malformed> {
        let mut words = Tokens::new(line);
        let surplus = words.clone().count().checked_sub(self.columns.len()).ok_or(Malformed::FieldCount)?;
        let agent_at = self.columns.iter().position(|(role, _)| *role == Role::Agent);
        for (at, column) in self.columns.iter().enumerate() {
            let word = words.next().ok_or(Malformed::FieldCount)?;
            let mut text = word.text;
            if surplus > 0 && agent_at == Some(at) {
                let from = line.len() - words.rest().len() - text.len();
                let _ = words.nth(surplus - 1);
                text = &line[from..line.len() - words.rest().len()];
            }
            set(draft, *column, text);
        }
        Ok(())
    }
}

/// Takes a value in, in the form in which other formats have it.
fn set<'a>(draft: &mut Draft<'a>, column: Ranked, value: &'a [u8]) {
    let value = match column.0 {
        Role::Agent => agent(value),
        _ => Cow::Borrowed(value),
    };
    draft.set(column, value);
}

/// A user agent: `+` for spaces as IIS writes it, or percent signs as CloudFront does, for some time twice.
fn agent(value: &[u8]) -> Field<'_> {
    if is_none(value) || value.contains(&b' ') {
        return Cow::Borrowed(value);
    }
    if value.contains(&b'%') {
        let once: Vec<u8> = percent_encoding::percent_decode(value).collect();
        let twice: Vec<u8> = percent_encoding::percent_decode(&once).collect();
        // What was not for spaces in the first place keeps its plus signs.
        if twice.contains(&b' ') {
            return Cow::Owned(twice);
        }
    }
    if value.contains(&b'+') {
        return Cow::Owned(value.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect());
    }
    Cow::Borrowed(value)
}

/// Without quotes around it.
fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value)
}

/// What a column holds, by its name in lower case.
fn role(name: &[u8]) -> Ranked {
    match name {
        b"date" | b"gmt-date" => (Role::Date, 1),
        b"time" | b"gmt-time" => (Role::Clock, 1),
        b"date-local" => (Role::Date, 2),
        b"time-local" => (Role::Clock, 2),
        b"timestamp" | b"c-timestamp" | b"x-timestamp" | b"datetime" => (Role::Time, 1),
        b"c-ip" => (Role::Address, 1),
        b"c-dns" | b"cs-ip" => (Role::Address, 2),
        b"cs-method" => (Role::Method, 1),
        // What a player does with a stream: a method of its own, which is no page.
        b"x-event" => (Role::Method, 2),
        b"cs-uri" => (Role::Target, 1),
        b"cs-uri-stem" => (Role::Path, 1),
        b"cs-uri-query" => (Role::Query, 1),
        b"sc-status" => (Role::Status, 1),
        b"c-status" | b"x-cf-status" | b"sc-http-status" => (Role::Status, 2),
        b"sc-bytes" => (Role::Bytes, 1),
        b"cs(referer)" | b"cs(referrer)" => (Role::Referrer, 1),
        b"c-referrer" | b"c-referer" => (Role::Referrer, 2),
        b"cs(user-agent)" => (Role::Agent, 1),
        b"c-user-agent" => (Role::Agent, 2),
        b"x-host-header" => (Role::Host, 1),
        b"cs-host" | b"cs(host)" => (Role::Host, 2),
        b"x-forwarded-for" | b"cs(x-forwarded-for)" | b"c-x-forwarded-for" => (Role::Forwarded, 1),
        b"s-xff" | b"cs(x-real-ip)" => (Role::Forwarded, 2),
        b"cs(accept-language)" => (Role::Language, 1),
        b"time-taken" | b"timetaken" => (Role::Duration, 1),
        _ => (Role::Ignore, 0),
    }
}

#[cfg(test)]
#[path = "fields_tests.rs"]
mod tests;

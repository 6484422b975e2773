//! Reads a line that is one JSON object, whoever wrote it: fields are known by their names (see `names`).
//!
//! The object is walked once and never built: values that mean nothing are passed over, texts without escapes are borrowed
//! from the line. A line of a log that a collector put into a field (Docker, journald, Filebeat) is found and given back.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Malformed;
use super::access::{Access, Field};
use super::draft::Draft;
use super::names::{OwnNames, server_of};
use super::role::{Ranked, Role, push_plain_name};
use super::seen::Kind;
use crate::ship::units::Unit;

/// A name of more bytes means nothing.
const NAME_BYTES_MAX: usize = 256;

/// What an object is.
pub(super) enum Object<'a> {
    /// An access, in the format of a server.
    Access(Box<Access<'a>>, Kind),
    /// A collector's wrap around a line.
    Wrap(Field<'a>),
    /// A message of a server about something else.
    Message,
}

/// Reads an object that fills the line.
///
/// # Errors
/// It is no JSON object, or an access of which a part is missing or cannot be read.
pub(super) fn parse<'a>(line: &'a [u8], names: &OwnNames) -> Result<Object<'a>, Malformed> {
    object(line, names, Draft::default())
}

/// Reads an object whose time stands beside it.
///
/// # Errors
/// As `parse`.
pub(super) fn parse_at<'a>(line: &'a [u8], names: &OwnNames, time_unix_ms: i64) -> Result<Object<'a>, Malformed> {
    let mut draft = Draft::default();
    draft.set((Role::Time, 0), Cow::Owned(time_unix_ms.to_string().into_bytes()));
    object(line, names, draft)
}

/// What servers do that write no proper JSON, undone: bytes that are not UTF-8, and `\xHH` for bytes.
pub(super) fn mend(line: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let text = String::from_utf8_lossy(line);
    let mut rest = text.as_bytes();
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let escape = if rest.get(at + 1) == Some(&b'x') { &b"\\u00"[..] } else { &rest[at..rest.len().min(at + 2)] };
        out.extend_from_slice(escape);
        rest = &rest[rest.len().min(at + 2)..];
    }
    out.extend_from_slice(rest);
}

fn object<'a>(line: &'a [u8], names: &OwnNames, draft: Draft<'a>) -> Result<Object<'a>, Malformed> {
    let mut found = Found { draft, kind: Kind::Json, name: String::with_capacity(64), names };
    let mut json = serde_json::Deserializer::from_slice(line);
    Walk(&mut found).deserialize(&mut json).and_then(|()| json.end()).map_err(|_| Malformed::BadJson)?;
    let Found { mut draft, kind, .. } = found;
    // Caddy writes what went wrong with a request beside the line of its access log.
    if draft.get(Role::Logger).is_some_and(|logger| logger.starts_with(b"http.log.error")) {
        return Ok(Object::Message);
    }
    if !draft.is_request() {
        return match draft.take(Role::Inner) {
            Some(_) if draft.get(Role::Level).is_some() && kind == Kind::CaddyJson => Ok(Object::Message),
            Some(inner) => Ok(Object::Wrap(inner)),
            None if draft.get(Role::Level).is_some() => Ok(Object::Message),
            None => Err(Malformed::NoRequest),
        };
    }
    if kind == Kind::TraefikJson {
        draft.whole_duration = Unit::Nanoseconds;
    }
    if kind == Kind::CaddyJson {
        draft.whole_duration = Unit::Seconds;
    }
    Ok(Object::Access(Box::new(draft.finish()?), kind))
}

/// What was found up to here.
struct Found<'a, 'n> {
    draft: Draft<'a>,
    kind: Kind,
    /// The name of the value that comes next, in plain form.
    name: String,
    names: &'n OwnNames,
}

impl<'a> Found<'a, '_> {
    fn value(&mut self, value: Field<'a>) {
        if let Some(ranked) = self.role() {
            self.draft.set(ranked, value);
        }
    }

    fn number(&mut self, value: impl fmt::Display) {
        if let Some(ranked) = self.role() {
            self.draft.set(ranked, Cow::Owned(value.to_string().into_bytes()));
        }
    }

    fn role(&mut self) -> Option<Ranked> {
        if let Some(kind) = server_of(&self.name) {
            self.kind = kind;
        }
        self.names.role(&self.name)
    }
}

/// One value of the object.
struct Walk<'w, 'a, 'n>(&'w mut Found<'a, 'n>);

impl<'a> DeserializeSeed<'a> for Walk<'_, 'a, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'a>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Walk<'_, 'a, '_> {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("JSON")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<(), M::Error> {
        let outer = self.0.name.len();
        while let Some(Key(key)) = map.next_key_seed(KeySeed)? {
            if outer > 0 {
                self.0.name.push('.');
            }
            push_plain_name(&key, &mut self.0.name);
            if self.0.name.len() > NAME_BYTES_MAX {
                map.next_value::<IgnoredAny>()?;
            } else {
                map.next_value_seed(Walk(self.0))?;
            }
            self.0.name.truncate(outer);
        }
        Ok(())
    }

    /// The values of a header that came several times; or a text as the numbers of its bytes, as journald writes what is not
    /// UTF-8.
    fn visit_seq<S: SeqAccess<'a>>(self, mut values: S) -> Result<(), S::Error> {
        if self.0.name.is_empty() {
            return Err(S::Error::custom("not an object"));
        }
        if !matches!(self.0.role(), Some((Role::Inner, _))) {
            while values.next_element_seed(Walk(self.0))?.is_some() {}
            return Ok(());
        }
        let mut bytes = Vec::new();
        while let Some(byte) = values.next_element::<serde_json::Value>()? {
            bytes.extend(byte.as_u64().and_then(|byte| u8::try_from(byte).ok()));
        }
        self.0.value(Cow::Owned(bytes));
        Ok(())
    }

    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<(), E> {
        self.0.value(Cow::Borrowed(text.as_bytes()));
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.0.value(Cow::Owned(text.as_bytes().to_vec()));
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.0.number(value);
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.0.number(value);
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.0.number(value);
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.0.value(Cow::Borrowed(b"-"));
        Ok(())
    }
}

/// The name of a member.
struct Key<'a>(Cow<'a, str>);

struct KeySeed;

impl<'a> DeserializeSeed<'a> for KeySeed {
    type Value = Key<'a>;

    fn deserialize<D: serde::Deserializer<'a>>(self, from: D) -> Result<Key<'a>, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for KeySeed {
    type Value = Key<'a>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a name")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<Key<'a>, E> {
        Ok(Key(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Key<'a>, E> {
        Ok(Key(Cow::Owned(text.to_owned())))
    }
}

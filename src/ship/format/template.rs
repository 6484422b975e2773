//! A format of one's own, as nginx's `log_format` or Apache's `LogFormat` has it, and how lines of it are read.
//!
//! It is compiled once into fields and the text between them. A field reaches up to the text that follows it; a quote that is
//! escaped does not end one.

use std::borrow::Cow;

use super::Malformed;
use super::access::Access;
use super::draft::Draft;
use super::names::known_role;
use super::role::{Ranked, Role, push_plain_name};

/// More fields than any format has.
const FIELDS_MAX: usize = 100;

/// A compiled format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// What stands before the first field.
    start: Vec<u8>,
    /// What a field means, and what stands behind it.
    fields: Vec<(Ranked, Vec<u8>)>,
}

/// What stands at a place of a format.
enum Piece {
    Text(char),
    Field(Ranked),
    /// Apache writes brackets around its time.
    Bracketed(Ranked),
}

impl Template {
    /// Compiles a format.
    ///
    /// # Errors
    /// What is wrong at which column, and what is allowed.
    pub(super) fn compile(format: &str) -> Result<Self, String> {
        let is_nginx = format
            .bytes()
            .zip(format.bytes().skip(1))
            .any(|(dollar, next)| dollar == b'$' && (next == b'{' || next.is_ascii_alphabetic()));
        let mut template = Self { start: Vec::new(), fields: Vec::new() };
        let mut at = 0;
        while at < format.len() {
            let (piece, length) = if is_nginx { nginx(&format[at..]) } else { apache(&format[at..]) }
                .map_err(|error| format!("column {}: {error}", at + 1))?;
            template.push(piece).map_err(|error| format!("column {}: {error}", at + 1))?;
            at += length;
        }
        template.check()?;
        Ok(template)
    }

    fn push(&mut self, piece: Piece) -> Result<(), String> {
        match piece {
            Piece::Text(letter) => {
                self.text_end().extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Piece::Field(ranked) => self.push_field(ranked)?,
            Piece::Bracketed(ranked) => {
                self.text_end().push(b'[');
                self.push_field(ranked)?;
                self.text_end().push(b']');
            }
        }
        Ok(())
    }

    /// The text behind the last field.
    fn text_end(&mut self) -> &mut Vec<u8> {
        self.fields.last_mut().map_or(&mut self.start, |(_, text)| text)
    }

    fn push_field(&mut self, ranked: Ranked) -> Result<(), String> {
        if let Some((last, text)) = self.fields.last_mut()
            && text.is_empty()
        {
            // Path and query stand together as one target.
            if last.0 == Role::Path && ranked.0 == Role::Query {
                *last = (Role::Target, last.1);
                return Ok(());
            }
            return Err(
                "nothing stands between this field and the one before: where that ends cannot be told".to_owned()
            );
        }
        if self.fields.len() == FIELDS_MAX {
            return Err(format!("more than {FIELDS_MAX} fields"));
        }
        self.fields.push((ranked, Vec::new()));
        Ok(())
    }

    /// Makes sure that an access can come of it.
    fn check(&self) -> Result<(), String> {
        let has = |roles: &[Role]| self.fields.iter().any(|((role, _), _)| roles.contains(role));
        for (roles, missing) in [
            (&[Role::Time][..], "a time ($time_local, $time_iso8601, $msec or %t)"),
            (&[Role::Address, Role::Forwarded], "the client ($remote_addr, %h or %a)"),
            (&[Role::Request, Role::Target, Role::Path], "the request ($request, $request_uri, %r or %U)"),
            (&[Role::Status], "the status ($status or %>s)"),
        ] {
            if !has(roles) {
                return Err(format!("it has no field for {missing}"));
            }
        }
        Ok(())
    }

    /// Reads a line.
    ///
    /// # Errors
    /// It is not built so, or a part cannot be read.
    pub(super) fn parse<'a>(&self, line: &'a [u8]) -> Result<Access<'a>, Malformed> {
        let mut rest = line.strip_prefix(&self.start[..]).ok_or(Malformed::Mismatch)?;
        let mut draft = Draft::default();
        for (ranked, text) in &self.fields {
            let end = if text.is_empty() { rest.len() } else { end_of(rest, text).ok_or(Malformed::Mismatch)? };
            let value = &rest[..end];
            if ranked.0 == Role::Address && value.contains(&b' ') {
                // Something stands before the line that is none of it.
                return Err(Malformed::Mismatch);
            }
            draft.set(*ranked, Cow::Borrowed(value));
            rest = &rest[end + text.len()..];
        }
        let mut access = draft.finish()?;
        access.escaped = true;
        Ok(access)
    }
}

/// Where a field ends: at the text that follows, unless that begins with a quote that is escaped.
fn end_of(rest: &[u8], text: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(rest, text).find(|&at| {
        let backslashes = rest[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
        text[0] != b'"' || backslashes % 2 == 0
    })
}

/// A letter of text and its length, where a backslash may stand before it.
fn letter(text: &str) -> (Piece, usize) {
    let mut letters = text.chars();
    let (first, second) = (letters.next().unwrap_or(' '), letters.next());
    match (first, second) {
        ('\\', Some('t')) => (Piece::Text('\t'), 2),
        ('\\', Some(escaped @ ('"' | '\\' | '\''))) => (Piece::Text(escaped), 2),
        _ => (Piece::Text(first), first.len_utf8()),
    }
}

/// A piece of nginx's `log_format` and its length: `$name`, `${name}`, or text. A variable that is not known is passed over.
fn nginx(text: &str) -> Result<(Piece, usize), String> {
    let Some(after) = text.strip_prefix('$') else { return Ok(letter(text)) };
    let (name, length) = if let Some(braced) = after.strip_prefix('{') {
        let end = braced.find('}').ok_or("the brace after $ is not closed")?;
        (&braced[..end], end + 3)
    } else {
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
        (&after[..end], end + 1)
    };
    if name.is_empty() {
        return Err("no name follows the $".to_owned());
    }
    Ok((Piece::Field(field_named(name)), length))
}

/// What a variable or header means.
fn field_named(name: &str) -> Ranked {
    let mut plain = String::new();
    push_plain_name(name, &mut plain);
    let found = known_role(&plain).filter(|(role, _)| !matches!(role, Role::Inner | Role::Level | Role::Logger));
    match found {
        // To nginx it is a duration, whatever others mean by the name.
        Some((Role::DurationOrTime, rank)) => (Role::Seconds, rank),
        found => found.unwrap_or((Role::Ignore, 0)),
    }
}

/// A piece of Apache's `LogFormat` and its length: `%h`, `%>s`, `%!200{Referer}i`, or text.
fn apache(text: &str) -> Result<(Piece, usize), String> {
    let Some(after) = text.strip_prefix('%') else { return Ok(letter(text)) };
    if after.starts_with('%') {
        return Ok((Piece::Text('%'), 2));
    }
    let is_modifier = |c: char| c.is_ascii_digit() || matches!(c, '<' | '>' | '!' | ',');
    let modifiers = after.find(|c| !is_modifier(c)).unwrap_or(after.len());
    let rest = &after[modifiers..];
    let (parameter, letter_at) = if let Some(braced) = rest.strip_prefix('{') {
        let end = braced.find('}').ok_or("the brace after % is not closed")?;
        (&braced[..end], end + 2)
    } else {
        ("", 0)
    };
    let directive = rest[letter_at..].chars().next().ok_or("the format ends after the %")?;
    let length = 1 + modifiers + letter_at + directive.len_utf8();
    Ok((apache_piece(directive, parameter, after.starts_with('<'))?, length))
}

/// What a directive of Apache means.
fn apache_piece(directive: char, parameter: &str, is_original: bool) -> Result<Piece, String> {
    Ok(Piece::Field(match (directive, parameter) {
        ('t', "") => return Ok(Piece::Bracketed((Role::Time, 1))),
        ('t', format) => time_part(format)?,
        ('a', "c") => (Role::Ignore, 0),
        ('a', _) => (Role::Address, 1),
        ('h', _) => (Role::Address, 2),
        ('r', _) => (Role::Request, 1),
        ('m', _) => (Role::Method, 1),
        ('U', _) => (Role::Path, 1),
        ('q', _) => (Role::Query, 1),
        ('s', _) => (Role::Status, if is_original { 2 } else { 1 }),
        ('b' | 'B', _) => (Role::Bytes, 1),
        ('O', _) => (Role::Bytes, 2),
        ('V', _) => (Role::Host, 1),
        ('v', _) => (Role::Host, 2),
        ('D', _) | ('T', "us") => (Role::Microseconds, 1),
        ('T', "ms") => (Role::Milliseconds, 1),
        ('T', _) => (Role::Seconds, 2),
        ('i', header) => field_named(header),
        ('A' | 'C' | 'e' | 'f' | 'H' | 'I' | 'k' | 'l' | 'L' | 'n' | 'o' | 'p' | 'P' | 'R' | 'S' | 'u' | 'X', _) => {
            (Role::Ignore, 0)
        }
        _ => return Err(format!("%{directive} is no directive of Apache's LogFormat")),
    }))
}

/// What `%{FORMAT}t` means: a whole time, or a part of one.
fn time_part(format: &str) -> Result<Ranked, String> {
    let format = format.strip_prefix("begin:").or_else(|| format.strip_prefix("end:")).unwrap_or(format);
    match format {
        "sec" | "msec" | "usec" => Ok((Role::Time, 1)),
        "msec_frac" | "usec_frac" => Ok((Role::Ignore, 0)),
        _ if format.contains("%s") || format.contains("%T") || format.contains("%S") => Ok((Role::Time, 1)),
        _ => Err(format!(
            "%{{{format}}}t is a part of a time: write the whole time in one, such as %t or %{{%Y-%m-%dT%H:%M:%S%z}}t"
        )),
    }
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;

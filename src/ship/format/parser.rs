//! Goes through the lines of one input: takes prefixes off, decides for each line which reader it is for, and remembers what
//! a line says about those after it.
//!
//! Which reader a line is for is decided by that line and by `#Fields` alone, never by what most lines were: so a log that
//! is read in two runs gives the same events as one that is read at once.

use std::borrow::Cow;

use super::access::Access;
use super::fields::Fields;
use super::json::{self, Object};
use super::names::OwnNames;
use super::seen::{Kind, Prefix, looks_like};
use super::{Format, Malformed, clf, layouts, prefix};

/// How many prefixes and wraps may stand around a line.
const WRAPS_MAX: usize = 4;

/// What a line is.
#[expect(clippy::large_enum_variant, reason = "nearly every line is an access, and none is kept")]
pub(in crate::ship) enum Parsed<'a> {
    /// One access.
    Access(Access<'a>),
    /// No access, and nothing is wrong with it: an empty line, a comment, what a server says about itself.
    Directive,
}

/// Reads line after line.
pub(in crate::ship) struct Parser {
    format: Format,
    fields: Fields,
    /// A line that had to be changed before it could be read.
    mended: Vec<u8>,
    /// What the last line that could be read was.
    seen: Option<&'static str>,
    /// What the first line that could not be read looks like.
    unread: Option<&'static str>,
}

/// What a reader made of a line.
#[expect(clippy::large_enum_variant, reason = "nearly every line is an access, and none is kept")]
enum Read<'a> {
    Access(Access<'a>, Kind),
    Directive,
    /// A line in another, which is to be read in its place.
    Inner(Cow<'a, [u8]>),
}

impl Parser {
    /// At the start of an input.
    pub(in crate::ship) fn new(format: Format) -> Self {
        Self { format, fields: Fields::default(), mended: Vec::new(), seen: None, unread: None }
    }

    /// Reads a line without its line feed.
    ///
    /// # Errors
    /// The first part that could not be read.
    pub(in crate::ship) fn parse<'a>(&'a mut self, line: &'a [u8]) -> Result<Parsed<'a>, Malformed> {
        let line = without_mark(line);
        let (format, fields) = (&self.format, &mut self.fields);
        match read(line, format, fields, &mut self.mended) {
            Ok((Some((access, kind)), prefix)) => {
                self.seen = Some(kind.name(prefix));
                Ok(Parsed::Access(access))
            }
            Ok((None, _)) => Ok(Parsed::Directive),
            Err(reason) => {
                self.unread.get_or_insert_with(|| looks_like(line));
                Err(reason)
            }
        }
    }

    /// Whether a line may say something about those after it. A log in which such lines come begins with one.
    pub(in crate::ship) fn may_be_directive(line: &[u8]) -> bool {
        without_mark(line).starts_with(b"#")
    }

    /// Takes in what a line that was read in an earlier run says about those after it.
    pub(in crate::ship) fn learn(&mut self, line: &[u8]) {
        if Self::may_be_directive(line) {
            self.fields.directive(without_mark(line));
        }
    }

    /// The name of the format of the last line that could be read, such as "combined"; where none could, what the first line
    /// looks like, such as "looks like a zip archive".
    pub(in crate::ship) fn seen(&self) -> &'static str {
        self.seen.or(self.unread).unwrap_or("nothing")
    }
}

/// Without the mark that says that a file is UTF-8.
fn without_mark(line: &[u8]) -> &[u8] {
    line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line)
}

/// An access, where the line is one, and what stood before it.
type Outcome<'a> = Result<(Option<(Access<'a>, Kind)>, Prefix), Malformed>;

/// Reads a line with whatever is around it.
fn read<'a>(line: &'a [u8], format: &Format, fields: &mut Fields, mended: &'a mut Vec<u8>) -> Outcome<'a> {
    if let Format::Own(template) = format
        && let Ok(access) = template.parse(line)
    {
        return Ok((Some((access, Kind::Own)), Prefix::None));
    }
    let (mut rest, mut outermost) = (line, Prefix::None);
    for _ in 0..WRAPS_MAX {
        match prefix::strip(rest) {
            // Lines of some load balancers begin with a time themselves.
            Some((_, Prefix::Time)) if layouts::parse(rest).is_some() => break,
            Some((stripped, prefix)) => {
                rest = stripped;
                outermost = if outermost == Prefix::None { prefix } else { outermost };
            }
            None => break,
        }
    }
    let is_wrapped = outermost != Prefix::None;
    match read_line(rest, format, fields, is_wrapped) {
        Ok(Read::Access(access, kind)) => Ok((Some((access, kind)), outermost)),
        Ok(Read::Directive) => Ok((None, outermost)),
        Ok(Read::Inner(inner)) => {
            inner.trim_ascii_end().clone_into(mended);
            read_inner(mended, format, fields)
        }
        Err(Malformed::BadJson) => {
            json::mend(rest, mended);
            match read_line(mended, format, fields, is_wrapped)? {
                Read::Access(access, kind) => Ok((Some((access, kind)), outermost)),
                Read::Directive => Ok((None, outermost)),
                Read::Inner(_) => Err(Malformed::BadJson),
            }
        }
        Err(reason) => Err(reason),
    }
}

/// Reads the line that a collector put into an object. It may be an object itself, and have a prefix.
fn read_inner<'a>(line: &'a [u8], format: &Format, fields: &mut Fields) -> Outcome<'a> {
    let line = prefix::strip(line).map_or(line, |(rest, _)| rest);
    match read_line(line, format, fields, true)? {
        Read::Access(access, kind) => Ok((Some((access, kind)), Prefix::Json)),
        Read::Directive => Ok((None, Prefix::Json)),
        Read::Inner(_) => Err(Malformed::NoRequest),
    }
}

/// Reads a line with nothing around it. `is_wrapped`: it comes from a stream into which a server writes everything.
fn read_line<'a>(
    line: &'a [u8],
    format: &Format,
    fields: &mut Fields,
    is_wrapped: bool,
) -> Result<Read<'a>, Malformed> {
    match (format, line.first()) {
        (_, None) => Ok(Read::Directive),
        (Format::Common | Format::Combined, _) => common(line, format),
        (Format::Json(names), _) => object(line, names),
        (Format::Own(template), _) => Ok(Read::Access(template.parse(line)?, Kind::Own)),
        (Format::Auto | Format::Fields, Some(b'#')) => {
            fields.directive(line);
            Ok(Read::Directive)
        }
        (Format::Auto, Some(b'{')) => object(line, &OwnNames::NONE),
        (Format::Auto, Some(_)) if fields.is_known() => {
            // Files that were joined have lines of another format.
            let read = fields.parse(line).map(|access| Read::Access(access, fields.kind()));
            read.or_else(|reason| common(line, format).map_err(|_| reason))
        }
        (Format::Auto, Some(_)) => text(line, format, is_wrapped),
        (Format::Fields, Some(_)) if fields.is_known() => Ok(Read::Access(fields.parse(line)?, fields.kind())),
        (Format::Fields, Some(_)) => Err(Malformed::Mismatch),
        (Format::Ordered, Some(_)) => match layouts::parse(line).unwrap_or(Err(Malformed::Mismatch))? {
            Some((access, kind)) => Ok(Read::Access(access, kind)),
            None => Ok(Read::Directive),
        },
    }
}

/// Reads a line that is neither an object nor has a `#Fields` line before it.
fn text<'a>(line: &'a [u8], format: &Format, is_wrapped: bool) -> Result<Read<'a>, Malformed> {
    let reason = match common(line, format) {
        Ok(read) => return Ok(read),
        Err(reason) => reason,
    };
    if let Some(found) = layouts::parse(line) {
        return match found? {
            Some((access, kind)) => Ok(Read::Access(access, kind)),
            None => Ok(Read::Directive),
        };
    }
    if let Some(read) = console(line) {
        return read;
    }
    if is_wrapped && is_message(line) { Ok(Read::Directive) } else { Err(reason) }
}

fn common<'a>(line: &'a [u8], format: &Format) -> Result<Read<'a>, Malformed> {
    let access = clf::parse(line, format)?;
    let kind = if access.combined { Kind::Combined } else { Kind::Common };
    Ok(Read::Access(access, kind))
}

fn object<'a>(line: &'a [u8], names: &OwnNames) -> Result<Read<'a>, Malformed> {
    Ok(match json::parse(line, names)? {
        Object::Access(access, kind) => Read::Access(*access, kind),
        Object::Wrap(inner) => Read::Inner(inner),
        Object::Message => Read::Directive,
    })
}

/// A line of Caddy's console: `time<TAB>level<TAB>logger<TAB>message<TAB>object`.
fn console(line: &[u8]) -> Option<Result<Read<'_>, Malformed>> {
    let mut parts = line.splitn(5, |byte| *byte == b'\t');
    let (time, level, logger) = (parts.next()?, parts.next()?, parts.next()?);
    let is_level =
        [&b"INFO"[..], b"ERROR", b"WARN", b"DEBUG"].iter().any(|known| memchr::memmem::find(level, known).is_some());
    if !is_level {
        return None;
    }
    let time_unix_ms = crate::ship::any_time::any_time_unix_ms(time)?;
    let object = parts.nth(1).filter(|object| object.starts_with(b"{"));
    let Some(object) = object.filter(|_| logger.starts_with(b"http.log.access")) else {
        return Some(Ok(Read::Directive));
    };
    let read = json::parse_at(object, &OwnNames::NONE, time_unix_ms).map(|object| match object {
        Object::Access(access, _) => Read::Access(*access, Kind::CaddyConsole),
        Object::Wrap(_) | Object::Message => Read::Directive,
    });
    Some(read)
}

/// Whether a line in a stream of everything is what a server says about itself: a line of its error log, or of the script that
/// starts it.
fn is_message(line: &[u8]) -> bool {
    const LEVELS: &[&[u8]] = &[
        b"[debug]",
        b"[info]",
        b"[notice]",
        b"[warn]",
        b"[error]",
        b"[crit]",
        b"[alert]",
        b"[emerg]",
        b":debug]",
        b":info]",
        b":notice]",
        b":warn]",
        b":error]",
        b":crit]",
        b":alert]",
        b":emerg]",
        b"[NOTICE]",
        b"[WARNING]",
        b"[ALERT]",
    ];
    let start = &line[..line.len().min(128)];
    LEVELS.iter().any(|level| memchr::memmem::find(start, level).is_some())
        || start.starts_with(b"/docker-entrypoint")
        || memchr::memchr2(b'"', b'[', line).is_none()
}

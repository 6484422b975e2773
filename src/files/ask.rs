//! What a path and a query ask for. It reads every parameter and refuses those that a file does not have, so that nobody takes
//! a misspelt one for one that was heard.

use percent_encoding::percent_decode_str;

use super::{
    FileError,
    columns::Symbols,
    csv::csv,
    json::json,
    sheet::Sheet,
    tables::{file_name, named},
};
use crate::{
    answers::question,
    calendar::{Day, Period, PeriodKind},
    query::{excerpt, range::Dates},
    vault::Table,
};

/// The longest query, in bytes: all parameters at their longest take a tenth of it.
const QUERY_BYTES_MAX: usize = 2_048;
/// The metrics of a series.
pub(super) const METRICS: [&str; 4] = ["visits", "views", "visitors", "limited_visits"];

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extension {
    /// Comma-separated values.
    Csv,
    /// A list of objects.
    Json,
}

impl Extension {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Csv, Self::Json];

    /// As it stands in the name of a file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    /// For the header `Content-Type`.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Json => "application/json",
        }
    }

    /// The bytes of a sheet in this form.
    #[must_use]
    pub fn write(self, sheet: &Sheet) -> Vec<u8> {
        match self {
            Self::Csv => csv(sheet),
            Self::Json => json(sheet),
        }
    }
}

/// A request as it is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub what: What,
    pub extension: Extension,
    pub symbols: Symbols,
}

/// What is asked for. Sites are named as they were typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    Sites,
    /// All sites over a month; where none is named, over each site's latest published one.
    Overview {
        month: Option<Period>,
    },
    Traffic {
        site: String,
        dates: Dates,
        by: PeriodKind,
        metrics: Vec<&'static str>,
    },
    Table {
        site: String,
        table: Table,
        dates: Dates,
    },
}

/// Reads a request.
pub(super) fn read(path: &str, query: &str) -> Result<Asked, FileError> {
    let segments: Vec<String> = path.split('/').map(decoded).collect::<Result<_, _>>()?;
    let file = segments.last().map_or("", String::as_str);
    let (stem, extension) = split(file).ok_or_else(|| no_file(path))?;
    let mut parameters = Parameters::read(query)?;
    let what = match &segments[..] {
        [_] => of_all_sites(stem, &mut parameters).transpose()?,
        [site, _] => of_site(site, stem, &mut parameters).transpose()?,
        _ => None,
    };
    let what = what.ok_or_else(|| no_file(path))?;
    let symbols = symbols(&mut parameters, extension)?;
    parameters.refuse_the_rest()?;
    Ok(Asked { what, extension, symbols })
}

fn of_all_sites(stem: &str, parameters: &mut Parameters) -> Option<Result<What, FileError>> {
    match stem {
        "sites" => Some(Ok(What::Sites)),
        "overview" => Some(month(parameters).map(|month| What::Overview { month })),
        _ => None,
    }
}

fn of_site(site: &str, stem: &str, parameters: &mut Parameters) -> Option<Result<What, FileError>> {
    let (site, table) = (site.to_owned(), named(stem)?);
    if site.is_empty() {
        return None;
    }
    let (from, to) = (parameters.take("from"), parameters.take("to"));
    let dates = question::dates(&from, &to).map_err(FileError::from);
    Some(dates.and_then(|dates| match table {
        Table::Site => {
            let (by, metrics) = (by(parameters)?, metrics(parameters)?);
            Ok(What::Traffic { site, dates, by, metrics })
        }
        table => Ok(What::Table { site, table, dates }),
    }))
}

fn by(parameters: &mut Parameters) -> Result<PeriodKind, FileError> {
    let text = parameters.take("by");
    if text.is_empty() {
        return Ok(PeriodKind::Day);
    }
    // A quarter publishes names of keys and no numbers.
    PeriodKind::named(&text).filter(|kind| *kind != PeriodKind::Quarter).ok_or_else(|| {
        FileError::parameter("by", &format!("{:?} is no length of a period", excerpt(&text)), "hour, day, week, month")
    })
}

fn metrics(parameters: &mut Parameters) -> Result<Vec<&'static str>, FileError> {
    let text = parameters.take("metric");
    if text.is_empty() {
        return Ok(METRICS.to_vec());
    }
    let known = |name: &str| METRICS.into_iter().find(|metric| *metric == name);
    text.split(',')
        .map(|name| {
            known(name).ok_or_else(|| {
                let allowed = format!("{}, or some of them with commas between", METRICS.join(", "));
                FileError::parameter("metric", &format!("{:?} is no metric", excerpt(name)), &allowed)
            })
        })
        .collect()
}

fn month(parameters: &mut Parameters) -> Result<Option<Period>, FileError> {
    let text = parameters.take("month");
    if text.is_empty() {
        return Ok(None);
    }
    let first = question::dates(&format!("{text}-01"), "").ok().and_then(|dates| dates.from);
    let month = |day: Day| Some(Period::month_of(day));
    first.map(month).ok_or_else(|| {
        let what = format!("{:?} is no month", excerpt(&text));
        FileError::parameter("month", &what, "a month such as 2026-10; empty: the latest published one of each site")
    })
}

fn symbols(parameters: &mut Parameters, extension: Extension) -> Result<Symbols, FileError> {
    match (parameters.take("symbols").as_str(), extension) {
        ("", _) => Ok(Symbols::None),
        ("ja", Extension::Csv) => Ok(Symbols::Japanese),
        (text, _) => {
            let what = format!("{:?} is not known for .{}", excerpt(text), extension.name());
            Err(FileError::parameter("symbols", &what, "ja, for .csv only; JSON has null and a reason"))
        }
    }
}

fn split(file: &str) -> Option<(&str, Extension)> {
    let (stem, name) = file.rsplit_once('.')?;
    let extension = Extension::ALL.into_iter().find(|extension| extension.name() == name)?;
    Some((stem, extension))
}

fn decoded(segment: &str) -> Result<String, FileError> {
    let text = percent_decode_str(segment).decode_utf8();
    text.map(Into::into).map_err(|_| FileError::not_found("the path is not UTF-8 after percent-decoding"))
}

fn no_file(path: &str) -> FileError {
    let tables: Vec<&str> = Table::ALL.into_iter().map(file_name).collect();
    FileError::not_found(format!(
        "there is no file {:?}. There are sites, overview and, after the name of a site and a slash, {}; each as .csv and .json",
        excerpt(path),
        tables.join(", ")
    ))
}

/// The parameters of a query that nobody has taken yet.
struct Parameters {
    left: Vec<(String, String)>,
    known: Vec<&'static str>,
}

impl Parameters {
    fn read(query: &str) -> Result<Self, FileError> {
        if query.len() > QUERY_BYTES_MAX {
            let what = format!("{} bytes are too long", query.len());
            return Err(FileError::parameter("query", &what, &format!("at most {QUERY_BYTES_MAX} bytes")));
        }
        let mut left: Vec<(String, String)> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (form_decoded(name)?, form_decoded(value)?);
            if left.iter().any(|(earlier, _)| *earlier == name) {
                return Err(FileError::parameter(&excerpt(&name), "it is there twice", "once"));
            }
            left.push((name, value));
        }
        Ok(Self { left, known: Vec::new() })
    }

    /// The value of a parameter; empty where it is not there.
    fn take(&mut self, name: &'static str) -> String {
        self.known.push(name);
        let at = self.left.iter().position(|(left, _)| left == name);
        at.map(|at| self.left.swap_remove(at).1).unwrap_or_default()
    }

    fn refuse_the_rest(&self) -> Result<(), FileError> {
        let Some((name, _)) = self.left.first() else { return Ok(()) };
        Err(FileError::parameter(&excerpt(name), "this file has no such parameter", &self.known.join(", ")))
    }
}

fn form_decoded(text: &str) -> Result<String, FileError> {
    let spaced = text.replace('+', " ");
    let text = percent_decode_str(&spaced).decode_utf8();
    text.map(Into::into).map_err(|_| FileError::parameter("query", "it is not UTF-8 after percent-decoding", "UTF-8"))
}

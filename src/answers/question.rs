//! From what somebody typed to the types of a question: names of sites, dates, and how many of something. Whoever takes
//! questions from outside reads them with these, so that all of them refuse the same in the same words.

use jiff::civil::Date;

use crate::{
    access::Scope,
    calendar::Day,
    query::{self, AskError, Source, range::Dates},
    units::SiteName,
};

/// How a date is written.
const DATE_ALLOWED: &str = "a date such as 2026-11-24, from 1970-01-01 to 2999-12-31";

/// The name of a site; `None` where it is empty, which means the first site. For whoever may read some sites alone, the first of those
/// that are there is named.
///
/// # Errors
/// When there is no such site, or it may not be read.
pub fn named_site(source: &impl Source, scope: &Scope, text: &str) -> Result<Option<SiteName>, AskError> {
    if let Scope::Only { sites, by_token } = scope {
        let asked = sites.iter().filter(|site| text.is_empty() || site.as_str() == text);
        return match asked.into_iter().find(|site| source.site(site).is_some()) {
            Some(name) => Ok(Some(name.clone())),
            None if text.is_empty() => Err(AskError::NoSites),
            None => Err(AskError::HiddenSite { name: query::excerpt(text), needs_token: !by_token }),
        };
    }
    if text.is_empty() {
        return Ok(None);
    }
    match SiteName::new(text) {
        Ok(name) if source.site(&name).is_some() => Ok(Some(name)),
        _ => Err(query::unknown_site(source, text)),
    }
}

/// The first and the last day of a range; an empty text means the latest data.
///
/// # Errors
/// When one is no date.
pub fn dates(from_date: &str, to_date: &str) -> Result<Dates, AskError> {
    Ok(Dates { from: date("from_date", from_date)?, to: date("to_date", to_date)? })
}

/// A date; `None` where it is empty.
///
/// # Errors
/// When it is no date.
pub fn date(field: &'static str, text: &str) -> Result<Option<Day>, AskError> {
    if text.is_empty() {
        return Ok(None);
    }
    // The length leaves out other forms that the parser would take.
    let date = (text.len() == "2026-11-24".len()).then(|| text.parse::<Date>().ok()).flatten();
    match date {
        Some(date) if (1970..=2999).contains(&date.year()) => Ok(Some(Day::from_date(date))),
        _ => Err(AskError::field(field, format!("{:?} is no such date", query::excerpt(text)), DATE_ALLOWED)),
    }
}

/// How many of something are asked for; 0 asks for as many as is usual.
pub(super) fn count(field: &'static str, what: &str, number: u32, default: u32, most: u32) -> Result<u32, AskError> {
    match number {
        0 => Ok(default),
        n if n <= most => Ok(n),
        n => {
            let what = format!("{n} {what} are too many");
            Err(AskError::field(field, what, format!("1 to {most}; 0 means {default}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::fixture::Memory;

    #[test]
    fn dates_are_read_in_one_form_only() {
        assert_eq!(date("to_date", "").unwrap(), None);
        let day = Day::from_date(jiff::civil::date(2026, 11, 24));
        assert_eq!(date("to_date", "2026-11-24").unwrap(), Some(day));
        assert_eq!(dates("2026-11-24", "").unwrap(), Dates { from: Some(day), to: None });
        for bad in ["20261124", "2026-11-24T00", "2026-11-31", "yesterday", "1969-12-31", "3000-01-01", "2026-W48-2"] {
            assert!(matches!(date("to_date", bad), Err(AskError::Field { field: "to_date", .. })), "{bad}");
        }
    }

    #[test]
    fn a_text_that_names_no_site_is_answered_with_those_there_are() {
        let source = Memory::new(&["b", "a"]);
        assert_eq!(named_site(&source, &Scope::All, "").unwrap(), None);
        assert_eq!(named_site(&source, &Scope::All, "b").unwrap(), SiteName::new("b").ok());
        for wrong in ["c", "No Name"] {
            let Err(AskError::UnknownSite { name, known }) = named_site(&source, &Scope::All, wrong) else {
                panic!("{wrong}")
            };
            assert_eq!((name.as_str(), known.len()), (wrong, 2));
        }
        assert!(matches!(named_site(&Memory::new(&[]), &Scope::All, "c"), Err(AskError::NoSites)));
    }

    #[test]
    fn a_site_that_may_not_be_read_is_like_one_that_is_not_there() {
        let source = Memory::new(&["a", "b", "c"]);
        let names = |names: &[&str]| names.iter().map(|name| SiteName::new(name).unwrap()).collect();
        let scope = Scope::Only { sites: std::sync::Arc::new(names(&["b", "gone"])), by_token: true };
        assert_eq!(named_site(&source, &scope, "").unwrap(), SiteName::new("b").ok());
        assert_eq!(named_site(&source, &scope, "b").unwrap(), SiteName::new("b").ok());
        for text in ["a", "gone", "never", "No Name"] {
            let Err(AskError::HiddenSite { name, needs_token }) = named_site(&source, &scope, text) else {
                panic!("{text}")
            };
            assert_eq!((name.as_str(), needs_token), (text, false));
        }
        let none = Scope::Only { sites: std::sync::Arc::default(), by_token: true };
        assert!(matches!(named_site(&source, &none, ""), Err(AskError::NoSites)));
    }

    #[test]
    fn a_count_has_a_default_and_a_limit() {
        assert_eq!(count("ledger_days", "days", 0, 7, 400).unwrap(), 7);
        assert_eq!(count("ledger_days", "days", 400, 7, 400).unwrap(), 400);
        let error = count("ledger_days", "days", 401, 7, 400).unwrap_err();
        assert_eq!(error.to_string(), "ledger_days: 401 days are too many; allowed: 1 to 400; 0 means 7");
    }
}

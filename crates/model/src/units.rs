//! Small types that give a number or a name its meaning. They hold nothing about a visitor.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// Milliseconds in a second, a minute and an hour.
pub const MS_PER_SECOND: i64 = 1_000;
/// Milliseconds in a minute.
pub const MS_PER_MINUTE: i64 = 60 * MS_PER_SECOND;
/// Milliseconds in an hour.
pub const MS_PER_HOUR: i64 = 60 * MS_PER_MINUTE;
/// Milliseconds in a day of 24 hours.
pub const MS_PER_DAY: i64 = 24 * MS_PER_HOUR;

/// The longest name of a site, in bytes.
pub const SITE_NAME_BYTES_MAX: usize = 64;

/// A site's name: 1 to 64 of `a-z 0-9 . - _`, beginning with a letter or a digit, so that it is safe as a part of
/// a file's name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SiteName(Arc<str>);

/// Why a text is no site's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a site's name has 1 to 64 of the characters a-z, 0-9, '.', '-', '_' and begins with a letter or a digit")]
pub struct BadSiteName;

impl SiteName {
    /// The name, if it is one.
    ///
    /// # Errors
    /// When a character or the length is not allowed.
    pub fn new(text: &str) -> Result<Self, BadSiteName> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
        let first_allowed = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        if text.len() <= SITE_NAME_BYTES_MAX
            && text.as_bytes().first().is_some_and(first_allowed)
            && text.bytes().all(allowed)
        {
            Ok(Self(text.into()))
        } else {
            Err(BadSiteName)
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SiteName {
    type Error = BadSiteName;
    fn try_from(text: String) -> Result<Self, BadSiteName> {
        Self::new(&text)
    }
}

impl From<SiteName> for String {
    fn from(name: SiteName) -> Self {
        name.0.as_ref().to_owned()
    }
}

impl fmt::Display for SiteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SiteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_name_is_safe_as_a_file_name() {
        for good in ["www", "embassy-fr.example", "a", "0_1"] {
            assert_eq!(SiteName::new(good).map(String::from).as_deref(), Ok(good));
        }
        let long = "a".repeat(65);
        for bad in ["", ".", "..", ".hidden", "-x", "A", "a/b", "a b", "日本", "a\0", &long] {
            assert_eq!(SiteName::new(bad), Err(BadSiteName), "{bad:?}");
        }
    }
}

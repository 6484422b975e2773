//! What is kept of a token: whose it is, what it may do and how long, and never the token itself.

use serde::{Deserialize, Serialize};

use crate::{
    calendar::Day,
    units::{MS_PER_DAY, SiteName},
};

/// The longest note, in bytes.
pub const NOTE_BYTES_MAX: usize = 100;
/// The most sites and groups that one token names.
pub const REACH_MAX: usize = 1_000;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sends accesses; it reads nothing
    Ingest,
    /// Reads statistics; it sends nothing
    Read,
    /// Reads all statistics, and what is for operators; it sends nothing
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ingest, Self::Read, Self::Admin];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }

    /// The role of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// What is kept of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// By which an administrator names it. It stays when the token is exchanged.
    pub id: String,
    /// What it is for.
    pub role: Role,
    /// Whether it is about all sites, also those that come later.
    #[serde(default, skip_serializing_if = "is_false")]
    pub all: bool,
    /// The sites that it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sites: Vec<SiteName>,
    /// The groups whose sites it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Whom it was given to, in the administrator's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// BLAKE3 of the token, in hexadecimal digits.
    pub digest: String,
    /// The day it was made, in UTC as all days here.
    pub created: Date,
    /// The last day on which it is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Date>,
    /// The day it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Date>,
    /// The token before this one, while both are good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Before>,
}

/// A token that was exchanged and goes on for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Before {
    /// BLAKE3 of the token, in hexadecimal digits.
    pub digest: String,
    /// Until when it is good, in seconds since 1970.
    pub until_unix_s: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// A day, written as 2026-11-28.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date(Day);

impl Date {
    /// The day of a moment, in UTC.
    #[must_use]
    pub fn at(unix_ms: i64) -> Self {
        Self(Day::from_number(i32::try_from(unix_ms.div_euclid(MS_PER_DAY)).unwrap_or(i32::MAX)))
    }

    /// When it is over, in milliseconds since 1970.
    #[must_use]
    pub fn end_unix_ms(self) -> i64 {
        (i64::from(self.0.number()) + 1) * MS_PER_DAY
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for Date {
    type Err = jiff::Error;
    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse().map(|date| Self(Day::from_date(date)))
    }
}

impl TryFrom<String> for Date {
    type Error = jiff::Error;
    fn try_from(text: String) -> Result<Self, jiff::Error> {
        text.parse()
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.to_string()
    }
}

/// Whether a token is good at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    Good,
    /// Its last day is over.
    Expired(Date),
    /// It was taken back.
    Revoked(Date),
}

impl Record {
    /// Whether it is good at a moment.
    #[must_use]
    pub fn standing(&self, now_unix_ms: i64) -> Standing {
        match (self.revoked, self.expires) {
            (Some(day), _) => Standing::Revoked(day),
            (None, Some(last)) if now_unix_ms >= last.end_unix_ms() => Standing::Expired(last),
            _ => Standing::Good,
        }
    }

    /// The sites that it is about, in words.
    #[must_use]
    pub fn reach(&self) -> String {
        if self.all {
            return "all sites".to_owned();
        }
        let groups = self.groups.iter().map(|group| format!("group {group}"));
        self.sites.iter().map(ToString::to_string).chain(groups).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_until_its_last_day_is_over_or_it_is_taken_back() {
        let mut record = Record {
            id: "1".to_owned(),
            role: Role::Read,
            all: true,
            sites: Vec::new(),
            groups: Vec::new(),
            note: String::new(),
            digest: String::new(),
            created: Date::at(0),
            expires: Some("1970-01-02".parse().unwrap()),
            revoked: None,
            before: None,
        };
        let last = "1970-01-02".parse().unwrap();
        assert_eq!(record.standing(2 * MS_PER_DAY - 1), Standing::Good);
        assert_eq!(record.standing(2 * MS_PER_DAY), Standing::Expired(last));
        record.revoked = Some(last);
        assert_eq!(record.standing(0), Standing::Revoked(last));
    }
}

//! A mail before it has a form: sentences, and rows of numbers that are texts already.
//!
//! It knows neither HTML nor the server; whoever writes one decides nothing about numbers any more.

use headcount_model::format::Language;

use super::{html, plain};

/// What stands around the numbers of every mail.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The language of the mail.
    pub language: Language,
    /// The dashboard's address with a slash at its end, if readers can reach it.
    pub dashboard_url: Option<String>,
    /// The name of the server that sends it, as readers know it.
    pub sender: String,
    /// The time, in seconds since 1970: a day that was due before it is late.
    pub now_unix_s: i64,
}

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub(super) language: Language,
    pub(super) subject: String,
    /// What it is about: a site or a group.
    pub(super) title: String,
    /// Which period, and compared with which.
    pub(super) period: String,
    /// The main numbers, each with its change in words.
    pub(super) figures: Vec<Row>,
    pub(super) changes_heading: &'static str,
    /// What is more than the noise, largest first.
    pub(super) changes: Vec<Part>,
    /// About the changes: that there are none, or how they were chosen.
    pub(super) about_changes: String,
    /// Gaps, what is late, what is missing.
    pub(super) notes: Vec<String>,
    /// What was read most.
    pub(super) tables: Vec<Part>,
    /// The text and the address of a link.
    pub(super) link: Option<(String, String)>,
    pub(super) foot: Vec<String>,
}

/// A heading and its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub heading: String,
    /// What the numbers count.
    pub counted: &'static str,
    pub rows: Vec<Row>,
}

/// A number and what it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub name: String,
    /// The number with its interval, or a dash.
    pub number: String,
    /// Its change, or why there is no number; may be empty.
    pub remark: String,
    pub towards: Towards,
}

/// Which way a number went, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Towards {
    Up,
    Down,
    /// Within the noise, or nothing is known.
    Nowhere,
}

impl Letter {
    /// Its subject, in one line.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Its language as a tag: `en`, `ja`.
    #[must_use]
    pub fn language_tag(&self) -> &'static str {
        match self.language {
            Language::English => "en",
            Language::Japanese => "ja",
        }
    }

    /// As plain text.
    #[must_use]
    pub fn plain(&self) -> String {
        plain::write(self)
    }

    /// As a page of HTML that loads nothing.
    #[must_use]
    pub fn html(&self) -> String {
        html::write(self)
    }
}

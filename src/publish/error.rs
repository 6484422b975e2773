//! Why nothing more was published, and the exit code. What was written before stays: each file is whole.

use std::{io, path::PathBuf};

use crate::report::ReportError;

/// How many known sites a message lists.
const SITES_LISTED_MAX: usize = 20;

/// Why nothing more was published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The server cannot be asked.
    #[error(transparent)]
    Server(#[from] ReportError),
    /// There is no such site.
    #[error("there is no site {name:?} at the server; known: {}", listed(known))]
    UnknownSite {
        /// The name.
        name: String,
        /// The sites there are.
        known: Vec<String>,
    },
    /// No site has a published day.
    #[error("nothing is published yet, so there is nothing to write; ship a log first")]
    Nothing,
    /// The server's answer cannot be.
    #[error("the server's answer cannot be used: {0}")]
    Answer(String),
    /// A file cannot be written.
    #[error("{}: {problem}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

impl PublishError {
    /// A file that cannot be read or written.
    pub(super) fn file(path: impl Into<PathBuf>, error: &io::Error) -> Self {
        Self::File { path: path.into(), problem: format!("cannot be written: {error}") }
    }

    /// The exit code: 1 a file cannot be written, 2 the command line or the configuration is wrong, 3 the server cannot be
    /// reached, refuses, or has nothing yet.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Server(error) => error.exit_code(),
            Self::UnknownSite { .. } => 2,
            Self::Nothing | Self::Answer(_) => 3,
            Self::File { .. } => 1,
        }
    }
}

fn listed(known: &[String]) -> String {
    let more = match known.len().saturating_sub(SITES_LISTED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let names: Vec<&str> = known.iter().take(SITES_LISTED_MAX).map(String::as_str).collect();
    if names.is_empty() { "none".to_owned() } else { format!("{}{more}", names.join(", ")) }
}

//! Why there is no mail, and the exit code.
//!
//! A recipient is named by its place in the list. What a mail server says is not repeated, because it names addresses.

use std::{io, path::PathBuf};

use thiserror::Error;

use crate::report::ReportError;

/// Why there is no mail.
#[derive(Debug, Error)]
pub enum DigestError {
    /// The server of the statistics.
    #[error(transparent)]
    Server(#[from] ReportError),
    /// There is no period to tell about.
    #[error("no {period} of {of} is published yet; {hint}")]
    NothingPublished {
        /// The kind of period.
        period: &'static str,
        /// The site or the group.
        of: String,
        /// What else may be asked for.
        hint: &'static str,
    },
    /// A recipient that is no address.
    #[error("recipient {place} is not a mail address; allowed: NAME@HOST (it is not repeated here)")]
    Recipient {
        /// Its place in the list, from 1.
        place: usize,
    },
    /// How many recipients there are.
    #[error("{count} recipients; allowed: 1 to {max}")]
    Recipients {
        /// How many there are.
        count: usize,
        /// How many there may be.
        max: usize,
    },
    /// A file of recipients or of a password.
    #[error("cannot read {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A password that others may read.
    #[error("{} may be read by others; `chmod 600` it, and change the password if somebody did", path.display())]
    OpenPassword {
        /// The file.
        path: PathBuf,
    },
    /// A password that cannot be one.
    #[error("{} holds no password; allowed: one line of 1 to {max} bytes", path.display())]
    NoPassword {
        /// The file.
        path: PathBuf,
        /// How long it may be.
        max: u64,
    },
    /// The mail cannot be written.
    #[error("the mail cannot be put together: {what}")]
    Message {
        /// What is wrong.
        what: &'static str,
    },
    /// The mail server cannot be reached, or the conversation broke.
    #[error("the mail server {server} {problem}; sent to {sent} of {all} recipients")]
    Relay {
        /// Host and port.
        server: String,
        /// What happened.
        problem: String,
        /// How many have their mail.
        sent: usize,
        /// How many there are.
        all: usize,
    },
    /// The mail server refused some of the recipients.
    #[error("the mail server {server} refused {refused}; sent to {sent} of {all} recipients")]
    Refused {
        /// Host and port.
        server: String,
        /// Which, and with which code.
        refused: String,
        /// How many have their mail.
        sent: usize,
        /// How many there are.
        all: usize,
    },
}

impl DigestError {
    /// 2: the command line or a file that it names is wrong. 3: a server refused, cannot be reached, or has nothing yet.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Server(error) => error.exit_code(),
            Self::NothingPublished { .. } | Self::Relay { .. } | Self::Refused { .. } => 3,
            Self::Message { .. } => 1,
            Self::Recipient { .. }
            | Self::Recipients { .. }
            | Self::File { .. }
            | Self::OpenPassword { .. }
            | Self::NoPassword { .. } => 2,
        }
    }
}

//! In which form an answer is printed, and how: the same for all commands that read.

use std::process::ExitCode;

use clap::ValueEnum;
use serde_json::Value as Json;

use super::{Failed, report::printed};
use crate::files::{Sheet, csv};

/// A form of output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Text for a terminal
    #[default]
    Table,
    /// Rows for a spreadsheet: the columns of the files under /data/
    Csv,
    /// JSON with every answer
    Json,
}

/// JSON as it is printed.
pub fn json(value: &Json) -> String {
    format!("{value:#}\n")
}

/// CSV as it is printed.
pub fn rows(sheet: &Sheet) -> String {
    String::from_utf8_lossy(&csv(sheet)).into_owned()
}

/// Prints an answer, or why there is none.
pub fn finish(command: &str, answer: Result<String, Failed>) -> ExitCode {
    match answer {
        Ok(text) => printed(&format!("headcount {command}"), &text),
        Err(Failed { message, code }) => super::fail(command, &message, code),
    }
}

//! Reads the command line. What is wrong is told without what may be somebody's: an address typed in the wrong place would
//! else stand in a terminal's history of messages, or in the mail that cron writes.

use std::net::IpAddr;

use clap::{
    Parser,
    error::{ContextKind, ContextValue, Error, ErrorKind},
};

use super::Cli;

/// Stands for a word that belongs to no option.
const STRAY: &str = "a word that belongs to no option (not repeated here)";
/// Stands for a mail or network address.
const ADDRESS: &str = "(an address, not repeated here)";

/// What was typed; where it is wrong, the program ends here and says so.
#[must_use]
pub fn parse() -> Cli {
    Cli::try_parse().unwrap_or_else(|error| without_words(error).exit())
}

/// An error without stray words and addresses.
fn without_words(mut error: Error) -> Error {
    let is_stray = |text: &str| error.kind() == ErrorKind::UnknownArgument && !text.starts_with('-');
    let shown = |text: &str| match text {
        text if is_address(text) => Some(ADDRESS),
        text if is_stray(text) => Some(STRAY),
        _ => None,
    };
    let changed = |(kind, value): (ContextKind, &ContextValue)| match value {
        ContextValue::String(text) => shown(text).map(|shown| (kind, shown)),
        _ => None,
    };
    let changed: Vec<(ContextKind, &str)> = error.context().filter_map(changed).collect();
    if !changed.is_empty() {
        // A suggestion repeats the word.
        error.remove(ContextKind::Suggested);
    }
    for (kind, shown) in changed {
        error.insert(kind, ContextValue::String(shown.to_owned()));
    }
    error
}

fn is_address(text: &str) -> bool {
    let value = text.rsplit('=').next().unwrap_or(text);
    text.contains('@') || value.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_message_repeats_a_stray_word_or_an_address() {
        for words in [
            &["digest", "canary@a.jp"][..],
            &["digest", "canary"],
            &["digest", "--print", "canary@a.jp"],
            &["canary@a.jp"],
            &["report", "--to=canary@a.jp"],
            &["report", "--canary@a.jp"],
            &["privacy", "--ledger", "canary@a.jp"],
            &["open", "--web", "canary@a.jp"],
        ] {
            let error = Cli::try_parse_from([&["headcount"], words].concat()).err().unwrap();
            let text = without_words(error).to_string();
            assert!(!text.contains("canary") && text.contains("not repeated here"), "{words:?}: {text}");
        }
        let help = without_words(Cli::try_parse_from(["headcount", "reprot"]).err().unwrap()).to_string();
        assert!(help.contains("'reprot'") && help.contains("'report'"), "{help}");
    }
}

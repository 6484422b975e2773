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

/// What other programs call our commands.
const OTHER_NAMES: [(&str, &str); 14] = [
    ("import", "ship"),
    ("send", "ship"),
    ("upload", "ship"),
    ("run", "serve"),
    ("server", "serve"),
    ("start", "serve"),
    ("dashboard", "open"),
    ("stats", "report"),
    ("show", "report"),
    ("pages", "top"),
    ("status", "sites"),
    ("list", "sites"),
    ("tail", "watch"),
    ("config", "check"),
];

/// What was typed; where it is wrong, the program ends here and says so.
#[must_use]
pub fn parse() -> Cli {
    Cli::try_parse().unwrap_or_else(|error| without_words(with_name(error)).exit())
}

/// An error that says how a command is called here which has another name elsewhere.
fn with_name(mut error: Error) -> Error {
    if let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidSubcommand)
        && let Some((_, ours)) = OTHER_NAMES.into_iter().find(|(other, _)| other == typed)
    {
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![ours.to_owned()]));
    }
    error
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
    fn a_command_of_other_programs_is_told_by_its_name_here() {
        for (other, ours) in OTHER_NAMES {
            let error = Cli::try_parse_from(["headcount", other]).err().unwrap();
            let text = with_name(error).to_string();
            assert!(text.contains(&format!("'{ours}'")), "{text}");
            assert_ne!(Cli::try_parse_from(["headcount", ours, "--help"]).err().unwrap().exit_code(), 2, "{ours}");
        }
    }

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

//! The help of every subcommand, short and long, as the real binary prints it.
//!
//! A failure is a text that changed without its golden file, or a subcommand without one. What the help says is reviewed
//! in the diff of `tests/golden/help`.

use std::fs;

use crate::{
    golden::assert_text,
    harness::{House, headcount, text},
};

/// What the binary prints for the arguments, without a terminal and without variables that help depends on.
fn help(args: &[&str]) -> Vec<u8> {
    let mut command = headcount(args);
    let output = command.env_remove("HEADCOUNT_CONFIG").env_remove("COLUMNS").output().expect("the binary runs");
    assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
    output.stdout
}

/// The subcommands that the help lists.
fn subcommands(overview: &str) -> Vec<String> {
    let listed = overview.split("Commands:").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("a list");
    let names = listed.lines().filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    let names = names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned);
    names.filter(|name| name != "help").collect()
}

#[test]
fn the_help_of_every_subcommand_is_reviewed() {
    let overview = help(&["--help"]);
    assert_text("help/headcount.txt", &text(&overview));
    assert_text("help/headcount-short.txt", &text(&help(&["-h"])));
    let names = subcommands(&text(&overview));
    assert!(names.len() >= 10, "{names:?}");
    for name in &names {
        assert_text(&format!("help/{name}.txt"), &text(&help(&[name, "--help"])));
        assert_text(&format!("help/{name}-short.txt"), &text(&help(&[name, "-h"])));
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/help");
    let files = fs::read_dir(folder).expect("the folder").count();
    assert_eq!(files, 2 * (names.len() + 1), "a file in tests/golden/help belongs to no subcommand");
}

#[test]
fn every_topic_has_a_page_and_every_command_a_manual() {
    for topic in ["dates", "formats", "privacy", "exit-codes", "environment"] {
        assert_text(&format!("help-topics/{topic}.txt"), &text(&help(&["help", topic])));
    }
    assert_eq!(text(&help(&["help", "top"])), text(&help(&["top", "--help"])));
    let unknown = headcount(&["help", "canary"]).output().expect("the binary runs");
    let said = text(&unknown.stderr);
    assert!(unknown.status.code() == Some(2) && said.contains("exit-codes") && !said.contains("canary"), "{said}");
    let house = House::new();
    let folder = house.path("man");
    help(&["man", "--out", folder.to_str().expect("a path")]);
    let page = |name: &str| fs::read_to_string(folder.join(name)).expect("a page");
    assert!(page("headcount.1").contains("headcount\\-ship(1)") && page("headcount-top.1").contains("last\\-month"));
    let names = subcommands(&text(&help(&["--help"])));
    assert_eq!(fs::read_dir(&folder).expect("the folder").count(), names.len() + 2, "each command, help and the whole");
    for shell in ["bash", "zsh", "fish"] {
        let found = text(&help(&["completions", shell]));
        assert!(found.contains("contains") && found.contains("completions"), "{shell}");
    }
}

//! What a shell and `man` want to know of the commands. It is made from the command line itself, so it is never out of date.

use std::{fs, io, path::PathBuf, process::ExitCode};

use clap::{Command, CommandFactory as _, Parser};
use clap_complete::Shell;

use super::{Cli, fail, report::printed};

/// Print what a shell needs to complete commands and options
#[derive(Clone, Debug, Parser)]
#[command(after_help = "\
Examples:
  headcount completions bash > ~/.local/share/bash-completion/completions/headcount
  headcount completions zsh > ~/.zfunc/_headcount
  headcount completions fish > ~/.config/fish/completions/headcount.fish

Exit codes: 0 printed, 1 the output cannot be written, 2 the command line is wrong.")]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Write the manual pages into a directory, for packages
#[derive(Clone, Debug, Parser)]
pub struct Man {
    /// The directory; it is made if it is not there
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// Prints the completions of a shell.
pub fn completions(args: &Completions) -> ExitCode {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "headcount", &mut text);
    printed("headcount completions", &String::from_utf8_lossy(&text))
}

/// Writes the manual pages: `headcount.1`, `headcount-serve.1` and so on.
pub fn man(args: &Man) -> ExitCode {
    match pages(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail("man", &format!("cannot write manual pages into {}: {error}", args.out.display()), 1),
    }
}

fn pages(args: &Man) -> io::Result<()> {
    fs::create_dir_all(&args.out)?;
    let mut root = Cli::command();
    root.build();
    write(&root, "headcount", args)?;
    let shown: Vec<&Command> = root.get_subcommands().filter(|command| !command.is_hide_set()).collect();
    shown.into_iter().try_for_each(|command| write(command, &format!("headcount-{}", command.get_name()), args))
}

fn write(command: &Command, name: &str, args: &Man) -> io::Result<()> {
    let mut text = Vec::new();
    // A page has the command's full name; its own is only the last word.
    clap_mangen::Man::new(command.clone()).title(name.to_uppercase()).render(&mut text)?;
    fs::write(args.out.join(format!("{name}.1")), text)
}

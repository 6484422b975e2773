//! One trial: a guard is taken out, and its test is run. It is caught where everything still compiles and the test fails with
//! the words that are expected.

use std::{
    collections::BTreeMap,
    fmt,
    fs::{self, File},
    io,
    os::unix::process::CommandExt,
    process::{Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

use super::{
    list::{Guard, Test},
    tree::Tree,
};

/// How long a trial may take, with what has to be built for it.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// How a trial ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Caught,
    /// The test passed.
    Survived,
    /// The test failed, but does not say what it must say.
    OtherWords,
    DoesNotCompile,
    DoesNotEnd,
    /// The sources do not hold its text exactly once.
    NotThere,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Caught => "caught",
            Self::Survived => "SURVIVED",
            Self::OtherWords => "FAILED WITH OTHER WORDS",
            Self::DoesNotCompile => "DOES NOT COMPILE",
            Self::DoesNotEnd => "DOES NOT END",
            Self::NotThere => "NOT IN THE SOURCES",
        })
    }
}

/// Runs all tests of these guards with the guards in their places. The inner error says what does not pass.
pub fn all_pass(tree: &Tree, guards: &[Guard]) -> io::Result<Result<(), String>> {
    let mut programs: BTreeMap<(&str, &str), Vec<&Test>> = BTreeMap::new();
    for test in guards.iter().flat_map(|guard| &guard.tests) {
        let tests = programs.entry((&test.package, &test.program)).or_default();
        if !tests.contains(&test) {
            tests.push(test);
        }
    }
    for ((package, program), tests) in programs {
        let name = format!("{package}-{program}");
        let (status, said) = run(tree, &tests, &name)?;
        let all = format!("test result: ok. {} passed", tests.len());
        if !status.is_some_and(|status| status.success()) || !said.contains(&all) {
            return Ok(Err(format!("not all tests of {name} pass, or some are not there: see output/{name}.txt")));
        }
    }
    Ok(Ok(()))
}

/// Runs the tests of a guard without it: the first verdict that is none of "caught", if there is one.
pub fn without(tree: &Tree, guard: &Guard) -> io::Result<Verdict> {
    let trial = || {
        for (at, test) in guard.tests.iter().enumerate() {
            let (status, said) = run(tree, &[test], &format!("{}-{at}", guard.name))?;
            let verdict = verdict(test, &guard.says, status, &said);
            if verdict != Verdict::Caught {
                return Ok(verdict);
            }
        }
        Ok(Verdict::Caught)
    };
    tree.with(&guard.file, &guard.text, &guard.without, trial)?.unwrap_or(Ok(Verdict::NotThere))
}

fn verdict(test: &Test, says: &str, status: Option<ExitStatus>, said: &str) -> Verdict {
    let failed = format!("test {} ... FAILED", test.path);
    match status {
        None => Verdict::DoesNotEnd,
        Some(_) if !said.contains("\nrunning 1 test\n") => Verdict::DoesNotCompile,
        Some(status) if status.success() => Verdict::Survived,
        Some(_) if said.contains(&failed) && said.contains(says) => Verdict::Caught,
        Some(_) => Verdict::OtherWords,
    }
}

/// Builds and runs tests of one program: how it ended (none: not in time) and all that it printed.
fn run(tree: &Tree, tests: &[&Test], name: &str) -> io::Result<(Option<ExitStatus>, String)> {
    let output = tree.beside("output");
    fs::create_dir_all(&output)?;
    let path = output.join(format!("{name}.txt"));
    let file = File::create(&path)?;
    let Test { package, program, .. } = tests[0];
    let mut cargo = tree.command("cargo");
    cargo.args(["test", "--locked", "--package", package]);
    match program.as_str() {
        "lib" => cargo.arg("--lib"),
        test => cargo.args(["--test", test]),
    };
    // That it fails is enough: the smallest input that does is not looked for.
    cargo.env("PROPTEST_MAX_SHRINK_ITERS", "0");
    cargo.args(["--", "--exact"]).args(tests.iter().map(|test| &test.path));
    cargo.stdout(file.try_clone()?).stderr(file).process_group(0);
    let status = ended(cargo)?;
    Ok((status, fs::read_to_string(path)?))
}

/// Waits for the end. What does not end is killed with all that it started.
fn ended(mut command: Command) -> io::Result<Option<ExitStatus>> {
    let mut child = command.spawn()?;
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(Duration::from_millis(20));
    }
    Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status()?;
    child.wait()?;
    Ok(None)
}

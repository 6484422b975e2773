//! The list of guards, `benches/hazards.toml`: what is taken out where, and which test must fail then, with which words.
//!
//! It is read by the run that takes them out and by a test that the list still fits the sources. It never runs anything.

use std::{fmt, path::PathBuf};

use serde::Deserialize;

/// All that the page of hazards says is guarded.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    pub guard: Vec<Guard>,
}

/// A guard, and how it is taken out.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    /// With what its row of "Hazards" begins.
    pub hazard: String,
    /// What it is called in the run: unique, in lower case, with hyphens.
    pub name: String,
    /// From the root of the repository.
    pub file: String,
    /// What is there exactly once,
    pub text: String,
    /// and what stands there when the guard is gone. It must compile.
    pub without: String,
    /// Each of them must fail.
    pub tests: Vec<Test>,
    /// What each of them must print.
    pub says: String,
}

/// A test: its package, its program (`lib`, or the name of an integration test) and its path in that.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Test {
    pub package: String,
    pub program: String,
    pub path: String,
}

impl TryFrom<String> for Test {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let [package, program, path] = *text.split(' ').collect::<Vec<_>>() else {
            return Err(format!("the test {text:?} is not of the form `PACKAGE PROGRAM PATH`"));
        };
        Ok(Self { package: package.to_owned(), program: program.to_owned(), path: path.to_owned() })
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.package, self.program, self.path)
    }
}

/// The root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The list. It stops where the file is not of this form.
pub fn read() -> List {
    let text = std::fs::read_to_string(root().join("benches/hazards.toml")).unwrap();
    toml::from_str(&text).unwrap_or_else(|error| panic!("benches/hazards.toml: {error}"))
}

//! What documents name exists: tests, and files of the repository.
//!
//! A test is named by the end of its path as cargo prints it, with the room first: `vault::limit::tests::NAME`; or a whole
//! module of tests: `vault::limit::tests`. A bare name in backticks with four underscores or more is a test as well.

use std::{collections::BTreeSet, fs};

use syn::visit::Visit;

use crate::source::{Source, around, entries, product, root};

/// Underscores from which on a bare name in backticks is the sentence that names a test.
const SENTENCE_UNDERSCORES_MIN: usize = 4;
const FOLDERS: &[&str] = &["src/", "crates/", "tests/", "benches/", "docs/", "proto/"];

pub(crate) struct Document {
    pub(crate) name: String,
    pub(crate) text: String,
}

pub(crate) fn documents() -> Vec<Document> {
    let root = root();
    let mut paths = entries(&root.join("docs"));
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths.extend(["README.md", "CONTRIBUTING.md"].map(|name| root.join(name)));
    let name = |path: &std::path::Path| path.strip_prefix(&root).unwrap().display().to_string();
    paths.iter().map(|path| Document { name: name(path), text: fs::read_to_string(path).unwrap() }).collect()
}

/// What stands in backticks on one line, with its line number; blocks of code are left out.
fn quoted(document: &Document) -> Vec<(usize, &str)> {
    let lines = document.text.lines().enumerate().filter(|(_, line)| !line.starts_with("    "));
    lines.flat_map(|(at, line)| line.split('`').skip(1).step_by(2).map(move |word| (at + 1, word))).collect()
}

struct Tests {
    modules: Vec<String>,
    found: BTreeSet<String>,
}

impl Tests {
    fn add(&mut self, name: &str) {
        self.found.insert(format!("{}::{name}", self.modules.join("::")));
    }
}

impl<'ast> Visit<'ast> for Tests {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.modules.push(item.ident.to_string());
        syn::visit::visit_item_mod(self, item);
        self.modules.pop();
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        let is_test = |path: &syn::Path| path.segments.last().is_some_and(|segment| segment.ident == "test");
        if item.attrs.iter().any(|attribute| is_test(attribute.path())) {
            self.add(&item.sig.ident.to_string());
        }
    }

    /// `proptest!` holds its functions as tokens.
    fn visit_macro(&mut self, invoked: &'ast syn::Macro) {
        let words: Vec<String> = invoked.tokens.clone().into_iter().map(|token| token.to_string()).collect();
        for pair in words.windows(2).filter(|pair| pair[0] == "fn") {
            self.add(&pair[1]);
        }
    }
}

fn tests_of(sources: &[Source]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for source in sources {
        let mut tests = Tests { modules: source.full_modules(), found: BTreeSet::new() };
        tests.visit_file(&source.tree);
        all.extend(tests.found);
    }
    all
}

/// All tests.
pub(crate) fn known_tests() -> BTreeSet<String> {
    tests_of(&product().into_iter().chain(around()).collect::<Vec<_>>())
}

/// Whether `named` is a test, a module of tests, or the end of a test's path.
pub(crate) fn exists(named: &str, tests: &BTreeSet<String>) -> bool {
    let inside = format!("::{named}::");
    tests.iter().any(|test| format!("::{test}::").contains(&inside))
}

pub(crate) fn is_test_name(word: &str) -> bool {
    let plain = word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == ':');
    let segments: Vec<&str> = word.split("::").collect();
    let sentence = word.matches('_').count() >= SENTENCE_UNDERSCORES_MIN;
    plain && (segments.contains(&"tests") || segments.len() == 1 && sentence)
}

#[test]
fn tests_that_documents_name_exist() {
    let tests = known_tests();
    assert!(tests.len() > 300, "only {} tests were found", tests.len());
    let (mut seen, mut wrong) = (0, Vec::new());
    for document in documents() {
        for (line, word) in quoted(&document).into_iter().filter(|(_, word)| is_test_name(word)) {
            seen += 1;
            if exists(word, &tests) {
                continue;
            }
            let last = word.rsplit("::").next().unwrap_or(word);
            let alike = tests.iter().find(|test| test.ends_with(&format!("::{last}")));
            let hint = alike.map_or(String::new(), |test| format!("; is it {test}?"));
            wrong.push(format!("{}:{line}: there is no test {word}{hint}", document.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 20, "documents named only {seen} tests");
}

#[test]
fn files_that_documents_name_exist() {
    let mut wrong = Vec::new();
    for document in documents() {
        for (line, word) in quoted(&document) {
            let is_path = FOLDERS.iter().any(|folder| word.starts_with(folder));
            let path = word.split([' ', '*', '{']).next().unwrap_or(word);
            if is_path && !root().join(path).exists() {
                wrong.push(format!("{}:{line}: there is no {path}", document.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn test_names_are_told_from_other_words() {
    for word in ["vault::limit::tests::a_name", "vault::tests::canary", "nobody_is_told_that_a_visitor_hit_a_bound"] {
        assert!(is_test_name(word), "{word}");
    }
    for word in ["lateness_seconds_max", "crate::vault", "tests/it/canary.rs", "Contribution"] {
        assert!(!is_test_name(word), "{word}");
    }
}

//! A source file as these tests see it: which room it is in, its module path and its syntax tree.
//!
//! A room is a crate under `crates/`, or a top-level module of the root package.

use std::{
    fs,
    path::{Path, PathBuf},
};

pub(crate) struct Source {
    /// From the root of the repository, with `/`.
    pub(crate) path: String,
    pub(crate) room: String,
    /// From the root of its crate.
    pub(crate) modules: Vec<String>,
    pub(crate) text: String,
    pub(crate) tree: syn::File,
}

impl Source {
    /// Whether this file is of tests or their fixtures.
    pub(crate) fn is_of_tests(&self) -> bool {
        ["tests", "fake", "fixture"].iter().any(|word| self.path.contains(word))
    }

    /// The path of its module with the name of its room first, as a document writes it.
    pub(crate) fn full_modules(&self) -> Vec<String> {
        let mut path = self.modules.clone();
        if path.first() != Some(&self.room) {
            path.insert(0, self.room.clone());
        }
        path
    }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The sources of the product: `src/` and `crates/*/src`.
pub(crate) fn product() -> Vec<Source> {
    let mut found = below("src");
    for member in entries(&root().join("crates")) {
        let name = member.file_name().unwrap().to_string_lossy().into_owned();
        found.extend(below(&format!("crates/{name}/src")));
    }
    assert!(found.len() > 50, "only {} sources were found", found.len());
    found
}

/// Tests and benchmarks, without the cases that must not compile.
pub(crate) fn around() -> Vec<Source> {
    let mut found = below("tests/it");
    found.extend(below("tests/tidy"));
    found.extend(below("benches"));
    for member in entries(&root().join("crates")) {
        let name = member.file_name().unwrap().to_string_lossy().into_owned();
        found.extend(["tests", "benches"].iter().flat_map(|folder| below(&format!("crates/{name}/{folder}"))));
    }
    found
}

fn below(folder: &str) -> Vec<Source> {
    rust_files(&root().join(folder)).iter().map(|path| read(path, folder)).collect()
}

pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(listing) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = listing.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let is_rust = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
    let (folders, files): (Vec<_>, Vec<_>) = entries(folder).into_iter().partition(|path| path.is_dir());
    files.into_iter().filter(is_rust).chain(folders.iter().flat_map(|inner| rust_files(inner))).collect()
}

fn read(file: &Path, folder: &str) -> Source {
    let path = file.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
    let text = fs::read_to_string(file).unwrap();
    let tree = syn::parse_file(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
    let modules = module_path(&path[folder.len() + 1..]);
    let room = match folder.strip_prefix("crates/").and_then(|rest| rest.split('/').next()) {
        Some(member) => member.to_owned(),
        None => modules.first().cloned().unwrap_or_else(|| "lib".to_owned()),
    };
    Source { path, room, modules, text, tree }
}

/// `query/estimate/site_tests.rs` is the module `query::estimate::site::tests`, by the house's custom.
fn module_path(file: &str) -> Vec<String> {
    let mut modules: Vec<String> = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    let last = modules.pop().unwrap();
    match last.strip_suffix("_tests") {
        Some(tested) => modules.extend([tested.to_owned(), "tests".to_owned()]),
        None if ["mod", "lib"].contains(&last.as_str()) => {}
        None => modules.push(last),
    }
    modules
}

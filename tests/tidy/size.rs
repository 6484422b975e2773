//! A header on each file, and how long files and functions may be.

use syn::{Block, Signature, visit::Visit};

use crate::source::{Source, around, product};

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;

/// How the paths of files end that are longer, each waiting to be cut at a seam. The list may only get shorter.
const LONG_FILES: &[&str] = &["anonymize/referrer.rs", "/recover.rs", "vault/keys.rs"];

/// Functions that are longer, each waiting to be cut. The list may only get shorter.
const LONG_FUNCTIONS: &[&str] = &["every_table_counts_what_it_says"];

fn all() -> Vec<Source> {
    product().into_iter().chain(around()).collect()
}

#[test]
fn every_file_says_what_it_is() {
    let bare: Vec<String> =
        all().into_iter().filter(|source| !source.text.starts_with("//!")).map(|source| source.path).collect();
    assert!(bare.is_empty(), "without a `//!` header: {bare:?}");
}

#[test]
fn files_stay_short() {
    let is_named = |source: &Source| LONG_FILES.iter().any(|end| source.path.ends_with(end));
    let long: Vec<Source> = all().into_iter().filter(|source| source.text.lines().count() > FILE_LINES_MAX).collect();
    let new: Vec<&str> = long.iter().filter(|source| !is_named(source)).map(|source| source.path.as_str()).collect();
    assert!(new.is_empty(), "longer than {FILE_LINES_MAX} lines; is there a seam? {new:?}");
    for end in LONG_FILES {
        assert!(long.iter().any(|source| source.path.ends_with(end)), "{end} is short now: take it out of LONG_FILES");
    }
}

struct Functions {
    found: Vec<(String, usize, usize)>,
}

impl Functions {
    fn add(&mut self, signature: &Signature, block: &Block) {
        let from = signature.fn_token.span.start().line;
        let to = block.brace_token.span.close().end().line;
        self.found.push((signature.ident.to_string(), from, to - from + 1));
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add(&item.sig, &item.block);
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add(&item.sig, &item.block);
        syn::visit::visit_impl_item_fn(self, item);
    }
}

#[test]
fn functions_stay_short() {
    let mut long = Vec::new();
    for source in all() {
        let mut functions = Functions { found: Vec::new() };
        functions.visit_file(&source.tree);
        let over = functions.found.into_iter().filter(|(_, _, lines)| *lines > FUNCTION_LINES_MAX);
        long.extend(over.map(|(name, line, lines)| format!("{}:{line}: {name} has {lines} lines", source.path)));
    }
    for name in LONG_FUNCTIONS {
        let named = long.iter().position(|found| found.contains(&format!(": {name} has ")));
        long.remove(named.unwrap_or_else(|| panic!("{name} is short now: take it out of LONG_FUNCTIONS")));
    }
    assert!(long.is_empty(), "functions of more than {FUNCTION_LINES_MAX} lines:\n{}", long.join("\n"));
}

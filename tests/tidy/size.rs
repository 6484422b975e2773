//! A header on each file, and how long files and functions may be.

use syn::{Block, Signature, visit::Visit};

use crate::source::{Source, around, product};

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;

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
    let is_long = |source: &Source| source.text.lines().count() > FILE_LINES_MAX;
    let long: Vec<String> = all().into_iter().filter(is_long).map(|source| source.path).collect();
    assert!(long.is_empty(), "longer than {FILE_LINES_MAX} lines; is there a seam? {long:?}");
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
    assert!(long.is_empty(), "functions of more than {FUNCTION_LINES_MAX} lines:\n{}", long.join("\n"));
}

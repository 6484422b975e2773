//! Every path that a source names, from `use` trees, code and the tokens of macros, as seen from the root of its crate.

use proc_macro2::{TokenStream, TokenTree};
use syn::{Attribute, Macro, UseTree, visit::Visit};

use crate::source::Source;

/// A path and the line it stands on. It begins with `crate` or with the name of another crate.
pub(crate) struct Named {
    pub(crate) line: usize,
    pub(crate) path: Vec<String>,
}

/// What production code names; items for tests alone, and for the laboratory, are left out.
pub(crate) fn named_by(source: &Source) -> Vec<Named> {
    let mut walk = Walk { modules: source.modules.clone(), found: Vec::new() };
    walk.visit_file(&source.tree);
    walk.found
}

struct Walk {
    modules: Vec<String>,
    found: Vec<Named>,
}

impl Walk {
    fn add(&mut self, line: usize, path: Vec<String>) {
        let path = self.absolute(path);
        self.found.push(Named { line, path });
    }

    fn absolute(&self, path: Vec<String>) -> Vec<String> {
        let up = path.iter().take_while(|segment| *segment == "super").count();
        let here = usize::from(path.first().is_some_and(|segment| segment == "self"));
        if up + here == 0 {
            return path;
        }
        let kept = self.modules.len().saturating_sub(up);
        let start = std::iter::once("crate".to_owned()).chain(self.modules[..kept].iter().cloned());
        start.chain(path.into_iter().skip(up + here)).collect()
    }

    fn use_tree(&mut self, before: &[String], tree: &UseTree) {
        let mut path = before.to_vec();
        match tree {
            UseTree::Path(part) => {
                path.push(part.ident.to_string());
                self.use_tree(&path, &part.tree);
            }
            UseTree::Group(group) => group.items.iter().for_each(|item| self.use_tree(before, item)),
            UseTree::Name(name) => {
                path.push(name.ident.to_string());
                self.add(name.ident.span().start().line, path);
            }
            UseTree::Rename(name) => {
                path.push(name.ident.to_string());
                self.add(name.ident.span().start().line, path);
            }
            UseTree::Glob(all) => self.add(all.star_token.span.start().line, path),
        }
    }

    /// Macros are not parsed: a run of names with `::` between them counts as a path.
    fn tokens(&mut self, tokens: TokenStream) {
        let (mut path, mut line, mut colons) = (Vec::new(), 0, 0);
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.add_if_any(line, &mut path);
                        line = name.span().start().line;
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.add_if_any(line, &mut path);
                    self.tokens(group.stream());
                    colons = 0;
                }
                _ => colons = 0,
            }
        }
        self.add_if_any(line, &mut path);
    }

    fn add_if_any(&mut self, line: usize, path: &mut Vec<String>) {
        if !path.is_empty() {
            self.add(line, std::mem::take(path));
        }
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else { return false };
        let condition = list.tokens.to_string().replace(' ', "");
        list.path.is_ident("cfg") && ["test", "any(test,feature=\"lab\")"].contains(&condition.as_str())
    })
}

impl<'ast> Visit<'ast> for Walk {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if is_for_tests(&item.attrs) {
            return;
        }
        self.modules.push(item.ident.to_string());
        syn::visit::visit_item_mod(self, item);
        self.modules.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if !is_for_tests(&item.attrs) {
            self.use_tree(&[], &item.tree);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_for_tests(&item.attrs) {
            syn::visit::visit_item_fn(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if !is_for_tests(&item.attrs) {
            syn::visit::visit_item_impl(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<_> = path.segments.iter().map(|segment| &segment.ident).collect();
        if let Some(first) = names.first() {
            self.add(first.span().start().line, names.iter().map(ToString::to_string).collect());
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, invoked: &'ast Macro) {
        self.visit_path(&invoked.path);
        self.tokens(invoked.tokens.clone());
    }
}

#[test]
fn grouped_relative_and_macro_paths_are_seen() {
    let text = "use crate::{clock, vault::{Table, store as s}};\nuse super::super::rpc::*;\n\
                fn f() { super::g(); assert!(x, \"{}\", crate::query::LIMIT); }\n\
                #[cfg(test)] mod tests { use crate::report::A; }\n\
                #[cfg(any(test, feature = \"lab\"))] use crate::demo::B;\n";
    let source = Source {
        path: "src/ship/wire.rs".to_owned(),
        room: "ship".to_owned(),
        modules: vec!["ship".to_owned(), "wire".to_owned()],
        text: text.to_owned(),
        tree: syn::parse_file(text).unwrap(),
    };
    let seen: Vec<String> = named_by(&source)
        .into_iter()
        .map(|named| named.path.join("::"))
        .filter(|path| path.contains("crate"))
        .collect();
    let expected = ["crate::clock", "crate::vault::Table", "crate::vault::store", "crate::rpc", "crate::ship::g"];
    assert_eq!(seen, [&expected[..], &["crate::query::LIMIT"]].concat());
}

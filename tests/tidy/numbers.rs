//! Numbers in documents that come from constants: a sentence that names a limit says what the code does.
//!
//! To add one: a piece of the sentence with `{}` in place of the number, as [`FACTS`] has it, and the constant, found by
//! its name and, where several have it, by the end of its file's path. The piece may stand in any document.

use std::collections::BTreeMap;

use syn::{BinOp, Expr, Lit, visit::Visit};

use crate::{documents::documents, source::product};

const KIB: i128 = 1 << 10;
const MIB: i128 = 1 << 20;

struct Fact {
    piece: &'static str,
    constant: &'static str,
    /// How much of the constant's unit one of the document's is.
    unit: i128,
}

const fn fact(piece: &'static str, constant: &'static str, unit: i128) -> Fact {
    Fact { piece, constant, unit }
}

const FACTS: &[Fact] = &[
    fact("batches that wait (up to {} sightings)", "SIGHTINGS_PER_GROUP_MAX", 1),
    fact("A sender may have {} batches unanswered on a stream", "BATCHES_IN_FLIGHT_MAX", 1),
    fact("all senders together {} events", "EVENTS_UNDER_WAY_MAX", 1),
    fact("It must let messages of {} MiB through", "MESSAGE_BYTES_MAX", MIB),
    fact("Without `--config` any site name is accepted, up to {},", "SITES_ON_DEMAND_MAX", 1),
    fact("It ends what it has begun ({} seconds at most)", "DRAIN_LIMIT", 1),
    fact("TOML, at most {} MiB", "CONFIG_BYTES_MAX", MIB),
    fact("MiB and {} sites", "config/mod.rs SITES_MAX", 1),
    fact("at most {} query parameters", "PARAMETERS_MAX", 1),
    fact("Limits: {} connections at the same time", "CONNECTIONS_MAX", 1),
    fact("{} KiB for the head of a request", "HEAD_BYTES_MAX", KIB),
    fact("the request as JSON, at most {} KiB", "BODY_BYTES_MAX", KIB),
    fact("{} seconds for a head", "HEAD_WAIT", 1),
    fact("between two requests, {} for a body", "BODY_WAIT", 1),
    fact("takes nothing for {} seconds is cut off", "TAKE_WAIT", 1),
    fact("does not answer a ping for {}.", "PING_WAIT", 1),
    fact("may be without a request for {} seconds", "IDLE_WAIT", 1),
    fact("`LimitNOFILE={}`", "FILES_WANTED", 1),
    fact("answers of more than {} KiB are compressed", "PLAIN_BYTES_MAX", KIB),
    fact("at most {} host names and IP addresses", "web.rs HOSTS_MAX", 1),
    fact("Limits: {} children", "FILES_MAX", 1),
    fact("children, {} redirects a file", "REDIRECTS_MAX", 1),
    fact("tries it with at most {} requests", "check.rs REQUESTS_MAX", 1),
    fact("after {} failures in a row not again", "hosts.rs FAILURES_MAX", 1),
    fact("when {} pages of a directory said nothing new", "DIRECTORY_REPEATS_MAX", 1),
    fact("after {} addresses of one name", "SAME_NAME_MAX", 1),
    fact("or {} of one directory", "DIRECTORY_MAX", 1),
    fact("20 hours, {} links from a start", "LINK_DEPTH_MAX", 1),
    fact("**in parts of at most {} KiB**", "PART_BYTES_MAX", KIB),
    fact("compares up to {} rows of each table", "report/fetch.rs PAGE_SIZE_MAX", 1),
    fact("before a remark, at most {} in", "send.rs RECIPIENTS_MAX", 1),
    fact("{} MiB of decoded releases", "CACHED_BYTES_MAX", MIB),
];

#[derive(Default)]
struct Constants {
    file: String,
    found: BTreeMap<String, Vec<(String, Expr)>>,
}

impl<'ast> Visit<'ast> for Constants {
    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        let places = self.found.entry(item.ident.to_string()).or_default();
        places.push((self.file.clone(), (*item.expr).clone()));
    }
}

impl Constants {
    fn of_the_product() -> Self {
        let mut constants = Self::default();
        for source in product().into_iter().filter(|source| !source.is_of_tests()) {
            constants.file = source.path;
            constants.visit_file(&source.tree);
        }
        constants
    }

    /// Of `NAME`, or of `file.rs NAME` where several files have a constant of that name.
    fn value(&self, constant: &str) -> i128 {
        let (file, name) = constant.rsplit_once(' ').unwrap_or(("", constant));
        let places = self.found.get(name).unwrap_or_else(|| panic!("no constant {name}; was it renamed?"));
        let named: Vec<_> = places.iter().filter(|(path, _)| path.ends_with(file)).collect();
        let [(path, expr)] = named.as_slice() else {
            panic!(
                "{} constants {constant}: {:?}",
                named.len(),
                places.iter().map(|(path, _)| path).collect::<Vec<_>>()
            )
        };
        self.number(expr).unwrap_or_else(|| panic!("{path}: {name} is not made of whole numbers"))
    }

    /// Whole numbers, names of other constants, and arithmetic of them; a `Duration` in seconds.
    fn number(&self, expr: &Expr) -> Option<i128> {
        match expr {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Int(number) => number.base10_parse().ok(),
                _ => None,
            },
            Expr::Paren(inner) => self.number(&inner.expr),
            Expr::Cast(cast) => self.number(&cast.expr),
            Expr::Path(path) => {
                let (_, expr) = self.found.get(&path.path.get_ident()?.to_string())?.first()?;
                self.number(expr)
            }
            // `if cfg!(test) { small } else { real }`: the real one.
            Expr::If(choice) => match &*choice.else_branch.as_ref()?.1 {
                Expr::Block(block) => match block.block.stmts.as_slice() {
                    [syn::Stmt::Expr(expr, None)] => self.number(expr),
                    _ => None,
                },
                _ => None,
            },
            Expr::Call(call) => {
                let Expr::Path(function) = &*call.func else { return None };
                let name = function.path.segments.last()?.ident.to_string();
                (name == "from_secs").then(|| self.number(call.args.first()?)).flatten()
            }
            Expr::Binary(both) => {
                let (left, right) = (self.number(&both.left)?, self.number(&both.right)?);
                match both.op {
                    BinOp::Add(_) => Some(left + right),
                    BinOp::Sub(_) => Some(left - right),
                    BinOp::Mul(_) => Some(left * right),
                    BinOp::Shl(_) => Some(left << right),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// The number that stands at `{}`, wherever the piece stands: lines may break anywhere in it.
fn number_at(piece: &str, text: &str) -> Option<i128> {
    let (before, after) = piece.split_once("{}").unwrap();
    for (at, _) in text.match_indices(before) {
        let rest = &text[at + before.len()..];
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ',').unwrap_or(rest.len());
        // A comma at the end belongs to the sentence.
        let digits = rest[..end].trim_end_matches(',');
        if !digits.is_empty() && rest[digits.len()..].starts_with(after) {
            return digits.replace(',', "").parse().ok();
        }
    }
    None
}

#[test]
fn numbers_of_documents_are_those_of_the_code() {
    let constants = Constants::of_the_product();
    let texts: Vec<(String, String)> = documents()
        .into_iter()
        .map(|document| (document.name, document.text.split_whitespace().collect::<Vec<_>>().join(" ")))
        .collect();
    let mut wrong = Vec::new();
    for Fact { piece, constant, unit } in FACTS {
        let code = constants.value(constant);
        let said: Vec<_> = texts.iter().filter_map(|(name, text)| Some((name, number_at(piece, text)?))).collect();
        if said.is_empty() {
            wrong.push(format!("no document says \"{piece}\" any more; mend or remove its line in FACTS"));
        }
        for (name, number) in said.iter().filter(|(_, number)| number * unit != code) {
            wrong.push(format!("{name}: \"{piece}\" says {number}, but {constant} is {code}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_number_is_read_where_the_piece_has_it() {
    let text = "It takes 7 cups, up to 1,000, and at most 1,050 sites.";
    assert_eq!(number_at("up to {}, and", text), Some(1_000));
    assert_eq!(number_at("at most {} sites", text), Some(1_050));
    assert_eq!(number_at("at most {} cups", text), None);
}

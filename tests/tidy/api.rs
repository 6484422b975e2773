//! docs/API.md names every method of the service that answers questions, with the fields of its request: the table "Methods" is
//! checked against the protocol, and says when it is stale.

use std::fs;

use crate::source::root;

/// The rows of the table: for each method what the protocol's comment says first, and the request's fields.
fn rows(protocol: &str) -> Vec<String> {
    let lines: Vec<&str> = protocol.lines().map(str::trim).collect();
    let methods = lines.iter().enumerate().filter_map(|(at, line)| Some((at, line.strip_prefix("rpc ")?)));
    let row = |(at, method): (usize, &str)| {
        let (name, rest) = method.split_once('(').expect("a request");
        let (request, _) = rest.split_once(')').expect("its type");
        let above = lines[..at].iter().rev().take_while(|line| line.starts_with("//"));
        let comment: Vec<&str> = above.map(|line| line.trim_start_matches('/').trim()).collect();
        let comment = comment.into_iter().rev().collect::<Vec<_>>().join(" ");
        let fields: Vec<String> = fields(&lines, request).iter().map(|field| format!("`{field}`")).collect();
        format!("| `{name}` | {} | {} |", comment, fields.join(", "))
    };
    methods.map(row).collect()
}

/// The fields of a message, in its order.
fn fields<'p>(lines: &[&'p str], message: &str) -> Vec<&'p str> {
    // One without fields is written in one line.
    let head = format!("message {message} {{");
    let body = lines.iter().skip_while(|line| **line != head).skip(1);
    let declared = body.take_while(|line| **line != "}").filter(|line| line.ends_with(';'));
    declared.filter_map(|line| line.split_once(" = ")?.0.split(' ').next_back()).collect()
}

#[test]
fn the_methods_of_the_api_are_those_of_the_protocol() {
    let read = |path: &str| fs::read_to_string(root().join(path)).expect("a file");
    let rows = rows(&read("proto/headcount/v1/stats.proto"));
    assert!(rows.len() >= 8, "{rows:#?}");
    let document = read("docs/API.md");
    let missing: Vec<&String> = rows.iter().filter(|row| !document.lines().any(|line| line == row.as_str())).collect();
    assert!(missing.is_empty(), "docs/API.md, \"Methods\", is stale; it needs these rows:\n{missing:#?}");
    let is_method =
        |line: &&str| ["| `Get", "| `List", "| `Watch", "| `Export"].iter().any(|head| line.starts_with(head));
    let shown = document.lines().filter(is_method).count();
    assert_eq!(shown, rows.len(), "docs/API.md, \"Methods\", has rows of methods that are gone");
}

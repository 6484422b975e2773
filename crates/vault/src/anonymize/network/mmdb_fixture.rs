//! Writes small MaxMind-format files for the tests (<https://maxmind.github.io/MaxMind-DB/>), record size 32 bits.

use std::net::IpAddr;

/// A value of the data section.
pub(super) enum Value {
    Text(&'static str),
    Number(u32),
    Map(Vec<(&'static str, Value)>),
}

/// The record of a country as MaxMind writes it.
pub(super) fn country(code: &'static str) -> Value {
    let named = Value::Map(vec![("geoname_id", Value::Number(1)), ("iso_code", Value::Text(code))]);
    Value::Map(vec![("country", named), ("note", Value::Text("x"))])
}

/// What a child of a node is while the tree is built.
#[derive(Clone, Copy)]
enum Child {
    Nothing,
    Node(usize),
    Data(usize),
}

/// A file with networks (address, prefix length, record), a kind and the day it was made, in seconds since 1970.
pub(super) fn file(ip_version: u16, networks: &[(&str, u8, Value)], kind: &'static str, build_epoch: u32) -> Vec<u8> {
    let mut nodes = vec![[Child::Nothing; 2]];
    let mut data = Vec::new();
    for (address, length, value) in networks {
        let (bits, shift) = match address.parse().unwrap() {
            IpAddr::V4(v4) if ip_version == 4 => (u128::from(u32::from(v4)) << 96, 0),
            // IPv4 lies at ::/96 of an IPv6 tree.
            IpAddr::V4(v4) => (u128::from(u32::from(v4)), 96),
            IpAddr::V6(v6) => (u128::from(v6), 0),
        };
        insert(&mut nodes, bits, length + shift, data.len());
        write(value, &mut data);
    }
    let count = nodes.len();
    let mut out = Vec::new();
    for child in nodes.iter().flatten() {
        let record = match *child {
            Child::Nothing => count,
            Child::Node(node) => node,
            Child::Data(offset) => count + 16 + offset,
        };
        out.extend(u32::try_from(record).unwrap().to_be_bytes());
    }
    out.extend([0; 16]);
    out.extend(data);
    out.extend(b"\xab\xcd\xefMaxMind.com");
    write_metadata(ip_version, count, kind, build_epoch, &mut out);
    out
}

fn insert(nodes: &mut Vec<[Child; 2]>, bits: u128, length: u8, offset: usize) {
    let mut node = 0;
    for depth in 0..length {
        let side = usize::from(bits >> (127 - depth) & 1 == 1);
        if depth + 1 == length {
            nodes[node][side] = Child::Data(offset);
        } else if let Child::Node(next) = nodes[node][side] {
            node = next;
        } else {
            nodes.push([Child::Nothing; 2]);
            nodes[node][side] = Child::Node(nodes.len() - 1);
            node = nodes.len() - 1;
        }
    }
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Text(text) => write_text(text, out),
        Value::Number(number) => {
            out.push(6 << 5 | 4);
            out.extend(number.to_be_bytes());
        }
        Value::Map(entries) => {
            out.push(7 << 5 | u8::try_from(entries.len()).unwrap());
            for (key, value) in entries {
                write_text(key, out);
                write(value, out);
            }
        }
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    assert!(text.len() < 29, "longer texts have a longer head");
    out.push(2 << 5 | u8::try_from(text.len()).unwrap());
    out.extend(text.as_bytes());
}

fn write_metadata(ip_version: u16, nodes: usize, kind: &'static str, build_epoch: u32, out: &mut Vec<u8>) {
    let short = |number: u16, out: &mut Vec<u8>| {
        out.push(5 << 5 | 2);
        out.extend(number.to_be_bytes());
    };
    out.push(7 << 5 | 9);
    for (key, number) in [
        ("binary_format_major_version", 2),
        ("binary_format_minor_version", 0),
        ("ip_version", ip_version),
        ("record_size", 32),
    ] {
        write_text(key, out);
        short(number, out);
    }
    write_text("node_count", out);
    write(&Value::Number(u32::try_from(nodes).unwrap()), out);
    write_text("database_type", out);
    write_text(kind, out);
    write_text("description", out);
    write(&Value::Map(vec![("en", Value::Text("A\u{1b}[1m test"))]), out);
    write_text("languages", out);
    // An empty array: type 11, in the extended form.
    out.extend([0, 11 - 7]);
    write_text("build_epoch", out);
    // A number of eight bytes: type 9, in the extended form; four bytes are enough.
    out.extend([4, 9 - 7]);
    out.extend(build_epoch.to_be_bytes());
}

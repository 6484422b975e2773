//! Golden files: what is stored, sent and printed, byte by byte, in tests/golden. A test compares. With `HEADCOUNT_BLESS=1` it
//! writes them anew, and the difference is then to be reviewed: what is stored must still be read, and what is sent understood.

#![allow(dead_code, reason = "each crate uses its part")]

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

/// Bytes of one line of a file.
const BYTES_PER_LINE: usize = 32;

/// Compares bytes with those of a file. `what` is its first line.
pub(crate) fn assert_bytes(name: &str, what: &str, bytes: &[u8]) {
    let mut text = format!("# {what}\n");
    for line in bytes.chunks(BYTES_PER_LINE) {
        line.iter().for_each(|byte| write!(text, "{byte:02x}").unwrap());
        text.push('\n');
    }
    assert_text(&format!("{name}.hex"), &text);
}

/// Whether files are to be written anew.
#[allow(clippy::disallowed_methods, reason = "whoever runs the tests says so")]
pub(crate) fn is_writing() -> bool {
    std::env::var("HEADCOUNT_BLESS").is_ok_and(|value| value == "1")
}

/// Compares a text with that of a file, and shows the first line that differs.
pub(crate) fn assert_text(name: &str, text: &str) {
    let path = path(name);
    if is_writing() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{name}: {e}; HEADCOUNT_BLESS=1 writes it"));
    assert!(golden == text, "{name} differs {}; HEADCOUNT_BLESS=1 rewrites it", difference(&golden, text));
}

/// The first line that differs.
fn difference(golden: &str, text: &str) -> String {
    let (mut old, mut new) = (golden.lines(), text.lines());
    for line in 1.. {
        match (old.next(), new.next()) {
            (None, None) => break,
            (was, is) if was != is => {
                let shown = |text: Option<&str>| text.map_or("the end".to_owned(), |text| format!("{text:?}"));
                return format!("on line {line}: expected {}, found {}", shown(was), shown(is));
            }
            _ => {}
        }
    }
    "in its line ends".to_owned()
}

/// The bytes of a file.
pub(crate) fn bytes(name: &str) -> Vec<u8> {
    let text = fs::read_to_string(path(&format!("{name}.hex"))).unwrap();
    let digits: Vec<u8> = text.lines().skip(1).flat_map(str::bytes).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// The folder of golden files, from whichever crate asks.
fn path(name: &str) -> PathBuf {
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|above| above.join("tests/golden"));
    folders.into_iter().find(|folder| folder.is_dir()).expect("tests/golden").join(name)
}

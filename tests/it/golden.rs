//! Golden files: what is printed or stored, compared byte for byte with a reviewed file below `tests/golden`.
//!
//! A failure is a difference; the message shows the first line that differs. With `HEADCOUNT_BLESS=1` the files are
//! rewritten instead, so that a wanted change shows in the diff. It never decides whether a change is right.

use std::{env, fs, path::Path};

/// Compares `actual` with the file `tests/golden/NAME`.
pub fn assert_golden(name: &str, actual: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    #[allow(clippy::disallowed_methods, reason = "a test has no settings but the environment")]
    let is_blessing = env::var_os("HEADCOUNT_BLESS").is_some_and(|value| value == "1");
    if is_blessing {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder for golden files");
        fs::write(&path, actual).expect("a golden file");
        return;
    }
    let expected = fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}; HEADCOUNT_BLESS=1 writes it"));
    let is_same = expected == actual;
    assert!(is_same, "{name} differs {}; HEADCOUNT_BLESS=1 rewrites it", difference(&expected, actual));
}

/// The first line that differs.
fn difference(expected: &[u8], actual: &[u8]) -> String {
    let (expected, actual) = (String::from_utf8_lossy(expected), String::from_utf8_lossy(actual));
    let (mut old, mut new) = (expected.lines(), actual.lines());
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

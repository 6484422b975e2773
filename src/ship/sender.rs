//! The name under which `ship` states that it has sent everything.
//!
//! A log is named after its first line, so which logs there are depends on who came first. Whether and by whom it is
//! stated that a day is complete must not: so `ship` states under a name made of the host and of which logs it was told to
//! read, the same every night, also where all of them are empty.

use std::collections::BTreeSet;
use std::path::Path;

use super::source::Input;

/// How much of the hash makes the name, in hexadecimal digits.
const NAME_DIGITS: usize = 32;
/// Separates this use of BLAKE3 from every other.
const CONTEXT: &str = "headcount 2026-11 ship sender";
/// Endings of compressed files.
const COMPRESSED: [&str; 5] = [".gz", ".bz2", ".xz", ".zst", ".Z"];
/// From so many digits on a number in a file's name is a date.
const DATE_DIGITS: usize = 6;

/// The name for these inputs on this host.
pub(super) fn sender(inputs: &[Input]) -> String {
    name_on(&host(), inputs)
}

fn name_on(host: &str, inputs: &[Input]) -> String {
    let logs: BTreeSet<String> = inputs.iter().map(log).collect();
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    for part in std::iter::once(host).chain(logs.iter().map(String::as_str)) {
        hasher.update(part.as_bytes()).update(&[0]);
    }
    format!("ship-{}", &hasher.finalize().to_hex()[..NAME_DIGITS])
}

/// The host's name, or nothing where the system has no file of it.
fn host() -> String {
    let files = ["/proc/sys/kernel/hostname", "/etc/hostname"];
    files.into_iter().find_map(|file| std::fs::read_to_string(file).ok()).unwrap_or_default().trim().to_owned()
}

/// What stays of an input when it is rotated, compressed, or begun anew on the next day.
fn log(input: &Input) -> String {
    let Input::File(path) = input else { return "-".to_owned() };
    let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
    let directory = path.parent().unwrap_or(Path::new("")).display().to_string();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!("{directory}/{}", stem(&name))
}

/// A file's name without its date, the number of its rotation and its compression.
fn stem(name: &str) -> String {
    let name = COMPRESSED.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    let digits = |run: &str| run.bytes().filter(u8::is_ascii_digit).count();
    let (mut stem, mut run) = (String::new(), String::new());
    for letter in name.chars() {
        if letter.is_ascii_digit() || matches!(letter, '.' | '-' | '_') {
            run.push(letter);
            continue;
        }
        stem.push_str(if digits(&run) >= DATE_DIGITS { "#" } else { &run });
        run.clear();
        stem.push(letter);
    }
    let is_rotation = digits(&run) > 0 && run.starts_with(['.', '-', '_']);
    if is_rotation { stem } else { stem + &run }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> Vec<Input> {
        names.iter().map(|name| Input::File(Path::new("/var/log").join(name))).collect()
    }

    #[test]
    fn every_night_has_the_same_name() {
        let of = |names: &[&str]| name_on("web1", &files(names));
        let name = of(&["access.log.1", "access.log"]);
        assert_eq!((name.len(), &name[..5]), (37, "ship-"));
        for same in [&["access.log"][..], &["access.log.2.gz", "access.log.10"], &["access.log-20261127", "access.log"]]
        {
            assert_eq!(of(same), name, "{same:?}");
        }
        assert_eq!(of(&["access-2026-11-27.log"]), of(&["access-2026-11-28.log.gz"]));
        assert_eq!(of(&["u_ex261127.log"]), of(&["u_ex261128.log"]));
        for other in [&["web1.log"][..], &["web2.log"], &["error.log"], &["access.log", "ssl.log"], &["../access.log"]]
        {
            assert_ne!(of(other), name, "{other:?}");
        }
        assert_ne!(of(&["web1.log"]), of(&["web2.log"]));
        assert_ne!(name_on("web2", &files(&["access.log"])), name);
        assert_ne!(name_on("web1", &[Input::Stdin]), name);
    }
}

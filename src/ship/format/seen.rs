//! The names of formats, for people: what a log's lines were read as, or what an input that cannot be read looks like.
//!
//! A name is one of a fixed list. It says nothing of what a line held.

/// What stands before the line that the server wrote, put there by whoever collected it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Prefix {
    #[default]
    None,
}

/// A format that lines were read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Common,
    Combined,
}

impl Kind {
    /// Its name, with that of the prefix its lines have.
    pub(super) fn name(self, prefix: Prefix) -> &'static str {
        match (self, prefix) {
            (Self::Common, Prefix::None) => "common",
            (Self::Combined, Prefix::None) => "combined",
        }
    }
}

/// What content that could not be read as a log looks like, by the start of its first line.
pub(super) fn looks_like(line: &[u8]) -> &'static str {
    const MAGIC: &[(&[u8], &str)] = &[
        (b"PK\x03\x04", "looks like a zip archive"),
        (b"PAR1", "looks like Parquet"),
        (b"7z\xbc\xaf\x27\x1c", "looks like a 7-Zip archive"),
        (b"Rar!\x1a\x07", "looks like a RAR archive"),
        (b"\x1f\x8b", "looks like gzip"),
        (b"BZh", "looks like bzip2"),
        (b"\xfd7zXZ\x00", "looks like xz"),
        (b"\x28\xb5\x2f\xfd", "looks like Zstandard"),
        (b"\x04\x22\x4d\x18", "looks like LZ4"),
        (b"\x1f\x9d", "looks like a file of compress (.Z)"),
        (b"\x7fELF", "looks like a program"),
        (b"SQLite format 3\x00", "looks like an SQLite database"),
        (b"%PDF-", "looks like a PDF"),
        (b"Obj\x01", "looks like Avro"),
        (b"ORC", "looks like ORC"),
        (b"LPKSHHRH", "looks like a journal file of systemd; pipe `journalctl -o cat` into ship"),
        (b"ElfFile\x00", "looks like a Windows event log"),
        (b"<?xml", "looks like XML"),
        (b"<", "looks like XML or HTML"),
        (b"{", "looks like JSON without the fields of an access"),
        (b"[", "looks like an error log, or JSON in an array"),
        (b"#", "looks like a log with #Fields"),
    ];
    let found = MAGIC.iter().find(|(magic, _)| line.starts_with(magic));
    found.map_or_else(|| looks_like_text(line), |(_, name)| name)
}

/// The same for content without a magic number.
fn looks_like_text(line: &[u8]) -> &'static str {
    let tar = line.get(257..262).is_some_and(|magic| magic == b"ustar");
    if tar {
        "looks like a tar archive"
    } else if line.contains(&0) {
        "looks like binary data"
    } else if line.is_empty() {
        "nothing"
    } else {
        "no known format"
    }
}

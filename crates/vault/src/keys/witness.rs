//! How many releases there were, noted beside the keys. Whoever puts an older copy of the data directory in its place puts the
//! archive back with it where that lies inside; the keys should lie elsewhere, and then know that more was published.
//!
//! It is a number that every reader sees. A note that is missing or half-written says nothing, and is no fault.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
};

use super::KeyRing;

/// What the note begins with.
const HEADING: &str = "headcount releases 1\n";

impl KeyRing {
    /// The number of the last release that was noted; none where nothing is known.
    pub(crate) fn noted_release(&self) -> Option<u64> {
        let text = fs::read_to_string(self.directory.join("releases")).ok()?;
        text.strip_prefix(HEADING)?.strip_suffix('\n')?.parse().ok()
    }

    /// Notes the last release, wholly or not at all. A note that cannot be written is told; the next one may succeed.
    pub(crate) fn note_release(&self, number: u64) {
        let (draft, path) = (self.directory.join("releases.new"), self.directory.join("releases"));
        let options = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft);
        let written = options.and_then(|mut file| {
            file.write_all(format!("{HEADING}{number}\n").as_bytes())?;
            fs::rename(&draft, &path)
        });
        if let Err(error) = written {
            crate::telemetry::release_not_noted(&error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_whole_note_says_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let ring = KeyRing::open(directory.path()).unwrap();
        assert_eq!(ring.noted_release(), None);
        ring.note_release(7);
        ring.note_release(1_234);
        assert_eq!(ring.noted_release(), Some(1_234));
        assert_eq!(ring.on_disk().unwrap(), [], "it is no key");
        for text in ["", "headcount releases 1\n12", "headcount releases 2\n12\n", "headcount releases 1\n-1\n"] {
            fs::write(directory.path().join("releases"), text).unwrap();
            assert_eq!(ring.noted_release(), None, "{text:?}");
        }
    }
}

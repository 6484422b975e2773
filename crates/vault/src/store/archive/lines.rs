//! The lines of an archive's file: each holds the digest of the line before.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use super::Entry;
use crate::store::{ArchiveError, Damaged, at};

type Digest = [u8; 32];

/// What stands before and after the digest.
const BEFORE: &[u8] = b",\"digest\":\"";
const AFTER: &[u8] = b"\"}\n";
const HEX_BYTES: usize = 64;
const TAIL_BYTES: usize = BEFORE.len() + HEX_BYTES + AFTER.len();
/// How much is read at once when the end of a file is looked for.
const STRIDE_BYTES: u64 = 64 * 1024;

/// A line that was read and is what was written.
pub(crate) struct Line {
    /// Counted from 1.
    pub(crate) number: u64,
    pub(crate) entry: Entry,
}

/// Reads a file from its beginning and checks every line against the one before.
pub(crate) struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    chain: Digest,
    number: u64,
    /// Bytes after the last whole line: one was being written when the process ended.
    pub(crate) unfinished_bytes: usize,
}

impl Lines {
    pub(crate) fn open(path: &Path) -> Result<Self, ArchiveError> {
        let file = File::open(path).map_err(at(path))?;
        let reader = BufReader::new(file);
        Ok(Self { path: path.to_owned(), reader, chain: Digest::default(), number: 0, unfinished_bytes: 0 })
    }

    fn read(&mut self) -> Result<Option<Line>, ArchiveError> {
        let mut line = Vec::new();
        self.reader.read_until(b'\n', &mut line).map_err(at(&self.path))?;
        if line.last() != Some(&b'\n') {
            self.unfinished_bytes = line.len();
            return Ok(None);
        }
        self.number += 1;
        let (entry, digest) = parse(&line, Some(self.chain)).ok_or_else(|| damaged(&self.path, self.number))?;
        self.chain = digest;
        Ok(Some(Line { number: self.number, entry }))
    }
}

impl Iterator for Lines {
    type Item = Result<Line, ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

fn damaged(path: &Path, line: u64) -> ArchiveError {
    ArchiveError::Line { path: path.to_owned(), line }
}

/// Appends a line to a text. Gives its digest.
pub(super) fn write(entry: &Entry, before: Digest, text: &mut Vec<u8>) -> Result<Digest, ArchiveError> {
    let body = serde_json::to_vec(entry).map_err(|e| Damaged::new(format!("a line that cannot be written: {e}")))?;
    let digest = chained(before, &body);
    text.extend_from_slice(&body[..body.len() - 1]);
    text.extend_from_slice(BEFORE);
    text.extend_from_slice(blake3::Hash::from_bytes(digest).to_hex().as_bytes());
    text.extend_from_slice(AFTER);
    Ok(digest)
}

fn chained(before: Digest, body: &[u8]) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&before).update(body);
    *hasher.finalize().as_bytes()
}

/// Reads a line, and checks its digest where that of the line before is known.
fn parse(line: &[u8], before: Option<Digest>) -> Option<(Entry, Digest)> {
    let (body, tail) = line.split_at_checked(line.len().checked_sub(TAIL_BYTES)?)?;
    let digest = digest_of(tail)?;
    let body = [body, b"}"].concat();
    if before.is_some_and(|before| chained(before, &body) != digest) {
        return None;
    }
    Some((serde_json::from_slice(&body).ok()?, digest))
}

fn digest_of(tail: &[u8]) -> Option<Digest> {
    let hex = tail.strip_prefix(BEFORE)?.strip_suffix(AFTER)?;
    blake3::Hash::from_hex(hex).ok().map(|hash| *hash.as_bytes())
}

/// The last whole line of a file.
pub(super) fn last(path: &Path) -> Result<Option<Entry>, ArchiveError> {
    match last_line(path)?.0 {
        Some(line) => parse(&line, None).map(|(entry, _)| Some(entry)).ok_or_else(|| damaged(path, 0)),
        None => Ok(None),
    }
}

/// Cuts what a crash left of a line that was never finished. Gives the digest of the last whole line.
pub(super) fn cut_unfinished(path: &Path) -> Result<Option<Digest>, ArchiveError> {
    let (line, end) = last_line(path)?;
    let file = OpenOptions::new().write(true).open(path).map_err(at(path))?;
    if file.metadata().map_err(at(path))?.len() > end {
        file.set_len(end).and_then(|()| file.sync_all()).map_err(at(path))?;
    }
    let Some(line) = line else { return Ok(None) };
    parse(&line, None).map(|(_, digest)| Some(digest)).ok_or_else(|| damaged(path, 0))
}

/// The last whole line, and where it ends.
fn last_line(path: &Path) -> Result<(Option<Vec<u8>>, u64), ArchiveError> {
    let mut file = File::open(path).map_err(at(path))?;
    let length = file.metadata().map_err(at(path))?.len();
    let mut kept: Vec<u8> = Vec::new();
    let mut start = length;
    loop {
        let mut ends = memchr::memrchr_iter(b'\n', &kept);
        if let Some(end) = ends.next()
            && (start == 0 || ends.next().is_some())
        {
            let first = memchr::memrchr(b'\n', &kept[..end]).map_or(0, |before| before + 1);
            return Ok((Some(kept[first..=end].to_vec()), start + end as u64 + 1));
        }
        if start == 0 {
            return Ok((None, 0));
        }
        let from = start.saturating_sub(STRIDE_BYTES);
        let mut more = vec![0; usize::try_from(start - from).unwrap_or(usize::MAX)];
        let mut read = || -> io::Result<()> {
            file.seek(SeekFrom::Start(from))?;
            file.read_exact(&mut more)
        };
        read().map_err(at(path))?;
        more.extend_from_slice(&kept);
        (kept, start) = (more, from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{store::rows::SiteRow, units::SiteName};
    use proptest::prelude::*;

    fn entry(length: usize) -> Entry {
        Entry::Settings(SiteRow { zone: "x".repeat(length), created_unix_ms: 1, terms: Vec::new() })
    }

    fn file(lengths: &[usize]) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("www").join("site.jsonl");
        for length in lengths {
            super::super::append(&path, &SiteName::new("www").unwrap(), entry(*length)).unwrap();
        }
        (directory, path)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn what_was_appended_is_read_again_and_what_was_cut_is_appended_anew(
            lengths in prop::collection::vec(prop_oneof![0_usize..300, 60_000_usize..140_000], 1..4),
            lost in 1_usize..60,
        ) {
            let (_directory, path) = file(&lengths);
            let read = || -> Vec<Entry> { Lines::open(&path).unwrap().map(|line| line.unwrap().entry).skip(1).collect() };
            prop_assert_eq!(read(), lengths.iter().map(|l| entry(*l)).collect::<Vec<_>>());
            prop_assert_eq!(last(&path).unwrap(), lengths.last().map(|l| entry(*l)));
            // A crash in the middle of the last line.
            let whole = std::fs::read(&path).unwrap();
            std::fs::write(&path, &whole[..whole.len() - lost]).unwrap();
            prop_assert_eq!(read().len(), lengths.len() - 1);
            super::super::append(&path, &SiteName::new("www").unwrap(), entry(*lengths.last().unwrap())).unwrap();
            prop_assert_eq!(std::fs::read(&path).unwrap(), whole);
        }

        #[test]
        fn an_altered_or_missing_line_is_found(lengths in prop::collection::vec(0_usize..50, 2..5), place in 0_usize..10_000) {
            let (_directory, path) = file(&lengths);
            let whole = std::fs::read(&path).unwrap();
            let mut altered = whole.clone();
            altered[place % whole.len()] ^= 1;
            std::fs::write(&path, &altered).unwrap();
            let is_last_byte = place % whole.len() == whole.len() - 1;
            // Without its end the last line counts as unfinished.
            let read: Result<Vec<_>, _> = Lines::open(&path).unwrap().collect();
            prop_assert!(read.is_err() || is_last_byte);
            let mut lines: Vec<&[u8]> = whole.split_inclusive(|b| *b == b'\n').collect();
            lines.remove(place % (lines.len() - 1));
            std::fs::write(&path, lines.concat()).unwrap();
            let read: Result<Vec<_>, _> = Lines::open(&path).unwrap().collect();
            prop_assert!(read.is_err());
        }
    }
}

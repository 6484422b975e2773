//! A backup: all rows of the database in one file, with a digest over the whole.
//!
//! `headcount backup 2\n`, then for each row the lengths of its key and value (four bytes each, little-endian), key and value;
//! then four bytes of ones, the number of rows in eight bytes, and the BLAKE3 hash of everything before it.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, Write},
    path::{Path, PathBuf},
};

use super::{AdminError, CommitError, FileError, Step, at, reader::LaneReader, rows, writer::LaneWriter};

const MAGIC: &[u8] = b"headcount backup 2\n";
const END: u32 = u32::MAX;
/// Longer keys are never written.
const KEY_BYTES_MAX: u32 = 1 << 16;
/// Rows are put back in steps of so many at most, and of about so many bytes.
const ROWS_PER_STEP: usize = 2_000;
const STEP_BYTES: usize = 4 << 20;

type Row = (Vec<u8>, Vec<u8>);

/// Hashes what it passes on.
struct Hashing<W> {
    inner: W,
    hasher: blake3::Hasher,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.hasher.update(&bytes[..read]);
        Ok(read)
    }
}

fn length(bytes: &[u8]) -> io::Result<[u8; 4]> {
    u32::try_from(bytes.len()).map(u32::to_le_bytes).map_err(io::Error::other)
}

/// Writes all rows to a file, which `path` names in errors. Nothing may be committed meanwhile.
pub(crate) fn write(lane: &LaneReader, path: &Path, to: &mut impl Write) -> Result<(), CommitError> {
    let at = |error| at(path)(error);
    let mut to = Hashing { inner: to, hasher: blake3::Hasher::new() };
    to.write_all(MAGIC).map_err(at)?;
    let mut count = 0_u64;
    for row in lane.scan(b"") {
        let (key, value) = row?;
        let write = |to: &mut dyn Write| {
            to.write_all(&length(&key)?)?;
            to.write_all(&length(&value)?)?;
            to.write_all(&key)?;
            to.write_all(&value)
        };
        write(&mut to).map_err(at)?;
        count += 1;
    }
    to.write_all(&END.to_le_bytes()).and_then(|()| to.write_all(&count.to_le_bytes())).map_err(at)?;
    let digest = *to.hasher.finalize().as_bytes();
    to.inner.write_all(&digest).map_err(at)?;
    Ok(())
}

/// A backup file whose digest was checked.
pub(crate) struct Backup {
    path: PathBuf,
    file: File,
}

impl Backup {
    /// Opens a backup and checks all of it.
    pub(crate) fn open(path: &Path) -> Result<Self, AdminError> {
        let backup = Self { path: path.to_owned(), file: File::open(path).map_err(at(path))? };
        backup.each(|_| Ok(()))?;
        Ok(backup)
    }

    /// Its length.
    pub(crate) fn bytes(&self) -> Result<u64, FileError> {
        self.file.metadata().map(|m| m.len()).map_err(at(&self.path))
    }

    fn damaged(&self) -> AdminError {
        AdminError::Backup(self.path.clone())
    }

    /// Puts all rows into an empty database. The format goes in last: without it the database is unfinished.
    pub(crate) fn put_back(&self, lane: &mut LaneWriter) -> Result<(), AdminError> {
        let (mut step, mut rows) = (Step::default(), 0);
        let mut format = None;
        self.each(|(key, value)| {
            if key == rows::FORMAT_KEY {
                format = Some(value);
            } else {
                step.put(key, value);
                rows += 1;
            }
            if rows == ROWS_PER_STEP || step.bytes() >= STEP_BYTES {
                rows = 0;
                lane.commit(std::mem::take(&mut step))?;
            }
            Ok(())
        })?;
        step.put(rows::FORMAT_KEY, format.ok_or_else(|| self.damaged())?);
        Ok(lane.commit(step)?)
    }

    /// Gives each row, and at the end refuses a file that is not what was written.
    fn each(&self, mut with: impl FnMut(Row) -> Result<(), AdminError>) -> Result<(), AdminError> {
        let mut file = &self.file;
        file.rewind().map_err(at(&self.path))?;
        let mut reader = Hashing { inner: BufReader::new(file), hasher: blake3::Hasher::new() };
        let mut magic = [0; MAGIC.len()];
        reader.read_exact(&mut magic).map_err(|_| self.damaged())?;
        if magic != MAGIC {
            return Err(self.damaged());
        }
        let mut count = 0;
        while let Some(row) = read_row(&mut reader).ok_or_else(|| self.damaged())? {
            with(row)?;
            count += 1;
        }
        let stated = u64::from_le_bytes(read(&mut reader).ok_or_else(|| self.damaged())?);
        let digest = *reader.hasher.finalize().as_bytes();
        let is_whole = read::<32>(&mut reader.inner) == Some(digest) && read::<1>(&mut reader.inner).is_none();
        if is_whole && stated == count { Ok(()) } else { Err(self.damaged()) }
    }
}

fn read<const N: usize>(from: &mut impl Read) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes).ok().map(|()| bytes)
}

/// A row; none inside where the rows end; none outside where there is no row.
fn read_row(from: &mut impl Read) -> Option<Option<Row>> {
    let key = u32::from_le_bytes(read(from)?);
    if key == END {
        return Some(None);
    }
    let value = u32::from_le_bytes(read(from)?);
    if key > KEY_BYTES_MAX {
        return None;
    }
    Some(Some((read_long(from, key)?, read_long(from, value)?)))
}

/// So many bytes. A length that is damaged asks for no memory that the file does not fill.
fn read_long(from: &mut impl Read, length: u32) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(length.into()).read_to_end(&mut bytes).ok()?;
    (u32::try_from(bytes.len()) == Ok(length)).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::lane::Lane;
    use proptest::prelude::*;

    fn lane(rows: &[(Vec<u8>, Vec<u8>)]) -> (tempfile::TempDir, Lane) {
        let directory = tempfile::tempdir().unwrap();
        let mut lane = Lane::open(directory.path(), 0).unwrap();
        let mut step = Step::default();
        step.put_row(rows::FORMAT_KEY, &rows::FORMAT).unwrap();
        for (key, value) in rows {
            step.put([b"k/", &**key].concat(), &**value);
        }
        lane.writer.commit(step).unwrap();
        (directory, lane)
    }

    fn all(lane: &Lane) -> Vec<Row> {
        lane.reader.scan(b"").map(Result::unwrap).collect()
    }

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(any::<u8>(), 0..40)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn all_rows_come_back_and_damage_is_refused(
            rows in prop::collection::btree_map(bytes(), bytes(), 0..30),
            place in any::<prop::sample::Index>(),
            bit in 0_u8..8,
        ) {
            let rows: Vec<_> = rows.into_iter().collect();
            let (directory, from) = lane(&rows);
            let mut copy = Vec::new();
            write(&from.reader, directory.path(), &mut copy).unwrap();
            let path = directory.path().join("copy");
            std::fs::write(&path, &copy).unwrap();
            let (_other, mut to) = lane(&[]);
            Backup::open(&path).unwrap().put_back(&mut to.writer).unwrap();
            prop_assert_eq!(all(&to), all(&from));

            let place = place.index(copy.len());
            std::fs::write(&path, &copy[..place]).unwrap();
            prop_assert!(matches!(Backup::open(&path), Err(AdminError::Backup(_))));
            copy[place] ^= 1 << bit;
            std::fs::write(&path, &copy).unwrap();
            prop_assert!(matches!(Backup::open(&path), Err(AdminError::Backup(_))));
        }

        #[test]
        fn any_bytes_are_refused(noise in prop::collection::vec(any::<u8>(), 0..200), is_headed in any::<bool>()) {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("noise");
            let begin = if is_headed { MAGIC } else { &[] };
            std::fs::write(&path, [begin, &noise[..]].concat()).unwrap();
            prop_assert!(matches!(Backup::open(&path), Err(AdminError::Backup(_))));
        }
    }
}

//! A backup: all rows of the database in one file, with a digest over the whole.
//!
//! `headcount backup 1\n`, then for each row the lengths of its key and value (four bytes each, little-endian), key and value;
//! then four bytes of ones, the number of rows in eight bytes, and the BLAKE3 hash of everything before it.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, Write},
    path::{Path, PathBuf},
};

use super::{
    Fault, at,
    disk::{Disk, Step},
    rows,
};

const MAGIC: &[u8] = b"headcount backup 1\n";
const END: u32 = u32::MAX;
/// Longer rows are never written.
const ROW_BYTES_MAX: u32 = 1 << 20;
/// Rows that are put back in one step.
const ROWS_PER_STEP: usize = 2_000;

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

impl Disk {
    /// Writes all rows. Nothing may be committed meanwhile.
    pub(in crate::vault) fn back_up(&self, to: &mut impl Write) -> Result<(), Fault> {
        let at = |error| at(self.directory())(error);
        let mut to = Hashing { inner: to, hasher: blake3::Hasher::new() };
        to.write_all(MAGIC).map_err(at)?;
        let mut count = 0_u64;
        for row in self.scan(b"") {
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
        to.inner.write_all(&digest).map_err(at)
    }
}

/// A backup file whose digest was checked.
pub(in crate::vault) struct Backup {
    path: PathBuf,
    file: File,
}

impl Backup {
    /// Opens a backup and checks all of it.
    pub(in crate::vault) fn open(path: &Path) -> Result<Self, Fault> {
        let backup = Self { path: path.to_owned(), file: File::open(path).map_err(at(path))? };
        backup.each(|_| Ok(()))?;
        Ok(backup)
    }

    /// Its length.
    pub(in crate::vault) fn bytes(&self) -> Result<u64, Fault> {
        self.file.metadata().map(|m| m.len()).map_err(at(&self.path))
    }

    fn damaged(&self) -> Fault {
        Fault::Backup(self.path.clone())
    }

    /// Puts all rows into an empty database. The format goes in last: without it the database is unfinished.
    pub(in crate::vault) fn put_back(&self, disk: &Disk) -> Result<(), Fault> {
        let (mut step, mut rows) = (Step::default(), 0);
        let mut format = None;
        self.each(|(key, value)| {
            if key == rows::FORMAT_KEY {
                format = Some(value);
            } else if key != rows::SUM_KEY {
                step.put(&key, &value);
                rows += 1;
            }
            if rows == ROWS_PER_STEP {
                rows = 0;
                disk.commit(std::mem::take(&mut step))?;
            }
            Ok(())
        })?;
        step.put(rows::FORMAT_KEY, &format.ok_or_else(|| self.damaged())?);
        disk.commit(step)
    }

    /// Gives each row, and at the end refuses a file that is not what was written.
    fn each(&self, mut with: impl FnMut(Row) -> Result<(), Fault>) -> Result<(), Fault> {
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
    if key > ROW_BYTES_MAX || value > ROW_BYTES_MAX {
        return None;
    }
    let mut row = (vec![0; key as usize], vec![0; value as usize]);
    from.read_exact(&mut row.0).ok()?;
    from.read_exact(&mut row.1).ok()?;
    Some(Some(row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn disk(rows: &[(Vec<u8>, Vec<u8>)]) -> (tempfile::TempDir, Disk) {
        let directory = tempfile::tempdir().unwrap();
        let disk = Disk::open(directory.path(), 0).unwrap();
        let mut step = Step::default();
        step.put_row(rows::FORMAT_KEY, &rows::FORMAT).unwrap();
        for (key, value) in rows {
            step.put(&[b"k/", &**key].concat(), value);
        }
        disk.commit(step).unwrap();
        (directory, disk)
    }

    fn all(disk: &Disk) -> Vec<Row> {
        let rows = disk.scan(b"").map(|row| row.map(|(k, v)| (k.to_vec(), v.to_vec())).unwrap());
        rows.filter(|(key, _)| key != rows::SUM_KEY).collect()
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
            let (directory, from) = disk(&rows);
            let mut copy = Vec::new();
            from.back_up(&mut copy).unwrap();
            let path = directory.path().join("copy");
            std::fs::write(&path, &copy).unwrap();
            let (_other, to) = disk(&[]);
            Backup::open(&path).unwrap().put_back(&to).unwrap();
            prop_assert_eq!(all(&to), all(&from));

            let place = place.index(copy.len());
            std::fs::write(&path, &copy[..place]).unwrap();
            prop_assert!(matches!(Backup::open(&path), Err(Fault::Backup(_))));
            copy[place] ^= 1 << bit;
            std::fs::write(&path, &copy).unwrap();
            prop_assert!(matches!(Backup::open(&path), Err(Fault::Backup(_))));
        }

        #[test]
        fn any_bytes_are_refused(noise in prop::collection::vec(any::<u8>(), 0..200), is_headed in any::<bool>()) {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("noise");
            let begin = if is_headed { MAGIC } else { &[] };
            std::fs::write(&path, [begin, &noise[..]].concat()).unwrap();
            prop_assert!(matches!(Backup::open(&path), Err(Fault::Backup(_))));
        }
    }
}

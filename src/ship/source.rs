//! Opens what is to be read: a file, a gzip file (also one of several members), a pipe or standard input.
//!
//! Gzip is recognised by its first bytes, not by the name. Only a plain regular file can be entered in the middle;
//! everything else is read from its start.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

use super::lines::{Content, wide};
use super::progress::Meter;

/// The first bytes of a gzip file.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// What to ship.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file or a named pipe.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

impl Input {
    /// The name to show: the path as given, or `-`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Stdin => "-".to_owned(),
        }
    }

    /// The size of a regular file in bytes, as it is on the disk.
    #[must_use]
    pub fn size_bytes(&self) -> Option<u64> {
        match self {
            Self::File(path) => {
                std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len())
            }
            Self::Stdin => None,
        }
    }
}

/// An open input, decompressed where it is gzip.
pub(super) struct Source {
    reader: Box<dyn Read + Send>,
    /// A second handle of the very same open file, where it can be entered in the middle.
    seekable: Option<File>,
    /// True where the input is gzip.
    pub(super) gzip: bool,
    meter: Arc<Meter>,
    /// What the meter showed when this input was opened.
    bytes_before: u64,
}

impl Source {
    /// Opens an input and looks at its first bytes.
    ///
    /// # Errors
    /// It cannot be opened or read, or it is a directory.
    pub(super) fn open(input: &Input, meter: &Arc<Meter>) -> io::Result<Self> {
        match input {
            Input::Stdin => Self::new(io::stdin(), None, meter),
            Input::File(path) => {
                let file = open_file(path)?;
                let seekable = if file.metadata()?.is_file() { Some(file.try_clone()?) } else { None };
                Self::new(file, seekable, meter)
            }
        }
    }

    /// Reads from anything; `seekable` is a second handle of the same open file, if it is one.
    pub(super) fn new(
        mut reader: impl Read + Send + 'static,
        mut seekable: Option<File>,
        meter: &Arc<Meter>,
    ) -> io::Result<Self> {
        let bytes_before = meter.bytes();
        let mut head = Vec::with_capacity(GZIP_MAGIC.len());
        reader.by_ref().take(wide(GZIP_MAGIC.len())).read_to_end(&mut head)?;
        let gzip = head == GZIP_MAGIC;
        if let Some(file) = &mut seekable {
            file.seek(SeekFrom::Start(0))?;
            head.clear();
        }
        let metered = Metered { reader: io::Cursor::new(head).chain(reader), meter: Arc::clone(meter) };
        Ok(Self {
            reader: if gzip {
                Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(64 * 1024, metered)))
            } else {
                Box::new(metered)
            },
            seekable: seekable.filter(|_| !gzip),
            gzip,
            meter: Arc::clone(meter),
            bytes_before,
        })
    }

    /// How many bytes of the input were read, before decompression.
    pub(super) fn bytes_read(&self) -> u64 {
        self.meter.bytes().saturating_sub(self.bytes_before)
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl Content for Source {
    fn jump_to(&mut self, offset: u64) -> io::Result<bool> {
        let Some(file) = &mut self.seekable else {
            return Ok(false);
        };
        file.seek(SeekFrom::Start(offset))?;
        // The bytes that were jumped over count as done.
        self.meter.set_bytes(self.bytes_before + offset);
        Ok(true)
    }
}

/// Opens a file that is not a directory.
fn open_file(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory; name the files in it"));
    }
    Ok(file)
}

/// Counts what is read.
struct Metered<R> {
    reader: R,
    meter: Arc<Meter>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.meter.add_bytes(wide(count));
        Ok(count)
    }
}

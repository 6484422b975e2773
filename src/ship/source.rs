//! Opens what is to be read: a file, a pipe or standard input, compressed or not (see `packing`), in UTF-8 or UTF-16.
//!
//! Both are recognised by the first bytes, not by the name. Only a plain regular file can be entered in the middle;
//! everything else is read from its start, and a place in it counts bytes of UTF-8 content.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::lines::{Content, wide};
use super::packing::{MAGIC_BYTES, Packing};
use super::progress::Meter;
use super::utf16::{HEAD_BYTES, Utf16, encoding};

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

/// An open input, unpacked and in UTF-8.
pub(super) struct Source {
    reader: Box<dyn Read + Send>,
    /// A second handle of the very same open file, where it can be entered in the middle.
    seekable: Option<File>,
    /// How the input is packed.
    pub(super) packing: Packing,
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
        seekable: Option<File>,
        meter: &Arc<Meter>,
    ) -> io::Result<Self> {
        let bytes_before = meter.bytes();
        let head = first_bytes(&mut reader, MAGIC_BYTES)?;
        let packing = Packing::of(&head);
        let metered = Metered { reader: io::Cursor::new(head).chain(reader), meter: Arc::clone(meter) };
        let mut content = packing.open(metered);
        let head = match first_bytes(&mut content, HEAD_BYTES) {
            Ok(head) => head,
            // Damage is told where the content is read, with its place.
            Err(error) => return Ok(Self::of(Box::new(Failed(Some(error))), None, packing, meter, bytes_before)),
        };
        let encoding = encoding(&head);
        let mark_bytes = encoding.map_or(0, |(_, mark_bytes)| mark_bytes);
        let mut head = io::Cursor::new(head);
        head.set_position(wide(mark_bytes));
        let whole = head.chain(content);
        let reader: Box<dyn Read + Send> = match encoding {
            Some((encoding, _)) => Box::new(Utf16::new(whole, encoding)),
            None => Box::new(whole),
        };
        let is_plain = packing == Packing::Plain && encoding.is_none();
        Ok(Self::of(reader, seekable.filter(|_| is_plain), packing, meter, bytes_before))
    }

    fn of(
        reader: Box<dyn Read + Send>,
        seekable: Option<File>,
        packing: Packing,
        meter: &Arc<Meter>,
        bytes_before: u64,
    ) -> Self {
        Self { reader, seekable, packing, meter: Arc::clone(meter), bytes_before }
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
        // The handles share one place, and nothing that was read before it counts any more.
        file.seek(SeekFrom::Start(offset))?;
        self.reader = Box::new(Metered { reader: file.try_clone()?, meter: Arc::clone(&self.meter) });
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

/// So many bytes from the start, or fewer where there are no more.
fn first_bytes(reader: &mut impl Read, count: usize) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(count);
    reader.take(wide(count)).read_to_end(&mut head)?;
    Ok(head)
}

/// Content of which nothing can be read.
struct Failed(Option<io::Error>);

impl Read for Failed {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
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

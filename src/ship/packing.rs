//! Opens what is compressed: gzip, bzip2, xz and Zstandard, recognised by their first bytes, in any number of parts.
//!
//! Everything is unpacked as it is read, in memory that is bounded whatever the file says: an archive that asks for more is
//! refused.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::StreamingDecoder;

/// How many first bytes tell.
pub(super) const MAGIC_BYTES: usize = 6;

/// How much compressed content is read at once, in bytes.
const READ_BYTES: usize = 64 * 1024;

/// The most memory that xz may take, in KiB: twice what `xz -9` needs.
const XZ_KIB_MAX: u32 = 128 * 1024;

/// The largest window that Zstandard may ask for, in bytes: that of `zstd --long`.
const ZSTD_WINDOW_BYTES_MAX: u64 = 128 * 1024 * 1024;

// What unpacks runs on one thread, and lines above another limit are passed over as they come.
const _: () = assert!(XZ_KIB_MAX as u64 * 1024 <= ZSTD_WINDOW_BYTES_MAX);

/// How content is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Gzip,
    Bzip2,
    Xz,
    Zstd,
}

impl Packing {
    /// By the first bytes of a file; fewer than `MAGIC_BYTES` where it has no more.
    pub(super) fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31 | 0x17, ..] => Self::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0] => Self::Xz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }

    /// What such a file is called.
    pub(super) fn file_name(self) -> &'static str {
        match self {
            Self::Plain => "file",
            Self::Gzip => "gzip file",
            Self::Bzip2 => "bzip2 file",
            Self::Xz => "xz file",
            Self::Zstd => "Zstandard file",
        }
    }

    /// The content of what is packed.
    pub(super) fn open(self, packed: impl Read + Send + 'static) -> Box<dyn Read + Send> {
        if self == Self::Plain {
            return Box::new(packed);
        }
        let packed = BufReader::with_capacity(READ_BYTES, packed);
        match self {
            Self::Plain => Box::new(packed),
            Self::Gzip => Box::new(MultiGzDecoder::new(packed)),
            Self::Bzip2 => Box::new(MultiBzDecoder::new(packed)),
            Self::Xz => Box::new(XzReader::new_mem_limit(packed, true, XZ_KIB_MAX)),
            Self::Zstd => Box::new(Frames::Between(packed)),
        }
    }
}

/// The head of a frame, and what follows it.
type Frame<R> = io::Chain<Cursor<Vec<u8>>, R>;

/// The frames of a Zstandard file, one after the other.
enum Frames<R: BufRead> {
    Between(R),
    Inside(Box<StreamingDecoder<Frame<R>, ruzstd::decoding::FrameDecoder>>),
    /// Nothing is left, or what there is cannot be read.
    Over,
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            *self = match std::mem::replace(self, Self::Over) {
                Self::Over => return Ok(0),
                Self::Between(packed) => next_frame(packed)?,
                Self::Inside(mut frame) => {
                    let count = frame.read(buffer)?;
                    if count > 0 || buffer.is_empty() {
                        *self = Self::Inside(frame);
                        return Ok(count);
                    }
                    Self::Between(frame.into_inner().into_inner().1)
                }
            };
        }
    }
}

/// The next frame that holds content; those that a program keeps notes in are passed over.
fn next_frame<R: BufRead>(mut packed: R) -> io::Result<Frames<R>> {
    let mut head = Vec::with_capacity(4);
    packed.by_ref().take(4).read_to_end(&mut head)?;
    if head.is_empty() {
        return Ok(Frames::Over);
    }
    if let [0x50..=0x5f, 0x2a, 0x4d, 0x18] = head[..] {
        let mut length = [0; 4];
        packed.read_exact(&mut length)?;
        let length = u64::from(u32::from_le_bytes(length));
        if io::copy(&mut packed.by_ref().take(length), &mut io::sink())? < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        return Ok(Frames::Between(packed));
    }
    let frame = StreamingDecoder::new_with_max_window_size(Cursor::new(head).chain(packed), ZSTD_WINDOW_BYTES_MAX);
    Ok(Frames::Inside(Box::new(frame.map_err(io::Error::other)?)))
}

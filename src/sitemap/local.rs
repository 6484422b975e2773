//! Sitemaps that are local files, and the unpacking of gzip that fetched ones need too.
//!
//! The children of an index are looked for by their file name beside it.
//!
//! It never leaves the directory of the file, and never gives more than [`FILE_BYTES_MAX`] bytes of one.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;

use crate::text::shown;

/// The largest sitemap, unpacked, in bytes. The format allows 50 MiB.
pub(super) const FILE_BYTES_MAX: u64 = 64 << 20;
/// What every compressed file begins with (RFC 1952, section 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The bytes of a file, unpacked.
pub(super) fn read(file: &Path) -> Result<Vec<u8>, String> {
    let opened = File::open(file).map_err(|error| format!("cannot be read: {error}"))?;
    unpacked(opened, FILE_BYTES_MAX).map_err(|error| format!("cannot be read: {error}"))?.ok_or_else(too_large)
}

/// What is said of a file past the limit.
pub(super) fn too_large() -> String {
    format!("is larger than the {FILE_BYTES_MAX} bytes that are allowed")
}

/// The file of an index's child: the last part of its URL, beside the index.
pub(super) fn beside(index: &Path, url: &str) -> Result<PathBuf, String> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let odd = |c: char| c.is_control() || c == '\\' || c == ':';
    if name.is_empty() || name == "." || name == ".." || name.contains(odd) {
        return Err(format!("{} ends in no file name; allowed: URLs of sitemap files", shown(url)));
    }
    Ok(index.with_file_name(name))
}

/// All bytes of a source, unpacked where it is gzip; None where they are more than the limit.
pub(super) fn unpacked(mut source: impl Read, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    let mut start = Vec::new();
    Read::by_ref(&mut source).take(2).read_to_end(&mut start)?;
    let is_compressed = start == GZIP_MAGIC;
    let whole = io::Cursor::new(start).chain(source);
    let mut bytes = Vec::new();
    if is_compressed {
        MultiGzDecoder::new(whole).take(bytes_max + 1).read_to_end(&mut bytes)?;
    } else {
        whole.take(bytes_max + 1).read_to_end(&mut bytes)?;
    }
    let is_within = u64::try_from(bytes.len()).is_ok_and(|length| length <= bytes_max);
    Ok(is_within.then_some(bytes))
}

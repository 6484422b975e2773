//! Turns UTF-16 into UTF-8 as it is read. Windows writes logs so.

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_16BE, UTF_16LE};

/// How much is read at once, in bytes.
const READ_BYTES: usize = 8 * 1024;

/// Room for what so many bytes become: three bytes of UTF-8 for two of UTF-16, and what was left over before.
const TEXT_BYTES: usize = READ_BYTES * 3 / 2 + 16;

/// How many first bytes tell.
pub(super) const HEAD_BYTES: usize = 4;

/// The encoding of content by its first bytes, and how long the mark is that says so; `None` where it is not UTF-16. Without a
/// mark, a log begins with two letters of ASCII.
pub(super) fn encoding(head: &[u8]) -> Option<(&'static Encoding, usize)> {
    match head {
        [0xff, 0xfe, ..] => Some((UTF_16LE, 2)),
        [0xfe, 0xff, ..] => Some((UTF_16BE, 2)),
        [1..=0x7f, 0, 1..=0x7f, 0] => Some((UTF_16LE, 0)),
        [0, 1..=0x7f, 0, 1..=0x7f] => Some((UTF_16BE, 0)),
        _ => None,
    }
}

/// Content as UTF-8.
pub(super) struct Utf16<R> {
    inner: R,
    decoder: Decoder,
    /// Text that nobody has taken yet.
    text: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl<R: Read> Utf16<R> {
    /// Of content whose mark has been read.
    pub(super) fn new(inner: R, encoding: &'static Encoding) -> Self {
        let decoder = encoding.new_decoder_without_bom_handling();
        Self { inner, decoder, text: Vec::new(), taken: 0, ended: false }
    }

    /// Reads and decodes once more.
    fn fill(&mut self) -> io::Result<()> {
        let mut raw = [0; READ_BYTES];
        let count = self.inner.read(&mut raw)?;
        self.ended = count == 0;
        self.text.resize(TEXT_BYTES, 0);
        let (result, _, written, _) = self.decoder.decode_to_utf8(&raw[..count], &mut self.text, self.ended);
        debug_assert_eq!(result, CoderResult::InputEmpty, "there is room for all of it");
        self.text.truncate(written);
        self.taken = 0;
        Ok(())
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.text.len() && !self.ended {
            self.fill()?;
        }
        let count = buffer.len().min(self.text.len() - self.taken);
        buffer[..count].copy_from_slice(&self.text[self.taken..self.taken + count]);
        self.taken += count;
        Ok(count)
    }
}

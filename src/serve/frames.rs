//! The frames of an HTTP/2 connection as they pass by: what kind, how long. And the account of those that bring nothing.
//!
//! It is here because neither hyper nor h2 limits frames without content: window updates and priorities cost the server work as
//! fast as a client can write them. It looks at heads of frames alone and keeps nothing of what is in them.

use tokio::time::Instant;

/// How an HTTP/2 client begins.
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Bytes before the content of a frame: its length, kind, flags and stream (RFC 9113, 4.1).
const HEAD_BYTES: usize = 9;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const CONTINUATION: u8 = 9;
const GOAWAY: u8 = 7;
/// On HEADERS and CONTINUATION: the head of the request ends here.
pub(super) const END_HEADERS: u8 = 4;
/// GOAWAY's code for a client that sends what costs more than it brings.
const ENHANCE_YOUR_CALM: u32 = 11;

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) length: u32,
    pub(super) stream: u32,
}

impl Head {
    fn read(bytes: [u8; HEAD_BYTES]) -> Self {
        let [a, b, c, kind, flags, d, e, f, g] = bytes;
        let length = u32::from_be_bytes([0, a, b, c]);
        Self { kind, flags, length, stream: u32::from_be_bytes([d, e, f, g]) & 0x7fff_ffff }
    }
}

/// Follows the frames of one direction.
#[derive(Debug, Default)]
pub(super) struct Scan {
    head: [u8; HEAD_BYTES],
    have: usize,
    /// Bytes of the frame that are still to come.
    left: usize,
}

impl Scan {
    /// Passes over bytes and shows the head of each frame that begins in them.
    pub(super) fn feed(&mut self, mut bytes: &[u8], mut see: impl FnMut(Head)) {
        while !bytes.is_empty() {
            let passed = self.left.min(bytes.len());
            self.left -= passed;
            bytes = &bytes[passed..];
            let taken = (HEAD_BYTES - self.have).min(bytes.len());
            self.head[self.have..self.have + taken].copy_from_slice(&bytes[..taken]);
            self.have += taken;
            bytes = &bytes[taken..];
            if self.have == HEAD_BYTES {
                let head = Head::read(self.head);
                self.have = 0;
                self.left = head.length as usize;
                see(head);
            }
        }
    }

    /// Whether no frame has begun that is not whole.
    pub(super) fn is_between(&self) -> bool {
        self.left == 0 && self.have == 0
    }
}

/// What a client may send of frames without content. Messages and answers add to it: whoever reads or sends much has many window
/// updates to send.
#[derive(Debug)]
pub(super) struct Credit {
    left: u32,
    max: u32,
    per_second: u32,
    since: Instant,
}

impl Credit {
    pub(super) fn new(max: u32, per_second: u32) -> Self {
        Self { left: max, max, per_second, since: Instant::now() }
    }

    fn add(&mut self, frames: u32) {
        self.left = self.left.saturating_add(frames).min(self.max);
    }

    /// A frame has come in; false where it is one too many.
    #[must_use]
    pub(super) fn takes(&mut self, head: Head) -> bool {
        self.takes_at(head, Instant::now())
    }

    fn takes_at(&mut self, head: Head, now: Instant) -> bool {
        let cost = match head.kind {
            DATA => {
                // Some clients send a window update for each frame that they get; none sends a byte at a time.
                self.add(head.length / 512);
                u32::from(head.length < 16)
            }
            // hyper and h2 limit these.
            HEADERS | CONTINUATION => 0,
            _ => 1 + head.length / 1024,
        };
        if cost > self.left {
            self.add_time(now);
        }
        let is_within = cost <= self.left;
        self.left = self.left.saturating_sub(cost);
        is_within
    }

    /// A frame was sent. An answer is worth the window updates for it, however small; an acknowledgement is worth nothing.
    pub(super) fn sent(&mut self, head: Head) {
        if matches!(head.kind, DATA | HEADERS) {
            self.add(4 + head.length / 512);
        }
    }

    /// What the time since the last look is worth.
    fn add_time(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.since);
        let frames = passed.as_millis().saturating_mul(u128::from(self.per_second)) / 1_000;
        if frames > 0 {
            self.since += passed;
            self.add(u32::try_from(frames).unwrap_or(u32::MAX));
        }
    }
}

/// The last frame of a connection that is closed for what it sent, with the reason in words.
pub(super) fn goodbye(last_stream: u32, reason: &str) -> Vec<u8> {
    #[expect(clippy::cast_possible_truncation, reason = "Cast safety: reasons are a line long.")]
    let length = (8 + reason.len()) as u32;
    let mut frame = length.to_be_bytes()[1..].to_vec();
    frame.extend([GOAWAY, 0, 0, 0, 0, 0]);
    frame.extend(last_stream.to_be_bytes());
    frame.extend(ENHANCE_YOUR_CALM.to_be_bytes());
    frame.extend(reason.as_bytes());
    frame
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn frame(kind: u8, length: u32, stream: u32) -> Vec<u8> {
        let mut bytes = length.to_be_bytes()[1..].to_vec();
        bytes.extend([kind, 0]);
        bytes.extend(stream.to_be_bytes());
        bytes.extend(vec![0xff; length as usize]);
        bytes
    }

    proptest! {
        /// However the bytes are cut, the same frames are seen.
        #[test]
        fn frames_are_seen_however_they_are_cut(
            frames in prop::collection::vec((0_u8..12, 0_u32..40, 0_u32..9), 0..20),
            cuts in prop::collection::vec(1_usize..30, 1..60),
        ) {
            let bytes: Vec<u8> = frames.iter().flat_map(|&(kind, length, stream)| frame(kind, length, stream)).collect();
            let (mut scan, mut seen, mut rest) = (Scan::default(), Vec::new(), &bytes[..]);
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                scan.feed(now, |head| seen.push((head.kind, head.length, head.stream)));
                rest = later;
            }
            prop_assert_eq!(seen, frames);
            prop_assert!(scan.is_between());
        }
    }

    fn head(kind: u8, length: u32) -> Head {
        Head { kind, flags: 0, length, stream: 0 }
    }

    #[test]
    fn frames_without_content_run_out_and_time_brings_some_back() {
        let (window_update, per_second) = (head(8, 4), 10);
        let mut credit = Credit::new(100, per_second);
        let begun = credit.since;
        assert!((0..100).all(|_| credit.takes_at(window_update, begun)));
        assert!(!credit.takes_at(window_update, begun));
        let later = begun + Duration::from_secs(2);
        assert_eq!((0..50).filter(|_| credit.takes_at(window_update, later)).count(), 20);
    }

    #[test]
    fn who_sends_or_reads_much_may_send_many() {
        let mut credit = Credit::new(50, 0);
        for _ in 0..1_000 {
            // A message with an update for each of its frames, and an answer that is told to have been read, twice.
            assert!(credit.takes(head(HEADERS, 90)) && credit.takes(head(DATA, 1_200)) && credit.takes(head(8, 4)));
            credit.sent(head(DATA, 40));
            assert!(credit.takes(head(8, 4)) && credit.takes(head(8, 4)));
        }
        // Acknowledged pings bring nothing.
        for _ in 0..50 {
            credit.sent(head(6, 8));
            let _ = credit.takes(head(6, 8));
        }
        assert!(!credit.takes(head(6, 8)));
    }

    #[test]
    fn a_byte_at_a_time_runs_out_too() {
        let mut credit = Credit::new(50, 0);
        assert_eq!((0..100).filter(|_| credit.takes(head(DATA, 1))).count(), 50);
    }

    #[test]
    fn the_last_frame_says_why() {
        let (mut scan, mut seen) = (Scan::default(), Vec::new());
        let bytes = goodbye(5, "calm");
        scan.feed(&bytes, |head| seen.push(head));
        assert_eq!(seen, [Head { kind: GOAWAY, flags: 0, length: 12, stream: 0 }]);
        assert_eq!(&bytes[9..], [0, 0, 0, 5, 0, 0, 0, 11, b'c', b'a', b'l', b'm']);
    }
}

//! How a response is coded (brotli, gzip, plain), and whether the reader has it already.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT_ENCODING, IF_NONE_MATCH},
};

/// The hexadecimal digits of a tag: 64 bits tell a page's files apart.
const TAG_DIGITS: usize = 16;
/// Thousandths of a quality value.
const QUALITY_MAX: u32 = 1_000;

/// A content coding, in the order in which the server prefers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// Smallest; browsers ask for it on https and loopback only.
    Brotli,
    /// Everybody knows it.
    Gzip,
    /// As it is.
    Plain,
}

impl Coding {
    /// The value of Content-Encoding.
    pub(super) fn name(self) -> Option<HeaderValue> {
        match self {
            Self::Brotli => Some(HeaderValue::from_static("br")),
            Self::Gzip => Some(HeaderValue::from_static("gzip")),
            Self::Plain => None,
        }
    }

    /// The coding that the reader likes best of those that are there; the earlier one where it likes two as well. Plain is
    /// always there, and is sent also where the reader excludes it, because there is nothing else to send.
    pub(super) fn chosen(headers: &HeaderMap, offered: &[Self]) -> Self {
        let rated = offered.iter().map(|coding| (quality(headers, *coding), *coding));
        let best =
            rated.filter(|(quality, _)| *quality > 0).reduce(|best, next| if next.0 > best.0 { next } else { best });
        best.map_or(Self::Plain, |(_, coding)| coding)
    }

    fn matches(self, word: &str) -> bool {
        match self {
            Self::Brotli => word.eq_ignore_ascii_case("br"),
            Self::Gzip => word.eq_ignore_ascii_case("gzip") || word.eq_ignore_ascii_case("x-gzip"),
            Self::Plain => word.eq_ignore_ascii_case("identity"),
        }
    }
}

/// How much a reader likes a coding, in thousandths (RFC 9110, 12.5.3). What it does not name it does not take, but for plain, which it
/// takes where there is nothing better.
fn quality(headers: &HeaderMap, coding: Coding) -> u32 {
    let (mut named, mut rest) = (None, None);
    for text in headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()) {
        for item in text.split(',') {
            let mut parts = item.split(';').map(str::trim);
            let word = parts.next().unwrap_or_default();
            let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(QUALITY_MAX, thousandths);
            if coding.matches(word) {
                named = Some(quality);
            } else if word == "*" {
                rest = Some(quality);
            }
        }
    }
    let unnamed = if coding == Coding::Plain { 1 } else { 0 };
    match (named, rest) {
        (Some(quality), _) => quality,
        // A star would make plain as good as the others.
        (None, Some(quality)) => {
            if coding == Coding::Plain {
                quality.min(unnamed)
            } else {
                quality
            }
        }
        (None, None) => unnamed,
    }
}

/// A quality value such as `0.5`; what is none counts as zero.
fn thousandths(text: &str) -> u32 {
    let value: f64 = text.trim().parse().unwrap_or(0.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "Cast safety: between 0 and 1,000")]
    let thousandths = (value.clamp(0.0, 1.0) * f64::from(QUALITY_MAX)) as u32;
    thousandths
}

/// What is sent in place of these bytes.
pub(super) fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// The digits by which a reader knows bytes again.
pub(super) fn tag(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex()[..TAG_DIGITS].to_owned()
}

/// Whether the reader says that it has what these digits stand for. Weak and strong tags count alike (RFC 9110, 13.1.2).
pub(super) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let texts = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).map(str::trim).any(|one| {
        let opaque = one.strip_prefix("W/").unwrap_or(one);
        one == "*" || opaque.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) == Some(tag)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(accept: &[&str]) -> Coding {
        let mut headers = HeaderMap::new();
        for text in accept {
            headers.append(ACCEPT_ENCODING, HeaderValue::from_str(text).unwrap());
        }
        Coding::chosen(&headers, &[Coding::Brotli, Coding::Gzip, Coding::Plain])
    }

    #[test]
    fn the_reader_chooses_and_the_server_breaks_ties() {
        let cases: [(&[&str], Coding); 14] = [
            (&[], Coding::Plain),
            (&[""], Coding::Plain),
            (&["gzip, deflate, br, zstd"], Coding::Brotli),
            (&["gzip, deflate"], Coding::Gzip),
            (&["GZIP"], Coding::Gzip),
            (&["gzip", "br"], Coding::Brotli),
            (&["br;q=0.5, gzip;q=0.9"], Coding::Gzip),
            (&["br;q=0, gzip ; q=0"], Coding::Plain),
            (&["gzip;q=0.5, identity"], Coding::Plain),
            (&["*"], Coding::Brotli),
            (&["*;q=0"], Coding::Plain),
            (&["br;q=0, *;q=0.1"], Coding::Gzip),
            (&["gzip;q=high"], Coding::Plain),
            (&["identity;q=0"], Coding::Plain),
        ];
        for (accept, coding) in cases {
            assert_eq!(chosen(accept), coding, "{accept:?}");
        }
    }

    #[test]
    fn a_known_tag_is_recognised_in_every_form() {
        let tag = tag(b"bytes");
        assert_eq!(tag.len(), TAG_DIGITS);
        let known = |text: String| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, HeaderValue::from_str(&text).unwrap());
            is_known(&headers, &tag)
        };
        assert!(known(format!("\"{tag}\"")) && known(format!("\"x\", W/\"{tag}\"")) && known("*".to_owned()));
        assert!(!known(tag.clone()) && !known("\"x\"".to_owned()) && !known(format!("\"{tag}x\"")));
        assert!(!is_known(&HeaderMap::new(), &tag));
    }
}

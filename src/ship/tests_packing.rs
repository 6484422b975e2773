//! Compressed and UTF-16 logs: every packing gives the lines that are in it, in several parts, cut off, damaged, and from
//! where the last run ended. A failure is a line that is missing or doubled, damage that goes unsaid, or memory without bounds.

use std::io::{self, Read, Write as _};
use std::sync::Arc;

use proptest::prelude::*;

use super::packing::Packing;
use super::progress::Meter;
use super::source::Source;
use super::tests::{Place, gzip, line, log, targets};

/// Two streams that `xz` wrote, of `line(1)` and `line(2)`.
const XZ: &str = "fd377a585a000004e6d6b446020021011c00000010cf58cce0005300505d00188e428874b749eebd3a6fbce1c0c20aa91ab7a6e5080efc07e0b44c5855dcb30cc5e653c0c7bb57088726e30ab6cb3d733245401c2660f776a0157509d55bb08cb78164bfce832ef0d7e2acbcaa0000004f061c88f0ca1b7a00016c546d04c8851fb6f37d010000000004595afd377a585a000004e6d6b4460200210116000000742fe5a3e0005300515d00188e428874b749eebd3a6fbce1c0c20aa91ab7a6e5080efc07e0b44c5855dcb30cc5e653c0c7bb57088726e30ab6cb3d7332cfff86206ad95478feadb13ebcd8e2807332322ed583a65204fcb118e2000000000000e7dda68f4af3010c00016d542c35d39c1fb6f37d010000000004595a";

/// A stream of xz that asks for a dictionary of 1.5 GiB.
const XZ_HUGE: &str = "fd377a585a000004e6d6b44602002101250000003b787b41e0005300525d00188e428874b749eebd3a6fbce1c0c20aa91ab7a6e5080efc07e0b44c57dd6ff5687a71a4b7df7a43d2870c83ef94ae1a1ad6cfa3bb2bf9b149daf113ec99b7656e5207b661316390393651c5570b8e0300000000004f061c88f0ca1b7a00016e54ef66feb71fb6f37d010000000004595a";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn bzip2(content: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(content, ruzstd::encoding::CompressionLevel::Fastest)
}

fn utf16(text: &str, big_endian: bool, mark: bool) -> Vec<u8> {
    let mark = if mark { "\u{feff}" } else { "" };
    let units = mark.encode_utf16().chain(text.encode_utf16());
    units.flat_map(|unit| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

fn open(content: Vec<u8>) -> Source {
    Source::new(io::Cursor::new(content), None, &Arc::new(Meter::default())).unwrap()
}

/// The content, and whether it ended with an error.
fn read(content: Vec<u8>) -> (Vec<u8>, bool) {
    let (mut read, mut source) = (Vec::new(), open(content));
    let failed = source.read_to_end(&mut read).is_err();
    (read, failed)
}

#[test]
fn every_packing_in_one_part_and_in_several() {
    let (one, two) = (log(0..900), log(900..2_000));
    let whole = [one.as_bytes(), two.as_bytes()].concat();
    let skippable = [&[0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
    for pack in [gzip, bzip2, zstd] {
        assert_eq!(read(pack(&whole)), (whole.clone(), false));
        assert_eq!(read([pack(one.as_bytes()), pack(two.as_bytes())].concat()), (whole.clone(), false));
    }
    assert_eq!(read([skippable.clone(), zstd(&whole), skippable].concat()), (whole, false));
    assert_eq!(
        read(bytes(XZ)),
        (format!("{}{}", line(1), line(2)).replace("192.0.2.2", "192.0.2.1").into_bytes(), false)
    );
    for (empty, packing) in [(gzip(b""), Packing::Gzip), (bzip2(b""), Packing::Bzip2), (zstd(b""), Packing::Zstd)] {
        assert_eq!(Packing::of(&empty), packing);
        assert_eq!(read(empty), (Vec::new(), false));
    }
}

#[test]
fn what_is_cut_off_gives_what_was_before_and_an_error() {
    // Large enough that whole blocks stand before the cut.
    let content: Vec<u8> =
        (0..200_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    for packed in [gzip(&content), zstd(&content), bzip2(&content)] {
        let (before, failed) = read(packed[..packed.len() - 20].to_vec());
        assert!(failed && content.starts_with(&before) && !before.is_empty(), "{:?}", Packing::of(&packed));
    }
    let xz = bytes(XZ);
    assert!(read(xz[..xz.len() - 20].to_vec()).1);
}

#[test]
fn an_archive_that_asks_for_too_much_memory_is_refused() {
    assert_eq!(read(bytes(XZ_HUGE)), (Vec::new(), true));
    // A frame header with a window of 2 GiB.
    assert_eq!(read(vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0, 0, 0]), (Vec::new(), true));
}

#[test]
fn utf_16() {
    let text = format!("{}日本\u{1f600}\n", log(0..3_000));
    for (big_endian, mark) in [(false, false), (false, true), (true, false), (true, true)] {
        let encoded = utf16(&text, big_endian, mark);
        assert_eq!(read(encoded.clone()), (text.clone().into_bytes(), false));
        assert_eq!(read(gzip(&encoded)), (text.clone().into_bytes(), false));
    }
}

#[tokio::test]
async fn a_packed_log_that_grew_goes_on_where_the_last_run_ended() {
    let (first, whole) = (log(0..1_500), log(0..3_000));
    for pack in
        [bzip2 as fn(&[u8]) -> Vec<u8>, zstd, gzip, |text| utf16(std::str::from_utf8(text).unwrap(), false, true)]
    {
        let place = Place::new().await;
        let summary = place.ship(&[&place.write("a", pack(first.as_bytes()))]).await;
        assert_eq!((summary.sent, summary.already_counted_lines), (1_500, 0));
        let summary = place.ship(&[&place.write("a", pack(whole.as_bytes()))]).await;
        assert_eq!((summary.sent, summary.already_counted_lines), (1_500, 1_500));
        assert_eq!(place.server.targets(), targets(0..3_000));
    }
}

proptest! {
    #[test]
    fn any_bytes_end(
        magic in proptest::sample::select(vec![
            &b"\x1f\x8b\x08\x00"[..], b"BZh91AY&SY", b"\xfd7zXZ\x00\x00\x04", b"\x28\xb5\x2f\xfd",
            b"\x50\x2a\x4d\x18", b"\xff\xfe", b"a\x00b\x00", b"",
        ]),
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let source = open([magic, &bytes].concat());
        let mut read = Vec::new();
        let _ = source.take(1 << 20).read_to_end(&mut read);
    }

    /// What is read in pieces of any size is what was packed.
    #[test]
    fn text_comes_back(text in "[a-z日\u{1f600}\n]{4,300}", size in 1_usize..9, big_endian: bool) {
        let mut source = open(utf16(&format!("GET /{text}"), big_endian, true));
        let (mut read, mut buffer) = (Vec::new(), vec![0; size]);
        loop {
            let count = source.read(&mut buffer).unwrap();
            if count == 0 { break }
            read.extend_from_slice(&buffer[..count]);
        }
        prop_assert_eq!(String::from_utf8(read).unwrap(), format!("GET /{text}"));
    }
}

//! Shipping as a whole, against a server in memory. A failure is a line that arrives twice or not at all without being
//! accounted for, a position that is wrong, or an input problem that goes unsaid.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::fake::Fake;
use super::*;

pub(super) const NOW_UNIX_MS: i64 = 1_800_000_000_000;

pub(super) fn line(number: usize) -> String {
    format!(
        "192.0.2.{} - - [17/May/2015:10:05:03 +0000] \"GET /page/{number} HTTP/1.1\" 200 5 \"-\" \"agent\"\n",
        number % 250
    )
}

pub(super) fn log(numbers: std::ops::Range<usize>) -> String {
    numbers.map(line).collect()
}

pub(super) fn targets(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| format!("/page/{number}")).collect()
}

pub(super) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn options(server: String, files: &[&Path]) -> ShipOptions {
    let inputs = files.iter().map(|path| Input::File(path.to_path_buf())).collect();
    let retry_for = Duration::from_secs(20);
    let secret = ProducerSecret::new([7; 32]).unwrap();
    ShipOptions { retry_for, ..ShipOptions::new("www", &server, secret, inputs, NOW_UNIX_MS) }
}

/// A server and a directory for logs.
pub(super) struct Place {
    pub(super) server: Fake,
    directory: tempfile::TempDir,
}

impl Place {
    pub(super) async fn new() -> Self {
        Self { server: Fake::start().await, directory: tempfile::tempdir().unwrap() }
    }

    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    pub(super) async fn ship(&self, files: &[&Path]) -> Summary {
        let summary = ship(options(self.server.url(), files)).await.unwrap();
        assert!(summary.files.iter().all(FileSummary::is_balanced), "{summary:?}");
        summary
    }

    async fn ship_live(&self, file: &Path) -> Summary {
        let mut options = options(self.server.url(), &[file]);
        options.live = true;
        ship(options).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_arrives_once_and_twice_changes_nothing() {
    let place = Place::new().await;
    let file = place.write("a.log", log(0..2_500));
    let first = place.ship(&[&file]).await;
    assert_eq!((first.lines, first.sent, first.accepted), (2_500, 2_500, 2_500));
    assert_eq!(first.outcomes["counted"], 2_500);
    assert_eq!(first.files[0].durable_sequence, 4, "three batches and the statement");
    assert_eq!(first.complete_through_unix_ms, Some(NOW_UNIX_MS));
    assert!(first.files[0].producer.starts_with("file-") && first.files[0].producer.len() == 37);

    let second = place.ship(&[&file]).await;
    assert_eq!((second.lines, second.sent, second.already_counted_lines), (0, 0, 2_500));
    assert_eq!(place.server.targets(), targets(0..2_500));
    assert_eq!(place.server.state().stated.len(), 4, "stated, and the log has ended, twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grown_renamed_compressed_copy_goes_on() {
    let place = Place::new().await;
    let file = place.write("a.log", log(0..1_200));
    place.ship_live(&file).await;
    let renamed = place.write("a.log.1", log(0..1_700));
    let grown = place.ship_live(&renamed).await;
    assert_eq!((grown.lines, grown.files[0].resumed_at_line), (500, 1_200));
    assert_eq!(grown.complete_through_unix_ms, None);
    // Two members, as `cat a.gz b.gz` makes them; the name says nothing.
    let two_members = [gzip(log(0..900).as_bytes()), gzip(log(900..2_000).as_bytes())].concat();
    let compressed = place.write("old", two_members);
    let rest = place.ship(&[&compressed, &renamed]).await;
    assert_eq!((rest.lines, rest.already_counted_lines), (300, 1_700));
    assert!(rest.files[1].error.as_ref().is_some_and(|error| error.contains("ends before byte")));
    assert_eq!(place.server.targets(), targets(0..2_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_come_after_all_files() {
    let place = Place::new().await;
    let first = place.write("a.log", log(0..10));
    let second = place.write("b.log", log(10..30));
    let empty = place.write("empty.log", "");
    let summary = place.ship(&[&first, &second, &empty]).await;
    assert_eq!(summary.sent, 30);
    assert_eq!(summary.files[2].producer, "");
    let state = place.server.state();
    let stated: Vec<(&str, i64, usize)> = state.stated.iter().map(|(by, at, n)| (&by[..5], *at, *n)).collect();
    // First that all is there, and then that nobody need wait for these logs.
    assert_eq!(stated, [("ship-", NOW_UNIX_MS, 30), ("file-", i64::MAX, 30), ("file-", i64::MAX, 30)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_without_a_line_are_stated_under_the_same_name() {
    let place = Place::new().await;
    let file = place.write("a.log", log(0..10));
    place.ship(&[&file]).await;
    let rotated = place.write("a.log.1", "");
    place.write("a.log", "");
    let summary = place.ship(&[&rotated, &file]).await;
    assert_eq!((summary.lines, summary.complete_through_unix_ms), (0, Some(NOW_UNIX_MS)));
    let state = place.server.state();
    let by: Vec<&str> = state.stated.iter().map(|(by, ..)| &by[..]).filter(|by| by.starts_with("ship-")).collect();
    assert_eq!((by.len(), by[0]), (2, by[1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_ends_in_one_way() {
    let place = Place::new().await;
    let mut content = Vec::new();
    content.extend_from_slice(line(0).as_bytes());
    content.extend_from_slice(line(1).replace('\n', "\r\n").as_bytes());
    content.extend_from_slice(b"\n\r\n");
    content.extend(std::iter::repeat_n(b'x', 1_000_000));
    content.extend_from_slice(b"\ngarbage\n\xff\xfe\x00[\n");
    content.extend_from_slice(line(2).replace("agent", "\u{1}\\xff").as_bytes());
    let mut broken_text = line(3).into_bytes();
    let agent = broken_text.len() - 4;
    broken_text[agent] = 0xe9;
    content.extend_from_slice(&broken_text);
    let file = place.write("mixed.log", content);
    let summary = place.ship(&[&file]).await;
    let report = &summary.files[0];
    assert_eq!((report.lines, report.sent, report.empty, report.too_long), (9, 4, 2, 1));
    assert_eq!((report.malformed["no_time"], report.malformed["bad_time"]), (1, 1));
    assert_eq!(report.first_malformed_lines, [5, 6, 7]);
    assert_eq!(place.server.targets(), targets(0..4));
    assert!(place.server.state().events[3].user_agent.contains('\u{fffd}'));
    let mut text = Vec::new();
    print_summary(&summary, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("line 5, 6, 7") && !text.contains("garbage"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unfinished_last_line_is_counted_once() {
    let place = Place::new().await;
    let whole = log(0..6);
    // Cut right before its line feed: sent, and its line feed is no line when it comes.
    let file = place.write("a.log", whole[..line(0).len() * 3].trim_end());
    assert_eq!(place.ship(&[&file]).await.sent, 3);
    place.write("a.log", &whole[..line(0).len() * 4 - 20]);
    // Cut within its agent: not readable as a whole, left for later, and told.
    let cut = place.ship(&[&file]).await;
    assert_eq!((cut.lines, cut.sent, cut.malformed.len()), (1, 0, 1));
    assert_eq!(cut.files[0].first_malformed_lines, [4]);
    let live = place.ship_live(&file).await;
    assert_eq!((live.lines, live.files[0].held_back), (0, 1));
    place.write("a.log", &whole);
    let rest = place.ship(&[&file]).await;
    assert_eq!((rest.lines, rest.sent, rest.files[0].resumed_at_line), (3, 3, 3));
    assert_eq!(place.server.targets(), targets(0..6));
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_gzip_is_shipped_up_to_the_damage() {
    let place = Place::new().await;
    let content = log(0..5_000);
    let mut bytes = gzip(content.as_bytes());
    bytes.truncate(bytes.len() * 3 / 4);
    let file = place.write("cut.gz", &bytes);
    let summary = place.ship(&[&file]).await;
    let error = summary.files[0].error.clone().unwrap();
    assert!(error.contains("into the gzip file") && error.contains("line "), "{error}");
    assert!(summary.is_damaged() && summary.complete_through_unix_ms.is_none());
    assert!(summary.sent > 2_500 && summary.sent < 5_000, "{}", summary.sent);
    let sent = usize::try_from(summary.sent).unwrap();
    assert_eq!(place.server.targets(), targets(0..sent));
    assert!(place.server.state().stated.is_empty());
    // Once the file is whole, the rest follows.
    place.write("cut.gz", gzip(content.as_bytes()));
    assert!(!place.ship(&[&file]).await.is_damaged());
    assert_eq!(place.server.targets(), targets(0..5_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_the_same_any_more_is_told() {
    let place = Place::new().await;
    let file = place.write("a.log", log(0..100));
    place.ship(&[&file]).await;
    place.write("a.log", log(0..99) + &line(7) + &line(8) + &line(9));
    let changed = place.ship(&[&file]).await;
    assert!(changed.files[0].error.as_ref().unwrap().contains("differs before byte"));
    place.write("a.log", log(0..50));
    let shorter = place.ship(&[&file]).await;
    assert!(shorter.files[0].error.as_ref().unwrap().contains("ends before byte"));
    let missing = place.ship(&[Path::new("/nonexistent/file")]).await;
    assert!(missing.files[0].error.as_ref().unwrap().contains("cannot be read"));
    let directory = place.ship(&[Path::new("/tmp")]).await;
    assert!(directory.files[0].error.as_ref().unwrap().contains("directory"));
    assert_eq!(place.server.targets(), targets(0..100));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gigabyte_without_a_line_feed_needs_no_memory() {
    let place = Place::new().await;
    let zeros = fs::File::create(place.write("zeros", "")).unwrap();
    // Sparse: it takes no room on the disk either. The buffer has a fixed size, so reading to the end is the proof.
    zeros.set_len(200 * 1024 * 1024).unwrap();
    let path = place.directory.path().join("zeros");
    let summary = place.ship(&[&path]).await;
    assert_eq!((summary.lines, summary.too_long), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn large_events_make_small_batches() {
    let place = Place::new().await;
    let long = "a".repeat(20_000);
    let content: String = (0..400).map(|n| line(n).replace("agent", &long).replace("/page", &long)).collect();
    let file = place.write("a.log", content);
    let summary = place.ship(&[&file]).await;
    assert_eq!((summary.sent, summary.accepted), (400, 400));
    assert!(summary.files[0].durable_sequence > 4);
    let state = place.server.state();
    assert!(state.events.iter().all(|event| event.user_agent.len() == 4_096));
    assert!(state.events.iter().all(|event| event.target.len() > 8_192), "still too long for a server");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_log_with_a_name_can_fill_later() {
    let place = Place::new().await;
    let file = place.write("a.log", "");
    let mut named = options(place.server.url(), &[&file]);
    named.producer = Some("web1".to_owned());
    let empty = ship(named.clone()).await.unwrap();
    assert_eq!((empty.lines, empty.complete_through_unix_ms), (0, Some(NOW_UNIX_MS)));
    for end in [5, 9] {
        place.write("a.log", log(0..end));
        assert!(!ship(named.clone()).await.unwrap().is_damaged());
    }
    assert_eq!(place.server.targets(), targets(0..9));
    assert!(place.server.state().stated.iter().all(|(by, at, _)| (by.as_str(), *at) == ("web1", NOW_UNIX_MS)));
    assert_eq!(place.server.state().stated.len(), 3);
}

#[tokio::test]
async fn wrong_usage_is_told_before_anything_is_sent() {
    let good = options("http://127.0.0.1:1".to_owned(), &[Path::new("a")]);
    type Change = fn(&mut ShipOptions);
    let changes: [(&str, Change); 6] = [
        ("site", |options| options.site = "A b".to_owned()),
        ("producer", |options| options.producer = Some("a b".to_owned())),
        ("http://", |options| options.server = "ftp://x".to_owned()),
        ("nothing to ship", |options| options.inputs.clear()),
        ("2 times", |options| options.inputs = vec![Input::Stdin, Input::Stdin]),
        ("2 inputs", |options| {
            options.producer = Some("a".to_owned());
            options.inputs.push(Input::Stdin);
        }),
    ];
    for (word, change) in changes {
        let mut wrong = good.clone();
        change(&mut wrong);
        let error = ship(wrong).await.unwrap_err();
        assert!(matches!(&error, ShipError::Usage(text) if text.contains(word)), "{word}: {error}");
    }
}

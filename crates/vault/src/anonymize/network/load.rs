//! Reads ranges of addresses from the files that an operator names.
//!
//! It is here so that a file that is damaged, unsorted or of another kind is refused with its name and line at the
//! start, and not found out by wrong numbers. It takes paths and gives sorted ranges. It never opens the network.

use std::{
    fmt, fs,
    io::Read,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::{Path, PathBuf},
};

use super::{Countries, codes, mmdb, ranges::Ranges};

/// The largest file, in bytes. The largest that is sold today has some 400 MiB.
const FILE_BYTES_MAX: u64 = 1 << 30;
/// The longest text of an error or an attribution that is taken from a file, in characters.
const SHOWN_CHARS_MAX: usize = 120;
const LINE_FORMAT: &str = "allowed: first address, last address and a code of two capital letters or ??, as in \
                           16777216,16777471,AU or 2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,JP";

/// Why a file gives no countries.
#[derive(Debug)]
pub struct GeoFault {
    file: PathBuf,
    line: Option<usize>,
    what: String,
}

impl fmt::Display for GeoFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        write!(f, "{}{line}: {}", self.file.display(), self.what)
    }
}

impl std::error::Error for GeoFault {}

/// What is wrong, and on which line of a text.
pub(super) type Wrong = (Option<usize>, String);

/// The ranges of one file.
#[derive(Default)]
pub(super) struct Content {
    v4: Ranges<u32>,
    v6: Ranges<u64>,
    last_v4: Option<Ipv4Addr>,
    last_v6: Option<Ipv6Addr>,
    pub(super) source: String,
}

/// Reads files; IPv4 and IPv6 may each come from one of them.
pub(super) fn load(paths: &[PathBuf]) -> Result<Countries, GeoFault> {
    let mut all = Countries::default();
    for path in paths {
        let fail = |line, what| GeoFault { file: path.clone(), line, what };
        let bytes = read(path).map_err(|what| fail(None, what))?;
        let content = parse(path, &bytes).map_err(|(line, what)| fail(line, what))?;
        if content.v4.is_empty() && content.v6.is_empty() {
            return Err(fail(None, "has no ranges of addresses; allowed: a MaxMind-format file or a list".into()));
        }
        let twice =
            |kind| format!("has {kind} addresses, and so has a file before it; allowed: one file for each kind");
        if !content.v4.is_empty() && !all.v4.is_empty() {
            return Err(fail(None, twice("IPv4")));
        }
        if !content.v6.is_empty() && !all.v6.is_empty() {
            return Err(fail(None, twice("IPv6")));
        }
        if !content.v4.is_empty() {
            all.v4 = content.v4;
        }
        if !content.v6.is_empty() {
            all.v6 = content.v6;
        }
        if !all.sources.contains(&content.source) {
            all.sources.push(content.source);
        }
    }
    Ok(all)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |error| format!("cannot be read: {error}");
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(unreadable)?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
        return Err(format!("is larger than the {FILE_BYTES_MAX} bytes that are allowed"));
    }
    Ok(bytes)
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Content, Wrong> {
    let mut content = Content::default();
    if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("mmdb")) || mmdb::is_mmdb(bytes) {
        mmdb::read(bytes, &mut content)?;
    } else {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = bytes[..error.valid_up_to()].iter().filter(|&&b| b == b'\n').count() + 1;
            (Some(line), format!("is neither a MaxMind-format file nor text; {LINE_FORMAT}"))
        })?;
        read_list(text, &mut content)?;
        content.source = list_source(text, path);
    }
    content.v4.finish();
    content.v6.finish();
    Ok(content)
}

impl Content {
    /// Adds a range, both ends included.
    ///
    /// # Errors
    /// What is wrong with it: its ends, or where it lies.
    pub(super) fn push(&mut self, first: IpAddr, last: IpAddr, country: u8) -> Result<(), String> {
        if first > last || first.is_ipv4() != last.is_ipv4() {
            return Err(format!("the range {first} to {last} ends before it begins; {LINE_FORMAT}"));
        }
        let before = match first {
            IpAddr::V4(_) => self.last_v4.map(IpAddr::V4),
            IpAddr::V6(_) => self.last_v6.map(IpAddr::V6),
        };
        if let Some(before) = before.filter(|&before| before >= first) {
            return Err(format!(
                "the range {first} to {last} begins before the one above it ends, at {before}; allowed: ranges in \
                 ascending order that do not overlap"
            ));
        }
        match (first, last) {
            (IpAddr::V4(first), IpAddr::V4(last)) => {
                self.v4.push(u32::from(first), u32::from(last), country);
                self.last_v4 = Some(last);
            }
            (IpAddr::V6(first), IpAddr::V6(last)) => {
                // A /64 is where its first address is.
                let (first_64, rest) = (upper(first), u128::from(first) << 64);
                let starts_at = if rest == 0 { Some(first_64) } else { first_64.checked_add(1) };
                if let Some(starts_at) = starts_at.filter(|&at| at <= upper(last)) {
                    self.v6.push(starts_at, upper(last), country);
                }
                self.last_v6 = Some(last);
            }
            // They were found to be of one kind above.
            _ => {}
        }
        Ok(())
    }
}

/// The upper half of an address.
fn upper(address: Ipv6Addr) -> u64 {
    u64::try_from(u128::from(address) >> 64).unwrap_or(u64::MAX)
}

/// Reads `first,last,code` lines. A line that begins with `#` is a comment.
fn read_list(text: &str, content: &mut Content) -> Result<(), Wrong> {
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_end();
        if !line.is_empty() && !line.starts_with('#') {
            read_line(line, content).map_err(|what| (Some(at + 1), what))?;
        }
    }
    Ok(())
}

fn read_line(line: &str, content: &mut Content) -> Result<(), String> {
    let mut fields = line.split(',');
    let (Some(first), Some(last), Some(code), None) = (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(format!("`{}` is not three fields; {LINE_FORMAT}", shown(line)));
    };
    let address = |text: &str| address(text).ok_or_else(|| format!("`{}` is no address; {LINE_FORMAT}", shown(text)));
    let country =
        codes::position(code).ok_or_else(|| format!("`{}` is no country code; {LINE_FORMAT}", shown(code)))?;
    content.push(address(first)?, address(last)?, country)
}

/// An IPv4 address as one number, or an address as it is written.
fn address(text: &str) -> Option<IpAddr> {
    text.parse::<u32>().map(|number| IpAddr::V4(number.into())).or_else(|_| text.parse()).ok()
}

/// Who made a list and how it may be used, from the comments that it begins with.
fn list_source(text: &str, path: &Path) -> String {
    let header: Vec<&str> = text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim).take(100).collect();
    let value = |name: &str| header.iter().find_map(|line| line.strip_prefix(name)).map(|value| shown(value.trim()));
    let mut source = match value("Vendor:") {
        Some(vendor) if vendor.starts_with("IPFire") => "IPFire location database".to_owned(),
        Some(vendor) => format!("{vendor} location database"),
        None => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            return format!("address list {}", shown(&name));
        }
    };
    if header.iter().any(|line| line.contains("geoip-db-tool")) {
        source.push_str(" via tor-geoipdb");
    }
    for part in [value("License:"), value("Generated:").map(|when| format!("generated {when}"))].into_iter().flatten() {
        source.push_str(", ");
        source.push_str(&part);
    }
    source
}

/// A text from a file as it is shown: without control characters, and not too long.
pub(super) fn shown(text: &str) -> String {
    text.chars().filter(|ch| !ch.is_control()).take(SHOWN_CHARS_MAX).collect()
}

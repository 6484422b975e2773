//! The names of formats, for people: what a log's lines were read as, or what an input that cannot be read looks like.
//!
//! A name is one of a fixed list. It says nothing of what a line held.

/// What stands before the line that the server wrote, put there by whoever collected it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Prefix {
    #[default]
    None,
    /// RFC 3164, RFC 5424, rsyslog's file format, and journald's short forms, which look the same.
    Syslog,
    /// The container runtime interface: Kubernetes, containerd, CRI-O.
    Cri,
    /// `docker compose logs`.
    Compose,
    /// A time, as of `docker logs --timestamps`.
    Time,
    /// `kubectl logs --prefix`.
    Pod,
    /// An object that holds the line: Docker, journald, Filebeat.
    Json,
}

/// A format that lines were read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Common,
    Combined,
    Json,
    CaddyJson,
    CaddyConsole,
    TraefikJson,
    EnvoyJson,
    Ecs,
    Cloudflare,
    GoogleLoadBalancer,
    Fields,
    Iis,
    CloudFront,
    ApplicationLoadBalancer,
    ClassicLoadBalancer,
    S3,
    HaProxy,
    Envoy,
    Istio,
    Bunny,
    Own,
}

/// The names of a format without a prefix and with each, in the order of `Prefix`.
macro_rules! names {
    ($name:literal) => {
        [
            $name,
            concat!($name, " with a syslog prefix"),
            concat!($name, " with a Kubernetes (CRI) prefix"),
            concat!($name, " with a docker compose prefix"),
            concat!($name, " with a time before each line"),
            concat!($name, " with a pod before each line"),
            concat!($name, " inside JSON"),
        ]
    };
}

impl Kind {
    /// Its name, with that of the prefix its lines have.
    pub(super) fn name(self, prefix: Prefix) -> &'static str {
        let names = match self {
            Self::Common => names!("common"),
            Self::Combined => names!("combined"),
            Self::Json => names!("JSON"),
            Self::CaddyJson => names!("Caddy JSON"),
            Self::CaddyConsole => names!("Caddy console"),
            Self::TraefikJson => names!("Traefik JSON"),
            Self::EnvoyJson => names!("Envoy JSON"),
            Self::Ecs => names!("ECS JSON"),
            Self::Cloudflare => names!("Cloudflare Logpush JSON"),
            Self::GoogleLoadBalancer => names!("Google Cloud load balancer JSON"),
            Self::Fields => names!("W3C extended"),
            Self::Iis => names!("IIS W3C extended"),
            Self::CloudFront => names!("CloudFront"),
            Self::ApplicationLoadBalancer => names!("AWS application load balancer"),
            Self::ClassicLoadBalancer => names!("AWS classic load balancer"),
            Self::S3 => names!("Amazon S3"),
            Self::HaProxy => names!("HAProxy httplog"),
            Self::Envoy => names!("Envoy"),
            Self::Istio => names!("Istio"),
            Self::Bunny => names!("Bunny"),
            Self::Own => names!("the format given"),
        };
        names[prefix as usize]
    }
}

/// What content that could not be read as a log looks like, by the start of its first line.
pub(super) fn looks_like(line: &[u8]) -> &'static str {
    const MAGIC: &[(&[u8], &str)] = &[
        (b"PK\x03\x04", "looks like a zip archive"),
        (b"PAR1", "looks like Parquet"),
        (b"7z\xbc\xaf\x27\x1c", "looks like a 7-Zip archive"),
        (b"Rar!\x1a\x07", "looks like a RAR archive"),
        (b"\x1f\x8b", "looks like gzip"),
        (b"BZh", "looks like bzip2"),
        (b"\xfd7zXZ\x00", "looks like xz"),
        (b"\x28\xb5\x2f\xfd", "looks like Zstandard"),
        (b"\x04\x22\x4d\x18", "looks like LZ4"),
        (b"\x1f\x9d", "looks like a file of compress (.Z)"),
        (b"\x7fELF", "looks like a program"),
        (b"SQLite format 3\x00", "looks like an SQLite database"),
        (b"%PDF-", "looks like a PDF"),
        (b"Obj\x01", "looks like Avro"),
        (b"ORC", "looks like ORC"),
        (b"LPKSHHRH", "looks like a journal file of systemd; pipe `journalctl -o cat` into ship"),
        (b"ElfFile\x00", "looks like a Windows event log"),
        (b"<?xml", "looks like XML"),
        (b"<", "looks like XML or HTML"),
        (b"{", "looks like JSON without the fields of an access"),
        (b"[", "looks like an error log, or JSON in an array"),
        (b"#", "looks like a log with #Fields"),
    ];
    let found = MAGIC.iter().find(|(magic, _)| line.starts_with(magic));
    found.map_or_else(|| looks_like_text(line), |(_, name)| name)
}

/// The same for content without a magic number.
fn looks_like_text(line: &[u8]) -> &'static str {
    let tar = line.get(257..262).is_some_and(|magic| magic == b"ustar");
    if tar {
        "looks like a tar archive"
    } else if line.contains(&0) {
        "looks like binary data"
    } else if line.is_empty() {
        "nothing"
    } else {
        "no known format"
    }
}

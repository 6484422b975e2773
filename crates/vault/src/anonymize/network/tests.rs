//! Networks: files of each kind, what is refused, addresses and host names by example, and that any text has a place.

use std::{fs, path::Path};

use headcount_model::keys::{COUNTRIES, DOMAINS};
use proptest::prelude::*;

use super::{
    codes,
    mmdb_fixture::{Value, country, file},
    *,
};

const LIST_4: &str =
    "# A list\n16777216,16777471,AU\n16777472,16777727,CN\n\n16778240,16779263,AU\n3232235520,3232301055,JP\n";
const LIST_6: &str = "2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,JP\r\n\
                      2001:400::,2001:400:0:1:ffff:ffff:ffff:fffe,US\n\
                      2001:400:0:1:ffff:ffff:ffff:ffff,2001:400:0:3:7fff:ffff:ffff:ffff,UK\n\
                      2001:400:0:3:8000::,2001:400:0:5:ffff:ffff:ffff:ffff,??\n";

/// Files in a directory of their own, under the names `0`, `1`, ... with an ending.
fn load(files: &[(&str, &[u8])]) -> Result<Countries, String> {
    let dir = tempfile::tempdir().unwrap();
    let write = |(number, (ending, bytes)): (usize, &(&str, &[u8]))| {
        let path = dir.path().join(format!("{number}{ending}"));
        fs::write(&path, bytes).unwrap();
        path
    };
    let paths: Vec<_> = files.iter().enumerate().map(write).collect();
    let prefix = format!("{}/", dir.path().display());
    Countries::load(&paths).map_err(|fault| fault.to_string().replace(&prefix, ""))
}

/// The position of an address as an event has it.
fn country_of(countries: &Countries, address: &str) -> u16 {
    countries.country(address.trim().parse().ok().map(|ip: IpAddr| ip.to_canonical()))
}

fn check(countries: &Countries, cases: &[(&str, &str)]) {
    for (address, code) in cases {
        assert_eq!(COUNTRIES[usize::from(country_of(countries, address))], *code, "{address}");
    }
}

#[test]
fn lists_give_countries() {
    let countries = load(&[("", LIST_4.as_bytes()), ("", LIST_6.as_bytes())]).unwrap();
    check(
        &countries,
        &[
            ("0.255.255.255", "(unknown)"),
            ("1.0.0.0", "AU"),
            (" 1.0.0.255 ", "AU"),
            ("1.0.1.0", "CN"),
            ("::ffff:1.0.1.255", "CN"),
            ("1.0.2.0", "(unknown)"),
            ("1.0.4.0", "AU"),
            ("1.0.7.255", "AU"),
            ("1.0.8.0", "(unknown)"),
            ("255.255.255.255", "(unknown)"),
            // A private network, whatever a list says of it.
            ("192.168.1.1", "(unknown)"),
            ("127.0.0.1", "(unknown)"),
            ("100.64.0.1", "(unknown)"),
            ("::1", "(unknown)"),
            ("fe80::1", "(unknown)"),
            ("fd00::1", "(unknown)"),
            ("2001:200::1", "JP"),
            ("2001:200:ffff:ffff:ffff:ffff:ffff:ffff", "JP"),
            ("2001:201::", "(unknown)"),
            // A /64 is where its first address is.
            ("2001:400:0:1::", "US"),
            ("2001:400:0:1:ffff:ffff:ffff:ffff", "US"),
            ("2001:400:0:2::1", "GB"),
            ("2001:400:0:3:ffff::", "GB"),
            ("2001:400:0:4::", "(unknown)"),
            ("", "(unknown)"),
            ("-", "(unknown)"),
            ("1.0.0", "(unknown)"),
            ("1.0.0.0:80", "(unknown)"),
            ("host.example.jp", "(unknown)"),
        ],
    );
    assert_eq!(countries.sources(), ["address list 0", "address list 1"]);
    // Without files there is no country.
    check(&load(&[]).unwrap(), &[("1.0.0.0", "(unknown)"), ("2001:200::1", "(unknown)")]);
}

#[test]
fn a_list_may_be_of_both_kinds_and_end_at_the_last_address() {
    let list = "4294967040,4294967295,US\n1.0.0.0,1.0.0.255,AU\n";
    let message = load(&[("", list.as_bytes())]).err().unwrap();
    assert!(
        message.starts_with("0:2: the range 1.0.0.0 to 1.0.0.255 begins before the one above it ends"),
        "{message}"
    );
    let list = "1.0.0.0,1.0.0.255,AU\n3758096384,4294967295,US\n::,2::,DE\nffff::,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,EU\n";
    let countries = load(&[("", list.as_bytes())]).unwrap();
    check(&countries, &[("1.0.0.9", "AU"), ("255.255.255.255", "US"), ("1::", "DE"), ("ffff::", "(unknown)")]);
}

#[test]
fn the_attribution_comes_from_the_header() {
    let header = "# Converted with the geoip-db-tool\n#\n# Vendor:    IPFire Project\n# License:   CC BY-SA 4.0\n\
                  # Generated: Thu, 25 Jun 2026\n";
    let countries = load(&[("", format!("{header}{LIST_4}").as_bytes()), ("", format!("{header}{LIST_6}").as_bytes())]);
    assert_eq!(
        countries.unwrap().sources(),
        ["IPFire location database via tor-geoipdb, CC BY-SA 4.0, generated Thu, 25 Jun 2026"]
    );
    let countries = load(&[("", format!("# Vendor: Some\u{7}one\n{LIST_4}").as_bytes())]).unwrap();
    assert_eq!(countries.sources(), ["Someone location database"]);
}

#[test]
fn a_bad_list_is_refused_with_its_line() {
    for (text, message) in [
        ("", "0: has no ranges of addresses"),
        ("# nothing\n", "0: has no ranges of addresses"),
        ("1,2\n", "0:1: `1,2` is not three fields; allowed: first address, last address and a code"),
        ("#\n1,2,AU,x\n", "0:2: `1,2,AU,x` is not three fields"),
        ("1,2,AUS\n", "0:1: `AUS` is no country code"),
        ("1,2,au\n", "0:1: `au` is no country code"),
        ("1,2,\n", "0:1: `` is no country code"),
        ("1,x,AU\n", "0:1: `x` is no address"),
        ("1,4294967296,AU\n", "0:1: `4294967296` is no address"),
        ("1,-2,AU\n", "0:1: `-2` is no address"),
        ("2,1,AU\n", "0:1: the range 0.0.0.2 to 0.0.0.1 ends before it begins"),
        ("1,::2,AU\n", "0:1: the range 0.0.0.1 to ::2 ends before it begins"),
        ("1,5,AU\n5,6,CN\n", "0:2: the range 0.0.0.5 to 0.0.0.6 begins before the one above it ends, at 0.0.0.5"),
        ("9,9,AU\n1,2,CN\n", "0:2: the range 0.0.0.1 to 0.0.0.2 begins before the one above it ends, at 0.0.0.9"),
        ("2::1,2::2,AU\n2::2,2::3,CN\n", "0:2: the range 2::2 to 2::3 begins before the one above it ends, at 2::2"),
        ("1,2,A\u{1b}\n", "0:1: `A` is no country code"),
    ] {
        let found = load(&[("", text.as_bytes())]).err().unwrap();
        assert!(found.starts_with(message), "{text:?} gave {found}");
        assert!(found.contains("allowed: "), "{found}");
    }
    let found = load(&[("", b"1,2,AU\n\xff")]).err().unwrap();
    assert!(found.starts_with("0:2: is neither a MaxMind-format file nor text"), "{found}");
    let found = load(&[("", LIST_4.as_bytes()), ("", LIST_4.as_bytes())]).err().unwrap();
    assert_eq!(found, "1: has IPv4 addresses, and so has a file before it; allowed: one file for each kind");
    let missing = Countries::load(&[PathBuf::from("/nowhere/geoip")]).err().unwrap().to_string();
    assert!(missing.starts_with("/nowhere/geoip: cannot be read: "), "{missing}");
}

fn networks() -> Vec<(&'static str, u8, Value)> {
    let text = |key, code| Value::Map(vec![(key, Value::Text(code))]);
    let registered = Value::Map(vec![("registered_country", Value::Map(vec![("iso_code", Value::Text("FR"))]))]);
    vec![
        ("1.0.0.0", 24, country("AU")),
        ("1.0.1.0", 24, country("CN")),
        ("1.0.2.0", 23, text("country_code", "DE")),
        ("1.0.4.0", 24, text("country", "IT")),
        ("1.0.5.0", 24, registered),
        ("1.0.6.0", 24, text("asn", "AS1")),
        ("1.0.7.0", 24, country("AP")),
    ]
}

#[test]
fn maxmind_format_files_give_countries() {
    let common = [
        ("1.0.0.255", "AU"),
        ("1.0.1.1", "CN"),
        ("1.0.3.255", "DE"),
        ("1.0.4.1", "IT"),
        ("1.0.5.1", "FR"),
        ("1.0.6.1", "(unknown)"),
        ("1.0.7.1", "(unknown)"),
        ("1.0.8.1", "(unknown)"),
    ];
    let v4 = load(&[(".mmdb", &file(4, &networks(), "Test", 1_782_345_600))]).unwrap();
    check(&v4, &common);
    assert_eq!(v4.sources(), ["A[1m test, made 2026-06-25"]);
    let mut both = networks();
    both.push(("2001:200::", 32, country("JP")));
    both.push(("2001:400::", 66, country("US")));
    // The format is seen whatever the name.
    let both = load(&[("", &file(6, &both, "GeoLite2-Country", 0))]).unwrap();
    check(&both, &common);
    check(
        &both,
        &[("2001:200::1", "JP"), ("2001:200:ffff::", "JP"), ("2001:400::1", "US"), ("2001:400:0:1::", "(unknown)")],
    );
    assert!(both.sources()[0].contains("https://www.maxmind.com"), "{:?}", both.sources());
}

#[test]
fn a_bad_maxmind_format_file_is_refused() {
    let text = |key, value| Value::Map(vec![(key, Value::Text(value))]);
    for (bytes, message) in [
        (b"x".to_vec(), "0.mmdb: is no valid MaxMind-format file: "),
        (
            file(4, &[("1.0.0.0", 24, text("asn", "AS1"))], "ASN", 0),
            "0.mmdb: is a database of `ASN` that names no country",
        ),
        (file(4, &[("1.0.0.0", 24, text("country", "Japan"))], "X", 0), "0.mmdb: has the country code `Japan`"),
        (file(4, &[("1.0.0.0", 24, Value::Number(1))], "X", 0), "0.mmdb: has a record that cannot be read: "),
    ] {
        let found = load(&[(".mmdb", &bytes)]).err().unwrap();
        assert!(found.starts_with(message), "{found}");
    }
    // Cut anywhere, it is refused or read; it never panics.
    let whole = file(4, &networks(), "Test", 0);
    for length in 0..whole.len() {
        let _ = load(&[(".mmdb", &whole[..length])]);
    }
}

#[test]
fn country_codes_are_sorted_and_end_in_unknown() {
    let (last, codes) = COUNTRIES.split_last().unwrap();
    assert!(codes.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(codes.iter().all(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())));
    assert_eq!((*last, COUNTRIES[usize::from(codes::UNKNOWN)]), ("(unknown)", "(unknown)"));
    for (code, expected) in [("JP", "JP"), ("UK", "GB"), ("??", "(unknown)"), ("EU", "(unknown)"), ("ZZ", "(unknown)")]
    {
        assert_eq!(COUNTRIES[usize::from(codes::position(code).unwrap())], expected, "{code}");
    }
}

#[test]
fn domains_of_hosts() {
    for (host, expected) in [
        ("ws12.example.co.jp", "co.jp"),
        ("pc.dept.u-tokyo.ac.jp", "ac.jp"),
        ("p1234-ipngn.tokyo.ocn.ne.jp.", "ne.jp"),
        ("WWW.MOFA.GO.JP", "go.jp"),
        ("city.tokyo.lg.jp", "lg.jp"),
        ("example.tokyo.jp", "jp"),
        ("jp", "jp"),
        ("co.jp", "co.jp"),
        ("notco.jp", "jp"),
        ("a.b.gov.uk", "gov.uk"),
        ("x.edu", "edu"),
        ("c-98-1-2-3.hsd1.wa.comcast.net", "net"),
        ("host.example.com", "com"),
        ("xn--80ak6aa92e.com", "com"),
        ("xn--wgbl6a.xn--mgberp4a5d4ar", "other"),
        ("例え.jp", "jp"),
        ("host_1.example.de", "de"),
        ("pc-3.corp.internal", "other"),
        ("localhost", "other"),
        ("a.photography", "other"),
        ("", "(unknown)"),
        ("-", "(unknown)"),
        (".", "(unknown)"),
        ("..jp", "(unknown)"),
        ("a..jp", "(unknown)"),
        ("192.0.2.1", "(unknown)"),
        ("192.0.2", "(unknown)"),
        ("2001:db8::1", "(unknown)"),
        ("[2001:db8::1]", "(unknown)"),
        ("two words.jp", "(unknown)"),
        ("taro@example.jp", "(unknown)"),
    ] {
        assert_eq!(DOMAINS[usize::from(domain(host))], expected, "{host:?}");
    }
    let long = format!("{}jp", "a.".repeat(127));
    assert_eq!(DOMAINS[usize::from(domain(&long[2..]))], "jp");
    assert_eq!(DOMAINS[usize::from(domain(&long))], "(unknown)");
}

#[test]
fn every_domain_is_a_public_suffix_and_is_found() {
    let (suffixes, ends) = DOMAINS.split_at(DOMAINS.len() - 2);
    assert_eq!(ends, ["other", "(unknown)"]);
    let mut sorted = DOMAINS.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), DOMAINS.len());
    let is_known = |suffix: &str| {
        // Under some countries every second level is a public suffix.
        let host = format!("host.zzqq.{suffix}");
        let known = psl::suffix(host.as_bytes());
        // South Africa registers second levels only.
        let is_public = |known: psl::Suffix<'_>| known.typ() == Some(psl::Type::Icann) || suffix == "za";
        known.is_some_and(|known| is_public(known) && known.as_bytes().ends_with(suffix.as_bytes()))
    };
    let unknown: Vec<_> = suffixes.iter().filter(|suffix| !is_known(suffix)).collect();
    assert!(unknown.is_empty(), "not in the public suffix list: {unknown:?}");
    let pairs = ('a'..='z').flat_map(|a| ('a'..='z').map(move |b| format!("{a}{b}")));
    let forgotten: Vec<_> =
        pairs.filter(|pair| pair != "za" && is_known(pair) && !suffixes.contains(&pair.as_str())).collect();
    assert!(forgotten.is_empty(), "country domains that are not listed: {forgotten:?}");
    for suffix in suffixes {
        assert_eq!(DOMAINS[usize::from(domain(&format!("host.x.{suffix}")))], *suffix);
    }
}

/// The real lists of tor-geoipdb, where they are installed.
#[test]
fn the_installed_lists_are_read() {
    let paths = ["/usr/share/tor/geoip", "/usr/share/tor/geoip6"].map(PathBuf::from);
    if !paths.iter().all(|path| path.exists()) {
        eprintln!("skipped: no tor-geoipdb on this machine");
        return;
    }
    real(&paths);
}

fn real(paths: &[PathBuf]) {
    let start = std::time::Instant::now();
    let countries = Countries::load(paths).unwrap();
    let (v4, v6) = (countries.v4.len(), countries.v6.len());
    eprintln!("{v4} and {v6} stretches, {} bytes, read in {:?}", v4 * 5 + v6 * 9, start.elapsed());
    eprintln!("{:?}", countries.sources());
    check(&countries, &[("133.11.0.1", "JP"), ("8.8.8.8", "US"), ("2001:200::1", "JP"), ("10.0.0.1", "(unknown)")]);
}

/// What a look-up costs: `HEADCOUNT_GEOIP=DIRECTORY cargo test -- --ignored --nocapture measure`, where the directory
/// has the files geoip and geoip6.
#[test]
#[ignore = "a measurement, not a check"]
fn measure() {
    #[allow(clippy::disallowed_methods)] // a measurement that is run by hand
    let Ok(directory) = std::env::var("HEADCOUNT_GEOIP") else {
        return;
    };
    let paths = ["geoip", "geoip6"].map(|name| Path::new(&directory).join(name));
    real(&paths);
    let countries = Countries::load(&paths).unwrap();
    let hash = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let v4: Vec<String> = (0..100_000).map(|n| Ipv4Addr::from((hash(n) >> 32) as u32).to_string()).collect();
    let v6: Vec<String> = (0..100_000)
        .map(|n| std::net::Ipv6Addr::from(u128::from(0x2000_0000_0000_0000 | hash(n) >> 4) << 64 | 1).to_string())
        .collect();
    let hosts: Vec<String> = (0..100_000).map(|n| format!("p{n}.isp-{}.ne.jp", n % 97)).collect();
    let time = |what: &str, texts: &[String], of: &dyn Fn(&str) -> u16| {
        let start = std::time::Instant::now();
        let sum: usize = texts.iter().map(|text| usize::from(of(text))).sum();
        eprintln!("{what}: {:?} each ({sum})", start.elapsed() / u32::try_from(texts.len()).unwrap());
    };
    time("IPv4", &v4, &|text| country_of(&countries, text));
    time("IPv6", &v6, &|text| country_of(&countries, text));
    time("host", &hosts, &domain);
}

proptest! {
    #[test]
    fn any_text_gives_an_index(text in any::<String>(), host in "[a-zA-Z0-9.\\-_é本]{0,300}", v4 in any::<Ipv4Addr>(), v6 in any::<std::net::Ipv6Addr>()) {
        let countries = load(&[("", LIST_4.as_bytes()), ("", LIST_6.as_bytes())]).unwrap();
        for text in [&text, &host, &v4.to_string(), &v6.to_string()] {
            prop_assert!(usize::from(country_of(&countries, text)) < COUNTRIES.len());
            prop_assert!(usize::from(domain(text)) < DOMAINS.len());
        }
    }

    /// Ranges made of random cuts give each address the country of its range.
    #[test]
    fn a_look_up_finds_the_range(cuts in prop::collection::btree_set(any::<u32>(), 2..40), probe in any::<u32>()) {
        let cuts: Vec<u32> = cuts.into_iter().collect();
        let codes = ["JP", "US", "??", "DE"];
        let ranges: Vec<_> = cuts.chunks_exact(2).enumerate().map(|(n, ends)| (ends[0], ends[1], codes[n % 4])).collect();
        let text: String = ranges.iter().map(|(first, last, code)| format!("{first},{last},{code}\n")).collect();
        let countries = load(&[("", text.as_bytes())]).unwrap();
        for address in cuts.iter().flat_map(|&cut| [cut, cut.wrapping_add(1), cut.wrapping_sub(1)]).chain([probe]) {
            let range = ranges.iter().find(|(first, last, _)| (first..=last).contains(&&address));
            let expected = range.map_or("(unknown)", |(_, _, code)| code).replace("??", "(unknown)");
            let address = Ipv4Addr::from(address);
            if !is_local(address) {
                prop_assert_eq!(COUNTRIES[usize::from(country_of(&countries, &address.to_string()))], expected, "{}", address);
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "([0-9]{1,3}|2::|[A-Z?]{2}|[,#\n])*") {
        let _ = load(&[("", &bytes)]);
        let _ = load(&[("", text.as_bytes())]);
        let _ = load(&[(".mmdb", &bytes)]);
    }
}

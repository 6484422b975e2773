//! Pages: examples of the form, and the two properties that matter: it is a fixed point, and no personal data that
//! stands in a segment or an allowed value is ever left.

mod corpus;
mod held_out;

use proptest::prelude::*;

use super::*;

fn rules() -> PageRules {
    PageRules { query_allow: vec!["id".into(), "q".into(), "検索".into()], ..PageRules::default() }
}

fn page(target: &str) -> String {
    let mut out = "old".to_owned();
    normalize(target, &rules(), &mut out).map_or_else(|BadTarget| "bad".to_owned(), |_| out)
}

fn check(cases: &[(&str, &str)]) {
    for (target, expected) in cases {
        assert_eq!(page(target), *expected, "{target}");
        assert_eq!(page(expected), *expected, "{target} is no fixed point");
    }
}

#[test]
fn form() {
    check(&[
        ("/", "/"),
        ("/a/b.html", "/a/b.html"),
        ("/A/B.html#top", "/A/B.html"),
        ("http://example.jp", "/"),
        ("HTTPS://example.jp:443/a?x=1", "/a"),
        ("http://example.jp?q=1", "/?q=1"),
        ("//a///b//", "/a/b/"),
        ("/a/./b/../c", "/a/c"),
        ("/../../a/..", "/"),
        ("/a/%2e%2E/b", "/b"),
        ("/a/.", "/a/"),
        ("/.well-known/x", "/.well-known/x"),
        ("/a/index.html", "/a/"),
        ("/a/Index.HTML?x=1", "/a/"),
        ("/index.html/b", "/index.html/b"),
        ("/%E3%81%82/%41", "/あ/A"),
        ("/あ", "/あ"),
        ("/a%2fb%3fc%23d%25e%20f", "/a%2Fb%3Fc%23d%25e%20f"),
        ("/a b\"<>", "/a%20b%22%3C%3E"),
        ("/%", "/%25"),
        ("/%zz%4", "/%25zz%254"),
        ("/%ff%fe", "/%FF%FE"),
        ("/%00%0A", "/%00%0A"),
        ("/\u{202e}x", "/%E2%80%AEx"),
        ("/a?x=1", "/a"),
        ("/a?q=b+c&x=1&id=2", "/a?id=2&q=b%20c"),
        ("/a?q=2&q=1", "/a?q=2&q=1"),
        ("/a?q", "/a?q="),
        ("/a?%E6%A4%9C%E7%B4%A2=%E3%81%82%26b", "/a?検索=あ%26b"),
        ("/a?q=/x?y=z", "/a?q=%2Fx%3Fy%3Dz"),
    ]);
}

#[test]
fn personal_data() {
    check(&[
        ("/unsubscribe/taro@example.jp/x", "/unsubscribe/{email}/x"),
        ("/unsubscribe/taro%40example.jp", "/unsubscribe/{email}"),
        ("/unsubscribe/taro%2540example.jp", "/unsubscribe/{email}"),
        ("/list-taro@example.jp.html", "/{email}"),
        ("/Contact%20taro.yamada+x@example.jp", "/Contact%20{email}"),
        ("/mailto:taro@example.jp", "/mailto:{email}"),
        ("/太郎＠例え.jp", "/{email}"),
        ("/@taro", "/@taro"),
        ("/u/550e8400-e29b-41d4-a716-446655440000.html", "/u/{uuid}.html"),
        ("/order/123456", "/order/{id}"),
        ("/order/12345", "/order/{id}"),
        ("/page/12345", "/page/12345"),
        ("/order-1234567-x.html", "/order-{id}-x.html"),
        ("/20261124/202611/261124", "/20261124/202611/{id}"),
        ("/press_20261124.html", "/press_20261124.html"),
        ("/20261332", "/{id}"),
        ("/tool-0.20261124.html", "/tool-0.20261124.html"),
        ("/2026/11/24/", "/2026/11/24/"),
        ("/2026-11-24-a", "/2026-11-24-a"),
        ("/page23_003456.html", "/page23_003456.html"),
        ("/pressit_000001_01234.html", "/pressit_000001_01234.html"),
        ("/user_003456", "/user_{id}"),
        ("/tel/+81-3-1234-5678", "/tel/{phone}"),
        ("/tel/03-1234-5678", "/tel/{phone}"),
        ("/tel/(03)1234-5678", "/tel/{phone}"),
        ("/tel/09012345678", "/tel/{phone}"),
        ("/tel/０３ー１２３４ー５６７８", "/tel/{phone}"),
        ("/tel/555-123-4567.html", "/tel/{phone}.html"),
        ("/x?q=%2B81+3+1234+5678", "/x?q={phone}"),
        ("/pay/4111111111111111", "/pay/{card}"),
        ("/pay/4111-1111-1111-1111/x", "/pay/{card}/x"),
        ("/pay/4111%201111%201111%201111", "/pay/{card}"),
        ("/n/1234-5678-9012", "/n/{id}"),
        ("/n/2019-2020-2021", "/n/2019-2020-2021"),
        ("/ip/192.168.0.1", "/ip/{ip}"),
        ("/ip/host-192.168.0.1-x", "/ip/host-{ip}-x"),
        ("/ip/2001:db8::1", "/ip/{ip}"),
        ("/std::vector/Foo::Bar", "/std::vector/Foo::Bar"),
        ("/v1.2.3/a", "/v1.2.3/a"),
        ("/t/deadbeefdeadbeef", "/t/{token}"),
        ("/t/d41d8cd98f00b204e9800998ecf8427e.html", "/t/{token}.html"),
        ("/t/xYz12AbQ9-7kLm_0PqRs4Tu", "/t/{token}"),
        ("/t/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ0YXJvIn0.abc_DEF-123", "/t/{token}"),
        ("/a.html;jsessionid=0A1B2C", "/a.html;jsessionid={token}"),
        ("/(S(lit3py55t21z5v55vlm25s55))/a", "/(S({token}))/a"),
        (
            "/press-release-2026-minister-visit-to-tokyo-g7-summit.html",
            "/press-release-2026-minister-visit-to-tokyo-g7-summit.html",
        ),
        ("/covid-19-q-a-for-the-eu-and-uk-2026", "/covid-19-q-a-for-the-eu-and-uk-2026"),
        ("/AnnualReportOnForeignPolicy2026", "/AnnualReportOnForeignPolicy2026"),
        ("/a?q=taro@example.jp&id=1234567", "/a?id={id}&q={email}"),
    ]);
}

#[test]
fn bad_targets() {
    let long = format!("/{}", "a".repeat(TARGET_BYTES_MAX));
    for target in ["", "*", "host:443", "a/b", "ftp://h/", "http://", "http:///a", "/a\nb", "/\u{7f}", " /a", &long] {
        let mut out = "old".to_owned();
        assert_eq!(normalize(target, &rules(), &mut out), Err(BadTarget), "{target}");
        assert_eq!(out, "");
    }
}

#[test]
fn assets() {
    let kind = |target: &str| normalize(target, &rules(), &mut String::new());
    for target in ["/a.css", "/A.PNG?v=1", "/x/y.min.js", "/logo@2x.png", "/f.woff2#x"] {
        assert_eq!(kind(target), Ok(Target::Part), "{target}");
    }
    assert_eq!(kind("/a.swf;x=1"), Ok(Target::Asset));
    assert_eq!(kind("//a/../robots%2Etxt?x"), Ok(Target::RobotsTxt));
    assert_eq!(kind("/a.json"), Ok(Target::Machine));
    assert_eq!(kind("/?feed=rss2"), Ok(Target::Machine));
    for target in ["/", "/css", "/a.css/", "/a.html", "/a.pdf", "/a.", "/?f=a.css"] {
        assert_eq!(kind(target), Ok(Target::Page), "{target}");
    }
}

#[test]
fn long_pages_are_cut() {
    let ascii = page(&format!("/{}", "x".repeat(600)));
    assert!(ascii.len() == PAGE_BYTES_MAX && ascii.ends_with('…'), "{ascii}");
    let japanese = page(&format!("/x/{}", "あ".repeat(300)));
    assert!(japanese.len() <= PAGE_BYTES_MAX && japanese.len() > 500 && japanese.ends_with("あ…"), "{japanese}");
    // An encoded byte is never cut in two: the whole segment goes.
    assert_eq!(page(&format!("/x/{}", "%FF".repeat(300))), "/x/…");
    assert_eq!(page(&format!("/x?q={}", "x".repeat(600))), "/x");
    assert_eq!(page(&format!("/{}?q=1", "x".repeat(600))).len(), PAGE_BYTES_MAX);
}

#[test]
fn a_plain_path_costs_no_allocation() {
    for target in ["/", "/a/b/index.html", "/mofaj/press/release/press_00123.html?x=1", "/a-b_c~d/"] {
        assert!(is_plain(target.split('?').next().unwrap()), "{target}");
    }
    let mut out = String::with_capacity(PAGE_BYTES_MAX);
    let before = out.as_ptr();
    assert_eq!(normalize("/a/b.html?x=1#y", &PageRules::default(), &mut out), Ok(Target::Page));
    assert_eq!((out.as_str(), out.as_ptr()), ("/a/b.html", before));
}

/// Text around personal data: it ends and starts with a separator, as words in a URL do.
fn around() -> impl Strategy<Value = (String, String)> {
    (
        "([a-z]{1,8}[:,;( ])?".prop_map(|s| s.replace(' ', "%20")),
        "([,;:) ][a-z]{1,8})?".prop_map(|s| s.replace(' ', "%20")),
    )
}

fn card() -> impl Strategy<Value = String> {
    "[0-9]{15}".prop_map(|body| {
        let check = ('0'..='9').find(|&digit| {
            let digits: Vec<u32> = body.chars().chain([digit]).filter_map(|ch| ch.to_digit(10)).collect();
            let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
            let sum: u32 = digits.iter().enumerate().map(|(i, &d)| if i % 2 == 0 { doubled(d) } else { d }).sum();
            sum.is_multiple_of(10)
        });
        format!("{body}{}", check.unwrap())
    })
}

/// Asserts that `secret`, in every way it may be written, is gone from a segment and from an allowed value.
fn gone(secret: &str, around: &(String, String)) {
    let encoded: String = secret.bytes().map(|byte| format!("%{byte:02x}")).collect();
    for written in [secret, &encoded] {
        for target in [
            format!("/a/{written}"),
            format!("/a/{}{written}{}/b", around.0, around.1),
            format!("/a?q={written}"),
            format!("/a?x=1&q={}{written}{}", around.0, around.1),
        ] {
            let page = page(&target);
            assert!(page.starts_with("/a") && !page.contains(secret), "{target} gave {page}");
            assert!(page.contains('{'), "{target} gave {page}");
        }
    }
}

/// How long the longest targets and common ones take: `cargo test -- --ignored --nocapture measure`.
#[test]
#[ignore = "a measurement, not a check"]
fn measure() {
    let mut out = String::with_capacity(TARGET_BYTES_MAX);
    for unit in ["a", "a@", "a.", "1-", "1.", "=", "a=", "%25", "eyJ.", "12-", "a:", "(", "aB3", "a@[", "/1", "123456/"]
    {
        let target = format!("/{}", unit.repeat((TARGET_BYTES_MAX - 1) / unit.len()));
        let start = std::time::Instant::now();
        let _ = normalize(&target, &rules(), &mut out);
        eprintln!("8 KiB of {unit:?}: {:?}", start.elapsed());
    }
    for target in ["/a/b/c.html", "/mofaj/press/release/pressit_000001_00123.html", "/%E5%A4%96%E4%BA%A4/a.html?x=1"] {
        let start = std::time::Instant::now();
        for _ in 0..10_000 {
            let _ = normalize(target, &rules(), &mut out);
        }
        eprintln!("{target}: {:?} each", start.elapsed() / 10_000);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn email_never_survives(secret in "[a-zA-Z0-9][a-zA-Z0-9._-]{0,20}@[a-z0-9-]{1,10}(\\.[a-z]{2,5}){1,2}", around in around()) {
        gone(&secret, &around);
    }

    #[test]
    fn uuid_never_survives(secret in "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", around in around()) {
        gone(&secret, &around);
    }

    #[test]
    fn card_never_survives(secret in card(), around in around()) {
        gone(&secret, &around);
        let grouped: Vec<_> = secret.as_bytes().chunks(4).map(|four| std::str::from_utf8(four).unwrap()).collect();
        gone(&grouped.join("-"), &around);
    }

    #[test]
    fn address_never_survives(v4 in any::<std::net::Ipv4Addr>(), v6 in any::<std::net::Ipv6Addr>()) {
        let none = (String::new(), String::new());
        gone(&v4.to_string(), &("host-".into(), "-x".into()));
        gone(&v4.to_string(), &none);
        gone(&v6.to_string(), &none);
    }

    #[test]
    fn phone_never_survives(secret in "0[1-9]0?-[0-9]{4}-[0-9]{4}|0[0-9]{9,10}|0120-[0-9]{3}-[0-9]{3}", around in around()) {
        gone(&secret, &around);
    }

    #[test]
    fn normal_form_is_a_fixed_point(target in any::<String>(), path in "(/|[a-f0-9]|[ -~]|%[0-9A-F]{2}|あ|\\{id\\}|1-2|::|@){0,60}") {
        for target in [target, format!("/{path}"), format!("/{path}{}", path.repeat(9)), format!("/x?q={path}&id={path}")] {
            let once = page(&target);
            if once != "bad" {
                prop_assert!(once.starts_with('/') && once.len() <= PAGE_BYTES_MAX, "{}", once);
                prop_assert_eq!(page(&once), once);
            }
        }
    }

    #[test]
    fn the_short_way_equals_the_long_way(path in "(/[a-zA-Z0-9._~-]{0,24}){1,4}") {
        if is_plain(&path) {
            let mut long = String::new();
            let mut resolved = String::new();
            resolve(&path, &mut resolved);
            scrub_path(&resolved, &mut long);
            prop_assert_eq!(path, long);
        }
    }

    /// Whatever is public, a page has one form; and without a list nothing that looks personal is left by chance.
    #[test]
    fn a_name_of_a_list_is_a_fixed_point(path in "(/|[a-f0-9]|[ -~]|%[0-9A-F]{2}|&#[0-9]{2};|あ|\\{id\\}|1-2|user|article|@){0,60}") {
        let target = format!("/{path}");
        let (mut name, mut again) = (String::new(), String::new());
        if listed(&target, &rules(), &mut name).is_ok() {
            prop_assert!(name.len() <= PAGE_BYTES_MAX);
            let is_public = name.clone();
            prop_assert!(named(&name, &rules(), |page| page == is_public, &mut again).is_ok());
            prop_assert_eq!(&again, &name);
            let scrubbed = page(&target);
            prop_assert_eq!(page(&scrubbed), scrubbed);
        }
    }
}

/// Eight times the length takes about eight times as long, and not 64 times: the work is linear. Another program may be in the way
/// of one measurement, not of all.
#[test]
fn the_longest_targets_take_as_long_as_their_length_says() {
    const TIMES_MAX: u32 = 32;
    let time = |target: &str| {
        let start = std::time::Instant::now();
        let _ = normalize(target, &rules(), &mut String::new());
        start.elapsed()
    };
    let units = [
        "a@",
        "a.",
        "1-",
        "1.",
        "=",
        "a=",
        "%25",
        "eyJ.",
        "a:",
        "(",
        "aB3",
        "a@[",
        "/1",
        "%2525",
        "&#64;",
        "a at ",
        "+1",
        "-1.5",
        "A+",
        "%E2%80%8B",
        "user-",
        "1 ",
        "_at_",
    ];
    for unit in units {
        let of = |bytes: usize| format!("/{}", unit.repeat(bytes / unit.len()));
        let (short, long) = (of(TARGET_BYTES_MAX / 8 - 1), of(TARGET_BYTES_MAX - 1));
        let is_linear = (0..10).any(|_| time(&long) <= time(&short) * TIMES_MAX);
        assert!(is_linear, "{unit:?}: {:?}, an eighth of it {:?}", time(&long), time(&short));
    }
}

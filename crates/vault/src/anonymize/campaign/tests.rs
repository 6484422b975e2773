//! Campaigns: keys by example, and that no personal data in a parameter is ever left in one.

use proptest::prelude::*;

use super::*;

fn key(target: &str) -> String {
    let mut out = "old".to_owned();
    campaign(target, &mut out);
    out
}

#[test]
fn keys() {
    for (target, expected) in [
        ("/", "(none)"),
        ("", "(none)"),
        ("/a?", "(none)"),
        ("/a?x=1&utm_content=b", "(none)"),
        ("/a?utm_source", "(none)"),
        ("/a?utm_source=&utm_medium=+%20&utm_campaign=%00", "(none)"),
        ("/a#?utm_source=x", "(none)"),
        ("/utm_source=x", "(none)"),
        ("/a?utm_source=Newsletter&utm_medium=E-Mail&utm_campaign=Spring+Sale", "newsletter / e-mail / spring sale"),
        ("https://example.jp/a?x=1&utm_medium=cpc", "- / cpc / -"),
        ("?utm_campaign=a", "- / - / a"),
        ("/a?UTM_Source=x&utm%5Fmedium=y", "x / y / -"),
        ("/a?utm_source=x&utm_source=y", "x / - / -"),
        ("/a?utm_source=x#utm_medium=y", "x / - / -"),
        ("/a?utm_source=++a%09%0A+b%E3%80%80c++", "a b c / - / -"),
        ("/a?utm_source=a%00b%1Bc%E2%80%8Bd", "abcd / - / -"),
        ("/a?utm_source=%E5%A4%96%E5%8B%99%E7%9C%81", "外務省 / - / -"),
        ("/a?utm_source=外務省&utm_medium=%C3%89", "外務省 / é / -"),
        ("/a?utm_source=%ff", "\u{fffd} / - / -"),
        ("/a?utm_source=a%2Bb%26c%3Dd", "a+b&c=d / - / -"),
        ("/a?utm_source=100%25", "100% / - / -"),
        ("/a?utm_source=%zz", "%zz / - / -"),
        ("/a?utm_campaign=2026_spring", "- / - / 2026_spring"),
        ("/a?utm_campaign=mail_20261124", "- / - / mail_20261124"),
        ("/a?utm_source=(other)", "(other) / - / -"),
    ] {
        assert_eq!(key(target), expected, "{target}");
    }
}

#[test]
fn personal_data() {
    for (value, expected) in [
        ("taro@example.jp", "{email}"),
        ("taro%40example.jp", "{email}"),
        ("taro%2540example.jp", "{email}"),
        ("taro%E2%80%8B%40example.jp", "{email}"),
        ("to+Taro.Yamada%40example.jp+x", "to {email} x"),
        ("550e8400-e29b-41d4-a716-446655440000", "{uuid}"),
        ("%2B81+3-1234-5678", "{phone}"),
        ("03+1234+5678", "{phone}"),
        ("4111+1111+1111+1111", "{card}"),
        ("4111111111111111", "{card}"),
        ("customer-1234567", "customer-{id}"),
        ("192.0.2.1", "{ip}"),
        ("aB3xY9kLm2Qr7TzW4vN8", "{token}"),
        ("eyJhbGciOiJIUzI.eyJzdWIiOiIx.SflKxwRJSMeKKF", "{token}"),
        ("deadbeefdeadbeefab", "{token}"),
    ] {
        assert_eq!(key(&format!("/a?utm_source={value}")), format!("{expected} / - / -"), "{value}");
        assert_eq!(key(&format!("/a?utm_medium=m&utm_campaign={value}")), format!("- / m / {expected}"), "{value}");
    }
}

#[test]
fn a_long_key_is_cut() {
    let long = key(&format!("/?utm_source={}", "x".repeat(600)));
    assert!(long.len() == CAMPAIGN_BYTES_MAX && long.ends_with("xx…"), "{long}");
    let japanese = key(&format!("/?utm_source=s&utm_campaign={}", "あ".repeat(300)));
    assert!(japanese.len() <= CAMPAIGN_BYTES_MAX && japanese.len() > 120 && japanese.ends_with("あ…"), "{japanese}");
    // A placeholder is never cut in two.
    let placeholder = key(&format!("/?utm_source={}%20taro@example.jp", "x".repeat(120)));
    assert_eq!(placeholder, format!("{}…", "x".repeat(120)));
    assert_eq!(key(&format!("/?utm_source=a&{}", "x".repeat(TARGET_BYTES_MAX))), NO_CAMPAIGN);
}

#[test]
fn plain_words_cost_no_allocation() {
    let mut out = String::with_capacity(CAMPAIGN_BYTES_MAX);
    let before = out.as_ptr();
    campaign("/a?utm_source=News+Letter&utm_medium=mail&utm_campaign=summer_2026", &mut out);
    assert_eq!((out.as_str(), out.as_ptr()), ("news letter / mail / summer_2026", before));
    campaign("/a/b/c.html?x=1", &mut out);
    assert_eq!((out.as_str(), out.as_ptr()), (NO_CAMPAIGN, before));
}

/// How long the longest targets and common ones take: `cargo test -- --ignored --nocapture measure`.
#[test]
#[ignore = "a measurement, not a check"]
fn measure() {
    let mut out = String::with_capacity(TARGET_BYTES_MAX);
    for unit in ["a", "&", "=", "utm_source=&", "a@", "%25", "1-", "+", "eyJ.", "aB3", "あ", "&utm_source=a@b"] {
        let query = unit.repeat((TARGET_BYTES_MAX - 20) / unit.len());
        let target = format!("/?utm_source={query}");
        let start = std::time::Instant::now();
        campaign(&target, &mut out);
        eprintln!("8 KiB of {unit:?}: {:?}", start.elapsed());
    }
    for target in [
        "/mofaj/press/index.html",
        "/a?page=2&lang=ja&sort=up",
        "/a?utm_source=newsletter&utm_medium=mail&utm_campaign=spring_2026",
        "/a?utm_source=newsletter&utm_medium=mail&utm_campaign=mail_20261124",
    ] {
        let start = std::time::Instant::now();
        for _ in 0..100_000 {
            campaign(target, &mut out);
        }
        eprintln!("{target}: {:?} each", start.elapsed() / 100_000);
    }
}

/// Text around personal data: it ends and starts with a separator, as words do.
fn around() -> impl Strategy<Value = (String, String)> {
    ("([a-zA-Z]{1,8}[:,;( ])?", "([,;:) ][a-zA-Z]{1,8})?")
}

/// Asserts that `secret`, in every way it may be written, is gone from each part of a key.
fn gone(secret: &str, around: &(String, String)) {
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    let whole = format!("{}{secret}{}", around.0, around.1);
    let secret = secret.to_lowercase();
    for written in [encode(&whole), whole.replace('%', "%25").replace('+', "%2b").replace(' ', "+")] {
        for target in [
            format!("/a?utm_source={written}"),
            format!("/a?x=1&utm_medium={written}&utm_source=s"),
            format!("/a?utm_source={written}&utm_campaign={written}"),
        ] {
            let key = key(&target);
            assert!(!key.contains(&secret) && key.contains('{'), "{target} gave {key}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn any_text_gives_a_short_key(text in any::<String>(), value in "(%[0-9A-Fa-f]{2}|[ -~]|\\+|あ|İ|\u{200b}){0,200}") {
        for target in [text, format!("/?utm_source={value}"), format!("/?utm_medium={value}&utm_campaign={value}&{value}")] {
            let key = key(&target);
            prop_assert!(!key.is_empty() && key.len() <= CAMPAIGN_BYTES_MAX, "{}", key);
            prop_assert!(key == NO_CAMPAIGN || key.contains(SEPARATOR) || key.ends_with(ELLIPSIS), "{}", key);
            prop_assert!(!key.chars().any(char::is_control), "{:?}", key);
            prop_assert!(!key.contains("  ") && key.trim() == key, "{:?}", key);
        }
    }

    #[test]
    fn email_never_survives(secret in "[a-zA-Z0-9][a-zA-Z0-9._-]{0,20}@[a-z0-9-]{1,10}(\\.[a-z]{2,5}){1,2}", around in around()) {
        gone(&secret, &around);
    }

    #[test]
    fn uuid_never_survives(secret in "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", around in around()) {
        gone(&secret, &around);
    }

    #[test]
    fn phone_never_survives(secret in "0[1-9]0?[- ][0-9]{4}[- ][0-9]{4}|0[0-9]{9,10}|0120-[0-9]{3}-[0-9]{3}|\\+81 [1-9]-[0-9]{4}-[0-9]{4}", around in around()) {
        gone(&secret, &around);
    }

    #[test]
    fn card_never_survives(body in "[0-9]{15}", around in around()) {
        let digits: Vec<u32> = body.chars().filter_map(|ch| ch.to_digit(10)).collect();
        let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
        let sum: u32 = digits.iter().enumerate().map(|(i, &d)| if i % 2 == 0 { doubled(d) } else { d }).sum();
        let card = format!("{body}{}", (10 - sum % 10) % 10);
        gone(&card, &around);
        let grouped: Vec<&str> = (0..4).map(|group| &card[group * 4..group * 4 + 4]).collect();
        gone(&grouped.join(" "), &around);
        gone(&grouped.join("-"), &around);
    }

    #[test]
    fn token_never_survives(secret in "([a-z][0-9][A-Z]){8,16}|[0-9a-f]{15}a[0-9a-f]{1,40}", around in around()) {
        gone(&secret, &around);
    }

    /// The short way gives what the long way gives.
    #[test]
    fn plain_text_needs_no_scrubbing(text in "[a-zA-Z0-9._ -]{0,40}") {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if page::is_plain_text(&words) {
            let mut scrubbed = String::new();
            page::scrub(&words, page::Context::Unknown, &mut scrubbed);
            prop_assert_eq!(words, scrubbed);
        }
    }
}

//! Made-up personal data by class: a canary, and the text in which it stands.

use super::{Maker, encoded};

type Made = (String, String);
type MakeSecret = fn(&mut Maker) -> Made;

pub(super) const CLASSES: [(&str, MakeSecret); 21] = [
    ("mail", mail),
    ("mail encoded", |m| {
        let (mail, times) = (mail(m).0, 1 + m.below(5));
        (mail.clone(), encoded(&mail, times))
    }),
    ("mail in entities", |m| {
        let (local, host) = parts(m);
        let sign = m.one("&#64; | &#x40; | &commat; | &amp;#64; | %26%2364%3B");
        (local.clone(), format!("{local}{sign}{host}"))
    }),
    ("mail disguised", disguised),
    ("mail in base64", |m| same(base64(&mail(m).0))),
    ("token", |m| {
        let pieces = 20 + m.below(24);
        let kind = m.one("* | * | 9~");
        same(m.fill(&kind.repeat(pieces / kind.len())))
    }),
    ("token hex", |m| {
        let length = [16, 24, 32, 40, 64][m.below(5)];
        same(m.of("0123456789abcdef", length))
    }),
    ("token of 8 to 16", |m| {
        let length = 5 + m.below(9);
        same(m.fill(&format!("~9^{}", "*".repeat(length))))
    }),
    ("token of letters", |m| {
        let length = 20 + m.below(12);
        let kind = m.one("~ | ^ | ~^");
        same(m.fill(&kind.repeat(length / kind.len())))
    }),
    ("token with signs", |m| {
        let token = m.fill("***+****/****+***9==");
        (token[..6].to_owned(), encoded(&token, 1))
    }),
    ("JWT", |m| {
        let token = m.fill("eyJ********.eyJ************.****-***_****");
        let times = m.below(3);
        (token.clone(), if times == 0 { token } else { encoded(&token, times) })
    }),
    ("UUID", |m| {
        let hex = m.of("0123456789abcdef", 32);
        let uuid = format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..]);
        same(if m.below(3) == 0 { uuid.to_uppercase() } else { uuid })
    }),
    ("phone of Japan", |m| {
        tail(m.made("03-8999-9999 | 090-8999-9999 | 0120-999-999 | (06)8999-9999 | +81 90 8999 9999 | 08088999999 | 045.999.9999 | 0569-99-9999 | +81-3-8999-9999 | 0388999999"), 5)
    }),
    ("phone elsewhere", |m| {
        tail(m.made("+1-888-888-9999 | (888) 888-9999 | 888-888-9999 | +44 20 8999 9999 | +49 30 8999999 | 020 8999 9999 | 01 89 89 89 89 | +33 6 89 89 89 89 | +82-10-8999-9999 | +86 138 9999 9999"), 5)
    }),
    ("card", card),
    ("session", |m| {
        let value = m.fill("99~~9~9~");
        let text = m.one("page;jsessionid=V | page;PHPSESSID=V | a,sessionid=V | sid=V | x:sid=V:y | a;sid=V;b=1 | ASPSESSIONID=V | a!session=V | session-V");
        (value.clone(), text.replace('V', &value))
    }),
    ("nested", |m| {
        let (value, times) = (m.fill("~~99~9"), 1 + m.below(2));
        let url = m.one("/p?token=V | /p?a=1&sid=V | https://x.example/p?password=V&b=2 | /p?access_token=V | /q?code=V | /q?api_key=V#x");
        (value.clone(), encoded(&url.replace('V', &value), times))
    }),
    ("bank", bank),
    ("national", |m| {
        let text = m.made("899-99-9999 | 850412-1999999 | 999.999.999-99 | 19850412-9999 | ^99999999 | ^^999999^ | 899999999 | 2850475999999 | 1999999999999");
        (text[text.len() - 4..].to_owned(), text)
    }),
    ("place", |m| {
        let text = m.made("35.699999,139.799999 | -33.9999,151.9999 | 48.25999 | 35.69 139.76 | 2Q7XMQJ6+5V | geo:35.9999,139.9999 | @35.6999,139.7999,17z | 35°49'52\"N139°46'1\"E");
        let canary: String = text.trim_start_matches(|ch: char| !ch.is_ascii_digit()).chars().take(5).collect();
        (canary, encoded(&text, 1))
    }),
    ("address", |m| {
        tail(m.made("192.0.2.89 | host-198.51.100.89 | 2001:db8::8b9 | fe80::8:9 | 00:19:2B:8C:4D:5E | 00-1b-2b-8c-4d-9e | ::ffff:192.0.2.89 | 2001:db8::89"), 5)
    }),
];

fn same(text: String) -> Made {
    (text.clone(), text)
}

/// The end of a text is its canary; the text is encoded.
fn tail(text: String, length: usize) -> Made {
    let skipped = text.chars().count() - length;
    (text.chars().skip(skipped).collect(), encoded(&text, 1))
}

fn parts(m: &mut Maker) -> Made {
    let local = m.made("taro | hanako99 | k.suzuki | anna-maria | jean_luc8 | x9 | info+list | o.keeffe | mueller99");
    let host = m.one("example.jp | mail.example.com | example.co.uk | uni-x.example.de | example.org | ex.example.fr");
    (local, host.to_owned())
}

fn mail(m: &mut Maker) -> Made {
    let (local, host) = parts(m);
    same(format!("{local}@{host}"))
}

fn disguised(m: &mut Maker) -> Made {
    let (local, mut host) = parts(m);
    let sign =
        ["(at)", "[at]", " at ", "=40", "\u{200b}@", "@\u{200b}", "\"@", "＠", "{at}", "_at_", " (at) "][m.below(11)];
    if m.below(3) == 0 && sign.contains("at") {
        host = host.replace('.', ["(dot)", " dot ", "[dot]"][m.below(3)]);
    }
    (local.clone(), encoded(&format!("{local}{sign}{host}"), 1))
}

fn base64(text: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: String = text.bytes().map(|b| format!("{b:08b}")).collect();
    let letter = |six: &[u8]| {
        let padded = six.iter().chain(&[b'0'; 6]).take(6);
        char::from(LETTERS[padded.fold(0, |sum, bit| sum * 2 + usize::from(bit - b'0'))])
    };
    bits.as_bytes().chunks(6).map(letter).collect()
}

fn card(m: &mut Maker) -> Made {
    let start = m.one("4 | 51 | 55 | 2221 | 6011 | 3530").to_owned();
    let body = m.fill(&format!("{start}{}", "9".repeat(15 - start.len())));
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let digits = body.chars().filter_map(|ch| ch.to_digit(10)).enumerate();
    let sum: u32 = digits.map(|(at, digit)| if at % 2 == 0 { doubled(digit) } else { digit }).sum();
    let number = format!("{body}{}", (10 - sum % 10) % 10);
    let groups: Vec<&str> = (0..4).map(|group| &number[group * 4..group * 4 + 4]).collect();
    let sign = ["", "-", " ", "_", "."][m.below(5)];
    (groups[3].to_owned(), encoded(&groups.join(sign), 1))
}

fn bank(m: &mut Maker) -> Made {
    let text = m.made(
        "DE999999999999999999 | GB^^^^99999999999999 | FR9999999999^^999999999^9 | NL^^^^9999999999 | NO99999999999",
    );
    let (country, body) = text.split_at(2);
    let rest = format!("{body}{country}00").chars().fold(0_u32, |rest, ch| {
        let value = ch.to_digit(36).unwrap();
        (rest * if value < 10 { 10 } else { 100 } + value) % 97
    });
    let number = format!("{country}{:02}{body}", 98 - rest);
    let number = match m.below(3) {
        0 => number,
        1 => number.to_lowercase(),
        _ => number.as_bytes().chunks(4).map(|four| std::str::from_utf8(four).unwrap()).collect::<Vec<_>>().join("-"),
    };
    (number[number.len() - 5..].to_owned(), number)
}

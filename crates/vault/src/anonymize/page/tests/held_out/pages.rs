//! Made-up ordinary pages by class, many of which look like personal data. `W`, `O`: words; `Y`, `M`, `D`: a date.

use super::Maker;

type MakePage = fn(&mut Maker) -> String;

pub(super) const CLASSES: [(&str, MakePage); 10] = [
    ("dates", |m| {
        dated(
            m,
            "/news/YMD | /YMD.html | /W_YMD_01.html | /WYMD.html | /YMDa.html | /YMD-W | /YMD_W.pdf | /W/YMD/O | /W-YMD-O | /Y/M/D/W | /Y-M-D-W | /W/YM | /D-M-Y | /Y.M.D | /W/Y-2028 | /r08MD.html | /W-YM-YM",
        )
    }),
    ("articles", |m| {
        let number = m.made("89999 | 899999 | 8999999 | 89999999 | 899999999");
        dated(m, "/article/N | /news/N | /articles/W-N | /entry/N.html | /W/news_N.html | /posts/N | /topics/N/ | /news/Y/N | /blog/entry-N.html | /detail/N.html | /story-N | /nN.html | /item/N | /products/N | /doc/N.pdf | /W/pageN.html").replace('N', &number)
    }),
    ("registers", registers),
    ("versions", |m| {
        dated(
            m,
            "/v9.9.9 | /W-9.99.9 | /chrome/199.0.6999.199 | /linux-6.9.0-19-amd64 | /python-3.19.9 | /W/9.9.9-rc9 | /release-99.9 | /W@9.9.9 | /firefox-189.0.9 | /windows-11-29h2",
        )
    }),
    ("titles", |m| {
        dated(
            m,
            "/W-O | /W-O-W.html | /W/O-W-Y | /g7-W-O | /covid-19-W | /W-O-1-of-3 | /24-7-W | /W_O_Y.html | /us-japan-2plus2-W | /1-000-000-W | /cop30-W | /W/O/W-O | /AnnualReportOnW2026 | /ReportY",
        )
    }),
    ("products", |m| {
        dated(
            m,
            "/sony-wh-1999xm9 | /W-m494dn | /ddr5-6900-cl39-2x16gb | /iphone-19-pro-max | /rtx-4999-ti | /canon-eos-r9-mark-ii | /W-9999 | /dell-xps-19-9939 | /usb-3.9-gen-2x2 | /hp-W-m999dn-w1a99a",
        )
    }),
    ("Japanese", |m| {
        dated(
            m,
            "/外務省/報道発表/Y | /令和8年9月 | /統計/人口1億2400万人 | /第199回国会 | /G7広島サミットY | /予算案Y | /よくある質問-Q9 | /１２月の予定 | /第89999号 | /スーパーコンピューター | /人口1299999人 | /Y年9月24日",
        )
    }),
    ("hashes", |m| {
        let (hash, short) = (m.of("0123456789abcdef", 40), m.fill("9^*^*^*9").to_uppercase());
        let page =
            m.one("/commit/7 | /commit/40 | /main.8.html | /chunk-S.html | /sha256/40 | /blob/40/a.rs | /tree/7");
        let page = page.replace("40", &hash).replace('S', &short);
        page.replace("/7", &format!("/{}", &hash[..7])).replace(".8.", &format!(".{}.", &hash[..8]))
    }),
    ("signs", |m| {
        m.one("/c++-20 | /a=b | /Q&A | /(draft) | /add::ed | /face:b00k | /search@home-project.html | /session=open-day | /tokens/pricing | /@scope/name | /std::vector | /password-reset | /code-of-conduct | /map/overview | /user/guide | /users/login | /key-figures-2026 | /member-states | /order-of-merit | /profile/overview | /look-at-me.html").to_owned()
    }),
    ("queries", |m| {
        dated(
            m,
            "/a?id=89999 | /a?q=W | /a?q=W+Y | /a?q=W-2026-2027 | /a?id=W | /a?q=%E5%A4%96%E5%8B%99%E7%9C%81 | /a?q=email+address+change | /a?q=W%20home | /a?id=YMD",
        )
    }),
];

/// One of the patterns, with words, a date and digits in it.
fn dated(m: &mut Maker, patterns: &str) -> String {
    let words = "policy | embassy | visa | travel | budget | minister | summit | culture | economy | treaty | statement | safety | disaster | vaccine | climate | energy | research | annual | tokyo | kyoto | gaiko | seisaku | kaigi | shiryo | ryoken | nihon | anzen | kankyo | wirtschaft | politique | seguridad";
    let (word, other) = (m.one(words), m.one(words));
    let (year, month, day) = (1996 + m.below(31), 1 + m.below(12), 1 + m.below(28));
    let page = m.made(patterns).replace('Y', &year.to_string()).replace('D', &format!("{day:02}"));
    // Months first: no other capital M stands in a pattern.
    page.replace('M', &format!("{month:02}")).replace('W', word).replace('O', other)
}

fn registers(m: &mut Maker) -> String {
    let book = m.fill("978999999999");
    let digits = book.chars().filter_map(|ch| ch.to_digit(10)).enumerate();
    let sum: u32 = digits.map(|(at, digit)| if at % 2 == 0 { digit } else { digit * 3 }).sum();
    let book = format!("{book}{}", (10 - sum % 10) % 10);
    let page = m.made("/zip/100-9999 | /isbn/B | /station/8999999 | /population/8950000 | /price/1900000 | /rfc9999 | /iso-29999-2022 | /kb5999999 | /cve-2026-89999 | /tile/15/29199/12993 | /law/329AC0000000999 | /bill/298-12 | /doi/10.1999/s999 | /pmid/39999999 | /budget-500000");
    page.replace("/B", &format!("/{book}"))
}

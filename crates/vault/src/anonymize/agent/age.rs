//! How far behind its time a browser is.
//!
//! It is here because browsers renew themselves and copied user agents do not: of visitors with a browser of years ago, most are
//! programs. It takes the user agent and gives a month; the time of the event decides, never a clock, so that an old log
//! counts as it did when it was new. It never says that somebody is a robot: that takes more than an old browser.
//!
//! Browsers that are not told here (those of makers who take long to follow Chrome, the common log's none) are of their time.

/// Months that a browser may be behind, from when it was replaced by the next. Firefox's long-term releases last 13 to 15 months,
/// phones get no new one after some years.
const BEHIND_MONTHS_MAX: u16 = 18;

/// The month in which a browser was replaced, counted from January 2000; 0: not known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Age(u16);

/// A version, and the month in which it came. Between two of them versions came evenly.
type Release = (u32, u16);

const fn month(year: u16, month: u16) -> u16 {
    (year - 2000) * 12 + month - 1
}

/// Chrome: six weeks, and since 2021 four (chromiumdash.appspot.com/schedule).
const CHROME: [Release; 8] = [
    (1, month(2008, 12)),
    (10, month(2011, 3)),
    (17, month(2012, 2)),
    (49, month(2016, 3)),
    (72, month(2019, 1)),
    (94, month(2021, 9)),
    (109, month(2023, 1)),
    (143, month(2025, 12)),
];
/// Firefox (wiki.mozilla.org/Release_Management/Calendar).
const FIREFOX: [Release; 9] = [
    (1, month(2004, 11)),
    (3, month(2008, 6)),
    (4, month(2011, 3)),
    (17, month(2012, 11)),
    (38, month(2015, 5)),
    (60, month(2018, 5)),
    (72, month(2020, 1)),
    (115, month(2023, 7)),
    (145, month(2025, 11)),
];
/// The month in which the next Safari, and the next system of Apple's phones, came: each September. Their numbers are the same,
/// and jumped from 18 to 26.
const APPLE: [Release; 6] = [
    (3, month(2009, 6)),
    (6, month(2013, 9)),
    (9, month(2016, 9)),
    (18, month(2025, 9)),
    (26, month(2026, 9)),
    (27, month(2027, 9)),
];

impl Age {
    /// Always of its time.
    pub(crate) const UNKNOWN: Self = Self(0);

    /// Of a user agent.
    pub(crate) fn of(user_agent: &str) -> Self {
        let version = |name: &str| number(user_agent.split_once(name)?.1);
        let has = |name: &str| user_agent.contains(name);
        let month = if has("Trident/") || has("MSIE ") {
            // Support of the last ended in June 2022, of those before in January 2016.
            Some(if has("rv:11.") || has("Trident/7") { month(2022, 6) } else { month(2016, 1) })
        } else if has("Opera/") && !has("Opera M") {
            // The last with an engine of its own.
            Some(month(2013, 7))
        } else if has("Edge/") {
            Some(month(2021, 3))
        } else if is_another(user_agent) {
            None
        } else if let Some(chrome) = version("Chrome/").or_else(|| version("CriOS/")) {
            Some(replaced(&CHROME, chrome))
        } else if let Some(firefox) = version("Firefox/") {
            Some(replaced(&FIREFOX, firefox))
        } else if has("like Mac OS X") {
            version(" OS ").map(|system| replaced_at(&APPLE, system))
        } else if has("Macintosh") && has("Safari/") {
            version("Version/").map(|safari| replaced_at(&APPLE, safari))
        } else {
            None
        };
        Self(month.unwrap_or(0))
    }

    /// Whether it was long replaced at a time.
    pub(crate) fn is_behind(self, year: i16, month_of_year: i8) -> bool {
        let now = (i32::from(year) - 2000) * 12 + i32::from(month_of_year) - 1;
        self != Self::UNKNOWN && now > i32::from(self.0) + i32::from(BEHIND_MONTHS_MAX)
    }
}

/// Browsers that are made of Chrome and follow it late. Those that follow at once (Edge, Opera) are told by Chrome's version.
fn is_another(user_agent: &str) -> bool {
    const NAMES: [&str; 14] = [
        "SamsungBrowser/",
        "UCBrowser/",
        "MQQBrowser/",
        "QQBrowser/",
        "MiuiBrowser/",
        "HuaweiBrowser/",
        "YaBrowser/",
        "Silk/",
        "MetaSr",
        "360SE",
        "; wv)",
        "Puffin/",
        "Whale/",
        "SMART-TV",
    ];
    NAMES.iter().any(|name| user_agent.contains(name))
}

fn number(text: &str) -> Option<u32> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text[..digits].parse().ok()
}

/// The month in which the version after this one came.
fn replaced(releases: &[Release], version: u32) -> u16 {
    replaced_at(releases, version.saturating_add(1))
}

/// The month of a version, from those before and after it. Beyond the last they go on coming as the last two did.
fn replaced_at(releases: &[Release], version: u32) -> u16 {
    let after = releases.iter().position(|(known, _)| *known >= version).unwrap_or(releases.len() - 1).max(1);
    let ((first, begin), (second, end)) = (releases[after - 1], releases[after]);
    let steps = i64::from(version) - i64::from(first);
    let between = i64::from(end - begin) * steps / i64::from(second - first);
    u16::try_from((i64::from(begin) + between).max(1)).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn browsers_are_behind_some_time_after_they_were_replaced() {
        let chrome = |version| {
            format!(
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"
            )
        };
        let firefox =
            |version| format!("Mozilla/5.0 (Windows NT 10.0; rv:{version}.0) Gecko/20100101 Firefox/{version}.0");
        let phone = |system| {
            format!(
                "Mozilla/5.0 (iPhone; CPU iPhone OS {system}_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{system}.0 Mobile/15E148 Safari/604.1"
            )
        };
        for (user_agent, year, month, is_behind) in [
            (chrome(94), 2021, 10, false),
            (chrome(79), 2021, 10, true),
            (chrome(83), 2021, 10, false),
            (chrome(64), 2019, 1, false),
            (chrome(53), 2019, 1, true),
            (chrome(39), 2015, 5, false),
            (chrome(143), 2026, 11, false),
            (chrome(109), 2026, 11, true),
            (chrome(400), 2026, 11, false),
            (firefox(78), 2021, 10, false),
            (firefox(52), 2021, 10, true),
            (firefox(140), 2026, 11, false),
            (firefox(128), 2026, 11, true),
            (phone(14), 2021, 10, false),
            (phone(10), 2021, 10, true),
            (phone(10), 2019, 1, false),
            (phone(18), 2026, 11, false),
            ("Opera/9.0 (Windows NT 5.1; U; en)".to_owned(), 2021, 10, true),
            (
                "Opera/9.80 (J2ME/MIDP; Opera Mini/9/27.1407; U; en) Presto/2.8 Version/11.10".to_owned(),
                2021,
                10,
                false,
            ),
            ("Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko".to_owned(), 2023, 10, false),
            ("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)".to_owned(), 2015, 5, false),
            ("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)".to_owned(), 2021, 10, true),
            (String::new(), 2026, 11, false),
        ] {
            assert_eq!(Age::of(&user_agent).is_behind(year, month), is_behind, "{user_agent} in {year}");
        }
    }

    proptest! {
        #[test]
        fn any_text_has_an_age(text in any::<String>(), version in any::<u64>(), year in 1990_i16..2200) {
            for user_agent in [text.clone(), format!("Chrome/{version}"), format!("Firefox/{version}{text}")] {
                let _ = Age::of(&user_agent).is_behind(year, 12);
            }
        }

        #[test]
        fn a_later_version_is_never_older(version in 1_u32..500) {
            for releases in [&CHROME[..], &FIREFOX[..], &APPLE[..]] {
                prop_assert!(replaced(releases, version) <= replaced(releases, version + 1));
            }
        }
    }
}

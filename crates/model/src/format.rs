//! Published numbers as text, in one place, so that the report and a dashboard write the same number alike.
//!
//! An estimate is never written without its interval, and what is written is true: `±` only where both ends are equally far.
//! Pure: no I/O and no locale of the machine. `tests/golden/format.json` holds inputs and texts for any language that does
//! the same. It never decides what a number is, nor which numbers are shown.

mod change;

pub use change::{ChangeInterval, within_noise};

use crate::why::Why;

/// What stands in the place of a number that there is not.
pub const DASH: &str = "—";
/// By how much two equal distances may differ after rounding, in counts.
const ROUNDING_MAX: u64 = 2;

/// In which language a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Japanese.
    Japanese,
}

/// How many digits are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digits {
    /// All of them, in groups of three.
    Full,
    /// From 10,000 on three and a unit (k, M, G, T, P, E; 万, 億, 兆, 京), for what would not fit.
    Short,
}

/// A number with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// The best estimate, anywhere in the interval.
    pub estimate: i64,
    /// The lower end.
    pub low: i64,
    /// The upper end.
    pub high: i64,
    /// Whether it may be noise alone.
    pub is_within_noise: bool,
}

impl Digits {
    /// A count: `1,234,567`, or short `1.23M`, `123万`.
    #[must_use]
    pub fn count(self, n: i64, language: Language) -> String {
        let sign = if n < 0 { "-" } else { "" };
        format!("{sign}{}", self.unsigned(n.unsigned_abs(), language))
    }

    /// A count that is not negative.
    #[must_use]
    pub fn unsigned(self, n: u64, language: Language) -> String {
        match (self, language) {
            (Self::Full, _) => grouped(n),
            (Self::Short, Language::English) => short(n, 1_000, &["k", "M", "G", "T", "P", "E"]),
            (Self::Short, Language::Japanese) => short(n, 10_000, &["万", "億", "兆", "京"]),
        }
    }
}

impl Interval {
    /// The estimate and its interval: `445 ± 72`, or `445 (373 to 897)` where the ends are not equally far.
    #[must_use]
    pub fn text(&self, digits: Digits, language: Language) -> String {
        let [estimate, spread] = self.parts(digits, language);
        match language {
            Language::Japanese if spread.starts_with('（') => format!("{estimate}{spread}"),
            _ => format!("{estimate} {spread}"),
        }
    }

    /// The estimate, and what is written behind it, for columns that are aligned between them.
    #[must_use]
    pub fn parts(&self, digits: Digits, language: Language) -> [String; 2] {
        let estimate = digits.count(self.estimate, language);
        let [below, above] = [self.low, self.high].map(|end| self.estimate.abs_diff(end));
        let half = below.max(above);
        let [low, high] = [self.low, self.high].map(|end| digits.count(end, language));
        // Estimate and ends are rounded one by one, so even distances may differ by as much; in short digits an end may look
        // like the estimate, and then only the greater distance says something.
        let is_even =
            half - below.min(above) <= ROUNDING_MAX || digits == Digits::Short && (low == estimate || high == estimate);
        let spread = if is_even {
            format!("± {}", digits.unsigned(half, language))
        } else {
            match language {
                Language::English => format!("({low} to {high})"),
                Language::Japanese => format!("（{low}～{high}）"),
            }
        };
        [estimate, spread]
    }

    /// The same as a part of a sentence, which says where it may be noise alone.
    #[must_use]
    pub fn sentence(&self, language: Language) -> String {
        let text = self.text(Digits::Full, language);
        match (self.is_within_noise, language) {
            (false, _) => text,
            (true, Language::English) => format!("{text}, within the noise"),
            (true, Language::Japanese) => format!("{text}、誤差の範囲内"),
        }
    }
}

/// A share in whole percent: `61 %`, `61%`.
#[must_use]
pub fn percent(percent: f64, language: Language) -> String {
    match language {
        Language::English => format!("{percent:.0} %"),
        Language::Japanese => format!("{percent:.0}%"),
    }
}

/// Why there is no number, as the end of a sentence without its full stop. `None`: nobody said why.
#[must_use]
pub fn reason(why: Option<Why>, language: Language) -> &'static str {
    match language {
        Language::English => english(why),
        Language::Japanese => japanese(why),
    }
}

fn english(why: Option<Why>) -> &'static str {
    match why {
        None => "the server gave no number and no reason",
        Some(Why::NotSealed) => "the period is not over, or not every producer has said that it sent everything",
        Some(Why::BeforeFirstDay) => "nothing was counted for this site yet at that time",
        Some(Why::VisitorsDoNotAdd) => {
            "distinct visitors do not add up: they exist for exactly one hour, day, week or month"
        }
        Some(Why::NotMeasured) => {
            "this number does not exist for this table and period; `headcount privacy` lists what does"
        }
        Some(Why::Gap) => "the release of this period failed its own checks, so it is a gap",
        Some(Why::NotPublished) => "the hours of this day were not published before the day was",
        Some(Why::NotCounted) => "this table is not counted at this site",
        Some(Why::BelowThreshold) => "suppressed, because only few visitors could have touched it",
    }
}

fn japanese(why: Option<Why>) -> &'static str {
    match why {
        None => "サーバーから値も理由も返されませんでした",
        Some(Why::NotSealed) => "期間が終わっていないか、送信の完了を知らせていない送信元があります",
        Some(Why::BeforeFirstDay) => "この時点では、このサイトの集計はまだ始まっていません",
        Some(Why::VisitorsDoNotAdd) => "訪問者数は合計できません。1時間、1日、1週間、1か月の単位でのみ示します",
        Some(Why::NotMeasured) => "この表と期間にこの数値はありません。一覧は `headcount privacy` で確認できます",
        Some(Why::Gap) => "この期間の公開値は検査に通らなかったため、欠測です",
        Some(Why::NotPublished) => "この日の時間別の値は、日の値より先に公開されませんでした",
        Some(Why::NotCounted) => "この表は、このサイトでは集計していません",
        Some(Why::BelowThreshold) => {
            "秘匿。該当する訪問者がごく少数の可能性があり、個人の推測を防ぐため個別には公表していません"
        }
    }
}

fn grouped(n: u64) -> String {
    let plain = n.to_string();
    let mut text = String::with_capacity(plain.len() + plain.len() / 3);
    for (at, digit) in plain.chars().enumerate() {
        if at > 0 && (plain.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Three significant digits, or all before the point, and a unit; each unit is `step` times the one before.
fn short(n: u64, step: u64, units: &[&str]) -> String {
    if n < 10_000 {
        return grouped(n);
    }
    let mut unit = 1_u64;
    for name in units {
        unit *= step;
        // In integers: first two decimals, then one, then none.
        for decimals in (0..3).rev() {
            let (scale, most) = (10_u64.pow(decimals), if decimals == 0 { step } else { 1_000 });
            let part = unit / scale;
            let parts = n / part + u64::from(n % part >= part - part / 2);
            if parts < most {
                let (whole, rest) = (grouped(parts / scale), parts % scale);
                return match decimals {
                    0 => format!("{whole}{name}"),
                    1 => format!("{whole}.{rest:01}{name}"),
                    _ => format!("{whole}.{rest:02}{name}"),
                };
            }
        }
    }
    grouped(n)
}

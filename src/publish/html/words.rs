//! The words of the pages, in both languages: the same as the dashboard's.

use headcount_model::format::Language;
use jiff::civil::{Date, Weekday};

use crate::vault::Table;

/// The words of a language.
pub(super) struct Words {
    pub language: Language,
    /// For the attribute `lang`.
    pub code: &'static str,
    /// The name of a page's file in this language, and in the other.
    pub file: &'static str,
    pub other_file: &'static str,
    pub other_code: &'static str,
    pub other_name: &'static str,
    pub skip: &'static str,
    pub all_sites: &'static str,
    pub site: &'static str,
    pub visits: &'static str,
    pub visitors: &'static str,
    pub views: &'static str,
    pub month: &'static str,
    pub day: &'static str,
    pub days_heading: &'static str,
    pub months_heading: &'static str,
    pub estimate: &'static str,
    pub zone: &'static str,
    pub other: &'static str,
    pub noise: &'static str,
    pub data: &'static str,
    pub readme: &'static str,
    pub readme_file: &'static str,
    pub promise: &'static str,
    pub intervals: &'static str,
    pub not_add: &'static str,
    pub earlier: &'static str,
    pub later: &'static str,
    pub scroll: &'static str,
    pub no_change: &'static str,
    pub thin: &'static str,
}

static ENGLISH: Words = Words {
    language: Language::English,
    code: "en",
    file: "index.html",
    other_file: "index.ja.html",
    other_code: "ja",
    other_name: "日本語",
    skip: "To the content",
    all_sites: "All sites",
    site: "Site",
    visits: "Visits",
    visitors: "Visitors",
    views: "Page views",
    month: "Month",
    day: "Day",
    days_heading: "Visits by day",
    months_heading: "Visits by month",
    estimate: "best estimate",
    zone: "Time zone",
    other: "Other (not published under a name)",
    noise: "rows not distinguishable from zero are left out",
    data: "Data",
    readme: "How these numbers were made, and what they cannot say",
    readme_file: "README.md",
    promise: "Every number hides any one visitor's day: random noise was added once, before it was published. No cookie and no request \
              to anybody else comes from this page.",
    intervals: "“314 ± 15” means: the best estimate is 314, and the true count lies between 299 and 329 in 95 of 100 such cases. \
                The interval is about the noise alone, not about how visits vary by chance.",
    not_add: "Visitors of several days or months do not add up.",
    earlier: "Earlier",
    later: "Later",
    scroll: "Table, scrolls sideways",
    no_change: "within the noise of the month before",
    thin: "The bands are as thin as the line: the noise is small beside these numbers.",
};

static JAPANESE: Words = Words {
    language: Language::Japanese,
    code: "ja",
    file: "index.ja.html",
    other_file: "index.html",
    other_code: "en",
    other_name: "English",
    skip: "本文へ移動",
    all_sites: "すべてのサイト",
    site: "サイト",
    visits: "訪問数",
    visitors: "訪問者数",
    views: "ページビュー数",
    month: "月",
    day: "日",
    days_heading: "訪問数（日別）",
    months_heading: "訪問数（月別）",
    estimate: "推定値",
    zone: "タイムゾーン",
    other: "その他（個別に公表していないもの）",
    noise: "行は0と区別できないため省略しています",
    data: "データ",
    readme: "数値の作成方法と注意",
    readme_file: "README.ja.md",
    promise: "どの数値からも、1人の訪問者の1日の行動は分かりません。公表する前に、一度だけノイズを加えています。このページはCookieを使わず、\
              他のサーバーへの通信も行いません。",
    intervals: "「314 ± 15」は、推定値が314で、真の値が299から329までの間にあることを示します（100回のうち95回）。区間が表すのはノイズだけで、\
                訪問数の偶然の変動は含みません。",
    not_add: "日や月をまたぐ訪問者数は合計できません。",
    earlier: "前の月",
    later: "次の月",
    scroll: "表（横にスクロールします）",
    no_change: "前月との差は誤差の範囲内",
    thin: "帯は線と同じくらい細く、数値に比べて誤差はわずかです。",
};

impl Words {
    pub(super) const ALL: [&'static Self; 2] = [&ENGLISH, &JAPANESE];

    /// `October 2026`, `2026年10月`.
    pub(super) fn month_of(&self, date: Date) -> String {
        match self.language {
            Language::English => date.strftime("%B %Y").to_string(),
            Language::Japanese => format!("{}年{}月", date.year(), date.month()),
        }
    }

    /// `Thu 15 Oct`, `10月15日（木）`.
    pub(super) fn day_of(&self, date: Date) -> String {
        match self.language {
            Language::English => date.strftime("%a %-d %b").to_string(),
            Language::Japanese => format!("{}月{}日（{}）", date.month(), date.day(), weekday(date.weekday())),
        }
    }

    /// What a change says: the size with its noise, and from which month.
    pub(super) fn change(&self, is_more: bool, size: &str, before: Date) -> String {
        match (self.language, is_more) {
            (Language::English, true) => format!("{size} more than in {}", before.strftime("%B")),
            (Language::English, false) => format!("{size} fewer than in {}", before.strftime("%B")),
            (Language::Japanese, true) => format!("{}月より{size} 多い", before.month()),
            (Language::Japanese, false) => format!("{}月より{size} 少ない", before.month()),
        }
    }

    /// Published up to a day.
    pub(super) fn published(&self, date: &str) -> String {
        match self.language {
            Language::English => format!("published to {date}"),
            Language::Japanese => format!("{date}まで公表済み"),
        }
    }

    /// How many sites there are.
    pub(super) fn sites(&self, count: usize) -> String {
        match self.language {
            Language::English if count == 1 => "1 site".to_owned(),
            Language::English => format!("{count} sites, each in its own time zone"),
            Language::Japanese => format!("{count}サイト（日付は各サイトの現地時間）"),
        }
    }

    /// The heading of a table.
    pub(super) fn table(&self, table: Table) -> &'static str {
        let [english, japanese] = heading(table);
        if self.language == Language::English { english } else { japanese }
    }

    /// Where the list of countries comes from.
    pub(super) fn source(&self, source: &str) -> String {
        match self.language {
            Language::English => format!("Source of the countries of addresses: {source}."),
            Language::Japanese => format!("国の判定に使ったデータ：{source}"),
        }
    }
}

fn weekday(weekday: Weekday) -> &'static str {
    ["月", "火", "水", "木", "金", "土", "日"][usize::from(weekday.to_monday_zero_offset().unsigned_abs())]
}

fn heading(table: Table) -> [&'static str; 2] {
    match table {
        Table::Site => ["Site", "サイト"],
        Table::Page => ["Pages", "ページ"],
        Table::Referrer => ["Referrers", "参照元"],
        Table::Browser => ["Browsers", "ブラウザー"],
        Table::Os => ["Systems", "OS"],
        Table::Device => ["Devices", "端末"],
        Table::Language => ["Languages", "言語"],
        Table::Country => ["Countries", "国・地域"],
        Table::Domain => ["Domains", "ネットワークの種別"],
        Table::Campaign => ["Campaigns", "キャンペーン"],
        Table::Entry => ["Entry pages", "最初に見たページ"],
        Table::HourOfWeek => ["Hours of the week", "曜日・時刻"],
        Table::Status => ["Visits with errors", "エラーのあった訪問"],
        Table::Error => ["Errors by page", "ページ別のエラー"],
        Table::ResponseTime => ["Response times", "応答時間"],
        Table::ResponseSize => ["Response sizes", "応答サイズ"],
        Table::Bot => ["Robots", "ロボット"],
        Table::Hostname => ["Hosts", "ホスト名"],
        Table::Reader => ["Readers", "閲覧者"],
    }
}

//! The words of mails in both languages: those of the dashboard. Numbers, changes and reasons are the formatter's.

use headcount_model::format::Language;
use jiff::civil::Date;

use super::Period;
use crate::proto::Table;

/// The words of a language.
pub(super) struct Words {
    pub language: Language,
    pub tag: &'static str,
    pub visits: &'static str,
    pub visitors: &'static str,
    pub views: &'static str,
    pub one_page: &'static str,
    pub changes: &'static str,
    pub no_change: &'static str,
    pub no_row_changed: &'static str,
    pub how_chosen: &'static str,
    pub how_chosen_sites: &'static str,
    pub top_pages: &'static str,
    pub all_sites: &'static str,
    pub sites: &'static str,
    pub errors_5xx: &'static str,
    pub no_total: &'static str,
    pub dashboard: &'static str,
    pub promise: &'static str,
    pub interval: &'static str,
    pub direct: &'static str,
}

static ENGLISH: Words = Words {
    language: Language::English,
    tag: "en",
    visits: "Visits",
    visitors: "Visitors",
    views: "Page views",
    one_page: "One page only",
    changes: "Changes beyond the noise",
    no_change: "Nothing changed clearly beyond the noise.",
    no_row_changed: "No page, referrer, campaign or error changed clearly beyond the noise.",
    how_chosen: "So many rows are compared at once that a row stands here only where it is far beyond its interval.",
    how_chosen_sites: "So many sites are compared at once that the interval of a change is wider here than in the mail of one site.",
    top_pages: "Most viewed pages",
    all_sites: "All sites",
    sites: "Sites",
    errors_5xx: "Visits that met an error of the server",
    no_total: "Each site in its own time zone. There is no total: visitors of two sites may be the same person.",
    dashboard: "Open the dashboard",
    promise: "Every number hides any one visitor's day.",
    interval: "“314 ± 15” means: the true count lies between 299 and 329 in 95 of 100 such cases. The interval is about the noise alone, \
               not about how visits vary by chance.",
    direct: "direct, no referrer",
};

static JAPANESE: Words = Words {
    language: Language::Japanese,
    tag: "ja",
    visits: "訪問数",
    visitors: "訪問者数",
    views: "ページビュー数",
    one_page: "1ページのみの訪問",
    changes: "誤差の範囲を超えた変化",
    no_change: "誤差の範囲を明らかに超えた変化はありません。",
    no_row_changed: "ページ、参照元、キャンペーン、エラーに、誤差の範囲を明らかに超えた変化はありません。",
    how_chosen: "多数の行を同時に比較するため、区間を大きく超えた行だけを示しています。",
    how_chosen_sites: "多数のサイトを同時に比較するため、変化の区間はサイトごとのメールより広くなっています。",
    top_pages: "よく見られたページ",
    all_sites: "すべてのサイト",
    sites: "サイト",
    errors_5xx: "サーバーエラーのあった訪問",
    no_total: "日付は各サイトの現地時間です。複数のサイトを同じ人が訪問することがあるため、合計は示しません。",
    dashboard: "ダッシュボードを開く",
    promise: "どの数値からも、1人の訪問者の1日の行動は分かりません。",
    interval: "「314 ± 15」は、真の値が299から329までの間にあることを示します（100回のうち95回）。区間が表すのはノイズだけで、\
               訪問数の偶然の変動は含みません。",
    direct: "直接（参照元なし）",
};

/// The words of a language.
pub(super) fn of(language: Language) -> &'static Words {
    match language {
        Language::English => &ENGLISH,
        Language::Japanese => &JAPANESE,
    }
}

impl Words {
    fn say(&self, english: String, japanese: String) -> String {
        match self.language {
            Language::English => english,
            Language::Japanese => japanese,
        }
    }

    /// `15 October 2026`, `2026年10月15日`.
    pub(super) fn day(&self, date: Date) -> String {
        self.say(date.strftime("%-d %B %Y").to_string(), format!("{}年{}月{}日", date.year(), date.month(), date.day()))
    }

    /// `October 2026`, `2026年10月`; of a week its two ends.
    pub(super) fn period(&self, period: Period, first: Date) -> String {
        let last = period.last(first);
        match period {
            Period::Month => {
                self.say(first.strftime("%B %Y").to_string(), format!("{}年{}月", first.year(), first.month()))
            }
            Period::Week => self.say(
                format!("the week from {} to {}", self.day(first), self.day(last)),
                format!("{}から{}までの週", self.day(first), self.day(last)),
            ),
        }
    }

    /// What a period is compared with: `September`, `9月`; with its year, where that is another.
    pub(super) fn base(&self, period: Period, first: Date) -> String {
        let before = period.before(first);
        match period {
            Period::Week => self.say("the week before".to_owned(), "前の週".to_owned()),
            Period::Month if before.year() == first.year() => {
                self.say(before.strftime("%B").to_string(), format!("{}月", before.month()))
            }
            Period::Month => self.period(period, before),
        }
    }

    /// `October 2026, compared with September`.
    pub(super) fn compared(&self, period: &str, base: &str) -> String {
        let mut english = format!("{period}, compared with {base}");
        english.get_mut(..1).into_iter().for_each(str::make_ascii_uppercase);
        self.say(english, format!("{period}（{base}との比較）"))
    }

    /// The subject of a site's mail. `visits` has its interval.
    pub(super) fn subject(&self, title: &str, visits: Option<&str>, period: &str) -> String {
        match visits {
            Some(visits) => {
                self.say(format!("{title}: {visits} visits in {period}"), format!("{title}：{period}の訪問数 {visits}"))
            }
            None => self.say(format!("{title}: {period}"), format!("{title}：{period}")),
        }
    }

    /// The subject of a group's mail.
    pub(super) fn subject_of_sites(&self, title: &str, sites: usize, period: &str) -> String {
        let plural = if sites == 1 { "" } else { "s" };
        self.say(format!("{title}: {sites} site{plural} in {period}"), format!("{title}：{period}（{sites}サイト）"))
    }

    /// The heading of a table, and what is counted in it.
    pub(super) fn table(&self, table: Table) -> (&'static str, &'static str) {
        let (english, japanese) = match table {
            Table::Page => ("Pages", "ページ"),
            Table::Referrer => ("Referrers", "参照元"),
            Table::Campaign => ("Campaigns", "キャンペーン"),
            _ => ("Errors by page", "ページ別のエラー"),
        };
        let heading = if self.language == Language::English { english } else { japanese };
        (heading, if table == Table::Page { self.views } else { self.visits })
    }

    /// A day, a week or a month without numbers.
    pub(super) fn missing(&self, when: &str, why: &str) -> String {
        self.say(
            format!("{when} is missing: {why}."),
            format!("{when}は欠けています。{}。", why.trim_end_matches('。')),
        )
    }

    /// Only as many of a list are named.
    pub(super) fn more(&self, count: usize) -> String {
        self.say(format!("And {count} more."), format!("ほか{count}件。"))
    }

    /// The next day is late.
    pub(super) fn late(&self, last: &str, why: &str) -> String {
        self.say(
            format!("{last} is the last published day, and the day after is late: {why}."),
            format!("{last}まで公表済みです。翌日の公表は遅れています。{why}。"),
        )
    }

    /// What a site of a group lacks.
    pub(super) fn of_site(&self, title: &str, what: &str) -> String {
        self.say(format!("{title}: {what}"), format!("{title}：{what}"))
    }

    /// Days whose release failed its own checks.
    pub(super) fn gap_days(&self, days: u32) -> String {
        let plural = if days == 1 { "day is a gap: its release" } else { "days are gaps: each release" };
        self.say(
            format!("{days} {plural} failed its own checks."),
            format!("{days}日が欠測です（自己検査に合格しなかったため公表していません）。"),
        )
    }

    /// A site whose latest period is an older one.
    pub(super) fn older(&self, period: &str) -> String {
        self.say(format!("published up to {period} only."), format!("{period}までしか公表されていません。"))
    }

    /// Nothing of a site is published.
    pub(super) fn nothing(&self) -> String {
        self.say("nothing is published yet.".to_owned(), "まだ何も公表されていません。".to_owned())
    }

    /// Who sent it, and how to stop it.
    pub(super) fn sent_by(&self, sender: &str) -> String {
        self.say(
            format!("Sent by the headcount server of {sender}. To stop this mail, ask whoever runs that server."),
            format!("このメールは {sender} の headcount サーバーから送信されました。配信の停止は、サーバーの管理者に依頼してください。"),
        )
    }
}

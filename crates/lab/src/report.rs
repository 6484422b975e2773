//! What the laboratory found, as rows for a program and as Markdown for people.

use std::fmt::{self, Write};

use serde::Serialize;

use super::{PROFILES, found::FoundRow, quarter::QuarterRow, score::Score, verdict::Verdict};

/// A way to publish the page table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Method {
    /// `headcount` or `Wikimedia`.
    pub by: &'static str,
    /// headcount's profile, or the one whose budget Wikimedia's settings are given.
    pub profile: Option<&'static str>,
    /// Whether all pages are a public list.
    pub pages_are_known: bool,
    /// How many views of a visitor-day count, where these are not the profile's own.
    pub views_per_visitor_day: Option<u8>,
    /// Billionths of rho that Wikimedia's settings are given; headcount's profiles say it themselves.
    pub rho_nano: Option<u64>,
}

impl Method {
    pub(super) fn headcount(profile: &'static str, pages_are_known: bool) -> Self {
        Self { by: "headcount", profile: Some(profile), pages_are_known, views_per_visitor_day: None, rho_nano: None }
    }

    pub(super) fn wikimedia(profile: Option<&'static str>, rho_nano: u64) -> Self {
        let rho_nano = Some(rho_nano);
        Self { by: "Wikimedia", profile, pages_are_known: true, views_per_visitor_day: None, rho_nano }
    }

    /// Whether these are Wikimedia's settings, at their own budget or at that of this profile.
    pub(super) fn is_rival_of(&self, profile: &str) -> bool {
        self.rho_nano.is_some() && self.profile.is_none_or(|own| own == profile)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.rho_nano, self.profile) {
            (None, profile) => {
                let sitemap = if self.pages_are_known { "" } else { ", no sitemap" };
                write!(f, "headcount `{}`{sitemap}", profile.unwrap_or("?"))?;
                self.views_per_visitor_day.map_or(Ok(()), |views| write!(f, ", {views} views a visitor-day"))
            }
            (Some(rho), None) => write!(f, "Wikimedia, ρ {}", rounded(rho)),
            (Some(rho), Some(profile)) => write!(f, "Wikimedia, ρ {} (as `{profile}`)", rounded(rho)),
        }
    }
}

fn rounded(rho_nano: u64) -> String {
    format!("{:.4}", rho_nano as f64 / 1e9)
}

/// A way to publish the page table of a site, and how far it is from the truth.
#[derive(Debug, Clone, Serialize)]
pub struct PageRow {
    /// The site.
    pub place: String,
    /// Whether a month before was published first.
    pub has_history: bool,
    /// The kind of period.
    pub period: &'static str,
    /// How it was published.
    pub method: Method,
    /// How far it is from the truth.
    pub score: Score,
}

/// Another number of headcount's, and how far it is from the truth.
#[derive(Debug, Clone, Serialize)]
pub struct NumberRow {
    /// The site.
    pub place: String,
    /// The number.
    pub number: &'static str,
    /// The kind of period.
    pub period: &'static str,
    /// By profile: small, standard, busy.
    pub scores: Vec<Score>,
}

/// All rows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The page table.
    pub pages: Vec<PageRow>,
    /// All other numbers.
    pub numbers: Vec<NumberRow>,
    /// Where headcount is better, and where not.
    pub verdicts: Vec<Verdict>,
    /// Names of pages after a small site's first month.
    pub found: Vec<FoundRow>,
    /// Small sites without a sitemap, after a quarter.
    pub quarters: Vec<QuarterRow>,
    /// Logs that are not here.
    pub skipped: Vec<String>,
}

impl Report {
    /// How often headcount is better, and of how many times.
    #[must_use]
    pub fn better(&self) -> (usize, usize) {
        (self.verdicts.iter().filter(|verdict| verdict.is_better()).count(), self.verdicts.len())
    }

    /// All rows as JSON.
    ///
    /// # Errors
    /// Never, as rows are plain numbers and texts; the writer of JSON wants to be asked.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }

    /// Tables for docs/PRIVACY.md, and the verdict as the last line.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        // Writing into a text cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> fmt::Result {
        self.write_verdicts(text)?;
        self.write_pages(text)?;
        self.write_numbers(text)?;
        for log in &self.skipped {
            writeln!(text, "Skipped, because it is not here: {log}")?;
        }
        self.write_found(text)?;
        self.write_sitemap_row(text)?;
        let (better, all) = self.better();
        writeln!(text, "utility: better {better} of {all}")
    }

    fn write_verdicts(&self, text: &mut String) -> fmt::Result {
        writeln!(text, "### headcount beside Wikimedia's settings\n")?;
        let measures = "error | dropped | spurious";
        writeln!(text, "| site | period | keys | profile | {measures} | beside Wikimedia | {measures} | better |")?;
        writeln!(text, "|---|---|---|---|---|---|---|---|---|---|---|---|")?;
        for v in &self.verdicts {
            let better = if v.is_better() { "yes".to_owned() } else { format!("no: {}", v.failures.join(", ")) };
            let budget = v.against.to_string().replace("Wikimedia, ", "");
            let (mine, theirs) = (cells(&v.headcount), cells(&v.wikimedia));
            let (place, period, keys, profile) = (&v.place, v.period, v.headcount.keys, v.profile);
            writeln!(text, "| {place} | {period} | {keys} | `{profile}` | {mine} | {budget} | {theirs} | {better} |")?;
        }
        writeln!(text)
    }

    fn write_pages(&self, text: &mut String) -> fmt::Result {
        writeln!(text, "### All ways to publish the page table\n")?;
        writeln!(text, "| site | period | method | error | without bounds | dropped | spurious | of published |")?;
        writeln!(text, "|---|---|---|---|---|---|---|---|")?;
        for row in &self.pages {
            let s = &row.score;
            let (error, unbounded, dropped) =
                (percent(s.median_error), percent(s.median_error_unbounded), percent(s.dropped));
            let (spurious, published) = (fine_percent(s.spurious), fine_percent(s.spurious_of_published));
            let (place, period, method) = (place(row), row.period, &row.method);
            writeln!(
                text,
                "| {place} | {period} | {method} | {error} | {unbounded} | {dropped} | {spurious} | {published} |"
            )?;
        }
        writeln!(text)
    }

    fn write_numbers(&self, text: &mut String) -> fmt::Result {
        writeln!(text, "### All other numbers: median error, and the share dropped where there is one\n")?;
        writeln!(text, "| site | number | period | {} |", PROFILES.map(|profile| format!("`{profile}`")).join(" | "))?;
        writeln!(text, "|---|---|---|---|---|---|")?;
        for row in &self.numbers {
            let cells: Vec<String> = row.scores.iter().map(short_cell).collect();
            writeln!(text, "| {} | {} | {} | {} |", row.place, row.number, row.period, cells.join(" | "))?;
        }
        writeln!(text)
    }

    fn write_found(&self, text: &mut String) -> fmt::Result {
        writeln!(text, "### Names of pages in a site's first month, `small`\n")?;
        writeln!(
            text,
            "| site | pages that a list has | pages with 10 or more visits | named | median error of these |"
        )?;
        writeln!(text, "|---|---|---|---|---|")?;
        for FoundRow { place, coverage, keys, named, median_error } in &self.found {
            let list = coverage.map_or("no list".to_owned(), |coverage| percent(Some(coverage)));
            let (named, error) = (percent(Some(*named)), percent(*median_error));
            writeln!(text, "| {place} | {list} | {keys} | {named} | {error} |")?;
        }
        writeln!(text)
    }

    /// The row to improve: a small site that has no sitemap.
    fn write_sitemap_row(&self, text: &mut String) -> fmt::Result {
        let wanted = Method::headcount("small", false);
        let rows = self.pages.iter().filter(|row| row.method == wanted && row.period == "month");
        for row in rows {
            let published = row.score.dropped.map(|dropped| 1.0 - dropped);
            let (place, keys) = (place(row), row.score.keys);
            writeln!(
                text,
                "{place}, no sitemap, `small`: of {keys} pages with 10 or more visits a month are published: {}",
                percent(published)
            )?;
        }
        for QuarterRow { place, keys, public: [before, after] } in &self.quarters {
            writeln!(
                text,
                "{place}, no sitemap, `small`: of {keys} pages with 10 or more visits in a quarter's last month have a public name: \
                 {} before the quarter is sealed, {} after it",
                percent(Some(*before)),
                percent(Some(*after))
            )?;
        }
        writeln!(text)
    }
}

fn place(row: &PageRow) -> String {
    if row.has_history { format!("{}, second month", row.place) } else { row.place.clone() }
}

fn cells(score: &Score) -> String {
    format!("{} | {} | {}", percent(score.median_error), percent(score.dropped), fine_percent(score.spurious))
}

fn short_cell(score: &Score) -> String {
    match score.dropped {
        Some(dropped) if dropped > 0.0 => format!("{} ({})", percent(score.median_error), percent(Some(dropped))),
        _ => percent(score.median_error),
    }
}

fn percent(share: Option<f64>) -> String {
    match share.map(|share| 100.0 * share) {
        None => "–".to_owned(),
        Some(0.0) => "0 %".to_owned(),
        Some(value) if value < 0.01 => "< 0.01 %".to_owned(),
        Some(value) if value < 1.0 => format!("{value:.2} %"),
        Some(value) if value < 10.0 => format!("{value:.1} %"),
        Some(value) => format!("{value:.0} %"),
    }
}

fn fine_percent(share: Option<f64>) -> String {
    share.map_or("–".to_owned(), |share| format!("{:.3} %", 100.0 * share))
}

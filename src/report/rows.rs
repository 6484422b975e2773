//! Which rows of a breakdown are worth a line: a table of noise, or of visits of which nothing is known, says so in one
//! sentence instead.
//!
//! It chooses by what the server says of each number, keeps the server's order, and adds nothing up.

use headcount_model::keys::{LOADED_FILES, READERS};

use super::{
    top::table_words,
    truth::main_value,
    value::{Digits, number},
};
use crate::proto::{KeySpace, ListTopResponse, Table, TopRow};

/// How a breakdown is shown.
#[derive(Debug, PartialEq)]
pub(super) enum Shape<'a> {
    /// As a table of these rows, with a sentence below it.
    Rows(Vec<&'a TopRow>, Option<String>),
    /// As a sentence alone.
    Sentence(String),
}

/// The shape of a breakdown. `above`: how many of all its keys are above the noise, where that is known.
pub(super) fn shape(top: &ListTopResponse, above: Option<u64>) -> Shape<'_> {
    let rows: Vec<&TopRow> = top.rows.iter().filter(|row| !is_within_noise(top, row)).collect();
    let is_whole = u64::try_from(top.rows.len()) == Ok(top.keys);
    let above = above.or_else(|| is_whole.then_some(rows.len() as u64));
    let name = table_words(top.table());
    if let ([row], Some(1), Some(words)) = (&rows[..], above, feed_words(top.table()))
        && is_unknown(&row.key)
    {
        return Shape::Sentence(format!("{name}: every visit is {}. {words}", row.key));
    }
    if top.table() == Table::Reader && above > Some(0) && !rows.iter().any(|row| row.key == READERS[LOADED_FILES]) {
        return Shape::Sentence(format!(
            "{name}: unknown, no visit loaded a file. {}",
            feed_words(Table::Reader).unwrap_or_default()
        ));
    }
    let is_rest_clear = top.other.as_ref().is_some_and(|other| !other.noisy_zero);
    if rows.is_empty() && !top.rows.is_empty() && !is_rest_clear {
        let keys = number(top.keys, Digits::Full);
        let of = if above.is_some() { keys } else { format!("the {} largest of {keys}", top.rows.len()) };
        return Shape::Sentence(format!("{name}: none of {of} is above the noise."));
    }
    let below = below(top, rows.len(), above);
    Shape::Rows(rows, below)
}

/// Whether a row may be noise alone.
pub(super) fn is_within_noise(top: &ListTopResponse, row: &TopRow) -> bool {
    main_value(top, row).is_some_and(|value| value.noisy_zero && value.estimate.is_some())
}

/// What the rows leave out.
fn below(top: &ListTopResponse, shown: usize, above: Option<u64>) -> Option<String> {
    let all = number(top.keys, Digits::Full);
    let shown = shown as u64;
    let has_noise = top.rows.len() as u64 > shown;
    match above {
        Some(above) if shown < above => {
            let above = number(above, Digits::Full);
            Some(format!("{shown} of {above} keys above the noise shown; --top N shows more."))
        }
        Some(above) if above < top.keys => {
            let rest = number(top.keys - above, Digits::Full);
            Some(format!("Left out because within the noise: {rest} of {all} keys."))
        }
        Some(_) => None,
        None if has_noise => {
            Some(format!("Of the {} largest of {all} keys, {shown} are above the noise.", top.rows.len()))
        }
        None if shown < top.keys => Some(format!("{shown} of {all} keys shown; --top N shows more.")),
        None => None,
    }
}

/// Whether a key says that nothing is known.
fn is_unknown(key: &str) -> bool {
    matches!(key, "(unknown)" | "none" | "(none)" | "(direct)")
}

/// What a site does so that a table says more.
fn feed_words(table: Table) -> Option<&'static str> {
    Some(match table {
        Table::Country => {
            "The logged addresses must be those of the visitors, and in a file that `geo.countries` names."
        }
        Table::Domain => "Log the host names of clients, and set `client_domains = true` for the site.",
        Table::Campaign => "Links with utm_source, utm_medium and utm_campaign name a campaign.",
        Table::Language => "Access logs do not hold it; a site that sends its accesses itself sends Accept-Language.",
        Table::ResponseTime => "Access logs do not hold it; a site that sends its accesses itself sends the time.",
        Table::ResponseSize => "Log the size of answers, or send it.",
        Table::Reader => "Log the requests for style sheets, scripts, fonts and pictures too.",
        Table::Referrer => "Log the referrer: the combined format has it.",
        _ => return None,
    })
}

/// Why pages have no name, what a list would change, and how to give one; `None` where the site has a list, or where
/// nothing is left without a name.
pub(super) fn page_list_words(top: &ListTopResponse) -> Option<&'static str> {
    let is_listed = top.table() != Table::Page || top.key_space() != KeySpace::Open;
    let has_rest = top.other.as_ref().is_some_and(|other| other.estimate > Some(0));
    (!is_listed && has_rest).then_some(
        "This site has no list of its pages, so a page stays in (other) until so many visitors saw it that no single one can be \
         told. With a list every page has a row from the first day: `sitemap` or `hosts` in the configuration, or \
         `headcount serve --sitemap FILE-OR-URL`.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        proto::Value,
        report::fixture::{top, value},
    };

    fn noise() -> Value {
        Value { estimate: Some(79), low: 0, high: 158, noisy_zero: true, ..Value::default() }
    }

    fn without_rest(table: Table, rows: &[(&str, i64)]) -> ListTopResponse {
        ListTopResponse { other: None, ..top(table, rows) }
    }

    fn sentence(top: &ListTopResponse, above: Option<u64>) -> String {
        match shape(top, above) {
            Shape::Sentence(words) => words,
            rows @ Shape::Rows(..) => panic!("{rows:?}"),
        }
    }

    fn rows(top: &ListTopResponse, above: Option<u64>) -> (Vec<&str>, Option<String>) {
        match shape(top, above) {
            Shape::Rows(rows, below) => (rows.into_iter().map(|row| row.key.as_str()).collect(), below),
            sentence @ Shape::Sentence(_) => panic!("{sentence:?}"),
        }
    }

    #[test]
    fn noise_fills_no_table() {
        let readers = without_rest(Table::Reader, &[("pages only", 900), ("robot-like", 80), ("loaded files", 0)]);
        assert!(matches!(shape(&readers, None), Shape::Sentence(words) if words.starts_with("Readers: unknown")));
        let readers = without_rest(Table::Reader, &[("loaded files", 900), ("pages only", 80), ("robot-like", 0)]);
        assert!(matches!(shape(&readers, None), Shape::Rows(rows, _) if rows.len() == 2));
        let mut robots = without_rest(Table::Bot, &[("a", 0), ("b", 0)]);
        robots.rows.iter_mut().for_each(|row| row.visits = Some(noise()));
        assert_eq!(sentence(&robots, None), "Robots: none of 2 is above the noise.");
        robots.keys = 123;
        assert_eq!(sentence(&robots, Some(0)), "Robots: none of 123 is above the noise.");
        robots.keys = 5_000;
        assert_eq!(sentence(&robots, None), "Robots: none of the 2 largest of 5,000 is above the noise.");
        // What is in no key is still a number.
        robots.other = Some(value(900, 40));
        assert_eq!(
            rows(&robots, Some(0)),
            (vec![], Some("Left out because within the noise: 5,000 of 5,000 keys.".into()))
        );
    }

    #[test]
    fn rows_above_the_noise_stay_and_the_rest_is_counted() {
        let mut browsers = without_rest(Table::Browser, &[("a", 900), ("b", 0), ("c", 80)]);
        browsers.rows[1].visits = Some(noise());
        let left_out = |words: &str| (vec!["a", "c"], Some(words.to_owned()));
        assert_eq!(rows(&browsers, None), left_out("Left out because within the noise: 1 of 3 keys."));
        browsers.keys = 40;
        assert_eq!(rows(&browsers, Some(2)), left_out("Left out because within the noise: 38 of 40 keys."));
        assert_eq!(rows(&browsers, Some(9)), left_out("2 of 9 keys above the noise shown; --top N shows more."));
        assert_eq!(rows(&browsers, None), left_out("Of the 3 largest of 40 keys, 2 are above the noise."));
        let all = without_rest(Table::Browser, &[("a", 900), ("b", 800)]);
        assert_eq!(rows(&all, None), (vec!["a", "b"], None));
        let more = ListTopResponse { keys: 7, ..all.clone() };
        assert_eq!(rows(&more, None).1.unwrap(), "2 of 7 keys shown; --top N shows more.");
    }

    #[test]
    fn a_table_that_knows_nothing_says_how_to_feed_it() {
        for (table, key) in [(Table::Country, "(unknown)"), (Table::Language, "none"), (Table::Campaign, "(none)")] {
            let mut top = without_rest(table, &[(key, 900), ("x", 0)]);
            top.rows[1].visits = Some(noise());
            let words = sentence(&top, None);
            assert!(words.contains(&format!("every visit is {key}.")) && words.len() > 60, "{words}");
            // Something is known.
            top.rows[1].visits = Some(value(300, 20));
            assert_eq!(rows(&top, None).0, [key, "x"]);
        }
    }

    #[test]
    fn a_site_without_a_list_of_pages_is_told_what_one_would_change() {
        let mut pages = top(Table::Page, &[("/", 900)]);
        assert!(page_list_words(&pages).is_some_and(|words| words.contains("--sitemap FILE-OR-URL")));
        pages.key_space = i32::from(KeySpace::Mixed);
        assert_eq!(page_list_words(&pages), None);
        let clear = ListTopResponse { other: Some(value(0, 20)), ..top(Table::Page, &[("/", 900)]) };
        assert_eq!(page_list_words(&clear), None);
        assert_eq!(page_list_words(&top(Table::Referrer, &[("x", 900)])), None);
    }
}

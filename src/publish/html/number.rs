//! Numbers on a page: the texts of the one formatter, and the bars that show them.

use headcount_model::{
    format::{DASH, Digits, reason},
    why::Why,
};

use super::words::Words;
use crate::{
    proto::{Change, Value},
    report::{self, escaped, interval},
};

/// Why there is no number.
pub(super) fn why(value: Option<&Value>) -> Option<Why> {
    value.and_then(|value| report::why(value.reason()))
}

/// A number with its interval, or a dash with the reason.
pub(super) fn number(words: &Words, value: Option<&Value>) -> String {
    match value.and_then(interval) {
        Some(interval) => {
            let [estimate, spread] = interval.parts(Digits::Full, words.language);
            format!("<span class=\"estimate\">{estimate}</span> <span class=\"spread\">{spread}</span>")
        }
        None => format!("<span class=\"none\" title=\"{}\">{DASH}</span>", escaped(reason(why(value), words.language))),
    }
}

/// The same where there is room for the reason.
pub(super) fn number_or_why(words: &Words, value: Option<&Value>) -> String {
    match value.and_then(interval) {
        Some(_) => number(words, value),
        None => format!("{DASH} <span class=\"why\">{}</span>", escaped(reason(why(value), words.language))),
    }
}

/// By how much a number changed since the month before; nothing where that is not known.
pub(super) fn change(words: &Words, change: Option<&Change>, before: jiff::civil::Date) -> String {
    let Some(change) = change.and_then(report::change) else { return String::new() };
    if change.is_within_noise {
        return format!("<span class=\"change within\">≈ {}</span>", words.no_change);
    }
    let is_more = change.estimate >= 0;
    let text = words.change(is_more, &change.size().text(Digits::Full, words.language), before);
    let [class, sign] = if is_more { ["up", "▲"] } else { ["down", "▼"] };
    format!("<span class=\"change {class}\">{sign} {text}</span>")
}

/// A bar from zero with its interval as a line over its end. It repeats what stands beside it.
pub(super) fn bar(value: Option<&Value>, largest: i64) -> String {
    let Some(interval) = value.and_then(interval).filter(|_| largest > 0) else { return String::new() };
    let at = |n: i64| 100.0 * n.clamp(0, largest) as f64 / largest as f64;
    let [low, estimate, high] = [interval.low, interval.estimate, interval.high].map(at);
    format!(
        "<svg class=\"rowbar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\" focusable=\"false\">\
         <rect class=\"fill\" x=\"0\" y=\"2\" width=\"{estimate:.2}\" height=\"6\"/>\
         <line class=\"whisker\" x1=\"{low:.2}\" x2=\"{high:.2}\" y1=\"5\" y2=\"5\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_visitors_asked_for_stays_text() {
        let safe = escaped("/<script>alert('x')</script>?a=\"b\"&c\u{202e}\n");
        assert_eq!(safe, "/&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;?a=&quot;b&quot;&amp;c\u{fffd}\u{fffd}");
    }

    #[test]
    fn a_change_is_told_only_where_it_is_more_than_the_noise() {
        let before = jiff::civil::date(2026, 9, 1);
        let [english, japanese] = Words::ALL;
        let of = |estimate, low, high| Change { estimate: Some(estimate), low, high, ..Change::default() };
        assert!(change(english, Some(&of(218, 174, 262)), before).contains("▲ 218 ± 44 more than in September"));
        assert!(change(japanese, Some(&of(-218, -262, -174)), before).contains("▼ 9月より218 ± 44 少ない"));
        let within = Change { within_noise: true, ..of(5, -39, 49) };
        assert!(change(english, Some(&within), before).contains("≈ within the noise"));
        assert_eq!(change(english, Some(&Change::default()), before), "");
    }
}

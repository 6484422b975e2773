//! What the user agents of known robots hold: lists of others, put together by `robots/update` of this crate.
//!
//! It is here so that whoever asks is told of which day the lists are. NOTICE names their sources.

/// Patterns, one a line; a line that starts with `#` is none.
const FILE: &str = include_str!("../../robots/patterns.txt");

/// The patterns, in the syntax of the crate `regex`.
pub fn robot_patterns() -> impl Iterator<Item = &'static str> {
    FILE.lines().filter(|line| !line.starts_with('#'))
}

/// The day on which the lists were fetched, as `2026-11-28`.
#[must_use]
pub fn robot_list_date() -> &'static str {
    FILE.lines().find_map(|line| line.strip_prefix("# date ")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_a_day_and_enough_patterns() {
        assert!(robot_list_date().parse::<jiff::civil::Date>().is_ok(), "{}", robot_list_date());
        assert!(robot_patterns().count() > 1_500 && robot_patterns().all(|pattern| !pattern.trim().is_empty()));
    }
}

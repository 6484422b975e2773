//! The metrics in words, with the bounds that were in force. One plain sentence or two each.

use headcount_model::tables::{Bounds, Table};

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Visitor-days.
    Visits,
    /// Page views within the bounds.
    Views,
    /// Distinct visitors.
    Visitors,
    /// Visits that hit a bound.
    LimitedVisits,
}

/// The metrics of a series.
#[must_use]
pub fn of_traffic(bounds: Bounds) -> Vec<(Metric, String)> {
    let views = bounds.views_per_visitor_day;
    vec![
        (Metric::Visits, visits()),
        (
            Metric::Views,
            format!(
                "Page views, of each visitor at most {views} a day and at most {} a day of any one page.",
                bounds.views_per_page
            ),
        ),
        (
            Metric::Visitors,
            "Distinct visitors within exactly this hour, day, week or month; they do not add up over periods."
                .to_owned(),
        ),
        (
            Metric::LimitedVisits,
            format!(
                "Visits of which some page views were left out, because there were more than {views} or more than {} \
                 of one page.",
                bounds.views_per_page
            ),
        ),
    ]
}

/// The metrics of a breakdown by a table.
#[must_use]
pub fn of_top(table: Table, bounds: Bounds) -> Vec<(Metric, String)> {
    if table != Table::Page {
        return vec![(Metric::Visits, of_attribute(table))];
    }
    vec![
        (
            Metric::Views,
            format!(
                "Views of this page, of each visitor at most {} a day, and at most {} a day of all pages together.",
                bounds.views_per_page, bounds.views_per_visitor_day
            ),
        ),
        (
            Metric::Visitors,
            "Distinct visitors of this page within exactly this day or month; they do not add up over periods or pages."
                .to_owned(),
        ),
    ]
}

fn of_attribute(table: Table) -> String {
    match table {
        Table::Bot => {
            "All that one robot (an address and user agent) does on the site from local midnight to midnight \
                       is one visit. Robots are not among the visits and visitors of the site."
                .to_owned()
        }
        Table::Status => "Visits that met at least one error of this class. A visit may have met both.".to_owned(),
        Table::Error => "Visits whose first error of this class was on this page.".to_owned(),
        Table::Reader => format!(
            "{} It counts once, by all that its visitor did on that day: \"loaded files\" had a style sheet, script, font or \
             picture with a page, the fewest readers there were; \"pages only\" opened pages as a browser of its time does; \
             \"robot-like\" did neither, or asked for robots.txt. The first two are the likely readers.",
            visits()
        ),
        Table::Entry => format!("{} It counts once, under the page that it saw first.", visits()),
        _ => format!("{} In a breakdown it counts once, under the key of its first page view.", visits()),
    }
}

fn visits() -> String {
    "All that one visitor does on the site from local midnight to midnight is one visit.".to_owned()
}

//! The English text.

use std::fmt::Write as _;

use super::{Catalogue, by_terms, gap_items, licence_link, noise_rows, site_rows, sources, title};
use crate::publish::terms::Terms;

pub(super) fn text(catalogue: &Catalogue<'_>) -> String {
    let about = catalogue.publication;
    let publisher = about.publisher.as_ref().map(|name| format!("Published by {name}. ")).unwrap_or_default();
    let licence = licence_link(about).map_or_else(
        || "No licence is stated: ask the publisher before you use the data.".to_owned(),
        |licence| format!("Licence: {licence}."),
    );
    let mut text = format!("# {}\n\n{publisher}{licence} 日本語: [README.ja.md](README.ja.md)\n\n", title(about));
    text.push_str(CONTENT);
    text.push_str(READING);
    text.push_str(CAVEATS);
    for source in sources(catalogue) {
        let _ = writeln!(text, "- Countries: {source}. Name this source with the numbers.");
    }
    text.push_str("\n## Privacy parameters\n\n");
    for (terms, sites) in by_terms(catalogue) {
        text.push_str(&parameters(terms, &sites));
    }
    let gaps = gap_items(catalogue);
    let gaps = if gaps.is_empty() { "None.\n".to_owned() } else { gaps };
    let _ = write!(text, "## Days without numbers\n\n{gaps}\n");
    let _ = write!(
        text,
        "## Sites\n\n| site | time zone | first day | last day |\n|---|---|---|---|\n{}",
        site_rows(catalogue)
    );
    text
}

const CONTENT: &str = "\
Visits, page views and visitors of websites. Every number was published once, with random noise that hides any one visitor's
day; what is here are these numbers, and nothing about any person.

## Files

| file | a row for each |
|---|---|
| `data/sites.csv` | site |
| `data/SITE/YEAR/traffic-days.csv`, `traffic-weeks.csv`, `traffic-months.csv` | period and metric |
| `data/SITE/YEAR/TABLE-months.csv` (and `TABLE-days.csv` where they are published) | period, key and metric: `pages`, `countries` ... |

Each file is there as `.csv` (UTF-8 with a byte order mark, RFC 4180) and as `.json` (a list of objects), with the same columns and
rows. Their places never change. `datapackage.json` and `schemas/` describe every column (Frictionless Data Package);
`dcat.jsonld` is the catalogue for data portals (DCAT). Dates and times are local to each site. A week runs from Monday to Sunday and lies
in the folder of the year in which it begins.

";

const READING: &str = "\
## How to read the numbers

- `estimate` is the best estimate; `low` to `high` is its 95 % interval: of 100 such intervals, 95 hold the true count. The interval is
  about the noise alone, not about how visits vary by chance. Where `low` is 0, what is seen may be noise alone.
- An empty `estimate` has a `reason`: `not_sealed` (not published yet), `gap` (failed the server's own checks and is lost),
  `before_first_day`, `not_counted` (this site does not count it), `not_measured` (there is no such number),
  `visitors_do_not_add`. 0 is zero.
- Two numbers differ by more than the noise where their difference is greater than 1.96 times the root of the sum of their squared
  `standard_error`s.

";

const CAVEATS: &str = "\
## What the numbers cannot say

- A *visitor* is a browser as far as the site can tell, not a person. A *visit* is all that a visitor does on one site from local
  midnight to midnight.
- Visitors of several periods or sites do not add up: one who comes in two months is one visitor of each.
- Page views are counted up to a bound a visitor and day (below). `limited_visits` says how many visits were cut.
- Robots that say so are not counted as visits. Robots that do not are.
- `(other)` is what was not published under a key of its own. A page, referrer or campaign that is in no list appears only once enough
  visitors touched it, so that no single one can be told; a missing key is not a zero.
- The numbers of a day change a little when its week and its month are published, and are final after that.
- In CSV, a key that begins with `=`, `+`, `-`, `@`, `'` or a control character has one `'` before it, so that no spreadsheet takes it
  for a formula. Take one off to get the key. JSON has keys as they are.
";

fn parameters(terms: &Terms, sites: &[&str]) -> String {
    let [week, month, year] = terms.regular.map(|(epsilon, delta)| format!("({epsilon:.1}, {delta:.1e})"));
    format!(
        "Profile `{}`, {}: whatever is published of one visitor's day on one site, all of it together, is \
         ({}, {:e})-differentially private. To a visitor who does the same on every day of a week, month or year the promise is at \
         worst {week}, {month}, {year}. A visitor's day counts at most {} page views, {} of one page. The noise is discrete \
         Gaussian, with the standard deviation `sigma`.\n\n\
         | table | period | what | sigma | threshold of a new key |\n|---|---|---|---|---|\n{}\n",
        terms.profile,
        if sites.len() == 1 {
            format!("site {}", sites[0])
        } else {
            format!("{} sites ({})", sites.len(), sites.join(", "))
        },
        terms.epsilon,
        terms.delta,
        terms.views_per_visitor_day,
        terms.views_per_page,
        noise_rows(terms)
    )
}

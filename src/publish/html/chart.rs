//! A series as an SVG: the best estimate as a line, the 50 % band within the 95 % band, hatching and a word where there is no number.
//! The axis begins at zero. All that it shows stands in the table below it, so it is one picture to whoever hears the page.

use std::fmt::Write as _;

use headcount_model::format::{Digits, reason};

use super::{number::why, words::Words};
use crate::{proto::Value, report::escaped};

/// The width of the picture in its own units, which stretch with the page, and its height in pixels, which does not.
const WIDTH: f64 = 1_000.0;
const HEIGHT: f64 = 240.0;
/// What is left free above and below the plot, in pixels.
const ABOVE: f64 = 20.0;
const BELOW: f64 = 26.0;
/// The share of the width before the first point, where the numbers of the scale stand.
const LEFT: f64 = 0.07;
/// Standard deviations to each side that hold half of a normal distribution.
const Z_50: f64 = 0.674_489_75;
/// Lines of the grid above zero, at least.
const STEPS_MIN: i64 = 3;
/// A band narrower than such a part of the height is as thin as the line.
const THIN_PARTS: i64 = 50;
/// Labels along the axis of time, at most.
const LABELS_MAX: usize = 7;

/// A point: its label on the axis, and its number.
pub(super) struct Point<'a> {
    pub label: String,
    pub value: Option<&'a Value>,
}

/// The picture.
pub(super) fn chart(words: &Words, title: &str, points: &[Point<'_>]) -> String {
    let plot = Plot::of(points);
    let mut shapes = String::new();
    plot.gaps(words, points, &mut shapes);
    let runs = runs(points);
    runs.iter().for_each(|run| plot.run(run, &mut shapes));
    let mut texts = String::new();
    plot.scale(words, &mut texts);
    plot.labels(points, &mut texts);
    runs.iter().for_each(|run| plot.dot(run, &mut texts));
    // Shapes stretch with the page; texts and dots stand beside them, at shares of the width.
    let mut svg = format!(
        "<figure class=\"chart\"><svg width=\"100%\" height=\"{HEIGHT}\" role=\"img\" aria-label=\"{}\">\n\
         <svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" width=\"100%\" height=\"{HEIGHT}\">\n\
         <defs><pattern id=\"gap\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
         <line class=\"hatch\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"7\"/></pattern></defs>\n{}{shapes}</svg>\n{texts}",
        escaped(title),
        plot.grid(),
    );
    let _ = writeln!(
        svg,
        "</svg><figcaption><span class=\"swatch line\"></span>{} <span class=\"swatch half\"></span>50 % <span class=\"swatch whole\"></span>95 %\
         {}</figcaption></figure>",
        words.estimate,
        if plot.is_thin(points) { format!("<span>{}</span>", words.thin) } else { String::new() }
    );
    svg
}

/// Where things are.
struct Plot {
    count: usize,
    top: i64,
    step: i64,
}

impl Plot {
    fn of(points: &[Point<'_>]) -> Self {
        let highest =
            points.iter().filter_map(|point| point.value).filter(|v| v.estimate.is_some()).map(|v| v.high).max();
        let step = step_for(highest.unwrap_or(0).max(1));
        let top = (highest.unwrap_or(0).max(1) - 1) / step * step;
        let top = top.saturating_add(step);
        Self { count: points.len().max(1), top, step }
    }

    /// Whether all intervals are so narrow that the bands lie under the line.
    fn is_thin(&self, points: &[Point<'_>]) -> bool {
        let widths = points.iter().filter_map(|point| point.value).map(|value| value.high - value.low);
        self.count > 2 && widths.max().is_some_and(|width| width < self.top / THIN_PARTS)
    }

    /// The middle of the n-th point, in units of the width.
    fn x(&self, at: f64) -> f64 {
        (LEFT + (1.0 - LEFT) * (at + 0.5) / self.count as f64) * WIDTH
    }

    /// The same as a share of the width, in percent.
    fn percent(&self, at: usize) -> f64 {
        100.0 * self.x(at as f64) / WIDTH
    }

    fn y(&self, value: f64) -> f64 {
        ABOVE + (HEIGHT - ABOVE - BELOW) * (1.0 - value.clamp(0.0, self.top as f64) / self.top as f64)
    }

    /// The numbers of the scale with their heights, from zero.
    fn steps(&self) -> impl Iterator<Item = (i64, f64)> {
        (0..=self.top / self.step).map(|n| n * self.step).map(|value| (value, self.y(value as f64)))
    }

    fn grid(&self) -> String {
        let class = |value| if value == 0 { "zero" } else { "grid" };
        let line = |(value, y): (i64, f64)| {
            format!("<line class=\"{}\" x1=\"0\" x2=\"{WIDTH}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\n", class(value))
        };
        self.steps().map(line).collect()
    }

    /// The numbers of the scale, each above its line.
    fn scale(&self, words: &Words, svg: &mut String) {
        for (value, y) in self.steps().skip(1) {
            let text = Digits::Short.count(value, words.language);
            let _ = writeln!(svg, "<text class=\"axis\" x=\"0\" y=\"{:.1}\">{text}</text>", y - 4.0);
        }
    }

    /// The stretches without numbers, each with its reason for whoever points at it.
    fn gaps(&self, words: &Words, points: &[Point<'_>], svg: &mut String) {
        for (at, point) in points.iter().enumerate() {
            if point.value.is_some_and(|value| value.estimate.is_some()) {
                continue;
            }
            let (left, right) = (self.x(at as f64 - 0.5), self.x(at as f64 + 0.5));
            let _ = writeln!(
                svg,
                "<rect fill=\"url(#gap)\" x=\"{left:.1}\" y=\"{}\" width=\"{:.1}\" height=\"{:.1}\"><title>{}: {}</title></rect>",
                ABOVE,
                right - left,
                HEIGHT - ABOVE - BELOW,
                escaped(&point.label),
                escaped(reason(why(point.value), words.language))
            );
        }
    }

    /// Points in a row that have numbers.
    fn run(&self, run: &[(usize, &Value)], svg: &mut String) {
        let band = |class: &str, ends: &dyn Fn(&Value) -> (f64, f64), svg: &mut String| {
            let there = run.iter().map(|(at, value)| (self.x(*at as f64), self.y(ends(value).1)));
            let back = run.iter().rev().map(|(at, value)| (self.x(*at as f64), self.y(ends(value).0)));
            let outline: Vec<(f64, f64)> = there.chain(back).collect();
            let _ = writeln!(svg, "<polygon class=\"{class}\" points=\"{}\"/>", written(&outline));
        };
        if let [(at, value)] = run {
            // A point by itself has no band: its interval is a line.
            let (x, low, high) = (self.x(*at as f64), self.y(value.low as f64), self.y(value.high as f64));
            let _ =
                writeln!(svg, "<line class=\"whisker\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{low:.1}\" y2=\"{high:.1}\"/>");
        } else {
            band("band95", &|value| (value.low as f64, value.high as f64), svg);
            band("band50", &half, svg);
        }
        let line: Vec<(f64, f64)> =
            run.iter().map(|(at, value)| (self.x(*at as f64), self.y(value.estimate.unwrap_or(0) as f64))).collect();
        let _ = writeln!(svg, "<polyline class=\"best\" points=\"{}\"/>", written(&line));
    }

    /// A line of one point is none: it is a dot.
    fn dot(&self, run: &[(usize, &Value)], svg: &mut String) {
        if let [(at, value)] = run {
            let (x, y) = (self.percent(*at), self.y(value.estimate.unwrap_or(0) as f64));
            let _ = writeln!(svg, "<circle class=\"dot\" cx=\"{x:.2}%\" cy=\"{y:.1}\" r=\"3.5\"/>");
        }
    }

    fn labels(&self, points: &[Point<'_>], svg: &mut String) {
        let every = points.len().div_ceil(LABELS_MAX).max(1);
        for (n, (at, point)) in points.iter().enumerate().step_by(every).enumerate() {
            let class = if n % 2 == 1 { "axis minor" } else { "axis" };
            let _ = writeln!(
                svg,
                "<text class=\"{class}\" x=\"{:.2}%\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                self.percent(at),
                HEIGHT - 7.0,
                escaped(&point.label)
            );
        }
    }
}

/// The ends that hold half of the noise, inside the interval.
fn half(value: &Value) -> (f64, f64) {
    let (estimate, reach) = (value.estimate.unwrap_or(0) as f64, Z_50 * value.standard_error);
    let within = |end: f64| end.clamp(value.low as f64, value.high.max(value.low) as f64);
    (within(estimate - reach), within(estimate + reach))
}

/// Stretches of points that have numbers.
fn runs<'a>(points: &'a [Point<'_>]) -> Vec<Vec<(usize, &'a Value)>> {
    let mut runs: Vec<Vec<(usize, &Value)>> = vec![Vec::new()];
    for (at, point) in points.iter().enumerate() {
        match point.value.filter(|value| value.estimate.is_some()) {
            Some(value) => runs.last_mut().into_iter().for_each(|run| run.push((at, value))),
            None => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

fn written(points: &[(f64, f64)]) -> String {
    let all: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    all.join(" ")
}

/// A step of 1, 2 or 5 times a power of ten that gives some lines up to this number.
fn step_for(highest: i64) -> i64 {
    let mut power = 1_i64;
    loop {
        for step in [1, 2, 5].map(|n| power.saturating_mul(n)) {
            if highest / step <= 2 * STEPS_MIN {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_few() {
        for (highest, step) in
            [(1, 1), (6, 1), (13, 2), (314, 50), (4_021, 1_000), (i64::MAX, 2_000_000_000_000_000_000)]
        {
            assert_eq!(step_for(highest), step, "{highest}");
        }
    }

    #[test]
    fn a_gap_divides_the_line_and_is_told() {
        let value = |estimate: i64| Value {
            estimate: Some(estimate),
            low: estimate - 5,
            high: estimate + 5,
            ..Value::default()
        };
        let (one, two, none) = (value(100), value(120), Value::default());
        let point = |value| Point { label: "<b>".to_owned(), value: Some(value) };
        let svg = chart(Words::ALL[0], "Visits", &[point(&one), point(&two), point(&none), point(&one)]);
        assert_eq!(svg.matches("class=\"best\"").count(), 2);
        assert_eq!(svg.matches("class=\"band95\"").count(), 1);
        assert_eq!(svg.matches("url(#gap)").count(), 1);
        assert!(!svg.contains("<b>"));
    }
}

//! Public bins for response times and sizes, and the percentiles that can be read from counts in them.
//!
//! It is here, outside every room, because the vault counts in these bins and the query side reads them. The edges are
//! fixed and public: nothing about a request but its bin is ever counted. It knows nothing of people.

#[cfg(test)]
mod tests;

/// Standard deviations to each side that hold 95 % of a normal distribution.
const Z_95: f64 = 1.96;

/// A list of bins. A bin goes from its lower edge (included) to its upper edge (not included); the first begins at 0,
/// the last bin has no upper edge. After the bins comes one more position, "(unknown)".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bins {
    /// The names that are published: one for each bin, then "(unknown)".
    pub labels: &'static [&'static str],
    /// Where a bin ends and the next one begins, ascending, in the unit.
    edges: &'static [u64],
    /// The unit of edges and percentiles: `ms` or `bytes`.
    pub unit: &'static str,
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// Response times in milliseconds.
pub const RESPONSE_TIMES: Bins = Bins {
    labels: &[
        "<5 ms",
        "5-10 ms",
        "10-20 ms",
        "20-30 ms",
        "30-50 ms",
        "50-75 ms",
        "75-100 ms",
        "100-150 ms",
        "150-200 ms",
        "200-300 ms",
        "300-500 ms",
        "500-750 ms",
        "750-1000 ms",
        "1-1.5 s",
        "1.5-2 s",
        "2-3 s",
        "3-5 s",
        "5-10 s",
        "10-30 s",
        ">=30 s",
        "(unknown)",
    ],
    edges: &[5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 10_000, 30_000],
    unit: "ms",
};

/// Response sizes in bytes.
pub const RESPONSE_SIZES: Bins = Bins {
    labels: &[
        "<1 KiB",
        "1-2 KiB",
        "2-5 KiB",
        "5-10 KiB",
        "10-20 KiB",
        "20-50 KiB",
        "50-100 KiB",
        "100-200 KiB",
        "200-500 KiB",
        "500-1024 KiB",
        "1-2 MiB",
        "2-5 MiB",
        "5-10 MiB",
        "10-20 MiB",
        "20-50 MiB",
        "50-100 MiB",
        ">=100 MiB",
        "(unknown)",
    ],
    edges: &[
        KIB,
        2 * KIB,
        5 * KIB,
        10 * KIB,
        20 * KIB,
        50 * KIB,
        100 * KIB,
        200 * KIB,
        500 * KIB,
        MIB,
        2 * MIB,
        5 * MIB,
        10 * MIB,
        20 * MIB,
        50 * MIB,
        100 * MIB,
    ],
    unit: "bytes",
};

const _: () = RESPONSE_TIMES.check();
const _: () = RESPONSE_SIZES.check();

/// Where a percentile lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Percentile {
    /// The estimate, in the unit of the bins.
    pub value: f64,
    /// Whether it fell into the last bin, which has no upper edge: the percentile is then at least `value`.
    pub at_least: bool,
}

impl Bins {
    /// Holds when the program is built: a label for each bin and one more, and edges that ascend.
    const fn check(&self) {
        assert!(self.labels.len() == self.edges.len() + 2, "a label is missing");
        assert!(self.labels.len() <= 256, "a position must fit in one byte");
        assert!(self.edges[0] > 0, "the first bin begins at 0");
        let mut index = 1;
        while index < self.edges.len() {
            assert!(self.edges[index - 1] < self.edges[index], "edges must ascend");
            index += 1;
        }
    }

    /// How many bins there are, "(unknown)" left out.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.edges.len() + 1
    }

    /// The position of a value in the labels; the last one, "(unknown)", where there is none.
    #[must_use]
    pub fn position(&self, value: Option<u64>) -> u16 {
        // There are few edges: to count them all is quicker than to guess where to look.
        let bin = value.map_or(self.count(), |value| self.edges.iter().filter(|&&edge| edge <= value).count());
        u16::try_from(bin).unwrap_or(u16::MAX)
    }

    /// The lower edge of the bin at a position and its upper edge, which the last bin does not have. `None` for
    /// "(unknown)" and for a position that is past it.
    #[must_use]
    pub fn bounds(&self, position: u16) -> Option<(u64, Option<u64>)> {
        let bin = usize::from(position);
        let low = if bin == 0 { 0 } else { *self.edges.get(bin - 1)? };
        Some((low, self.edges.get(bin).copied()))
    }

    /// The value below which a share `q` (0 to 1) of what was counted lies. `counts` has one count a bin, in the order
    /// of the labels; what comes after the bins ("(unknown)") is not looked at.
    ///
    /// Counts may be noisy and below zero. Running totals cannot fall, so the totals are first made ascending by least
    /// squares (Barlow, Bartholomew, Bremner and Brunk, "Statistical inference under order restrictions", 1972): cutting each
    /// count off at zero would move the percentile towards the bins that hold noise alone. For counts that are not below
    /// zero this changes nothing. Within a bin the value is interpolated on a logarithmic scale, in the first bin on a
    /// linear one.
    ///
    /// `None` where nothing was counted, where a bin has no count, and where `q` is not from 0 to 1.
    #[must_use]
    pub fn percentile(&self, counts: &[f64], q: f64) -> Option<Percentile> {
        let totals = ascending(&self.totals(counts)?);
        let all = *totals.last()?;
        if all <= 0.0 || !(0.0..=1.0).contains(&q) {
            return None;
        }
        let rank = q * all;
        // The first bin that reaches the rank and holds something.
        let bin = totals.iter().position(|&total| total > 0.0 && total >= rank)?;
        let before = if bin == 0 { 0.0 } else { totals[bin - 1] };
        let (low, high) = self.bounds(u16::try_from(bin).ok()?)?;
        let Some(high) = high else {
            return Some(Percentile { value: low as f64, at_least: true });
        };
        let share = ((rank - before) / (totals[bin] - before)).clamp(0.0, 1.0);
        Some(Percentile { value: between(low as f64, high as f64, share), at_least: false })
    }

    /// An interval of edges that holds the percentile in at least 95 of 100 cases, where each count carries independent
    /// noise of standard deviation `sigma`: the lower end, and the upper end where there is one.
    ///
    /// At an edge, `(1 - q)` times what lies below less `q` times what lies above has the sign of (edge - percentile) and
    /// a noise of known size, so an edge is ruled out where that sum is clearly on the wrong side. Edges are tried from both
    /// ends inward up to the first that cannot be ruled out (the intervals for quantiles of Woodruff, 1952, with the noise
    /// in place of the sampling error). The ends are edges: the interval is a little wider than it must be.
    ///
    /// `None` as for [`Bins::percentile`], but for counts that add up to nothing: then all is possible.
    #[must_use]
    pub fn percentile_interval(&self, counts: &[f64], sigma: f64, q: f64) -> Option<(u64, Option<u64>)> {
        let totals = self.totals(counts)?;
        let all = *totals.last()?;
        if !(0.0..=1.0).contains(&q) {
            return None;
        }
        let bins = totals.len() as f64;
        // For the edge above each bin but the last: the sum, in units of its noise that count as clear.
        let signs: Vec<f64> = (1..totals.len())
            .map(|below| {
                let (lower, upper) = (below as f64, bins - below as f64);
                let noise = sigma * ((1.0 - q).powi(2) * lower + q.powi(2) * upper).sqrt();
                let sum = totals[below - 1] - q * all;
                if sum.abs() <= Z_95 * noise { 0.0 } else { sum }
            })
            .collect();
        let ruled_out_below = signs.iter().take_while(|&&sign| sign < 0.0).count();
        let ruled_out_above = signs.iter().rev().take_while(|&&sign| sign > 0.0).count();
        let low = if ruled_out_below == 0 { 0 } else { self.edges[ruled_out_below - 1] };
        let high = (ruled_out_above > 0).then(|| self.edges[self.edges.len() - ruled_out_above]);
        Some((low, high))
    }

    /// Running totals of the bins' counts. `None` where a count is missing or is no number.
    fn totals(&self, counts: &[f64]) -> Option<Vec<f64>> {
        let counts = counts.get(..self.count())?;
        let add = |total: &mut f64, &count: &f64| {
            *total += count;
            Some(*total)
        };
        counts.iter().all(|count| count.is_finite()).then(|| counts.iter().scan(0.0, add).collect())
    }
}

/// The value at a share of the way from `low` to `high` on a logarithmic scale; on a linear one from 0, which has no
/// logarithm.
fn between(low: f64, high: f64, share: f64) -> f64 {
    if low > 0.0 { low * (high / low).powf(share) } else { high * share }
}

/// The ascending sequence nearest to `values` by least squares, by pooling neighbours that descend.
fn ascending(values: &[f64]) -> Vec<f64> {
    let mut pools: Vec<(f64, usize)> = Vec::with_capacity(values.len());
    for &value in values {
        let (mut sum, mut size) = (value, 1);
        while let Some(&(last_sum, last_size)) = pools.last() {
            if last_sum / last_size as f64 <= sum / size as f64 {
                break;
            }
            pools.pop();
            sum += last_sum;
            size += last_size;
        }
        pools.push((sum, size));
    }
    pools.iter().flat_map(|&(sum, size)| std::iter::repeat_n((sum / size as f64).max(0.0), size)).collect()
}

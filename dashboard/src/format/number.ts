// Published numbers as text, exactly as crates/model/src/format.rs writes them: tests/golden/format.json holds both to it.
// An estimate is never written without its interval. Pure: no locale of the machine, no I/O.

export type Language = "en" | "ja";
export type Digits = "full" | "short";

/** A number with its 95 % interval. */
export interface Interval {
  readonly estimate: bigint;
  readonly low: bigint;
  readonly high: bigint;
}

/** By how much two equal distances may differ after rounding, in counts. */
const ROUNDING_MAX = 2n;

const abs = (n: bigint): bigint => (n < 0n ? -n : n);

function grouped(n: bigint): string {
  return n.toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Three significant digits, or all before the point, and a unit; each unit is `step` times the one before. */
function short(n: bigint, step: bigint, units: readonly string[]): string {
  if (n < 10_000n) return grouped(n);
  let unit = 1n;
  for (const name of units) {
    unit *= step;
    for (const decimals of [2, 1, 0]) {
      const scale = 10n ** BigInt(decimals);
      const most = decimals === 0 ? step : 1_000n;
      const part = unit / scale;
      const parts = n / part + (n % part >= part - part / 2n ? 1n : 0n);
      if (parts >= most) continue;
      const rest = decimals === 0 ? "" : "." + (parts % scale).toString().padStart(decimals, "0");
      return grouped(parts / scale) + rest + name;
    }
  }
  return grouped(n);
}

/** A count: `1,234,567`, or short `1.23M`, `123万`. */
export function count(n: bigint, language: Language, digits: Digits = "full"): string {
  const sign = n < 0n ? "-" : "";
  if (digits === "full") return sign + grouped(abs(n));
  return (
    sign +
    (language === "ja"
      ? short(abs(n), 10_000n, ["万", "億", "兆", "京"])
      : short(abs(n), 1_000n, ["k", "M", "G", "T", "P", "E"]))
  );
}

/** The estimate, and what is written behind it, for columns that are aligned between them. */
export function parts(value: Interval, language: Language, digits: Digits = "full"): [string, string] {
  const estimate = count(value.estimate, language, digits);
  const below = abs(value.estimate - value.low);
  const above = abs(value.high - value.estimate);
  const [half, less] = below > above ? [below, above] : [above, below];
  const low = count(value.low, language, digits);
  const high = count(value.high, language, digits);
  const even = half - less <= ROUNDING_MAX || (digits === "short" && (low === estimate || high === estimate));
  if (even) return [estimate, `± ${count(half, language, digits)}`];
  return [estimate, language === "ja" ? `（${low}～${high}）` : `(${low} to ${high})`];
}

/** The estimate and its interval: `445 ± 72`, or `445 (373 to 897)` where the ends are not equally far. */
export function interval(value: Interval, language: Language, digits: Digits = "full"): string {
  const [estimate, spread] = parts(value, language, digits);
  return spread.startsWith("（") ? estimate + spread : `${estimate} ${spread}`;
}

/** A share in whole percent: `61 %`, `61%`. */
export function percent(value: number, language: Language): string {
  // Halves go to the even neighbour, as in Rust.
  const floor = Math.floor(value);
  const rounded = value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
  return language === "ja" ? `${rounded}%` : `${rounded} %`;
}

/** A ratio with one decimal: `2.3`. */
export function ratio(value: number): string {
  return value.toFixed(1);
}

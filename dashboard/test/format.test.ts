// Numbers are written as Rust writes them: both run the vectors of tests/golden/format.json.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { count, type Digits, interval, percent } from "../src/format/number";

// JSON numbers of more than 53 bits must not pass through a float.
const text = readFileSync(new URL("../../tests/golden/format.json", import.meta.url), "utf8").replace(/: (-?\d{15,})(?=[,}\s])/g, ': "$1"');
const golden = JSON.parse(text) as {
  counts: { count: number | string; digits: Digits; en: string; ja: string }[];
  intervals: { value: { estimate: number | string; low: number | string; high: number | string }; digits: Digits; en: string; ja: string }[];
  percents: { percent: number; en: string; ja: string }[];
};

describe("golden vectors", () => {
  test.each(golden.counts)("count $count $digits", (one) => {
    expect(count(BigInt(one.count), "en", one.digits)).toBe(one.en);
    expect(count(BigInt(one.count), "ja", one.digits)).toBe(one.ja);
  });
  test.each(golden.intervals)("interval $en", (one) => {
    const value = { estimate: BigInt(one.value.estimate), low: BigInt(one.value.low), high: BigInt(one.value.high) };
    expect(interval(value, "en", one.digits)).toBe(one.en);
    expect(interval(value, "ja", one.digits)).toBe(one.ja);
  });
  test.each(golden.percents)("percent $percent", (one) => {
    expect(percent(one.percent, "en")).toBe(one.en);
    expect(percent(one.percent, "ja")).toBe(one.ja);
  });
  test("there are vectors", () => {
    expect(golden.counts.length).toBeGreaterThan(10);
    expect(golden.intervals.length).toBeGreaterThan(10);
  });
});

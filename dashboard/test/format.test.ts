// Numbers are written as Rust writes them: both run the vectors of tests/golden/format.json.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { changeCell, changeSentence } from "../src/format/change";
import { count, type Digits, interval, percent } from "../src/format/number";

// JSON numbers of more than 53 bits must not pass through a float.
const text = readFileSync(new URL("../../tests/golden/format.json", import.meta.url), "utf8").replace(/: (-?\d{15,})(?=[,}\s])/g, ': "$1"');
const golden = JSON.parse(text) as {
  counts: { count: number | string; digits: Digits; en: string; ja: string }[];
  intervals: { value: { estimate: number | string; low: number | string; high: number | string }; digits: Digits; en: string; ja: string }[];
  changes: { change: { estimate: number | string; low: number | string; high: number | string; is_within_noise: boolean }; base_en: string; base_ja: string; en: string; ja: string; cell_en: string; cell_ja: string }[];
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
  test.each(golden.changes)("change $cell_en", (one) => {
    const [estimate, low, high] = [one.change.estimate, one.change.low, one.change.high].map(BigInt) as [bigint, bigint, bigint];
    const change = { estimate, low, high, isWithinNoise: one.change.is_within_noise };
    expect(changeSentence(change, one.base_en, "en")).toBe(one.en);
    expect(changeSentence(change, one.base_ja, "ja")).toBe(one.ja);
    expect(changeCell(change, "en")).toBe(one.cell_en);
    expect(changeCell(change, "ja")).toBe(one.cell_ja);
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

// The chart's geometry: the axis begins at zero, bands hold the line, gaps break it, and noise is found.

import { describe, expect, test } from "vitest";
import { band, ends, frame, gaps, labelled, line, runs, slotAt, slotWidth, ticks, x, y } from "../src/chart/geometry";
import { isRuledByNoise, type Point } from "../src/chart/series";

const point = (estimate: number | undefined, half = 10, reason = 0): Point => ({
  start: "2026-10-01",
  end: "2026-10-01",
  value: estimate === undefined ? undefined : { estimate: BigInt(estimate), low: BigInt(Math.max(0, estimate - half)), high: BigInt(estimate + half) },
  isNoise: false,
  reason,
  previous: undefined,
});

describe("axis", () => {
  test.each([0, 1, 3, 9, 26, 100, 514, 8_518, 123_456, 9_999_999_999])("%d fits under round steps from zero", (max) => {
    const all = ticks(max);
    expect(all[0]).toBe(0);
    expect(all.at(-1)!).toBeGreaterThanOrEqual(max);
    expect(all.length).toBeLessThanOrEqual(8);
    expect(all.every(Number.isInteger)).toBe(true);
  });
  test("zero is at the bottom, the top at the top, slots from left to right", () => {
    const f = frame([point(1), point(2), point(3)], { width: 600, height: 260 }, 50, 100);
    expect(y(f, 0)).toBeGreaterThan(y(f, 100));
    expect(x(f, 0)).toBeLessThan(x(f, 1));
    for (const slot of [0, 1, 2]) expect(slotAt(f, x(f, slot))).toBe(slot);
    expect(slotAt(f, -100)).toBe(0);
    expect(slotAt(f, 9_999)).toBe(2);
  });
  test("labels fit", () => {
    for (const slots of [1, 7, 24, 31, 53, 365]) {
      const f = frame(Array.from({ length: slots }, () => point(1)), { width: 320, height: 220 }, 40, 1);
      const shown = labelled(f, 58);
      expect(shown[0]).toBe(0);
      expect(shown.length * 58).toBeLessThanOrEqual(320 - 40);
    }
  });
});

describe("series", () => {
  const points = [point(100), point(110), point(undefined, 0, 5), point(undefined, 0, 5), point(90), point(undefined, 0, 1)];
  const f = frame(points, { width: 600, height: 260 }, 50, 200);
  test("runs break at gaps", () => expect(runs(points, (p) => p.value !== undefined)).toEqual([[0, 1], [4]]));
  test("the line has no point in a gap", () => expect(line(f, points, (p) => p.value).match(/[ML]/g)).toEqual(["M", "L"]));
  test("a number alone still has a band", () => expect(band(f, points, 95).match(/Z/g)).toHaveLength(2));
  test("gaps keep their reason and width", () => {
    expect(gaps(f, points).map((gap) => gap.reason)).toEqual([5, 1]);
    expect(gaps(f, points)[0]!.width).toBeCloseTo(2 * slotWidth(f), 0);
  });
  test("50 % lies inside 95 %, at its own distance from the estimate", () => {
    const value = { estimate: 10n, low: 0n, high: 100n };
    const [low, high] = ends(value, 50);
    expect(low).toBeGreaterThan(0);
    expect(high).toBeLessThan(100);
    expect(high - 10).toBeGreaterThan(10 - low);
    expect(ends(value, 95)).toEqual([0, 100]);
  });
});

describe("noise", () => {
  test("rules where the half-width passes a quarter of the value", () => {
    expect(isRuledByNoise(Array.from({ length: 30 }, () => point(26, 15)))).toBe(true);
    expect(isRuledByNoise(Array.from({ length: 30 }, () => point(4_000, 21)))).toBe(false);
    expect(isRuledByNoise(Array.from({ length: 30 }, () => point(100, 25)))).toBe(false);
    expect(isRuledByNoise([point(undefined, 0, 5)])).toBe(false);
  });
});

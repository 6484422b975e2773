// The overview: what needs attention comes first, and no order is decided by a change within the noise.

import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { type SiteOverview, SiteOverviewSchema } from "../src/api/gen/headcount/v1/stats_pb";
import { attentionOf, matches, sortSites } from "../src/pages/attention";
import { binRank, hourRank } from "../src/pages/ranks";
import { nIn, oneIn, posterior, published } from "../src/pages/odds";

const NOW = Date.UTC(2026, 10, 28);
type Given = { estimate?: bigint; withinNoise?: boolean };
const site = (name: string, change: Given = {}, more: Partial<SiteOverview> = {}): SiteOverview =>
  create(SiteOverviewSchema, { site: name, title: name, lastDate: "2026-11-27", change: { ...change }, nextDueUnixS: BigInt(NOW / 1000 + 3600), ...more } as never);

test("a change within the noise does not move a site", () => {
  const sites = [site("a", { estimate: 900n, withinNoise: true }), site("b", { estimate: 50n }), site("c", { estimate: -70n }), site("d"), site("e", { estimate: -800n, withinNoise: true })];
  expect(sortSites(sites, "change", "en", NOW).map((one) => one.site)).toEqual(["c", "b", "a", "d", "e"]);
});

test("late before gaps before errors before empty before the rest", () => {
  const sites = [
    site("fine"),
    site("empty", {}, { lastDate: "", nextDueUnixS: 0n }),
    site("errors", {}, { errors: { estimate: 40n, withinNoise: false } as never }),
    site("noise", {}, { errors: { estimate: 40n, withinNoise: true } as never }),
    site("gap", {}, { gapDays: 2 }),
    site("late", {}, { nextDueUnixS: BigInt(NOW / 1000 - 3 * 86_400) }),
  ];
  expect(sortSites(sites, "attention", "en", NOW).map((one) => one.site)).toEqual(["late", "gap", "errors", "empty", "fine", "noise"]);
  expect(attentionOf(sites[5]!, NOW)).toEqual([{ what: "late", days: 3 }]);
  expect(attentionOf(sites[3]!, NOW)).toEqual([]);
});

test("names are found in any case and in any script", () => {
  expect(matches(site("x", {}, { title: "在アウレリア日本国大使館" }), "アウレ", "ja")).toBe(true);
  expect(matches(site("Embassy-X"), " EMBASSY", "en")).toBe(true);
  expect(matches(site("x"), "y", "en")).toBe(false);
});

test("bins and hours stand in their order", () => {
  const bins = ["<5 ms", "5-10 ms", "750-1000 ms", "1-1.5 s", "5-10 s", ">=30 s", "(unknown)"];
  expect([...bins].reverse().sort((a, b) => binRank(a) - binRank(b))).toEqual(bins);
  expect(hourRank("Tue 09:00") - hourRank("Mon 23:00")).toBe(10);
});

test("odds of epsilon 3", () => {
  expect(oneIn(posterior(1 / 1_000, 3))).toBe(51);
  expect(oneIn(posterior(1 / 10_000, 3))).toBe(499);
  expect(nIn(posterior(1 / 2, 3))).toBe(20);
});

test("the made-up day is made with the noise that it names", () => {
  const values = published(300, 7, 20_000);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  expect(Math.abs(mean - 300)).toBeLessThan(0.5);
  expect(Math.abs(deviation - 7)).toBeLessThan(0.3);
});

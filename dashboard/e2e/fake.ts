// Answers that a test makes up, for states that a healthy server with two months of data does not reach: 251 sites, numbers of ten
// digits, gaps, numbers that are late. They go to the page as gRPC-Web frames, so that all of the page is under test.

import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Page } from "playwright-core";
import { GetOverviewResponseSchema, GetTrafficResponseSchema, ListSitesResponseSchema, ListTopResponseSchema, PeriodKind, Reason } from "../src/api/gen/headcount/v1/stats_pb";
import { LONG_PAGE } from "./logs";

function frame(flag: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

export async function answer<Desc extends DescMessage>(page: Page, method: string, schema: Desc, message: MessageInitShape<Desc>): Promise<void> {
  const body = Buffer.concat([frame(0, toBinary(schema, create(schema, message))), frame(0x80, Buffer.from("grpc-status: 0\r\n"))]);
  await page.route(`**/headcount.v1.StatsService/${method}`, (route) => route.fulfill({ contentType: "application/grpc-web+proto", body }));
}

const NOW_S = Math.floor(Date.now() / 1000);
export const TEN_DIGITS = 9_876_543_210n;

export const value = (estimate: bigint, half: bigint) => ({ estimate, low: estimate > half ? estimate - half : 0n, high: estimate + half, standardError: Number(half) / 1.96, noisyZero: estimate <= half });

export async function manySites(page: Page): Promise<void> {
  const weeks = 13;
  const sites = Array.from({ length: 251 }, (_, at) => {
    const visits = BigInt(300 + ((at * 7919) % 9_000));
    const estimate = at % 4 === 0 ? BigInt((at % 90) + 60) : BigInt(at % 5);
    return {
      site: `site-${at}`,
      title: at === 250 ? `在${"とても長い名前の国".repeat(5)}日本国大使館` : `Embassy ${at}`,
      group: at % 3 === 0 ? "europe" : "asia",
      timeZone: "Europe/Paris",
      fromDate: "2026-10-01",
      toDate: "2026-10-31",
      visits: value(visits, 39n),
      previous: value(visits - estimate, 39n),
      change: { estimate, low: estimate - 55n, high: estimate + 55n, withinNoise: estimate < 55n },
      weekEstimates: Array.from({ length: weeks }, (_, week) => (visits / 4n) + BigInt((week * 31 + at) % 40)),
      weekBelow: Array.from({ length: weeks }, () => 40n),
      weekAbove: Array.from({ length: weeks }, () => 40n),
      weekReasons: Array.from({ length: weeks }, (_, week) => (at === 7 && week === 5 ? Reason.GAP : Reason.UNSPECIFIED)),
      weeksFromDate: "2026-08-03",
      lastDate: "2026-11-27",
      nextDueUnixS: BigInt(at === 3 ? NOW_S - 3 * 86_400 - 60 : NOW_S + 7_200),
      gapDays: at === 7 ? 2 : 0,
      errors: at === 9 ? { estimate: 140n, low: 80n, high: 200n, withinNoise: false } : { estimate: 3n, low: -50n, high: 56n, withinNoise: true },
    };
  });
  await answer(page, "GetOverview", GetOverviewResponseSchema, { period: PeriodKind.MONTH, sites, groups: [{ group: "europe", titles: { en: "Europe", ja: "欧州" } }, { group: "asia", titles: { en: "Asia", ja: "アジア" } }], changeStandardErrors: 3.3 });
}

/** A site that is late, with a gap, ten digits and a path of 200 characters. */
export async function hardSite(page: Page): Promise<void> {
  const site = { site: "hard", timeZone: "Pacific/Kiritimati", firstDate: "2026-09-01", lastDate: "2026-10-28", lastMonth: "2026-09-01", nextDueUnixS: BigInt(NOW_S - 86_400), titles: { en: "A site with a title of a hundred characters, which is as long as the configuration allows it to be, ok", ja: "設定で許される限りの長さの題名を持つ、とても長い名前のサイトです。" } };
  await answer(page, "ListSites", ListSitesResponseSchema, { sites: [site, { site: "other", timeZone: "UTC" }] });
  const big = value(TEN_DIGITS, 1_234_567n);
  const points = Array.from({ length: 31 }, (_, at) => {
    const date = `2026-10-${String(at + 1).padStart(2, "0")}`;
    const missing = at === 9 || at === 10 ? Reason.GAP : at > 27 ? Reason.NOT_SEALED : undefined;
    const one = missing === undefined ? value(TEN_DIGITS / 31n + BigInt(at * 4_000_000), 9_000_000n) : { reason: missing };
    return { start: date, end: date, visits: one, views: one, visitors: one };
  });
  const total = { start: "2026-10-01", end: "2026-10-31", visits: big, views: big, visitors: { reason: Reason.VISITORS_DO_NOT_ADD } };
  await answer(page, "GetTraffic", GetTrafficResponseSchema, {
    points,
    total,
    previous: { ...total, start: "2026-09-01", end: "2026-09-30" },
    previousPoints: points.slice(0, 30),
    change: { visits: { estimate: -1_234_567_890n, low: -1_236_000_000n, high: -1_233_135_780n, percent: -11.1 }, views: { estimate: 12n, low: -50n, high: 74n, withinNoise: true } },
    missing: [10, 11].map((day) => ({ kind: PeriodKind.DAY, start: `2026-10-${day}`, reason: Reason.GAP })),
  });
  const rows = [
    { key: LONG_PAGE, views: big, visits: big, change: { estimate: 1_234_567_890n, low: 1_230_000_000n, high: 1_239_135_780n } },
    { key: "/suppressed/", views: { reason: Reason.BELOW_THRESHOLD, high: 176n }, visits: { reason: Reason.BELOW_THRESHOLD, high: 176n } },
    { key: "/<script>alert(1)</script>", views: value(39n, 42n), visits: value(39n, 42n) },
    { key: "=HYPERLINK(\"x\")", views: value(120n, 42n), visits: value(120n, 42n), change: { estimate: 4n, low: -50n, high: 58n, withinNoise: true } },
  ];
  await answer(page, "ListTop", ListTopResponseSchema, { rows, keys: 4n, other: value(412n, 130n), previousScope: { fromDate: "2026-09-01", toDate: "2026-09-30" } });
}

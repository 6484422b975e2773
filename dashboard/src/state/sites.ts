// The sites of the server and what is published of each: asked once, for all pages.

import type { ListSitesResponse, Site } from "../api/gen/headcount/v1/stats_pb";
import { stats } from "../api/client";
import { month, type Period, parsePeriod, periodText, week, year } from "../format/dates";
import type { Language } from "../format/number";
import { type Answer, useAnswer } from "./ask";

export function useSites(): Answer<ListSitesResponse> {
  return useAnswer("sites", (signal) => stats.listSites({}, { signal }));
}

/** Its title in a language, or in another, or its name. */
export function titleOf(site: Pick<Site, "site" | "titles">, language: Language): string {
  return site.titles[language] ?? site.titles["en"] ?? Object.values(site.titles)[0] ?? site.site;
}

/** What is shown where the address names no period: the latest published month, else the month of the last day. */
export function latestPeriod(site: Site): Period | undefined {
  const date = site.lastMonth || site.lastDate;
  return date === "" ? undefined : month(date);
}

/** The period that has exactly these days. */
export function periodOf(from: string, to: string): Period {
  if (from === to) return parsePeriod(from) ?? { kind: "range", from, to };
  const whole = [month(from), week(from), year(from)].find((period) => period.from === from && period.to === to);
  return whole ?? { kind: "range", from, to };
}

/** When numbers are late: in whole days past the moment they were due; undefined where they are not. */
export function lateDays(nextDue: bigint, nowMs: number): number | undefined {
  const past = nowMs / 1000 - Number(nextDue);
  return nextDue > 0n && past > 0 ? Math.floor(past / 86_400) : undefined;
}

/** The same text for the same period, for keys of questions. */
export const periodKey = (period: Period): string => periodText(period);

// The sites of the server and what is published of each: asked once, for all pages.

import type { ListSitesResponse, Site } from "../api/gen/headcount/v1/stats_pb";
import { stats } from "../api/client";
import { month, type Period, periodText } from "../format/dates";
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

/** The same text for the same period, for keys of questions. */
export const periodKey = (period: Period): string => periodText(period);

// Which sites need attention, and the order of the overview. A change within the noise never decides an order.

import type { SiteOverview } from "../api/gen/headcount/v1/stats_pb";
import type { Language } from "../format/number";
import type { Sort } from "../state/address";
import { lateDays } from "../state/late";
import { byChange } from "./sort";

export type Attention = { readonly what: "late" | "gap"; readonly days: number } | { readonly what: "errors" } | { readonly what: "empty" };

export function attentionOf(site: SiteOverview, nowMs: number): Attention[] {
  const all: Attention[] = [];
  const late = lateDays(site.nextDueUnixS, nowMs);
  if (late !== undefined) all.push({ what: "late", days: late });
  if (site.gapDays > 0) all.push({ what: "gap", days: site.gapDays });
  if (site.errors?.estimate !== undefined && !site.errors.withinNoise && site.errors.estimate > 0n) all.push({ what: "errors" });
  if (site.lastDate === "") all.push({ what: "empty" });
  return all;
}

/** Late before gaps before errors before sites without any number. */
function urgency(site: SiteOverview, nowMs: number): number {
  const order = ["late", "gap", "errors", "empty"];
  const first = attentionOf(site, nowMs)[0];
  return first ? order.indexOf(first.what) : order.length;
}

export function matches(site: SiteOverview, text: string, language: Language): boolean {
  const wanted = text.trim().toLocaleLowerCase(language);
  return wanted === "" || [site.site, site.title, site.country, site.group].some((part) => part.toLocaleLowerCase(language).includes(wanted));
}

export function sortSites(sites: readonly SiteOverview[], sort: Sort, language: Language, nowMs: number): SiteOverview[] {
  const names = new Intl.Collator(language, { numeric: true });
  const byName = (a: SiteOverview, b: SiteOverview) => names.compare(a.title || a.site, b.title || b.site);
  const visits = (site: SiteOverview) => Number(site.visits?.estimate ?? -1n);
  const sorted = [...sites].sort(byName);
  switch (sort) {
    case "attention":
      return sorted.sort((a, b) => urgency(a, nowMs) - urgency(b, nowMs));
    case "visits":
      return sorted.sort((a, b) => visits(b) - visits(a));
    case "change":
      return sorted.sort((a, b) => byChange(a.change, b.change));
    case "site":
      return sorted;
  }
}

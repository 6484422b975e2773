// Every state of the page as an address, and back. A default is never written; what cannot be read is said, not guessed.

import { parsePeriod, type Period, periodText } from "../format/dates";
import { type Tab, tableName, tableNamed, TABS } from "./tables";

export type Metric = "visits" | "views" | "visitors";
export const METRICS: readonly Metric[] = ["visits", "views", "visitors"];
export type By = "hour" | "day" | "week" | "month";
export const BYS: readonly By[] = ["hour", "day", "week", "month"];
export type Versus = "none" | "previous" | "year";
export const VERSUS: readonly Versus[] = ["none", "previous", "year"];
export type Sort = "attention" | "site" | "visits" | "change";
export const SORTS: readonly Sort[] = ["attention", "site", "visits", "change"];

export interface OverviewRoute {
  readonly page: "overview";
  /** Absent: each site's latest month. */
  readonly period?: Period | undefined;
  readonly group: string;
  readonly find: string;
  readonly sort: Sort;
}

/** What a page with a chart shows. */
interface Shown {
  readonly site: string;
  /** Absent: the latest published month. */
  readonly period?: Period | undefined;
  /** Absent: what suits the period. */
  readonly by?: By | undefined;
  readonly versus: Versus;
  readonly asTable: boolean;
}

export interface SiteRoute extends Shown {
  readonly page: "site";
  readonly metric: Metric;
  readonly tab: Tab;
  readonly find: string;
}

export interface KeyRoute extends Shown {
  readonly page: "key";
  readonly table: number;
  readonly key: string;
}

export type Route =
  | OverviewRoute
  | SiteRoute
  | KeyRoute
  | { readonly page: "privacy"; readonly site: string }
  | { readonly page: "reading" }
  | { readonly page: "unknown"; readonly badPeriod?: string };

export const OVERVIEW: OverviewRoute = { page: "overview", group: "", find: "", sort: "attention" };

export function siteRoute(site: string, change: Partial<SiteRoute> = {}): SiteRoute {
  return { page: "site", site, metric: "visits", versus: "previous", tab: "content", find: "", asTable: false, ...change };
}

function oneOf<T extends string>(allowed: readonly T[], text: string | null): T | undefined {
  return allowed.find((item) => item === text);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function parseSite(rest: string[], query: URLSearchParams): Route {
  const [site = "", ...more] = rest;
  if (site === "" || more.length > 2) return { page: "unknown" };
  let period: Period | undefined;
  let table: number | undefined;
  for (const part of more) {
    const asTable = tableNamed(part);
    if (asTable !== undefined && table === undefined) table = asTable;
    else {
      period = parsePeriod(part);
      if (!period) return { page: "unknown", badPeriod: part };
    }
  }
  const shown: Shown = {
    site,
    period,
    by: oneOf(BYS, query.get("by")),
    versus: oneOf(VERSUS, query.get("vs")) ?? "previous",
    asTable: query.get("view") === "table",
  };
  if (table !== undefined) {
    const key = query.get("key");
    return key === null ? { page: "unknown" } : { page: "key", ...shown, table, key };
  }
  return {
    page: "site",
    ...shown,
    metric: oneOf(METRICS, query.get("m")) ?? "visits",
    tab: oneOf(TABS, query.get("tab")) ?? "content",
    find: query.get("q") ?? "",
  };
}

export function parseRoute(path: string, search: string): Route {
  const query = new URLSearchParams(search);
  const [head = "", ...rest] = path.split("/").filter((part) => part !== "").map(decoded);
  switch (head) {
    case "": {
      const text = query.get("p");
      const period = text === null ? undefined : parsePeriod(text);
      if (text !== null && !period) return { page: "unknown", badPeriod: text };
      return {
        page: "overview",
        period,
        group: query.get("group") ?? "",
        find: query.get("q") ?? "",
        sort: oneOf(SORTS, query.get("sort")) ?? "attention",
      };
    }
    case "s":
      return parseSite(rest, query);
    case "privacy":
      return rest.length <= 1 ? { page: "privacy", site: rest[0] ?? "" } : { page: "unknown" };
    case "reading":
      return rest.length === 0 ? { page: "reading" } : { page: "unknown" };
    default:
      return { page: "unknown" };
  }
}

/** Slashes and colons stay readable in a query. */
function queryText(pairs: [string, string | undefined][]): string {
  const parts = pairs
    .filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== "")
    .map(([name, value]) => `${name}=${encodeURIComponent(value).replace(/%2F/g, "/").replace(/%3A/g, ":").replace(/%20/g, "+")}`);
  return parts.length > 0 ? `?${parts.join("&")}` : "";
}

const unless = <T extends string>(value: T, usual: T): T | undefined => (value === usual ? undefined : value);

export function routeText(route: Route): string {
  switch (route.page) {
    case "overview":
      return (
        "/" +
        queryText([
          ["p", route.period && periodText(route.period)],
          ["group", route.group],
          ["q", route.find],
          ["sort", unless(route.sort, "attention")],
        ])
      );
    case "privacy":
      return route.site === "" ? "/privacy" : `/privacy/${encodeURIComponent(route.site)}`;
    case "reading":
      return "/reading";
    case "unknown":
      return "/";
    case "site":
    case "key": {
      const path = `/s/${encodeURIComponent(route.site)}${route.period ? `/${periodText(route.period)}` : ""}`;
      const common: [string, string | undefined][] = [
        ["by", route.by],
        ["vs", unless(route.versus, "previous")],
        ["view", route.asTable ? "table" : undefined],
      ];
      return route.page === "key"
        ? `${path}/${tableName(route.table)}${queryText([["key", route.key], ...common])}`
        : path +
            queryText([
              ["m", unless(route.metric, "visits")],
              ...common,
              ["tab", unless(route.tab, "content")],
              ["q", route.find],
            ]);
    }
  }
}

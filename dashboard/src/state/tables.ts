// The tables of a site: their numbers in the protocol, their names in addresses and files, and the tab each stands under.

export type Tab = "content" | "sources" | "visitors" | "health";
export const TABS: readonly Tab[] = ["content", "sources", "visitors", "health"];

export const PAGE = 2;
export const LANGUAGE = 7;
export const COUNTRY = 8;
export const CAMPAIGN = 10;
export const DEVICE = 6;
export const PROFILE = 12;
export const RESPONSE_TIME = 15;
export const RESPONSE_SIZE = 16;
export const READER = 19;

/** By tab, in the order in which they are shown. */
export const TABLES_OF: Record<Tab, readonly number[]> = {
  content: [PAGE, 11, 14],
  sources: [3, CAMPAIGN],
  visitors: [READER, COUNTRY, LANGUAGE, DEVICE, 4, 5, PROFILE, 9, 18],
  health: [13, RESPONSE_TIME, RESPONSE_SIZE, 17],
};

const NAMES: Record<number, string> = {
  2: "page",
  3: "referrer",
  4: "browser",
  5: "os",
  6: "device",
  7: "language",
  8: "country",
  9: "domain",
  10: "campaign",
  11: "entry",
  12: "profile",
  13: "status",
  14: "error",
  15: "response-time",
  16: "response-size",
  17: "bot",
  18: "hostname",
  19: "reader",
};

/** Its name in addresses: `page`, `response-time`. */
export const tableName = (table: number): string => NAMES[table] ?? "page";

export function tableNamed(name: string): number | undefined {
  const entry = Object.entries(NAMES).find(([, value]) => value === name);
  return entry ? Number(entry[0]) : undefined;
}

/** Tables whose keys stand in an order of their own (bins, hours of the week) and are shown in it. */
export const isOrdered = (table: number): boolean => table === RESPONSE_TIME || table === RESPONSE_SIZE;

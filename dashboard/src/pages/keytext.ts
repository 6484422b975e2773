// Keys of tables as people read them: countries and languages by name, hours of the week, what gathers the rest.

import type { Language } from "../format/number";
import { COUNTRY, DEVICE, LANGUAGE, PROFILE } from "../state/tables";
import { words } from "../words";

const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const WEEKDAYS_JA = "月火水木金土日";

/** Keys that stand for many and have no series of their own worth a page. */
export const isGathering = (key: string): boolean => key === "(other)";

function named(key: string, type: "region" | "language", language: Language): string {
  try {
    return new Intl.DisplayNames([language], { type, fallback: "code" }).of(key) ?? key;
  } catch {
    return key; // Not a code: the key says what it is.
  }
}

export function keyText(key: string, table: number, language: Language): string {
  const w = words();
  if (key === "(other)") return w.rows.otherKeys;
  if (key === "(unknown)") return w.unknown;
  const special = w.rows.onlyKey[key];
  if (special !== undefined) return special;
  switch (table) {
    case COUNTRY:
      return named(key, "region", language);
    case LANGUAGE:
      return named(key, "language", language);
    case DEVICE:
      return w.device[key] ?? key;
    case PROFILE: {
      const [day = "", hour = ""] = key.split(" ");
      const at = WEEKDAYS.indexOf(day);
      return language === "ja" && at >= 0 ? `${WEEKDAYS_JA[at]} ${hour}` : key;
    }
    default:
      return key;
  }
}

/** `Tue 09:00` by its place in the week. */
export function hourRank(key: string): number {
  const [day = "", hour = ""] = key.split(" ");
  return WEEKDAYS.indexOf(day) * 24 + Number(hour.slice(0, 2));
}

const UNIT: Record<string, number> = { ms: 1, s: 1_000, B: 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 };

/** The lower end of a bin like `20-50 KiB` or `200-500 ms`; what is unknown comes last. */
export function binRank(key: string): number {
  const match = /^(<|>=?)?\s*([\d.]+)(?:-[\d.]+)?\s*([A-Za-z]+)/.exec(key);
  if (!match) return Number.MAX_SAFE_INTEGER;
  const value = Number(match[2]) * (UNIT[match[3]!] ?? 1);
  return match[1] === "<" ? value - 0.5 : match[1] === undefined ? value : value + 0.5;
}

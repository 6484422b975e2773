// Keys of tables as people read them: countries and languages by name, hours of the week, what gathers the rest.

import type { Language } from "../format/number";
import { COUNTRY, DEVICE, LANGUAGE, PROFILE } from "../state/tables";
import { words } from "../words";
import { WEEKDAYS } from "./ranks";

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

// Keys that have an order of their own: hours of the week, and bins of times and sizes.

export const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

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

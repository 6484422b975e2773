// Local dates of a site as plain calendar arithmetic: no clock and no time zone of the machine comes in.
// A period is written in URLs as `2026`, `2026-10`, `2026-W43`, `2026-10-15` or `2026-10-01..2026-10-20`.

export type Kind = "day" | "week" | "month" | "year" | "range";

/** A period: its first and last day, both included, as `YYYY-MM-DD`. */
export interface Period {
  readonly kind: Kind;
  readonly from: string;
  readonly to: string;
}

const DAY_MS = 86_400_000;

/** Days since 1970-01-01, or undefined where the text is no date of the calendar. */
export function dayNumber(text: string): number | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return undefined;
  const number = Math.round(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])) / DAY_MS);
  return dateText(number) === text ? number : undefined;
}

export function dateText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

function must(text: string): number {
  const day = dayNumber(text);
  if (day === undefined) throw new RangeError(`"${text}" is no date; allowed is YYYY-MM-DD`);
  return day;
}

export const addDays = (text: string, days: number): string => dateText(must(text) + days);
export const daysIn = (period: Period): number => must(period.to) - must(period.from) + 1;

/** Monday of the week that holds the day. */
function monday(day: number): number {
  return day - (((day + 3) % 7) + 7) % 7;
}

/** The ISO year and week of a Monday: the week belongs to the year of its Thursday. */
function isoWeek(mondayOfWeek: number): { year: number; week: number } {
  const year = new Date((mondayOfWeek + 3) * DAY_MS).getUTCFullYear();
  const first = monday(must(`${year}-01-04`));
  return { year, week: (mondayOfWeek - first) / 7 + 1 };
}

export function month(text: string): Period {
  const [year, number] = [Number(text.slice(0, 4)), Number(text.slice(5, 7))];
  return { kind: "month", from: `${text.slice(0, 7)}-01`, to: new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10) };
}

export function week(text: string): Period {
  const first = monday(must(text));
  return { kind: "week", from: dateText(first), to: dateText(first + 6) };
}

export function year(text: string): Period {
  return { kind: "year", from: `${text.slice(0, 4)}-01-01`, to: `${text.slice(0, 4)}-12-31` };
}

export const day = (text: string): Period => ({ kind: "day", from: text, to: text });

/** The period of a kind that holds a day. A range becomes 30 days that end there. */
export function periodAt(kind: Kind, date: string): Period {
  switch (kind) {
    case "day":
      return day(date);
    case "week":
      return week(date);
    case "month":
      return month(date);
    case "year":
      return year(date);
    case "range":
      return { kind, from: addDays(date, -29), to: date };
  }
}

/** Reads a period as it stands in a URL; undefined where it is none. */
export function parsePeriod(text: string): Period | undefined {
  if (/^\d{4}$/.test(text) && text >= "1970") return year(text);
  if (/^\d{4}-\d{2}$/.test(text)) return dayNumber(`${text}-01`) === undefined ? undefined : month(text);
  const weekly = /^(\d{4})-W(\d{2})$/.exec(text);
  if (weekly) {
    const first = monday(must(`${weekly[1]}-01-04`)) + (Number(weekly[2]) - 1) * 7;
    return periodText(week(dateText(first))) === text ? week(dateText(first)) : undefined;
  }
  const [from, to, more] = text.split("..");
  if (from === undefined || dayNumber(from) === undefined || more !== undefined) return undefined;
  if (to === undefined) return day(from);
  if (dayNumber(to) === undefined || to < from) return undefined;
  return { kind: "range", from, to };
}

/** The period as it stands in a URL. */
export function periodText(period: Period): string {
  switch (period.kind) {
    case "day":
      return period.from;
    case "week": {
      const { year, week } = isoWeek(must(period.from));
      return `${year}-W${String(week).padStart(2, "0")}`;
    }
    case "month":
      return period.from.slice(0, 7);
    case "year":
      return period.from.slice(0, 4);
    case "range":
      return `${period.from}..${period.to}`;
  }
}

/** The period before (-1) or after (1) of the same kind and length. */
export function step(period: Period, by: -1 | 1): Period {
  if (period.kind === "range") {
    const length = daysIn(period) * by;
    return { kind: "range", from: addDays(period.from, length), to: addDays(period.to, length) };
  }
  return periodAt(period.kind, by < 0 ? addDays(period.from, -1) : addDays(period.to, 1));
}

/** The same dates a year before; the 29th of February becomes the 28th. */
export function yearBefore(period: Period): Period {
  const back = (text: string): string => {
    const moved = `${Number(text.slice(0, 4)) - 1}${text.slice(4)}`;
    return dayNumber(moved) === undefined ? moved.replace("-02-29", "-02-28") : moved;
  };
  const start = back(period.from);
  switch (period.kind) {
    case "week":
      return week(addDays(period.from, -364));
    case "range":
      return { kind: "range", from: start, to: back(period.to) };
    default:
      return periodAt(period.kind, start);
  }
}

/** The period that has exactly these days. */
export function periodOf(from: string, to: string): Period {
  if (from === to) return day(from);
  const whole = [month(from), week(from), year(from)].find((period) => period.from === from && period.to === to);
  return whole ?? { kind: "range", from, to };
}

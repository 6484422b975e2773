// Dates and periods in words, by language, through Intl in UTC: the dates are local to a site and carry no time zone.

import { type Period, periodText } from "./dates";
import type { Language } from "./number";

const LOCALE: Record<Language, string> = { en: "en-GB", ja: "ja-JP" };

function format(date: string, language: Language, options: Intl.DateTimeFormatOptions): string {
  const text = new Intl.DateTimeFormat(LOCALE[language], { timeZone: "UTC", ...options }).format(
    new Date(`${date.slice(0, 10)}T00:00:00Z`),
  );
  // British English writes "Thu, 15 Oct": the comma says nothing.
  return language === "en" ? text.replace(",", "") : text;
}

/** `Thu 15 Oct 2026`, `2026年10月15日(木)`. */
export const longDay = (date: string, language: Language): string =>
  format(date, language, { weekday: "short", day: "numeric", month: language === "ja" ? "long" : "short", year: "numeric" });

/** `Thu 15 Oct`, `10月15日(木)`. */
export const shortDay = (date: string, language: Language): string =>
  format(date, language, { weekday: "short", day: "numeric", month: language === "ja" ? "long" : "short" });

/** `15 Oct`, `10/15`: under an axis. */
export const axisDay = (date: string, language: Language): string =>
  language === "ja"
    ? `${Number(date.slice(5, 7))}/${Number(date.slice(8, 10))}`
    : format(date, language, { day: "numeric", month: "short" });

/** `Oct`, `10月`. */
export const axisMonth = (date: string, language: Language): string => format(date, language, { month: "short" });

/** `October 2026`, `2026年10月`. */
export const monthOf = (date: string, language: Language): string => format(date, language, { month: "long", year: "numeric" });

/** `Thu 15 Oct 09:00`: the start of an hour, which comes with its offset. */
export function hourOf(start: string, language: Language): string {
  return `${shortDay(start, language)} ${start.slice(11, 16)}`;
}

/** A range: `1 Oct 2026 – 20 Oct 2026`. */
function rangeOf(from: string, to: string, language: Language): string {
  const options: Intl.DateTimeFormatOptions = { day: "numeric", month: language === "ja" ? "long" : "short", year: "numeric" };
  const first = format(from, language, from.slice(0, 4) === to.slice(0, 4) && language === "en" ? { day: "numeric", month: "short" } : options);
  return language === "ja" ? `${first}～${format(to, language, options)}` : `${first} – ${format(to, language, options)}`;
}

/** A period in words, as it heads a page. */
export function periodWords(period: Period, language: Language): string {
  switch (period.kind) {
    case "day":
      return longDay(period.from, language);
    case "week": {
      const [year, week] = periodText(period).split("-W");
      const range = rangeOf(period.from, period.to, language);
      return language === "ja" ? `${year}年第${Number(week)}週（${range}）` : `Week ${Number(week)}, ${range}`;
    }
    case "month":
      return monthOf(period.from, language);
    case "year":
      return language === "ja" ? `${period.from.slice(0, 4)}年` : period.from.slice(0, 4);
    case "range":
      return rangeOf(period.from, period.to, language);
  }
}

/** A period so short that it stands inside a sentence: `September`, `15 Oct`. */
export function periodShort(period: Period, language: Language): string {
  switch (period.kind) {
    case "month":
      return format(period.from, language, { month: "long" });
    case "day":
      return axisDay(period.from, language);
    case "week": {
      const week = Number(periodText(period).split("-W")[1]);
      return language === "ja" ? `第${week}週` : `week ${week}`;
    }
    case "year":
      return periodWords(period, language);
    case "range":
      return `${axisDay(period.from, language)}${language === "ja" ? "～" : " – "}${axisDay(period.to, language)}`;
  }
}

/** A moment of the browser's clock, for "since 09:41". */
export function clockTime(moment: Date, language: Language): string {
  return new Intl.DateTimeFormat(LOCALE[language], { hour: "2-digit", minute: "2-digit" }).format(moment);
}

/** A moment with its date, in the browser's time zone. */
export function moment(unixSeconds: number, language: Language): string {
  return new Intl.DateTimeFormat(LOCALE[language], { dateStyle: "medium", timeStyle: "short" }).format(new Date(unixSeconds * 1000));
}

// A point of a chart in words: under the axis, and as the sentence that is shown and spoken.

import { axisDay, axisMonth, hourOf, longDay, monthOf, periodWords, shortDay } from "../format/datewords";
import { week } from "../format/dates";
import { count, interval, type Language } from "../format/number";
import type { By, Metric } from "../state/address";
import { words } from "../words";
import type { Point } from "./series";

export interface Naming {
  readonly by: By;
  readonly metric: Metric;
}

export function axisLabel(point: Point, naming: Naming, language: Language): string {
  switch (naming.by) {
    case "hour":
      return `${point.start.slice(11, 13)}:00`;
    case "month":
      return axisMonth(point.start, language);
    default:
      return axisDay(point.start, language);
  }
}

/** When the point is: `Thu 15 Oct`, `Week 43, 19 Oct – 25 Oct 2026`. */
export function pointName(point: Point, by: By, language: Language): string {
  switch (by) {
    case "hour":
      return hourOf(point.start, language);
    case "day":
      return shortDay(point.start, language);
    case "week":
      return periodWords(week(point.start.slice(0, 10)), language);
    case "month":
      return monthOf(point.start, language);
  }
}

/** The same with its year, for a table. */
export function pointNameFull(point: Point, by: By, language: Language): string {
  return by === "day" ? longDay(point.start, language) : pointName(point, by, language);
}

/** `Thu 15 Oct: 314 ± 15 visits (95 %: 299 to 329); September: 301`. */
export function sentence(point: Point, naming: Naming, previousName: string | undefined, language: Language): string {
  const w = words();
  const colon = language === "ja" ? "：" : ": ";
  const semicolon = language === "ja" ? "；" : "; ";
  const [open, close] = language === "ja" ? ["（", "）"] : [" (", ")"];
  let text = pointName(point, naming.by, language) + colon;
  if (point.value) {
    text += w.unit[naming.metric](interval(point.value, language));
    text += `${open}${w.value.interval(count(point.value.low, language), count(point.value.high, language))}${close}`;
    if (point.isNoise) text += (language === "ja" ? "、" : ", ") + w.value.noisyZero;
  } else {
    text += w.reason[point.reason] ?? w.reason[0]!;
  }
  if (previousName && point.previous) text += semicolon + w.chart.before(previousName, interval(point.previous, language));
  return text;
}

// The question for a series: which points suit a period, and what the server is asked.

import { useSignal } from "@preact/signals";
import { Compare, type GetTrafficResponse, PeriodKind } from "../api/gen/headcount/v1/stats_pb";
import { stats } from "../api/client";
import { isRuledByNoise, trafficPoints } from "../chart/series";
import { daysIn, type Period } from "../format/dates";
import type { By, Metric, Versus } from "../state/address";
import { type Answer, useAnswer } from "../state/ask";
import { periodKey } from "../state/sites";

export const KIND: Record<By, PeriodKind> = { hour: PeriodKind.HOUR, day: PeriodKind.DAY, week: PeriodKind.WEEK, month: PeriodKind.MONTH };
export const COMPARE: Record<Versus, Compare> = { none: Compare.NONE, previous: Compare.PREVIOUS, year: Compare.YEAR };

const DAYS_BY_DAY_MAX = 92;
const DAYS_BY_WEEK_MAX = 400;
/** From here on weeks are an answer to noisy days. */
const DAYS_FOR_WEEKS_MIN = 21;

/** What suits the period where the reader has not chosen. */
export function byOf(period: Period): By {
  if (period.kind === "day") return "hour";
  if (period.kind === "year") return "month";
  const days = daysIn(period);
  return days <= DAYS_BY_DAY_MAX ? "day" : days <= DAYS_BY_WEEK_MAX ? "week" : "month";
}

/** What can be chosen for a period. */
export function choices(period: Period): By[] {
  const days = daysIn(period);
  const all: By[] = [];
  if (days <= 8) all.push("hour");
  if (days > 1 && days <= DAYS_BY_WEEK_MAX) all.push("day");
  if (days >= DAYS_FOR_WEEKS_MIN) all.push("week");
  if (days > 62) all.push("month");
  return all;
}

export interface Series<T> {
  readonly answer: Answer<T>;
  readonly by: By;
  /** Weeks were taken because days would be noise. */
  readonly becauseOfNoise: boolean;
}

/** Asks by days first; where these are ruled by noise and the reader chose nothing, by weeks. */
export function useSeries<T>(
  question: { period: Period; by: By | undefined; key: string },
  ask: (by: By, signal: AbortSignal) => Promise<T>,
  isNoise: (data: T) => boolean,
): Series<T> {
  const { period, by: chosen, key } = question;
  const first = chosen ?? byOf(period);
  const noisy = useSignal<Record<string, boolean>>({});
  const known = noisy.value[key] ?? false;
  const mayWiden = chosen === undefined && first === "day" && daysIn(period) >= DAYS_FOR_WEEKS_MIN;
  const by: By = mayWiden && known ? "week" : first;
  const answer = useAnswer(`${key} ${by}`, async (signal) => {
    const data = await ask(by, signal);
    if (mayWiden && by === "day" && isNoise(data)) {
      const weeks = await ask("week", signal);
      noisy.value = { ...noisy.peek(), [key]: true };
      return weeks;
    }
    return data;
  });
  return { answer, by, becauseOfNoise: mayWiden && known };
}

export function useTraffic(site: string, period: Period, by: By | undefined, versus: Versus, metric: Metric): Series<GetTrafficResponse> {
  return useSeries(
    { period, by, key: `traffic ${site} ${periodKey(period)} ${versus} ${metric === "views" ? "views" : "visits"}` },
    (points, signal) =>
      stats.getTraffic({ site, fromDate: period.from, toDate: period.to, granularity: KIND[points], compare: COMPARE[versus] }, { signal }),
    (data) => isRuledByNoise(trafficPoints(data.points, [], metric)),
  );
}

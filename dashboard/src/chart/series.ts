// The points of a chart, from an answer's messages. A point without a number keeps the reason.

import type { TrafficPoint, Value } from "../api/gen/headcount/v1/stats_pb";
import type { Interval } from "../format/number";
import type { Metric } from "../state/address";

export interface Point {
  readonly start: string;
  readonly end: string;
  readonly value: Interval | undefined;
  /** What is seen may be noise alone. */
  readonly isNoise: boolean;
  /** A `Reason` of the protocol, where there is no value. */
  readonly reason: number;
  /** The same point of what is compared with. */
  readonly previous: Interval | undefined;
}

export function intervalOf(value: Value | undefined): Interval | undefined {
  if (value?.estimate === undefined) return undefined;
  return { estimate: value.estimate, low: value.low, high: value.high };
}

export function pointOf(at: { start: string; end: string }, value: Value | undefined, previous: Value | undefined): Point {
  return {
    start: at.start,
    end: at.end,
    value: intervalOf(value),
    isNoise: value?.noisyZero ?? false,
    reason: value?.reason ?? 0,
    previous: intervalOf(previous),
  };
}

export function trafficPoints(points: TrafficPoint[], previous: TrafficPoint[], metric: Metric): Point[] {
  return points.map((point, at) => pointOf(point, point[metric], previous[at]?.[metric]));
}

/** From this share of the median value on, a half-width makes the shape of a line noise. */
const NOISY_SHARE = 0.25;

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Whether noise rules: the median half-width is over a quarter of the median value. */
export function isRuledByNoise(points: readonly Point[]): boolean {
  const values = points.flatMap((point) => point.value ?? []);
  if (values.length < 2) return false;
  const half = median(values.map((value) => Number(value.high - value.low) / 2));
  return half > NOISY_SHARE * median(values.map((value) => Number(value.estimate)));
}

// Where things stand in the chart, in pixels. Pure: points and a size in, numbers and paths out. The axis begins at zero always.

import type { Interval } from "../format/number";
import type { Point } from "./series";

export interface Size {
  readonly width: number;
  readonly height: number;
}

export const MARGIN = { top: 12, right: 10, bottom: 26 } as const;

/** A normal interval of 50 % is this part of one of 95 %: 0.6745 / 1.96 standard errors. */
export const HALF_OF_95 = 0.344;

/** Round steps of 1, 2 or 5 from zero to the first at or above `max`; about `wanted` of them. */
export function ticks(max: number, wanted = 4): number[] {
  if (!(max > 0)) return [0, 1];
  const rough = max / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10));
  const all: number[] = [];
  for (let value = 0; ; value += step) {
    all.push(value);
    if (value >= max || all.length > 12) return all;
  }
}

export interface Frame {
  readonly size: Size;
  readonly left: number;
  readonly max: number;
  readonly slots: number;
}

export function frame(points: readonly Point[], size: Size, left: number, top: number): Frame {
  return { size, left, max: top, slots: Math.max(1, points.length) };
}

/** The largest number that is drawn. */
export function largest(points: readonly Point[]): number {
  return points.reduce((most, { value, previous }) => Math.max(most, Number(value?.high ?? 0n), Number(previous?.estimate ?? 0n)), 0);
}

export const slotWidth = (f: Frame): number => (f.size.width - f.left - MARGIN.right) / f.slots;
export const x = (f: Frame, slot: number): number => round(f.left + (slot + 0.5) * slotWidth(f));

export function y(f: Frame, value: number): number {
  const inner = f.size.height - MARGIN.top - MARGIN.bottom;
  return round(MARGIN.top + inner * (1 - Math.min(value, f.max) / f.max));
}

/** The slot under a pixel. */
export function slotAt(f: Frame, pixel: number): number {
  return Math.min(f.slots - 1, Math.max(0, Math.floor((pixel - f.left) / slotWidth(f))));
}

const round = (pixels: number): number => Math.round(pixels * 10) / 10;

/** Slots that follow each other and have what is asked for. */
export function runs(points: readonly Point[], has: (point: Point) => boolean): number[][] {
  const all: number[][] = [];
  points.forEach((point, slot) => {
    if (!has(point)) return;
    const last = all.at(-1);
    if (last?.at(-1) === slot - 1) last.push(slot);
    else all.push([slot]);
  });
  return all;
}

/** A line through the numbers of neighbours; it breaks where one is missing. */
export function line(f: Frame, points: readonly Point[], of: (point: Point) => Interval | undefined): string {
  return runs(points, (point) => of(point) !== undefined)
    .filter((run) => run.length > 1)
    .map((run) => "M" + run.map((slot) => `${x(f, slot)},${y(f, Number(of(points[slot]!)!.estimate))}`).join("L"))
    .join("");
}

/** The ends of the band of 50 or 95 %: each end at its own distance from the estimate. */
export function ends(value: Interval, level: 50 | 95): [number, number] {
  const [estimate, low, high] = [Number(value.estimate), Number(value.low), Number(value.high)];
  const part = level === 95 ? 1 : HALF_OF_95;
  return [estimate - (estimate - low) * part, estimate + (high - estimate) * part];
}

/** The area between the ends. A number without neighbours gets half a slot. */
export function band(f: Frame, points: readonly Point[], level: 50 | 95): string {
  return runs(points, (point) => point.value !== undefined)
    .map((run) => {
      const at = run.map((slot) => ({ x: x(f, slot), ends: ends(points[slot]!.value!, level) }));
      if (at.length === 1) {
        const half = Math.min(14, slotWidth(f) / 4);
        at.unshift({ ...at[0]!, x: round(at[0]!.x - half) });
        at[1] = { ...at[1]!, x: round(at[1]!.x + half) };
      }
      const upper = at.map((p) => `${p.x},${y(f, p.ends[1])}`);
      const lower = at.map((p) => `${p.x},${y(f, p.ends[0])}`).reverse();
      return `M${[...upper, ...lower].join("L")}Z`;
    })
    .join("");
}

export interface Gap {
  readonly x: number;
  readonly width: number;
  readonly reason: number;
}

/** Neighbours without a number for the same reason are one gap. */
export function gaps(f: Frame, points: readonly Point[]): Gap[] {
  const reasons = [...new Set(points.filter((point) => !point.value).map((point) => point.reason))];
  return reasons.flatMap((reason) =>
    runs(points, (point) => !point.value && point.reason === reason).map((run) => ({
      x: round(f.left + run[0]! * slotWidth(f)),
      width: round(run.length * slotWidth(f)),
      reason,
    })),
  );
}

/** The slots whose label is written: as many as fit, at even steps. */
export function labelled(f: Frame, labelWidth: number): number[] {
  const fitting = Math.max(1, Math.floor((f.size.width - f.left - MARGIN.right) / labelWidth));
  const step = [1, 2, 3, 4, 6, 7, 14, 28].find((candidate) => Math.ceil(f.slots / candidate) <= fitting) ?? Math.ceil(f.slots / fitting);
  return Array.from({ length: Math.ceil(f.slots / step) }, (_, index) => index * step);
}

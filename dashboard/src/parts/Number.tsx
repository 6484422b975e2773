// A published number on the page: never without its interval, and spoken as a sentence. Where there is none, a sign and a reason.

import type { Change, Value } from "../api/gen/headcount/v1/stats_pb";
import { intervalOf } from "../chart/series";
import { type ChangeInterval, changeSize } from "../format/change";
import { count, type Interval, parts, percent } from "../format/number";
import { language } from "../state/settings";
import { words } from "../words";

/** Signs of official statistics: `x` suppressed, `…` not available, `-` no such figure. */
export function symbolOf(reason: number): "x" | "…" | "-" {
  if (reason === 8) return "x";
  return reason === 1 || reason === 5 || reason === 6 || reason === 0 ? "…" : "-";
}

export const reasonText = (reason: number): string => words().reason[reason] ?? words().reason[0]!;

/** The estimate and what stands behind it, each in a part of its own so that columns align. */
export function Figure({ value }: { value: Interval }) {
  const [estimate, spread] = parts(value, language.value);
  return (
    <span class="number">
      <span aria-hidden="true">
        <span class="estimate">{estimate}</span>{" "}
        <span class="spread">{spread}</span>
      </span>
      <span class="unseen">{words().value.spoken(value, spread.startsWith("±"))}</span>
    </span>
  );
}

/** A cell of a table. */
export function Cell({ value }: { value: Value | undefined }) {
  const known = intervalOf(value);
  if (known) return <Figure value={known} />;
  const reason = value?.reason ?? 0;
  return (
    <span class="number missing">
      <span aria-hidden="true">{symbolOf(reason)}</span>
      <span class="unseen">{reasonText(reason)}</span>
    </span>
  );
}

/** The message as the texts of changes take it; absent where there is no change to tell. */
export function changeOf(change: Change | undefined): ChangeInterval | undefined {
  if (change?.estimate === undefined) return undefined;
  return { estimate: change.estimate, low: change.low, high: change.high, isWithinNoise: change.withinNoise };
}

/** Characters of a change that are kept together. */
const WHOLE_MAX = 14;

/** A change: with a direction only where it is more than the noise. `short` leaves the words to those who listen. */
export function ChangeMark({ change, short = false }: { change: Change | undefined; short?: boolean }) {
  const w = words().change;
  const known = changeOf(change);
  if (change === undefined || known === undefined) {
    return short ? <span class="change none"><span aria-hidden="true">-</span><span class="unseen">{w.noComparison}</span></span> : <span class="change none">{w.noComparison}</span>;
  }
  if (known.isWithinNoise) {
    return (
      <span class="change within">
        <span aria-hidden="true">≈ </span>
        {short ? <><span aria-hidden="true">{w.withinShort}</span><span class="unseen">{w.within}</span></> : w.within}
      </span>
    );
  }
  const up = known.estimate > 0n;
  // A number and its ± stay on one line, where they are short enough for the narrowest window.
  const text = changeSize(known, language.value);
  const size = text.length <= WHOLE_MAX ? text.replaceAll(" ", "\u00a0") : text;
  const share = change.percent === undefined ? "" : ` (${up ? "+" : "−"}${percent(Math.abs(change.percent), language.value)})`;
  const said = (up ? w.more : w.less)(size);
  return (
    <span class={`change ${up ? "up" : "down"}`}>
      <span aria-hidden="true">{up ? "▲ " : "▼ "}</span>
      {short ? <><span aria-hidden="true">{size}</span><span class="unseen">{said}</span></> : said}
      {!short && share !== "" && <span class="share">{share}</span>}
    </span>
  );
}

/** Bar from zero, whisker over its end, no caps: for the eye; the number stands beside it. */
export function Bar({ value, most }: { value: Interval | undefined; most: number }) {
  if (!value || most <= 0) return null;
  const at = (n: bigint): number => Math.round((Number(n) / most) * 640) / 10;
  return (
    <svg class="rowbar" viewBox="0 0 64 14" width="64" height="14" aria-hidden="true" focusable="false">
      <rect class="fill" x="0" y="3" width={at(value.estimate)} height="8" />
      <line class="whisker" x1={at(value.low)} x2={Math.max(at(value.high), at(value.low) + 0.5)} y1="7" y2="7" />
    </svg>
  );
}

export const plain = (n: number): string => count(BigInt(n), language.value);

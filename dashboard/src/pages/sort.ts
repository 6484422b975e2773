// The order of rows. By a change only where it is more than the noise: the rest keeps the order that the server gave.

import type { Change, TopRow } from "../api/gen/headcount/v1/stats_pb";
import { PAGE, PROFILE, isOrdered } from "../state/tables";
import { binRank, hourRank } from "./ranks";

export type Column = "order" | "key" | "value" | "change";

/** How far a change reaches beyond the noise, for sorting: zero within it. */
export function beyondNoise(change: Change | undefined): number {
  return change?.estimate === undefined || change.withinNoise ? 0 : Number(change.estimate);
}

/** Largest changes first, up before down of the same size; what is within the noise stays where it was. */
export function byChange(a: Change | undefined, b: Change | undefined): number {
  return Math.abs(beyondNoise(b)) - Math.abs(beyondNoise(a)) || beyondNoise(b) - beyondNoise(a);
}

export function sortRows(rows: readonly TopRow[], column: Column, table: number): TopRow[] {
  const sorted = [...rows];
  switch (column) {
    case "order":
      return sorted.sort((a, b) => binRank(a.key) - binRank(b.key));
    case "key":
      if (table === PROFILE) return sorted.sort((a, b) => hourRank(a.key) - hourRank(b.key));
      if (isOrdered(table)) return sorted.sort((a, b) => binRank(a.key) - binRank(b.key));
      return sorted.sort((a, b) => (a.key < b.key ? -1 : 1));
    case "value": {
      const number = (row: TopRow) => Number((table === PAGE ? row.views : row.visits)?.estimate ?? -1n);
      return sorted.sort((a, b) => number(b) - number(a));
    }
    case "change":
      return sorted.sort((a, b) => byChange(a.change, b.change));
  }
}

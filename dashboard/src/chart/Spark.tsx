// A small line of weeks in a table row, with its band of 95 %. Its row says the numbers; here is the shape.

import { Reason } from "../api/gen/headcount/v1/stats_pb";
import { band, frame, gaps, largest, line, MARGIN } from "./geometry";
import type { Point } from "./series";

const WIDTH = 176;
const HEIGHT = 32;

export function Spark({ points, label }: { points: readonly Point[]; label: string }) {
  const top = Math.max(1, largest(points));
  // The frame of the chart without its margins.
  const f = frame(points, { width: WIDTH + MARGIN.right, height: HEIGHT + MARGIN.top + MARGIN.bottom }, 0, top);
  return (
    <svg class="spark" width={WIDTH} height={HEIGHT} viewBox={`0 ${MARGIN.top - 1} ${WIDTH} ${HEIGHT + 2}`} role="img" aria-label={label}>
      {gaps(f, points).filter((gap) => gap.reason === Reason.GAP).map((gap) => (
        <rect key={gap.x} class="sparkgap" x={gap.x} y={MARGIN.top} width={gap.width} height={HEIGHT} />
      ))}
      <path class="band95" d={band(f, points, 95)} />
      <path class="best" d={line(f, points, (point) => point.value)} />
    </svg>
  );
}

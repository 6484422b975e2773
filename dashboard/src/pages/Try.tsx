// "Try it": the same made-up day published 20 times with and without the reader, in two rows of dots. It moves only when asked.

import { useState } from "preact/hooks";
import { plain } from "../parts/Number";
import { prose } from "../words";
import { published } from "./odds";

const TIMES = 20;
const WIDTH = 560;
const ROW = 66;

function Dots({ values, low, high, row, label }: { values: number[]; low: number; high: number; row: number; label: string }) {
  const at = (value: number) => 16 + ((value - low) / Math.max(1, high - low)) * (WIDTH - 32);
  const stacked = new Map<number, number>();
  return (
    <g>
      <text x="0" y={row * ROW + 13}>{label}</text>
      {values.map((value, index) => {
        const height = stacked.get(value) ?? 0;
        stacked.set(value, height + 1);
        return <circle key={index} class={row === 0 ? "trydot" : "trydot you"} r="4" cx={at(value)} cy={row * ROW + 56 - height * 5} />;
      })}
    </g>
  );
}

export function Try({ visits, sigma }: { visits: number; sigma: number }) {
  const w = prose().privacy;
  const draw = () => ({ without: published(visits, sigma, TIMES), withYou: published(visits + 1, sigma, TIMES) });
  const [days, setDays] = useState(draw);
  const all = [...days.without, ...days.withYou];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const mean = (values: number[]) => (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(1);
  return (
    <section>
      <h2>{w.tryTitle}</h2>
      <p>{w.tryText(sigma.toFixed(1))}</p>
      <svg class="try" viewBox={`0 0 ${WIDTH} ${2 * ROW + 20}`} role="img" aria-label={w.tryChart}>
        <Dots values={days.without} low={low} high={high} row={0} label={w.tryWithout(plain(visits))} />
        <Dots values={days.withYou} low={low} high={high} row={1} label={w.tryWith(plain(visits + 1))} />
        <text x="16" y={2 * ROW + 16}>{plain(low)}</text>
        <text x={WIDTH - 16} y={2 * ROW + 16} text-anchor="end">{plain(high)}</text>
      </svg>
      <p role="status">{w.tryAfter(mean(days.without), mean(days.withYou))}</p>
      <p><button type="button" onClick={() => setDays(draw())}>{w.tryButton}</button></p>
    </section>
  );
}

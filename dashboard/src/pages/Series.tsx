// The chart with what belongs to it: its heading, how its points are cut, notes on noise, the same numbers as a table, and links.

import { Chart } from "../chart/Chart";
import { type Naming, pointNameFull } from "../chart/naming";
import { isRuledByNoise, type Point } from "../chart/series";
import { count, interval } from "../format/number";
import { Copy } from "../parts/Copy";
import { reasonText, symbolOf } from "../parts/Number";
import type { By } from "../state/address";
import { language } from "../state/settings";
import { words } from "../words";

function PointsTable({ points, naming, heading, previousName }: { points: readonly Point[]; naming: Naming; heading: string; previousName: string | undefined }) {
  const w = words();
  const number = (n: bigint) => count(n, language.value);
  return (
    <div class="wide" tabIndex={0} role="region" aria-label={w.chart.tableCaption(heading)}>
      <table class="points">
        <caption class="unseen">{w.chart.tableCaption(heading)}</caption>
        <thead>
          <tr>
            <th scope="col">{w.chart.when}</th>
            <th scope="col" class="right">{w.chart.estimate}</th>
            <th scope="col" class="right">{w.chart.low}</th>
            <th scope="col" class="right">{w.chart.high}</th>
            {previousName && <th scope="col" class="right">{previousName}</th>}
            <th scope="col">{w.chart.why}</th>
          </tr>
        </thead>
        <tbody>
          {points.map((point) => (
            <tr key={point.start}>
              <th scope="row">{pointNameFull(point, naming.by, language.value)}</th>
              <td class="right">{point.value ? number(point.value.estimate) : symbolOf(point.reason)}</td>
              <td class="right">{point.value ? number(point.value.low) : ""}</td>
              <td class="right">{point.value ? number(point.value.high) : ""}</td>
              {previousName && <td class="right">{point.previous ? interval(point.previous, language.value) : ""}</td>}
              <td>{point.value ? (point.isNoise ? w.value.noisyZero : "") : reasonText(point.reason)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Below this share of the axis the band is thinner than the line. */
const THIN_SHARE = 0.012;

function isThin(points: readonly Point[]): boolean {
  const values = points.flatMap((point) => point.value ?? []);
  const most = Math.max(...values.map((value) => Number(value.estimate)), 1);
  return values.length > 0 && values.every((value) => Number(value.high - value.low) < THIN_SHARE * most);
}

export interface SeriesProps {
  readonly heading: string;
  readonly points: readonly Point[];
  readonly naming: Naming;
  readonly choices: readonly By[];
  readonly becauseOfNoise: boolean;
  readonly previousName: string | undefined;
  readonly asTable: boolean;
  readonly isOld: boolean;
  readonly csv: string | undefined;
  readonly onBy: (by: By) => void;
  readonly onTable: (on: boolean) => void;
  readonly onOpen: ((point: Point) => void) | undefined;
}

export function SeriesSection(props: SeriesProps) {
  const { heading, points, naming, choices, previousName, asTable } = props;
  const w = words().chart;
  const note = props.becauseOfNoise ? w.noisyDays : isRuledByNoise(points) ? w.noisyStill : isThin(points) ? w.thin : undefined;
  return (
    <section class={`series${props.isOld ? " old" : ""}`} aria-labelledby="serieshead">
      <header>
        <h3 id="serieshead">{heading} <span class="muted">{w.by[naming.by]}</span></h3>
        {choices.length > 1 && (
          <div class="kinds" role="group" aria-label={w.bySwitch}>
            {choices.map((by) => (
              <button key={by} type="button" class="small" aria-pressed={by === naming.by} onClick={() => props.onBy(by)}>{w.by[by]}</button>
            ))}
          </div>
        )}
      </header>
      <Chart heading={heading} points={points} naming={naming} previousName={previousName} onOpen={props.onOpen} />
      <p class="note">{note}</p>
      <p class="links">
        <button type="button" class="small" aria-expanded={asTable} onClick={() => props.onTable(!asTable)}>{asTable ? w.hideTable : w.showTable}</button>
        {props.csv && <a class="button small" href={props.csv} download>{w.csv}</a>}
        <Copy text={() => location.href} label={w.copy} />
      </p>
      {asTable && <PointsTable points={points} naming={naming} heading={heading} previousName={previousName} />}
    </section>
  );
}

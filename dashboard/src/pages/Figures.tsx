// The four figures of a period with what changed, and the switch of the chart: the figure that is chosen is the one drawn.

import type { Change, GetTrafficResponse, Value } from "../api/gen/headcount/v1/stats_pb";
import { intervalOf } from "../chart/series";
import { percent, ratio } from "../format/number";
import { changeSentence } from "../format/change";
import { ChangeMark, changeOf, Figure, reasonText } from "../parts/Number";
import { type Metric, METRICS } from "../state/address";
import { language } from "../state/settings";
import { words } from "../words";

/** A number in its tile, or why there is none. */
export function Large({ value }: { value: Value | undefined }) {
  const known = intervalOf(value);
  if (!known) return <p class="large missing">— <span class="why">{reasonText(value?.reason ?? 0)}</span></p>;
  return (
    <p class="large">
      <Figure value={known} />
      {value?.noisyZero && <span class="why">{words().value.noisyZero}</span>}
    </p>
  );
}

/** What changed: a mark to see, a sentence to hear. */
export function Delta({ change, base }: { change: Change | undefined; base: string }) {
  const known = changeOf(change);
  if (!known) return null;
  return (
    <p class="delta">
      <span aria-hidden="true"><ChangeMark change={change} /></span>
      <span class="unseen">{changeSentence(known, base, language.value)}</span>
    </p>
  );
}

interface Props {
  readonly data: GetTrafficResponse | undefined;
  readonly metric: Metric;
  readonly previousName: string | undefined;
  readonly onChoose: (metric: Metric) => void;
}

export function Figures({ data, metric, previousName, onChoose }: Props) {
  const w = words();
  const total = data?.total;
  return (
    <div class="figures" role="group" aria-label={w.chart.metricSwitch}>
      {METRICS.map((name) => (
        <button key={name} type="button" class="figure" aria-pressed={metric === name} onClick={() => onChoose(name)}>
          <span class="label">{w.metric[name]}</span>
          {data && <Large value={total?.[name]} />}
          {previousName && <Delta change={data?.change?.[name]} base={previousName} />}
        </button>
      ))}
      <div class="figure">
        <span class="label">{w.metric.bounce}</span>
        {total && (
          <>
            <p class="large">{total.bouncePercent === undefined ? "—" : percent(total.bouncePercent, language.value)}</p>
            <p class="delta muted">
              {total.viewsPerVisit === undefined ? w.bounceMissing : w.bounceNote(ratio(total.viewsPerVisit))}
            </p>
          </>
        )}
      </div>
    </div>
  );
}

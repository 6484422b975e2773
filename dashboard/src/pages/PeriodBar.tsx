// The period: its length, earlier and later, a range of days, and what it is compared with.

import { useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";
import type { Site } from "../api/gen/headcount/v1/stats_pb";
import { type Kind, type Period, periodAt, step } from "../format/dates";
import { periodWords } from "../format/datewords";
import { type KeyRoute, routeText, type SiteRoute, type Versus, VERSUS } from "../state/address";
import { go } from "../state/route";
import { language } from "../state/settings";
import { useShortcuts } from "../state/shortcuts";
import { words } from "../words";

type Dated = SiteRoute | KeyRoute;

/** The period of another length where the reader is: it ends no later than what is published. */
export function changeKind(period: Period, kind: Kind, site: Pick<Site, "lastDate">): Period {
  const date = site.lastDate !== "" && period.to > site.lastDate && period.from <= site.lastDate ? site.lastDate : period.to;
  return periodAt(kind, date);
}

/** Whether there can be numbers before (-1) or after (1) the period. */
export function canStep(period: Period, by: -1 | 1, site: Pick<Site, "firstDate" | "lastDate">): boolean {
  const next = step(period, by);
  return by < 0 ? next.to >= site.firstDate : next.from <= site.lastDate;
}

function Range({ period, site, onChoose, onClose }: { period: Period; site: Site; onChoose: (period: Period) => void; onClose: () => void }) {
  const w = words().period;
  const from = useSignal(period.from);
  const to = useSignal(period.to > site.lastDate ? site.lastDate : period.to);
  const wrong = from.value > to.value;
  const submit = (event: Event) => {
    event.preventDefault();
    if (!wrong && from.value !== "" && to.value !== "") onChoose({ kind: "range", from: from.value, to: to.value });
  };
  return (
    <form class="range" onSubmit={submit} onKeyDown={(event) => event.key === "Escape" && onClose()}>
      <label>{w.rangeFrom} <input type="date" ref={(field) => void (document.activeElement === document.body && field?.focus())} value={from.value} max={site.lastDate} onInput={(event) => (from.value = event.currentTarget.value)} /></label>
      <label>{w.rangeTo} <input type="date" value={to.value} max={site.lastDate} onInput={(event) => (to.value = event.currentTarget.value)} /></label>
      <button type="submit" disabled={wrong}>{w.rangeShow}</button>
      {wrong && <p role="alert">{w.rangeWrong}</p>}
    </form>
  );
}

export function PeriodBar({ route, period, site }: { route: Dated; period: Period; site: Site }) {
  const w = words().period;
  const choosing = useSignal(false);
  const bar = useRef<HTMLDivElement>(null);
  const show = (next: Period) => {
    choosing.value = false;
    go({ ...route, period: next, by: undefined });
  };
  const kind = (next: Kind) => show(changeKind(period, next, site));
  const move = (by: -1 | 1) => canStep(period, by, site) && show(step(period, by));
  const compare = (versus: Versus) => go({ ...route, versus }, "replace");
  useShortcuts({
    d: () => kind("day"),
    w: () => kind("week"),
    m: () => kind("month"),
    y: () => kind("year"),
    c: () => (choosing.value = !choosing.value),
    x: () => compare(route.versus === "none" ? "previous" : "none"),
    ArrowLeft: () => move(-1),
    ArrowRight: () => move(1),
  });
  const stepLink = (by: -1 | 1, sign: string, label: string) =>
    canStep(period, by, site) ? (
      <a class="button step" href={routeText({ ...route, period: step(period, by), by: undefined })} aria-label={label}>{sign}</a>
    ) : (
      <span class="button step off" aria-hidden="true">{sign}</span>
    );
  return (
    <div class="periods" ref={bar}>
      <div class="kinds" role="group" aria-label={w.label}>
        {(["day", "week", "month", "year"] as const).map((name) => (
          <button key={name} type="button" aria-pressed={period.kind === name} onClick={() => kind(name)}>{w.kind[name]}</button>
        ))}
        <button type="button" aria-pressed={period.kind === "range"} aria-expanded={choosing.value} onClick={() => (choosing.value = !choosing.value)}>{w.kind.range}</button>
      </div>
      <div class="stepper">
        {stepLink(-1, "‹", w.earlier)}
        <h2>{periodWords(period, language.value)}</h2>
        {stepLink(1, "›", w.later)}
      </div>
      <label class="compare">
        {w.compare}{" "}
        <select value={route.versus} onChange={(event) => compare(VERSUS.find((v) => v === event.currentTarget.value) ?? "previous")}>
          <option value="none">{w.compareNone}</option>
          <option value="previous">{w.comparePrevious}</option>
          <option value="year">{w.compareYear}</option>
        </select>
      </label>
      {choosing.value && <Range period={period} site={site} onChoose={show} onClose={() => (choosing.value = false)} />}
    </div>
  );
}

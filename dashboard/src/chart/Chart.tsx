// A series with its intervals: line, bands of 50 and 95 %, the period before, gaps with their reason. A slider for the keyboard and
// for screen readers lies over it and says one point as a sentence; the same numbers stand in a table.

import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { count } from "../format/number";
import { language } from "../state/settings";
import { words } from "../words";
import * as geometry from "./geometry";
import { axisLabel, sentence, type Naming } from "./naming";
import { type Point } from "./series";

export interface ChartProps {
  readonly heading: string;
  readonly points: readonly Point[];
  readonly naming: Naming;
  readonly previousName: string | undefined;
  readonly onOpen: ((point: Point) => void) | undefined;
}

const HEIGHT = 264;
const HEIGHT_NARROW = 220;
const NARROW = 560;

/** The width that the page gives, in pixels, so that texts keep their size. */
function useWidth(): [{ current: HTMLDivElement | null }, number] {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    setWidth(element.clientWidth);
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [box, width];
}

function Hatching({ name }: { name: string }) {
  return (
    <pattern id={name} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <line x1="0" y1="0" x2="0" y2="6" class="hatch" />
    </pattern>
  );
}

function Axes({ f, ticks, points, naming }: { f: geometry.Frame; ticks: number[]; points: readonly Point[]; naming: Naming }) {
  const bottom = geometry.y(f, 0);
  const labels = geometry.labelled(f, language.value === "ja" ? 46 : 58);
  return (
    <g class="axes">
      {ticks.map((tick) => (
        <g key={tick}>
          <line class={tick === 0 ? "zero" : "grid"} x1={f.left} x2={f.size.width - geometry.MARGIN.right} y1={geometry.y(f, tick)} y2={geometry.y(f, tick)} />
          <text x={f.left - 8} y={geometry.y(f, tick) + 4} text-anchor="end">
            {count(BigInt(Math.round(tick)), language.value, "short")}
          </text>
        </g>
      ))}
      {labels.map((slot) => (
        <text key={slot} x={geometry.x(f, slot)} y={bottom + 18} text-anchor="middle">
          {axisLabel(points[slot]!, naming, language.value)}
        </text>
      ))}
    </g>
  );
}

function Gaps({ f, points }: { f: geometry.Frame; points: readonly Point[] }) {
  const top = geometry.MARGIN.top;
  const height = geometry.y(f, 0) - top;
  return (
    <g class="gaps">
      {geometry.gaps(f, points).map((gap) => {
        const text = words().reason[gap.reason] ?? words().reason[0]!;
        const name = text.split(/[（(]/)[0]!;
        return (
          <g key={gap.x}>
            <rect x={gap.x} y={top} width={gap.width} height={height} fill="url(#gap)" />
            {gap.width > name.length * (language.value === "ja" ? 13 : 7) && (
              <text x={gap.x + gap.width / 2} y={top + 18} text-anchor="middle">
                {name}
              </text>
            )}
          </g>
        );
      })}
    </g>
  );
}

function Marks({ f, points }: { f: geometry.Frame; points: readonly Point[] }) {
  const own = (point: Point) => point.value;
  const alone = geometry.runs(points, (point) => point.value !== undefined).filter((run) => run.length === 1);
  const dots = geometry.slotWidth(f) > 14 ? points.map((_, slot) => slot) : alone.flat();
  return (
    <g>
      <path class="band95" d={geometry.band(f, points, 95)} />
      <path class="band50" d={geometry.band(f, points, 50)} />
      <path class="before" d={geometry.line(f, points, (point) => point.previous)} />
      <path class="best" d={geometry.line(f, points, own)} />
      {dots.map((slot) => {
        const value = points[slot]!.value;
        return value && <circle key={slot} class="dot" r="2.5" cx={geometry.x(f, slot)} cy={geometry.y(f, Number(value.estimate))} />;
      })}
    </g>
  );
}

function Cursor({ f, point, slot }: { f: geometry.Frame; point: Point; slot: number }) {
  const at = geometry.x(f, slot);
  return (
    <g class="cursor">
      <line x1={at} x2={at} y1={geometry.MARGIN.top} y2={geometry.y(f, 0)} />
      {point.previous && <circle class="cursorbefore" r="4" cx={at} cy={geometry.y(f, Number(point.previous.estimate))} />}
      {point.value && <circle class="cursordot" r="5" cx={at} cy={geometry.y(f, Number(point.value.estimate))} />}
    </g>
  );
}

function Legend({ previousName }: { previousName: string | undefined }) {
  const w = words().chart.legend;
  return (
    <ul class="legend">
      <li><svg width="22" height="12" aria-hidden="true"><path class="best" d="M0,6H22" /></svg>{w.best}</li>
      <li><svg width="22" height="12" aria-hidden="true"><rect class="band50" width="22" height="12" /></svg>{w.band50}</li>
      <li><svg width="22" height="12" aria-hidden="true"><rect class="band95" x=".5" y=".5" width="21" height="11" /></svg>{w.band95}</li>
      {previousName && (
        <li><svg width="22" height="12" aria-hidden="true"><path class="before" d="M0,6H22" /></svg>{w.previous(previousName)}</li>
      )}
    </ul>
  );
}

/** Where the reader is in the series: the last point with a number at first. */
function useSlot(points: readonly Point[]) {
  const slot = useSignal(-1);
  const last = points.findLastIndex((point) => point.value !== undefined);
  const start = points[0]?.start;
  useEffect(() => {
    slot.value = -1;
  }, [start, points.length]);
  const at = slot.value < 0 || slot.value >= points.length ? Math.max(0, last) : slot.value;
  const move = (to: number) => {
    slot.value = Math.min(points.length - 1, Math.max(0, to));
  };
  return { at, move };
}

export function Chart({ heading, points, naming, previousName, onOpen }: ChartProps) {
  const w = words().chart;
  const [box, width] = useWidth();
  const { at, move } = useSlot(points);
  const [byKeyboard, setByKeyboard] = useState(false);
  const size = { width: Math.max(width, 240), height: width > 0 && width < NARROW ? HEIGHT_NARROW : HEIGHT };
  const ticks = geometry.ticks(geometry.largest(points));
  const top = ticks.at(-1)!;
  const widest = Math.max(...ticks.map((tick) => count(BigInt(Math.round(tick)), language.value, "short").length));
  const f = geometry.frame(points, size, 18 + widest * 8, top);
  const point = points[at];
  const said = point ? sentence(point, naming, previousName, language.value) : w.nothing;
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moves: Record<string, number> = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, Home: 0, End: points.length - 1, PageUp: at + 7, PageDown: at - 7 };
    const to = moves[event.key];
    if (to !== undefined) move(to);
    else if (event.key === "Enter" && point && onOpen) onOpen(point);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onPointer = (event: PointerEvent) => {
    const left = box.current!.getBoundingClientRect().left;
    move(geometry.slotAt(f, event.clientX - left));
  };
  return (
    <figure class="chart">
      <Legend previousName={previousName} />
      <div
        class="plot"
        ref={box}
        role="slider"
        tabIndex={0}
        aria-label={w.slider(heading)}
        aria-valuemin={1}
        aria-valuemax={Math.max(1, points.length)}
        aria-valuenow={at + 1}
        aria-valuetext={said}
        aria-describedby="charthelp"
        onKeyDown={onKey}
        onFocus={() => setByKeyboard(true)}
        onBlur={() => setByKeyboard(false)}
        onPointerMove={onPointer}
        onPointerDown={onPointer}
        onDblClick={() => point && onOpen?.(point)}
      >
        {width > 0 && points.length > 0 && (
          <svg width={size.width} height={size.height} aria-hidden="true" focusable="false">
            <defs>
              <Hatching name="gap" />
            </defs>
            <Axes f={f} ticks={ticks} points={points} naming={naming} />
            <Gaps f={f} points={points} />
            <Marks f={f} points={points} />
            {point && <Cursor f={f} point={point} slot={at} />}
          </svg>
        )}
      </div>
      <p id="charthelp" class="unseen">{w.keyboard}</p>
      <div class="readout">
        <button type="button" class="small" aria-label={w.previousPoint} onClick={() => move(at - 1)} disabled={at <= 0}>‹</button>
        <button type="button" class="small" aria-label={w.nextPoint} onClick={() => move(at + 1)} disabled={at >= points.length - 1}>›</button>
        {/* The slider itself says the sentence while it has the focus; saying it twice would be noise. */}
        <p role="status" aria-live={byKeyboard ? "off" : "polite"}>{said}</p>
        {point && onOpen && (
          <button type="button" class="small" onClick={() => onOpen(point)}>{w.open}</button>
        )}
      </div>
    </figure>
  );
}

// One table of a site: its rows with number, bar and change. Rows that may be noise are folded into one line.

import { useSignal } from "@preact/signals";
import { type ListTopResponse, Reason, type Site, type TopRow, type Value } from "../api/gen/headcount/v1/stats_pb";
import { stats } from "../api/client";
import { intervalOf } from "../chart/series";
import type { Period } from "../format/dates";
import { Bar, Cell, ChangeMark, plain } from "../parts/Number";
import { Loading, Refused } from "../parts/States";
import { type KeyRoute, routeText, type SiteRoute } from "../state/address";
import { useAnswer } from "../state/ask";
import { language } from "../state/settings";
import { periodKey } from "../state/sites";
import { CAMPAIGN, isOrdered, PAGE, RESPONSE_SIZE, tableName } from "../state/tables";
import { words } from "../words";
import { isGathering, keyText } from "./keytext";
import { type Column, sortRows } from "./sort";
import { COMPARE } from "./traffic";

const ROWS_ASKED = 200;
const ROWS_AT_FIRST = 10;
const ROWS_MORE = 40;

export const numberOf = (row: TopRow, table: number): Value | undefined => (table === PAGE ? row.views : row.visits);

function KeyCell({ row, table, route, period }: { row: TopRow; table: number; route: SiteRoute; period: Period }) {
  const text = keyText(row.key, table, language.value);
  if (isGathering(row.key)) return <>{text}</>;
  const to: KeyRoute = { page: "key", site: route.site, period: route.period && period, versus: route.versus, asTable: false, table, key: row.key };
  return <a href={routeText(to)} title={text}><span class="keytext">{text}</span></a>;
}

function Rows({ rows, table, route, period, most, compared }: { rows: TopRow[]; table: number; route: SiteRoute; period: Period; most: number; compared: boolean }) {
  const w = words();
  return (
    <>
      {rows.map((row) => {
        const value = numberOf(row, table);
        return (
          <tr key={row.key}>
            <th scope="row" class="key"><KeyCell row={row} table={table} route={route} period={period} /></th>
            <td class="value"><Cell value={value} />{value?.noisyZero && <span class="zero">{w.value.noisyZero}</span>}{compared && <span class="inline"><ChangeMark change={row.change} short /></span>}</td>
            <td class="bars"><Bar value={intervalOf(value)} most={most} /></td>
            {compared && <td class="delta"><ChangeMark change={row.change} short /></td>}
          </tr>
        );
      })}
    </>
  );
}

function Heads({ table, column, compared, onSort }: { table: number; column: Column; compared: boolean; onSort: (column: Column) => void }) {
  const w = words();
  const head = (name: Column, text: string, style: string) => (
    <th scope="col" class={style} aria-sort={column === name ? (name === "key" ? "ascending" : "descending") : "none"}>
      <button type="button" class="sort" onClick={() => onSort(name)} title={w.rows.sortBy(text)}>{text}</button>
    </th>
  );
  return (
    <tr>
      {head("key", w.table[table]!.key, "key")}
      {head("value", table === PAGE ? w.metric.views : w.metric.visits, "value right")}
      <td class="bars" />
      {compared && head("change", w.change.column, "delta")}
    </tr>
  );
}

/** Why a table says nothing, where there is something to do about it. */
function hint(data: ListTopResponse, table: number): string | undefined {
  const above = data.rows.filter((row) => !numberOf(row, table)?.noisyZero);
  const only = above.length === 1 ? above[0]!.key : undefined;
  const w = words().rows;
  const name = only === undefined ? undefined : w.onlyKey[only];
  if (name === undefined || only === "(direct)") return undefined;
  return `${w.allOne(name)} ${table === CAMPAIGN ? w.feedCampaign : w.feedLog}`;
}

function percentiles(data: ListTopResponse, table: number): string | undefined {
  if (data.percentiles.length === 0) return undefined;
  const w = words().rows;
  const unit = (value: number) => (table === RESPONSE_SIZE ? `${plain(Math.round(value / 1024))} KiB` : `${plain(Math.round(value))} ms`);
  const parts = data.percentiles.map((one) => w.below(one.percent, unit(one.value)));
  return w.percentiles(parts.join(language.value === "ja" ? "、" : ", "));
}

function Body({ data, table, route, period, site }: { data: ListTopResponse; table: number; route: SiteRoute; period: Period; site: Site }) {
  const w = words().rows;
  const column = useSignal<Column>(isOrdered(table) ? "order" : "value");
  const shown = useSignal(ROWS_AT_FIRST);
  const open = useSignal(false);
  const compared = data.previousScope !== undefined && data.rows.some((row) => row.change?.estimate !== undefined);
  const rows = sortRows(data.rows, column.value, table);
  const above = rows.filter((row) => !numberOf(row, table)?.noisyZero);
  const noise = rows.filter((row) => numberOf(row, table)?.noisyZero);
  const most = Math.max(0, ...above.map((row) => Number(numberOf(row, table)?.high ?? 0n)));
  const visible = above.slice(0, shown.value);
  const text = hint(data, table);
  if (text !== undefined) return <p class="muted">{text}</p>;
  const part = { table, route, period, most, compared };
  return (
    <>
      {rows.length > 0 && <table class="top">
        <thead><Heads table={table} column={column.value} compared={compared} onSort={(next) => (column.value = next)} /></thead>
        <tbody>
          <Rows rows={visible} {...part} />
          {open.value && <Rows rows={noise} {...part} />}
          {data.other && (
            <tr class="other">
              <th scope="row" class="key">{w.other}</th>
              <td class="value"><Cell value={data.other} /></td>
              <td class="bars" />
              {compared && <td class="delta" />}
            </tr>
          )}
        </tbody>
      </table>}
      {above.length === 0 && <p class="muted">{rows.length > 0 ? w.noneAbove : route.find === "" ? w.empty : w.none}</p>}
      <p class="links">
        {above.length > visible.length && <button type="button" class="small" onClick={() => (shown.value += ROWS_MORE)}>{w.more(above.length - visible.length)}</button>}
        {noise.length > 0 && <button type="button" class="small" aria-expanded={open.value} onClick={() => (open.value = !open.value)}>{open.value ? w.hideNoise : w.noise(noise.length)}</button>}
        <a class="button small" href={`/data/${encodeURIComponent(site.site)}/${tableName(table)}.csv?${new URLSearchParams({ from: period.from, to: period.to })}`} download>{w.csv}</a>
      </p>
      {percentiles(data, table) && <p class="note">{percentiles(data, table)}</p>}
      {data.source !== "" && <p class="note">{words().foot.source(data.source)}</p>}
    </>
  );
}

/** Whether the answer says that the site does not count this table. */
const isNotCounted = (data: ListTopResponse): boolean => data.rows.length === 0 && data.missing.some((one) => one.reason === Reason.NOT_COUNTED);

export function TopTable({ table, route, site, period }: { table: number; route: SiteRoute; site: Site; period: Period }) {
  const w = words();
  const key = `top ${site.site} ${table} ${periodKey(period)} ${route.versus} ${route.find}`;
  const answer = useAnswer(key, (signal) =>
    stats.listTop({ site: site.site, table, fromDate: period.from, toDate: period.to, pageSize: ROWS_ASKED, compare: COMPARE[route.versus], contains: route.find }, { signal }),
  );
  const refused = answer.failure?.kind === "refused" ? answer.failure : undefined;
  return (
    <section class={`toptable${answer.isOld ? " old" : ""}`} aria-labelledby={`table-${table}`}>
      <h4 id={`table-${table}`}>{w.table[table]!.title}</h4>
      {refused && <Refused failure={refused} />}
      {!refused && !answer.data && <Loading class="rows" />}
      {answer.data && (isNotCounted(answer.data) ? <p class="muted">{w.rows.notCounted}</p> : <Body data={answer.data} table={table} route={route} period={period} site={site} />)}
    </section>
  );
}

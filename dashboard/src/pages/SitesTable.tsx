// The rows of the overview: a site, its visits, what changed, its weeks, and what needs attention.

import type { SiteOverview } from "../api/gen/headcount/v1/stats_pb";
import type { Point } from "../chart/series";
import { Spark } from "../chart/Spark";
import { addDays } from "../format/dates";
import { axisDay } from "../format/datewords";
import { changeSize } from "../format/change";
import { Cell, ChangeMark, changeOf } from "../parts/Number";
import { type OverviewRoute, routeText, siteRoute, type Sort } from "../state/address";
import { go } from "../state/route";
import { language } from "../state/settings";
import { words } from "../words";
import { type Attention, attentionOf } from "./attention";

/** How many weeks a row shows. */
export const WEEKS = 13;

export function weeksOf(site: SiteOverview): Point[] {
  return site.weekEstimates.map((estimate, at) => {
    const start = site.weeksFromDate === "" ? "" : addDays(site.weeksFromDate, at * 7);
    const reason = site.weekReasons[at] ?? 0;
    return {
      start,
      end: start === "" ? "" : addDays(start, 6),
      value: reason === 0 ? { estimate, low: estimate - (site.weekBelow[at] ?? 0n), high: estimate + (site.weekAbove[at] ?? 0n) } : undefined,
      isNoise: false,
      reason,
      previous: undefined,
    };
  });
}

function attentionText(one: Attention, site: SiteOverview): string {
  const w = words().overview.state;
  switch (one.what) {
    case "late":
      return w.late(one.days);
    case "gap":
      return w.gap(one.days);
    case "errors": {
      const errors = changeOf(site.errors);
      return errors ? w.errors(changeSize(errors, language.value)) : "";
    }
    case "empty":
      return w.empty;
  }
}

function Row({ site, route, now }: { site: SiteOverview; route: OverviewRoute; now: number }) {
  const w = words().overview;
  const weeks = weeksOf(site);
  const last = weeks.at(-1);
  const notes = attentionOf(site, now).map((one) => attentionText(one, site));
  return (
    <tr>
      <th scope="row" class="key">
        <a href={routeText(siteRoute(site.site, { period: route.period }))}>{site.title || site.site}</a>
        {notes.length > 0 && <span class="attention"><span aria-hidden="true">⚠ </span>{notes.join(language.value === "ja" ? "、" : "; ")}</span>}
      </th>
      <td class="value"><Cell value={site.visits} />{site.visits?.noisyZero && <span class="zero">{words().value.noisyZero}</span>}<span class="inline"><ChangeMark change={site.change} short /></span></td>
      <td class="delta"><ChangeMark change={site.change} short /></td>
      <td class="weeks">
        {last && last.start !== "" && <Spark points={weeks} label={w.spark(axisDay(site.weeksFromDate, language.value), axisDay(last.end, language.value))} />}
      </td>
    </tr>
  );
}

export function SitesTable({ title, sites, route, now }: { title: string; sites: SiteOverview[]; route: OverviewRoute; now: number }) {
  const w = words();
  const head = (sort: Sort, text: string, style: string) => (
    <th scope="col" class={style} aria-sort={route.sort === sort ? (sort === "site" ? "ascending" : "descending") : "none"}>
      <button type="button" class="sort" title={w.rows.sortBy(text)} onClick={() => go({ ...route, sort: route.sort === sort ? "attention" : sort }, "replace")}>{text}</button>
    </th>
  );
  return (
    <section>
      <h3>{title}</h3>
      <table class="top sites">
        <caption class="unseen">{title}</caption>
        <thead>
          <tr>
            {head("site", w.overview.column.site, "key")}
            {head("visits", w.overview.column.visits, "value right")}
            {head("change", w.overview.column.change, "delta")}
            <th scope="col" class="weeks">{w.overview.column.weeks(WEEKS)}</th>
          </tr>
        </thead>
        <tbody>
          {sites.map((site) => <Row key={site.site} site={site} route={route} now={now} />)}
        </tbody>
      </table>
      {route.sort === "change" && <p class="note">{w.overview.sortWithin}</p>}
    </section>
  );
}

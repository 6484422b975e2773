// One key of a table over time: a page, a referrer, a country.

import type { GetKeySeriesResponse, Site as SiteMessage } from "../api/gen/headcount/v1/stats_pb";
import { stats } from "../api/client";
import { isRuledByNoise, pointOf } from "../chart/series";
import { type Period, periodOf } from "../format/dates";
import { periodShort } from "../format/datewords";
import { Loading, NothingYet, Refused } from "../parts/States";
import { type KeyRoute, type Metric, routeText, siteRoute } from "../state/address";
import { useAnswer } from "../state/ask";
import { go } from "../state/route";
import { language } from "../state/settings";
import { useShortcuts } from "../state/shortcuts";
import { latestPeriod, periodKey, titleOf } from "../state/sites";
import { PAGE, type Tab, tableName, TABLES_OF, TABS } from "../state/tables";
import { words } from "../words";
import { Delta, Large } from "./Figures";
import { keyText } from "./keytext";
import { Notices } from "./Notices";
import { PeriodBar } from "./PeriodBar";
import { SeriesSection } from "./Series";
import { opened } from "./Site";
import { SiteHead } from "./SiteHead";
import { byOf, choices, COMPARE, KIND, useSeries } from "./traffic";

const pointsOf = (data: GetKeySeriesResponse, previous?: GetKeySeriesResponse) =>
  data.points.map((point, at) => pointOf(point, point.count, previous?.points[at]?.count));

function Numbers({ route, site, period }: { route: KeyRoute; site: SiteMessage; period: Period }) {
  const w = words();
  // A key has no hours.
  const by = route.by ?? (byOf(period) === "hour" ? "day" : undefined);
  const asked = { site: site.site, table: route.table, key: route.key };
  const { answer, by: shown, becauseOfNoise } = useSeries(
    { period, by, key: `key ${site.site} ${route.table} ${route.key} ${periodKey(period)} ${route.versus}` },
    (points, signal) =>
      stats.getKeySeries({ ...asked, fromDate: period.from, toDate: period.to, granularity: KIND[points], compare: COMPARE[route.versus] }, { signal }),
    (data) => isRuledByNoise(pointsOf(data)),
  );
  const data = answer.data;
  const before = route.versus === "none" ? undefined : data?.previousScope;
  // The answer tells which dates are before; their points are a question of their own.
  const previous = useAnswer(before && !answer.isOld ? `key before ${site.site} ${route.table} ${route.key} ${before.fromDate} ${before.toDate} ${shown}` : undefined, (signal) =>
    stats.getKeySeries({ ...asked, fromDate: before!.fromDate, toDate: before!.toDate, granularity: KIND[shown], compare: COMPARE.none }, { signal }),
  );
  const replace = (change: Partial<KeyRoute>) => go({ ...route, ...change }, "replace");
  useShortcuts({ t: () => replace({ asTable: !route.asTable }) });
  if (answer.failure?.kind === "refused") return <Refused failure={answer.failure} />;
  if (!data) return <Loading class="series" />;
  const metric: Metric = route.table === PAGE ? "views" : "visits";
  const points = pointsOf(data, before && !previous.isOld ? previous.data : undefined);
  const previousName = before ? periodShort(periodOf(before.fromDate, before.toDate), language.value) : undefined;
  return (
    <>
      <Notices site={site} period={period} missing={data.missing} />
      <div class="figures">
        <div class="figure">
          <span class="label">{w.metric[metric]}</span>
          <Large value={data.total} />
          {previousName && <Delta change={data.change} base={previousName} />}
        </div>
      </div>
      <SeriesSection
        heading={w.metric[metric]}
        points={points}
        naming={{ by: shown, metric }}
        choices={choices(period).filter((one) => one !== "hour")}
        becauseOfNoise={becauseOfNoise}
        previousName={points.some((point) => point.previous) ? previousName : undefined}
        asTable={route.asTable}
        isOld={answer.isOld}
        csv={undefined}
        onBy={(next) => replace({ by: next })}
        onTable={(asTable) => replace({ asTable })}
        onOpen={shown === "day" ? undefined : (point) => go({ ...route, period: opened(point, shown), by: undefined })}
      />
    </>
  );
}

const tabOf = (table: number): Tab => TABS.find((tab) => TABLES_OF[tab].includes(table)) ?? "content";

export function Key({ route, sites }: { route: KeyRoute; sites: SiteMessage[] }) {
  const w = words();
  const site = sites.find((one) => one.site === route.site);
  if (!site) return <Refused failure={{ kind: "refused", code: "NotFound", message: `There is no site "${route.site}".` }} />;
  const period = route.period ?? latestPeriod(site);
  const back = siteRoute(site.site, { period: route.period, versus: route.versus, tab: tabOf(route.table) });
  return (
    <>
      <SiteHead site={site} sites={sites} route={route} />
      <p class="backlink"><a href={routeText(back)}>‹ {w.key.back}</a></p>
      <h2 class="keyhead" id={`key-${tableName(route.table)}`}>
        <span class="muted">{w.key.of(w.table[route.table]?.title ?? "", titleOf(site, language.value))}</span>
        <span class="keyname">{keyText(route.key, route.table, language.value)}</span>
      </h2>
      {period ? (
        <>
          <PeriodBar route={route} period={period} site={site} />
          <Numbers route={route} site={site} period={period} />
        </>
      ) : (
        <NothingYet site={site} />
      )}
    </>
  );
}

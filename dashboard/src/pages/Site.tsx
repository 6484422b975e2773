// A site: its figures, its series and its tables for one period.

import { published } from "../api/live";
import type { Site as SiteMessage } from "../api/gen/headcount/v1/stats_pb";
import { type Point, trafficPoints } from "../chart/series";
import { type Period, periodAt, periodOf } from "../format/dates";
import { periodShort } from "../format/datewords";
import { Loading, NothingYet, Refused } from "../parts/States";
import { type By, type Metric, METRICS, type SiteRoute } from "../state/address";
import { go } from "../state/route";
import { language } from "../state/settings";
import { useShortcuts } from "../state/shortcuts";
import { latestPeriod } from "../state/sites";
import { TABS } from "../state/tables";
import { words } from "../words";
import { Figures } from "./Figures";
import { Notices } from "./Notices";
import { PeriodBar } from "./PeriodBar";
import { SeriesSection } from "./Series";
import { SiteHead } from "./SiteHead";
import { TableTabs } from "./TableTabs";
import { choices, useTraffic } from "./traffic";

/** What a point opens: its day, week or month. */
export function opened(point: Point, by: By): Period | undefined {
  return by === "hour" ? undefined : periodAt(by, point.start);
}

function Numbers({ route, site, period }: { route: SiteRoute; site: SiteMessage; period: Period }) {
  const w = words();
  const { metric } = route;
  const { answer, by, becauseOfNoise } = useTraffic(site.site, period, route.by, route.versus, metric);
  const data = answer.data;
  const replace = (change: Partial<SiteRoute>) => go({ ...route, ...change }, "replace");
  const choose = (next: Metric) => replace({ metric: next });
  useShortcuts({
    v: () => choose(METRICS[(METRICS.indexOf(metric) + 1) % METRICS.length]!),
    t: () => replace({ asTable: !route.asTable }),
    ...Object.fromEntries(TABS.map((tab, at) => [String(at + 1), () => replace({ tab })])),
  });
  if (answer.failure?.kind === "refused") return <Refused failure={answer.failure} />;
  const before = route.versus !== "none" && data?.previous ? data.previous : undefined;
  const previousName = before && before.start !== "" ? periodShort(periodOf(before.start.slice(0, 10), before.end), language.value) : undefined;
  const query = new URLSearchParams({ from: period.from, to: period.to, by });
  return (
    <>
      <Notices site={site} period={period} missing={data?.missing ?? []} />
      <Figures data={data} metric={metric} previousName={previousName} onChoose={choose} />
      {data ? (
        <SeriesSection
          heading={w.chart.heading[metric]}
          points={trafficPoints(data.points, data.previousPoints, metric)}
          naming={{ by, metric }}
          choices={choices(period)}
          becauseOfNoise={becauseOfNoise}
          previousName={data.previousPoints.some((point) => point[metric]?.estimate !== undefined) ? previousName : undefined}
          asTable={route.asTable}
          isOld={answer.isOld}
          csv={`/data/${encodeURIComponent(site.site)}/traffic.csv?${query}`}
          onBy={(next) => replace({ by: next })}
          onTable={(asTable) => replace({ asTable })}
          onOpen={by === "hour" ? undefined : (point) => go({ ...route, period: opened(point, by), by: undefined })}
        />
      ) : (
        <Loading class="series" />
      )}
      <TableTabs route={route} site={site} period={period} />
    </>
  );
}

export function Site({ route, sites }: { route: SiteRoute; sites: SiteMessage[] }) {
  const site = sites.find((one) => one.site === route.site);
  const fresh = published.value > 0;
  if (!site) return <Unknown route={route} sites={sites} />;
  const period = route.period ?? latestPeriod(site);
  return (
    <>
      <SiteHead site={site} sites={sites} route={route} />
      <p class="unseen" role="status">{fresh ? words().state.fresh : ""}</p>
      {period && site.lastDate !== "" ? (
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

function Unknown({ route, sites }: { route: SiteRoute; sites: SiteMessage[] }) {
  return (
    <>
      <h1>{route.site}</h1>
      <Refused failure={{ kind: "refused", code: "NotFound", message: `There is no site "${route.site}"; known are: ${sites.map((one) => one.site).slice(0, 20).join(", ")}.` }} />
    </>
  );
}

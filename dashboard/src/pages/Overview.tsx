// All sites of the server from one answer: visits, what changed, weeks; first what needs attention.

import { useEffect, useState } from "preact/hooks";
import { type GetOverviewResponse, PeriodKind, type SiteOverview } from "../api/gen/headcount/v1/stats_pb";
import { stats } from "../api/client";
import { type Period, periodAt, periodText, step } from "../format/dates";
import { periodWords } from "../format/datewords";
import { plain } from "../parts/Number";
import { Loading, NothingYet, Refused } from "../parts/States";
import { type OverviewRoute, routeText } from "../state/address";
import { useAnswer } from "../state/ask";
import { go } from "../state/route";
import { language } from "../state/settings";
import { useShortcuts } from "../state/shortcuts";
import { words } from "../words";
import { attentionOf, matches, sortSites } from "./attention";
import { SitesTable, WEEKS } from "./SitesTable";

const KINDS: Partial<Record<Period["kind"], PeriodKind>> = { day: PeriodKind.DAY, week: PeriodKind.WEEK, month: PeriodKind.MONTH };
const FIND_DELAY_MS = 200;

/** The period that most sites show, where the address names none. */
function usual(sites: readonly SiteOverview[]): Period | undefined {
  const counts = new Map<string, number>();
  for (const site of sites) if (site.fromDate !== "") counts.set(site.fromDate, (counts.get(site.fromDate) ?? 0) + 1);
  const [date] = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? 1 : -1))[0] ?? [];
  return date === undefined ? undefined : periodAt("month", date);
}

function Find({ route }: { route: OverviewRoute }) {
  const w = words().overview;
  const [text, setText] = useState(route.find);
  useEffect(() => setText(route.find), [route.find]);
  useEffect(() => {
    if (text === route.find) return;
    const timer = setTimeout(() => go({ ...route, find: text }, "replace"), FIND_DELAY_MS);
    return () => clearTimeout(timer);
  }, [text, route]);
  useShortcuts({ "/": () => document.getElementById("find")?.focus() });
  return (
    <input id="find" type="search" placeholder={w.find} aria-label={w.find} value={text} onInput={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => { if (event.key === "Escape") { setText(""); event.currentTarget.blur(); } }} />
  );
}

function Groups({ route, data }: { route: OverviewRoute; data: GetOverviewResponse }) {
  const w = words().overview;
  if (data.groups.length === 0) return null;
  const sitesOf = (group: string) => data.sites.filter((site) => site.group === group).length;
  return (
    <label>
      {w.group}{" "}
      <select value={route.group} onChange={(event) => go({ ...route, group: event.currentTarget.value }, "replace")}>
        <option value="">{w.allGroups(data.sites.length)}</option>
        {data.groups.map((group) => (
          <option key={group.group} value={group.group}>
            {`${group.titles[language.value] ?? group.titles["en"] ?? group.group} (${plain(sitesOf(group.group))})`}
          </option>
        ))}
      </select>
    </label>
  );
}

function Stepper({ route, period }: { route: OverviewRoute; period: Period }) {
  const w = words();
  const to = (next: Period) => routeText({ ...route, period: next });
  const kind = (name: "day" | "week" | "month") => go({ ...route, period: periodAt(name, period.to) });
  useShortcuts({
    d: () => kind("day"),
    w: () => kind("week"),
    m: () => kind("month"),
    ArrowLeft: () => go({ ...route, period: step(period, -1) }),
    ArrowRight: () => go({ ...route, period: step(period, 1) }),
  });
  return (
    <div class="stepper">
      <a class="button step" href={to(step(period, -1))} aria-label={w.period.earlier}>‹</a>
      <h2>{periodWords(period, language.value)}</h2>
      <a class="button step" href={to(step(period, 1))} aria-label={w.period.later}>›</a>
    </div>
  );
}

function Sites({ route, data, isOld }: { route: OverviewRoute; data: GetOverviewResponse; isOld: boolean }) {
  const w = words().overview;
  const now = Date.now();
  const found = data.sites.filter((site) => (route.group === "" || site.group === route.group) && matches(site, route.find, language.value));
  const rows = sortSites(found, route.sort, language.value, now);
  const [first, others] = route.sort === "attention" ? [rows.filter((site) => attentionOf(site, now).length > 0), rows.filter((site) => attentionOf(site, now).length === 0)] : [[], rows];
  const part = { route, now };
  return (
    <div class={isOld ? "old" : ""}>
      {first.length > 0 && <SitesTable title={w.attention} sites={first} {...part} />}
      {others.length > 0 && <SitesTable title={first.length > 0 ? w.fine : w.everything} sites={others} {...part} />}
      {rows.length === 0 && <p class="muted">{w.none}</p>}
    </div>
  );
}

export function Overview({ route }: { route: OverviewRoute }) {
  const w = words().overview;
  const asked = route.period;
  const answer = useAnswer(`overview ${asked ? periodText(asked) : ""} ${language.value}`, (signal) =>
    stats.getOverview(
      { period: (asked && KINDS[asked.kind]) || PeriodKind.MONTH, date: asked?.from ?? "", weeks: WEEKS, language: language.value },
      { signal },
    ),
  );
  const data = answer.data;
  if (answer.failure?.kind === "refused") return <Refused failure={answer.failure} />;
  if (!data) return <Loading class="page" />;
  if (data.sites.length === 0) {
    return (
      <>
        <h1>{w.noSite}</h1>
        <p>{w.noSiteHelp}</p>
        <NothingYet site={{ site: "", timeZone: "UTC" }} />
      </>
    );
  }
  const period = asked ?? usual(data.sites);
  const csv = `/data/overview.csv${period?.kind === "month" ? `?month=${periodText(period)}` : ""}`;
  return (
    <>
      <div class="sitehead"><h1>{w.title(data.sites.length)}</h1></div>
      <div class="periods">
        {period && <Stepper route={route} period={period} />}
        <Groups route={route} data={data} />
        <Find route={route} />
        <a class="button small" href={csv} download>{words().rows.csv}</a>
      </div>
      <p class="note">{w.noTotal}</p>
      <Sites route={route} data={data} isOld={answer.isOld} />
    </>
  );
}


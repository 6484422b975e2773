// The frame: the bar, the page that the address names, the foot; and a strip while the server cannot be reached.

import { useEffect, useState } from "preact/hooks";
import type { Site as SiteMessage } from "../api/gen/headcount/v1/stats_pb";
import { askAgain, offlineSince } from "../api/live";
import { clockTime } from "../format/datewords";
import { Loading, NothingYet, Refused } from "../parts/States";
import { OVERVIEW, type Route, routeText, siteRoute } from "../state/address";
import { go, route } from "../state/route";
import { language } from "../state/settings";
import { useShortcuts } from "../state/shortcuts";
import { titleOf, useSites } from "../state/sites";
import { words } from "../words";
import { Header, swapLanguage } from "./Header";
import { Help } from "./Help";
import { Key } from "./Key";
import { Overview } from "./Overview";
import { Privacy } from "./Privacy";
import { Reading } from "./Reading";
import { Site } from "./Site";

function Strip() {
  const w = words().state;
  const since = offlineSince.value;
  return (
    <div role="status" class="strip" hidden={!since}>
      {since && (
        <>
          <span>{w.offline(clockTime(since, language.value))}</span>
          <button type="button" class="small" onClick={askAgain}>{w.retry}</button>
        </>
      )}
    </div>
  );
}

function NoPage({ bad }: { bad: string | undefined }) {
  const w = words().state;
  return (
    <div class="notice">
      <h1>{w.notFound}</h1>
      <p>{bad === undefined ? w.notFoundHelp : w.badPeriod(bad)}</p>
      <p><a href="/">{words().nav.overview}</a></p>
    </div>
  );
}

/** With one site alone its page is the start. */
function effective(now: Route, sites: readonly SiteMessage[]): Route {
  return now.page === "overview" && sites.length === 1 ? siteRoute(sites[0]!.site) : now;
}

function Page({ now, sites }: { now: Route; sites: SiteMessage[] }) {
  switch (now.page) {
    case "overview":
      return sites.length === 0 ? <><h1>{words().overview.noSite}</h1><p>{words().overview.noSiteHelp}</p><NothingYet site={{ site: "", timeZone: "UTC" }} /></> : <Overview route={now} />;
    case "site":
      return <Site key={now.site} route={now} sites={sites} />;
    case "key":
      return <Key key={`${now.site} ${now.table} ${now.key}`} route={now} sites={sites} />;
    case "privacy":
      return <Privacy key={now.site} name={now.site} sites={sites} />;
    case "reading":
      return <Reading sites={sites} />;
    case "unknown":
      return <NoPage bad={now.badPeriod} />;
  }
}

function titleText(now: Route, sites: readonly SiteMessage[]): string {
  const w = words();
  const named = "site" in now ? sites.find((one) => one.site === now.site) : undefined;
  const site = named ? titleOf(named, language.value) : "";
  const page = { overview: w.nav.overview, site, key: now.page === "key" ? `${now.key} · ${site}` : "", privacy: `${w.nav.privacy} ${site}`, reading: w.nav.reading, unknown: w.state.notFound }[now.page];
  return `${page.trim()} · headcount`;
}

function Foot({ site }: { site: string }) {
  const w = words().foot;
  return (
    <footer>
      <p>
        {w.hides} <a href={routeText({ page: "privacy", site })}>{w.how}</a> · <a href="/reading">{w.read}</a>
      </p>
    </footer>
  );
}

export function App() {
  const [help, setHelp] = useState(false);
  const answer = useSites();
  const sites = answer.data?.sites ?? [];
  const now = effective(route.value, sites);
  const title = titleText(now, sites);
  useEffect(() => {
    document.title = title;
  }, [title]);
  useShortcuts({ g: () => go(OVERVIEW), l: swapLanguage, "?": () => setHelp(true) });
  return (
    <>
      <Header sites={sites} onHelp={() => setHelp(true)} />
      <Strip />
      <main id="main" tabIndex={-1}>
        {answer.failure?.kind === "refused" ? <Refused failure={answer.failure} /> : answer.data ? <Page now={now} sites={sites} /> : now.page === "reading" ? <Reading sites={[]} /> : <Loading class="page" />}
      </main>
      <Foot site={"site" in now ? now.site : ""} />
      <Help open={help} onClose={() => setHelp(false)} />
    </>
  );
}

// The tables of a site in four tabs, which become headings in print. The tab that is open is asked first, the others after it.

import { useEffect, useState } from "preact/hooks";
import type { Site } from "../api/gen/headcount/v1/stats_pb";
import type { Period } from "../format/dates";
import type { SiteRoute } from "../state/address";
import { go } from "../state/route";
import { useShortcuts } from "../state/shortcuts";
import { type Tab, TABLES_OF, TABS } from "../state/tables";
import { words } from "../words";
import { TopTable } from "./TopTable";

const OTHERS_AFTER_MS = 400;
const FIND_DELAY_MS = 250;

/** The tabs that are hidden wait until the first is there. */
function useLater(): boolean {
  const [later, setLater] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLater(true), OTHERS_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  return later;
}

function Find({ route }: { route: SiteRoute }) {
  const w = words().rows;
  const [text, setText] = useState(route.find);
  useEffect(() => setText(route.find), [route.find]);
  useEffect(() => {
    if (text === route.find) return;
    const timer = setTimeout(() => go({ ...route, find: text.trim() }, "replace"), FIND_DELAY_MS);
    return () => clearTimeout(timer);
  }, [text, route]);
  useShortcuts({ "/": () => document.getElementById("find")?.focus() });
  return (
    <input id="find" type="search" maxLength={200} placeholder={w.find} aria-label={w.find} value={text} onInput={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => { if (event.key === "Escape") { setText(""); event.currentTarget.blur(); } }} />
  );
}

export function TableTabs({ route, site, period }: { route: SiteRoute; site: Site; period: Period }) {
  const w = words();
  const later = useLater();
  const open = (tab: Tab, focus = false) => {
    go({ ...route, tab }, "replace");
    if (focus) document.getElementById(`tab-${tab}`)?.focus();
  };
  const onKey = (event: KeyboardEvent) => {
    const at = TABS.indexOf(route.tab);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: TABS.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    open(TABS[(to + TABS.length) % TABS.length]!, true);
  };
  return (
    <section class="tables" aria-label={w.tabs.label}>
      <div class="tabbar">
        <div role="tablist" aria-label={w.tabs.label} onKeyDown={onKey}>
          {TABS.map((tab) => (
            <button key={tab} id={`tab-${tab}`} type="button" role="tab" aria-selected={tab === route.tab} aria-controls={`panel-${tab}`} tabIndex={tab === route.tab ? 0 : -1} onClick={() => open(tab)}>
              {w.tabs[tab]}
            </button>
          ))}
        </div>
        <Find route={route} />
      </div>
      {TABS.map((tab) => (
        <div key={tab} id={`panel-${tab}`} role="tabpanel" aria-labelledby={`tab-${tab}`} class={`panel${tab === route.tab ? " open" : ""}`}>
          <h3 class="printed">{w.tabs[tab]}</h3>
          {(tab === route.tab || later) && TABLES_OF[tab].map((table) => <TopTable key={table} table={table} route={route} site={site} period={period} />)}
        </div>
      ))}
      <p class="note legendnote">
        {w.rows.bar} {w.symbols.title}: <b>x</b> {w.symbols.suppressed}; <b>…</b> {w.symbols.notAvailable}; <b>-</b> {w.symbols.noFigure}
      </p>
    </section>
  );
}

// The head of a page about one site: which, in which time zone, and up to when its numbers are published.

import type { Site } from "../api/gen/headcount/v1/stats_pb";
import { longDay } from "../format/datewords";
import type { KeyRoute, Route, SiteRoute } from "../state/address";
import { go } from "../state/route";
import { language } from "../state/settings";
import { titleOf } from "../state/sites";
import { words } from "../words";

type OfSite = SiteRoute | KeyRoute | { readonly page: "privacy"; readonly site: string };

/** The same page of another site; one key's page has no meaning there. */
function moved(route: OfSite, site: string): Route {
  if (route.page !== "key") return { ...route, site } as Route;
  const { table: _table, key: _key, ...shown } = route;
  return { ...shown, page: "site", site, metric: "visits", tab: "content", find: "" };
}

export function SiteHead({ site, sites, route }: { site: Site; sites: Site[]; route: OfSite }) {
  const w = words().site;
  const title = titleOf(site, language.value);
  return (
    <div class="sitehead">
      <div class={sites.length > 1 ? "sitetitle chosen" : "sitetitle"}>
        <h1>{title}</h1>
        {sites.length > 1 && (
          // It lies over the title unseen: a title may wrap, and a list's own text may not.
          <select aria-label={w.choose} value={site.site} onChange={(event) => go(moved(route, event.currentTarget.value))}>
            {sites.map((one) => (
              <option key={one.site} value={one.site}>{titleOf(one, language.value)}</option>
            ))}
          </select>
        )}
      </div>
      <p class="muted">
        <span>{w.zone(site.timeZone)}</span>
        {site.lastDate !== "" && <span>{w.published(longDay(site.lastDate, language.value))}</span>}
      </p>
    </div>
  );
}

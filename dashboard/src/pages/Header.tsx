// The bar above every page: where one can go, the language, the colours and the help.

import type { Site } from "../api/gen/headcount/v1/stats_pb";
import { OVERVIEW, type Route, routeText, siteRoute } from "../state/address";
import { route } from "../state/route";
import { chooseLanguage, chooseTheme, language, type Theme, theme } from "../state/settings";
import { words } from "../words";

const THEMES: readonly Theme[] = ["auto", "light", "dark"];
const SIGN: Record<Theme, string> = { auto: "◐", light: "☼", dark: "☾" };

/** The other language; an address that named one is rid of it, because the choice is kept. */
export function swapLanguage(): void {
  chooseLanguage(language.value === "en" ? "ja" : "en");
  const query = new URLSearchParams(location.search);
  if (query.has("lang")) history.replaceState(null, "", routeText(route.value));
}

function siteHere(now: Route, sites: readonly Site[]): string {
  return ("site" in now && now.site) || (sites.length === 1 ? sites[0]!.site : "");
}

export function Header({ sites, onHelp }: { sites: readonly Site[]; onHelp: () => void }) {
  const w = words();
  const now = route.value;
  const site = siteHere(now, sites);
  const link = (to: string, text: string, current: boolean) => (
    <a href={to} aria-current={current ? "page" : undefined}>{text}</a>
  );
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length]!;
  return (
    <header class="bar">
      <a class="skip" href="#main">{w.skip}</a>
      <a class="brand" href="/" translate={false}>headcount</a>
      <nav aria-label={w.nav.label}>
        {sites.length !== 1 && link(routeText(OVERVIEW), w.nav.overview, now.page === "overview")}
        {site !== "" && link(routeText(siteRoute(site)), w.nav.site, now.page === "site" || now.page === "key")}
        {link(routeText({ page: "privacy", site }), w.nav.privacy, now.page === "privacy")}
        {link("/reading", w.nav.reading, now.page === "reading")}
      </nav>
      <div class="tools">
        <button type="button" class="quiet" lang={language.value === "en" ? "ja" : "en"} onClick={swapLanguage}>{w.otherLanguage}</button>
        <button type="button" class="quiet sign" aria-label={w.theme.button(w.theme[theme.value])} title={w.theme.button(w.theme[theme.value])} onClick={() => chooseTheme(next)}>{SIGN[theme.value]}</button>
        <button type="button" class="quiet sign" aria-label={w.help} title={w.help} onClick={onHelp}>?</button>
      </div>
    </header>
  );
}

// Where the reader is. The address bar is the only place that knows: everything else follows this signal.

import { signal } from "@preact/signals";
import { parseRoute, type Route, routeText } from "./address";

const here = (): Route => parseRoute(location.pathname, location.search);

export const route = signal<Route>(here());

/** Goes to a state. Small changes of one page (a filter, a sort) replace the entry of the history. */
export function go(to: Route, how: "push" | "replace" = "push"): void {
  const text = routeText(to);
  if (text !== location.pathname + location.search) {
    if (how === "push") history.pushState(null, "", text);
    else history.replaceState(null, "", text);
  }
  const pageChanged = route.value.page !== to.page;
  route.value = to;
  if (pageChanged) scrollTo(0, 0);
}

/** Follows links of this page without a reload; all others, and clicks with a modifier, stay with the browser. */
export function followLinks(): void {
  addEventListener("popstate", () => {
    route.value = here();
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || link.origin !== location.origin || link.hash !== "" || link.target !== "" || link.hasAttribute("download")) return;
    if (link.pathname.startsWith("/data/")) return;
    event.preventDefault();
    go(parseRoute(link.pathname, link.search));
  });
}

// Every state survives a reload and a mail: an address says it, and defaults are not written.

import { describe, expect, test } from "vitest";
import { parseRoute, type Route, routeText, siteRoute } from "../src/state/address";

const read = (text: string): Route => {
  const url = new URL(text, "http://localhost");
  return parseRoute(url.pathname, url.search);
};

describe("addresses that stay as they are", () => {
  test.each([
    "/",
    "/?p=2026-10&group=europe&q=embassy&sort=change",
    "/s/www",
    "/s/www/2026-10",
    "/s/www/2026-W43",
    "/s/www/2026-10-15",
    "/s/www/2026-10-01..2026-10-20?m=visitors&by=week&vs=year&tab=sources&q=visa",
    "/s/www?view=table",
    "/s/www/page?key=/en/visa/",
    "/s/www/2026-10/referrer?key=search:+google",
    "/s/www/campaign?key=a+%26+b+%2B+c",
    "/s/%E5%A4%96%E5%8B%99/2026",
    "/privacy/www",
    "/privacy",
    "/reading",
  ])("%s", (text) => expect(routeText(read(text))).toBe(text));
});

test("defaults are never written", () => {
  expect(routeText(siteRoute("www"))).toBe("/s/www");
  expect(routeText(read("/s/www?m=visits&vs=previous&tab=content&q="))).toBe("/s/www");
  expect(routeText(read("/?sort=attention&group="))).toBe("/");
});

test("a key comes through whole", () => {
  for (const key of ["/en/visa/", "a=b&c#d?e", "100 %", "日本語 / x", "(other)", "+plus +"]) {
    const route: Route = { page: "key", site: "a/b", versus: "previous", asTable: false, table: 2, key, period: undefined, by: undefined };
    expect(read(routeText(route))).toEqual(route);
  }
});

test("what cannot be read is said", () => {
  expect(read("/s/www/2026-13")).toEqual({ page: "unknown", badPeriod: "2026-13" });
  expect(read("/?p=yesterday")).toEqual({ page: "unknown", badPeriod: "yesterday" });
  expect(read("/elsewhere")).toEqual({ page: "unknown" });
  expect(read("/s/www/page")).toEqual({ page: "unknown" });
  expect(read("/s/%E0%A4%A/2026").page).toBe("site");
});

// Every page, in both languages, three widths, light and dark: axe finds nothing, nothing is wider than the window, no policy is broken,
// and in Japanese no sentence is left in English.

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fits, hasNoFault, launch, type Look, open, settled } from "./browser";
import { shoot } from "./shots";

let browser: Browser;
beforeAll(async () => void (browser = await launch()));
afterAll(() => browser.close());

const PAGES: Record<string, string> = {
  overview: "/",
  site: "/s/aurelia/2026-10?view=table",
  sources: "/s/aurelia/2026-10?tab=sources",
  visitors: "/s/aurelia/2026-10?tab=visitors",
  health: "/s/aurelia/2026-10?tab=health",
  small: "/s/borduria/2026-10?m=views",
  year: "/s/aurelia/2026",
  day: "/s/aurelia/2026-10-15",
  before: "/s/aurelia/2026-08",
  running: "/s/aurelia/2027-01",
  empty: "/s/corvia",
  key: "/s/aurelia/2026-10/page?key=/en/visa/",
  rare: "/s/aurelia/2026-10/page?key=/never/seen",
  privacy: "/privacy/aurelia",
  reading: "/reading",
  nopage: "/s/aurelia/2026-13",
  nosite: "/s/nobody",
};

const LOOKS: Look[] = [320, 360, 1280].flatMap((width) => (["light", "dark"] as const).flatMap((scheme) => (["en", "ja"] as const).map((language) => ({ width, scheme, language }))));

/** Words in Latin letters that are names or signs in any language. */
const LATIN = /headcount|csv|english|esc|home|end|enter|tab|ctrl|alt|http|europe|asia|utc|excel|grafana|json|utm_|cookie|user|agent|chrome|safari|firefox|edge|android|windows|macos|ios|os|google|bing|kib|\/\S*|[\w-]+\.\w+/i;

/** Runs of English words in a Japanese page, outside what is marked as English and outside keys of visitors' making. */
async function english(page: Page): Promise<string[]> {
  const texts = await page.evaluate(() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const all: string[] = [];
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const parent = node.parentElement;
      if (!parent || parent.closest("[lang=en], script, noscript, code, .key a, .keyname, kbd, option")) continue;
      all.push(node.textContent ?? "");
    }
    return all;
  });
  return texts.filter((text) => /[A-Za-z]{3,} [A-Za-z]{2,}/.test(text) && !LATIN.test(text));
}

describe.each(LOOKS)("$width px, $scheme, $language", (look) => {
  test.each(Object.entries(PAGES))("%s", async (name, address) => {
    const { page, problems, close } = await open(browser, look);
    await page.goto(address);
    await settled(page);
    await fits(page);
    // The findings do not depend on the width but for what is hidden: both ends are looked at.
    if (look.width !== 320) await hasNoFault(page);
    expect(await page.getAttribute("html", "lang")).toBe(look.language);
    if (look.language === "ja") expect(await english(page)).toEqual([]);
    await shoot(page, `${name}-${look.width}-${look.scheme}-${look.language}`);
    expect(problems).toEqual([]);
    await close();
  });
});

// Every page, in both languages, three widths, light and dark: axe finds nothing, nothing is wider than the window, no policy is broken,
// and in Japanese no sentence is left in English.

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fits, hasNoFault, launch, LOOK_RULES, open, settled } from "./browser";
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

const WIDTHS = [320, 360, 1280];
const SCHEMES = ["light", "dark"] as const;

/** Words in Latin letters that are names or signs in any language. */
const LATIN = /headcount|corvia|csv|english|esc|home|end|enter|tab|ctrl|alt|http|europe|asia|utc|excel|grafana|json|utm_|cookie|user|agent|chrome|safari|firefox|edge|android|windows|macos|ios|os|google|bing|kib|\/\S*|[\w-]+\.\w+/i;

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

describe.each(["en", "ja"] as const)("%s", (language) => {
  test.each(Object.entries(PAGES))("%s", async (name, address) => {
    const { page, problems, close } = await open(browser, { language });
    await page.goto(address);
    await settled(page);
    expect(await page.getAttribute("html", "lang")).toBe(language);
    if (language === "ja") expect(await english(page)).toEqual([]);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      await fits(page);
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme });
        // All rules where the page is whole; elsewhere those that width and colours can break.
        if (width === 1280 && colorScheme === "light") await hasNoFault(page);
        else if (width !== 320) await hasNoFault(page, LOOK_RULES);
        await shoot(page, `${name}-${width}-${colorScheme}-${language}`);
      }
    }
    expect(problems).toEqual([]);
    await close();
  });
});

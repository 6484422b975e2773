// Every single key does what the help says, does nothing in a field, and can be switched off. The focus stays where it was.

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, open, settled } from "./browser";

let browser: Browser;
beforeAll(async () => void (browser = await launch()));
afterAll(() => browser.close());

const here = (page: Page) => page.url().replace(/^https?:\/\/[^/]+/, "");

/** Presses a key on a page and gives the address that follows. */
async function after(page: Page, from: string, key: string): Promise<string> {
  await page.goto(from);
  await settled(page);
  await page.keyboard.press(key);
  await page.waitForTimeout(50);
  return here(page);
}

test("every shortcut of a site", async () => {
  const { page, problems, close } = await open(browser);
  const from = "/s/aurelia/2026-10";
  const wanted: Record<string, string> = {
    d: "/s/aurelia/2026-10-31",
    w: "/s/aurelia/2026-W44",
    m: "/s/aurelia/2026-10",
    y: "/s/aurelia/2026",
    ArrowLeft: "/s/aurelia/2026-09",
    ArrowRight: "/s/aurelia/2026-11",
    x: "/s/aurelia/2026-10?vs=none",
    "1": "/s/aurelia/2026-10",
    "2": "/s/aurelia/2026-10?tab=sources",
    "3": "/s/aurelia/2026-10?tab=visitors",
    "4": "/s/aurelia/2026-10?tab=health",
    v: "/s/aurelia/2026-10?m=views",
    t: "/s/aurelia/2026-10?view=table",
    g: "/",
  };
  for (const [key, address] of Object.entries(wanted)) expect(await after(page, from, key), key).toBe(address);
  await after(page, from, "c");
  expect(await page.locator("form.range").isVisible()).toBe(true);
  await after(page, from, "/");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("find");
  await page.keyboard.type("dwmyxvtg");
  expect(await page.inputValue("#find")).toBe("dwmyxvtg");
  await page.keyboard.press("Escape");
  expect(await page.inputValue("#find")).toBe("");
  await after(page, from, "?");
  expect(await page.locator("dialog").isVisible()).toBe(true);
  await page.keyboard.press("Escape");
  expect(await page.locator("dialog").isVisible()).toBe(false);
  await page.keyboard.press("l");
  expect(await page.getAttribute("html", "lang")).toBe("ja");
  await page.keyboard.press("l");
  expect(problems).toEqual([]);
  await close();
});

test("keys can be switched off, and that is remembered", async () => {
  const { page, close } = await open(browser);
  await page.goto("/s/aurelia/2026-10");
  await settled(page);
  await page.keyboard.press("?");
  await page.getByRole("checkbox").uncheck();
  await page.getByRole("button", { name: "Close" }).click();
  await page.keyboard.press("d");
  expect(here(page)).toBe("/s/aurelia/2026-10");
  expect(await after(page, "/s/aurelia/2026-10", "d")).toBe("/s/aurelia/2026-10");
  await close();
});

test("the focus stays where it was while numbers change", async () => {
  const { page, close } = await open(browser);
  await page.goto("/s/aurelia/2026-10");
  await settled(page);
  const views = page.locator("button.figure").nth(1);
  await views.focus();
  await page.keyboard.press("Enter");
  await settled(page);
  expect(await views.evaluate((button) => button === document.activeElement)).toBe(true);
  const week = page.getByRole("button", { name: "Week", exact: true });
  await week.focus();
  await page.keyboard.press("Enter");
  await settled(page);
  expect(here(page)).toContain("2026-W44");
  expect(await week.evaluate((button) => button === document.activeElement)).toBe(true);
  await close();
});

test("Tab leads through the page in the order in which it is read", async () => {
  const { page, close } = await open(browser);
  await page.goto("/s/aurelia/2026-10");
  await settled(page);
  const tops: number[] = [];
  for (let press = 0; press < 40; press += 1) {
    await page.keyboard.press("Tab");
    tops.push(await page.evaluate(() => (document.activeElement?.getBoundingClientRect().top ?? 0) + scrollY));
  }
  const jumps = tops.slice(1).filter((top, at) => at > 0 && top < tops[at]! - 60 && top > 0);
  // Two tables stand side by side: the eye goes up once, at the head of the second.
  expect(jumps.length).toBeLessThanOrEqual(1);
  await close();
});

test("a click on a row opens its series, and the way back leads to the tab", async () => {
  const { page, close } = await open(browser);
  await page.goto("/s/aurelia/2026-10?tab=sources");
  await settled(page);
  await page.locator("#panel-sources tbody tr").first().click({ position: { x: 200, y: 8 } });
  await page.waitForURL(/\/s\/aurelia\/2026-10\/referrer\?key=/);
  await settled(page);
  await page.getByRole("link", { name: /Back to the tables/ }).click();
  await settled(page);
  expect(here(page)).toBe("/s/aurelia/2026-10?tab=sources");
  await close();
});

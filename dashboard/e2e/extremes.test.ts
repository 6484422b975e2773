// What the page does with much, with long and with missing: 251 sites in one request, ten digits, 200 characters, gaps, late numbers.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fits, hasNoFault, launch, open, settled } from "./browser";
import { hardSite, manySites } from "./fake";
import { shoot } from "./shots";

let browser: Browser;
beforeAll(async () => void (browser = await launch()));
afterAll(() => browser.close());

const LOOKS = [320, 360, 1280].flatMap((width) => (["en", "ja"] as const).map((language) => ({ width, language })));

describe.each(LOOKS)("$width px, $language", ({ width, language }) => {
  test("251 sites", async () => {
    const { page, problems, close } = await open(browser, { width, language, scheme: "light" }, manySites);
    let asked = 0;
    page.on("request", (request) => request.url().includes("GetOverview") && asked++);
    await page.goto("/");
    await settled(page);
    expect(await page.locator("table.sites tbody tr").count()).toBe(251);
    expect(asked).toBe(1);
    const first = await page.locator("table.sites").first().locator("tbody th a").allTextContents();
    expect(first).toEqual(["Embassy 3", "Embassy 7", "Embassy 9"]);
    await fits(page);
    // Rows are alike: one width and one language stand for all.
    if (width === 360 && language === "en") await hasNoFault(page);
    await shoot(page, `sites-${width}-${language}`);
    expect(problems).toEqual([]);
    await close();
  });

  test("a hard site", async () => {
    const { page, problems, close } = await open(browser, { width, language, scheme: "dark" }, hardSite);
    await page.goto("/s/hard/2026-10?view=table");
    await settled(page);
    await fits(page);
    await hasNoFault(page);
    expect(await page.locator(".notice.slim").count()).toBe(2);
    expect(await page.locator(".large").first().textContent()).toContain("9,876,543,210");
    expect(await page.locator("script", { hasText: "alert" }).count()).toBe(0);
    await shoot(page, `hard-${width}-${language}`);
    expect(problems).toEqual([]);
    await close();
  });
});

test("sites are found, grouped and sorted; a change within the noise decides nothing", async () => {
  const { page, problems, close } = await open(browser, {}, manySites);
  await page.goto("/?sort=change");
  await settled(page);
  const marks = await page.locator("table.sites .change").evaluateAll((all) => all.map((one) => one.classList.contains("within")));
  expect(marks.indexOf(true)).toBe(marks.lastIndexOf(false) + 1);
  await page.selectOption("select", "europe");
  expect(await page.locator("table.sites tbody tr").count()).toBe(84);
  await page.fill("#find", "embassy 99");
  await page.waitForFunction(() => document.querySelectorAll("table.sites tbody tr").length === 1);
  expect(new URL(page.url()).search).toBe("?group=europe&q=embassy+99&sort=change");
  await page.reload();
  await settled(page);
  expect(await page.locator("table.sites tbody tr").count()).toBe(1);
  expect(problems).toEqual([]);
  await close();
});

test("at 200 % text nothing is wider than the window", async () => {
  const { page, close } = await open(browser, { width: 1280 });
  await page.goto("/s/aurelia/2026-10");
  await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
  await settled(page);
  await fits(page);
  await close();
});

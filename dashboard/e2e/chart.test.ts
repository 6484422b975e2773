// The chart: what it draws is what its table says; the keyboard reads it point by point; what a screen reader is told.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, open, settled } from "./browser";

let browser: Browser;
beforeAll(async () => void (browser = await launch()));
afterAll(() => browser.close());

const plot = "[role=slider]";

test("the chart and its table hold the same numbers", async () => {
  const { page, close } = await open(browser);
  await page.goto("/s/aurelia/2026-10?view=table");
  await settled(page);
  const rows = await page.locator("table.points tbody tr").evaluateAll((all) =>
    all.map((row) => [...row.querySelectorAll("td")].slice(0, 3).map((cell) => Number(cell.textContent?.replace(/,/g, "")))),
  );
  expect(rows).toHaveLength(31);
  const slider = page.locator(plot);
  await slider.focus();
  await page.keyboard.press("Home");
  for (const [estimate, low, high] of rows) {
    const said = (await slider.getAttribute("aria-valuetext"))!.replace(/,/g, "");
    expect(said).toContain(`: ${estimate} `);
    expect(said).toContain(`${low} to ${high}`);
    await page.keyboard.press("ArrowRight");
  }
  // The dots stand where the numbers say: on one straight scale from zero.
  const heights = await page.locator(".plot .dot").evaluateAll((all) => all.map((dot) => Number(dot.getAttribute("cy"))));
  const zero = await page.locator(".plot .zero").evaluate((line) => Number(line.getAttribute("y1")));
  const scale = rows.map(([estimate], at) => (zero - heights[at]!) / estimate!);
  for (const one of scale) expect(Math.abs(one / scale[0]! - 1)).toBeLessThan(0.02);
  await close();
});

test("what a screen reader is told of the chart", async () => {
  const { page, close } = await open(browser);
  await page.goto("/s/aurelia/2026-10");
  await settled(page);
  const slider = page.locator(plot);
  expect(await slider.getAttribute("aria-label")).toBe("Visits: choose a point");
  await slider.focus();
  await page.keyboard.press("Home");
  const first = await slider.getAttribute("aria-valuetext");
  expect(first).toMatch(/^Thu 1 Oct: \d+ ± \d+ visits \(95 %: \d+ to \d+\); September: \d+ ± \d+$/);
  expect(await page.locator(".readout [role=status]").textContent()).toBe(first);
  await page.keyboard.press("End");
  expect(await slider.getAttribute("aria-valuenow")).toBe("31");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/s/aurelia/2026-10-31");
  await close();
});

test("a number that is missing says why", async () => {
  const { page, close } = await open(browser);
  await page.goto("/s/aurelia/2026-08");
  await settled(page);
  expect(await page.locator(plot).getAttribute("aria-valuetext")).toContain("nothing was counted yet");
  await close();
});

test("weeks where noise rules, with a note", async () => {
  const { page, close } = await open(browser);
  await page.goto("/s/borduria/2026-10");
  await settled(page);
  expect(await page.locator("#serieshead").textContent()).toContain("by week");
  expect(await page.locator(".series .note").textContent()).toContain("by day, the zigzag would be noise");
  await page.getByRole("button", { name: "by day" }).click();
  await settled(page);
  expect(new URL(page.url()).search).toBe("?by=day");
  await close();
});

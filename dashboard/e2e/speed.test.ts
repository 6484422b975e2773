// Bytes of the first load, and how long a reader waits. Bytes and layout shift are limits; times are printed and never
// judged: they depend on the machine, and the goals hold on an idle one.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, open, settled } from "./browser";
import { manySites } from "./fake";

const KIB = 1_024;

let browser: Browser;
beforeAll(async () => void (browser = await launch()));
afterAll(() => browser.close());

test("bytes of the first load", () => {
  const dist = fileURLToPath(new URL("../dist", import.meta.url));
  const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const brotli = (file: string) => brotliCompressSync(readFileSync(file)).length;
  const scripts = files.filter((file) => file.endsWith(".js"));
  expect(scripts).toHaveLength(1);
  const all = files.reduce((sum, file) => sum + brotli(file), 0);
  console.log(`script ${(brotli(scripts[0]!) / KIB).toFixed(1)} KB, all ${(all / KIB).toFixed(1)} KB, brotli`);
  expect(brotli(scripts[0]!)).toBeLessThanOrEqual(70 * KIB);
  expect(all).toBeLessThanOrEqual(85 * KIB);
});

/** Watches paints and shifts from the start. */
const watch = (page: Page) =>
  page.addInitScript(() => {
    const seen = { paint: 0, shift: 0 };
    Object.assign(globalThis, { seen });
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (seen.paint = entry.startTime))).observe({ type: "largest-contentful-paint", buffered: true });
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (seen.shift += (entry as unknown as { value: number }).value))).observe({ type: "layout-shift", buffered: true });
  });
const seen = (page: Page) => page.evaluate(() => (globalThis as unknown as { seen: { paint: number; shift: number } }).seen);
const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;

test.each(["en", "ja"] as const)("paint and shift, warm, %s", async (language) => {
  const { page, close } = await open(browser, { language }, watch);
  for (const address of ["/", "/s/aurelia/2026-10", "/privacy/aurelia"]) {
    const paints: number[] = [];
    const shifts: number[] = [];
    for (let load = 0; load < 6; load += 1) {
      await page.goto(address);
      await settled(page);
      const one = await seen(page);
      if (load > 0) paints.push(one.paint);
      shifts.push(one.shift);
    }
    console.log(`${address} ${language}: LCP ${median(paints).toFixed(0)} ms, CLS ${Math.max(...shifts).toFixed(4)}`);
    expect(Math.max(...shifts)).toBeLessThan(0.001);
  }
  await close();
});

test("first load at a quarter of the speed over 1.6 Mbit/s", async () => {
  const { page, close } = await open(browser, {}, watch);
  const client = await page.context().newCDPSession(page);
  await client.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await client.send("Network.enable");
  await client.send("Network.emulateNetworkConditions", { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 100_000 });
  await page.goto("/s/aurelia/2026-10");
  await settled(page);
  const one = await seen(page);
  console.log(`cold, throttled: LCP ${one.paint.toFixed(0)} ms, CLS ${one.shift.toFixed(4)}`);
  await close();
});

test("a change of the period, and 251 sites", async () => {
  const { page, close } = await open(browser);
  await page.goto("/s/aurelia/2026-10");
  await settled(page);
  const change = await page.evaluate(
    () =>
      new Promise<number>((done) => {
        const began = performance.now();
        const before = document.querySelector(".large")!.textContent;
        const look = () => (document.querySelector(".large")!.textContent !== before && !document.querySelector(".series.old") ? requestAnimationFrame(() => done(performance.now() - began)) : requestAnimationFrame(look));
        document.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true }));
        look();
      }),
  );
  await close();
  const many = await open(browser, {}, manySites);
  const began = Date.now();
  await many.page.goto("/");
  await many.page.waitForFunction(() => document.querySelectorAll("table.sites tbody tr").length === 251);
  const rows = Date.now() - began;
  console.log(`period change to paint ${change.toFixed(0)} ms; 251 sites ${rows} ms from the start`);
  await many.close();
});

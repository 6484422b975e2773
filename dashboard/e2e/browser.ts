// Debian's Chromium for the tests, and what every page must keep: no error, no report of its policy, no request elsewhere, nothing wider
// than the window, nothing that axe finds.

import { AxeBuilder } from "@axe-core/playwright";
import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { expect, inject } from "vitest";

const PROGRAMS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export async function launch(): Promise<Browser> {
  const executablePath = process.env["HEADCOUNT_CHROMIUM"] ?? PROGRAMS.find(existsSync);
  if (!executablePath) throw new Error(`no Chromium in ${PROGRAMS.join(", ")}; set HEADCOUNT_CHROMIUM to its path`);
  // The sandbox needs rights that containers do not give; only the server under test is visited.
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

export interface Opened {
  readonly page: Page;
  /** What went wrong so far. */
  readonly problems: string[];
  close(): Promise<void>;
}

export interface Look {
  readonly width?: number;
  readonly scheme?: "light" | "dark";
  readonly language?: "en" | "ja";
}

/** A page of its own in a context of its own; `before` runs before the first request. */
export async function open(browser: Browser, look: Look = {}, before?: (page: Page) => Promise<unknown>): Promise<Opened> {
  const options: BrowserContextOptions = {
    baseURL: inject("page"),
    viewport: { width: look.width ?? 1280, height: 900 },
    colorScheme: look.scheme ?? "light",
    locale: look.language ?? "en",
    timezoneId: "UTC",
  };
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && problems.push(`console: ${message.text()}`));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== inject("page")) problems.push(`request elsewhere: ${request.url()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  if (before) await before(page);
  return { page, problems, close: () => context.close() };
}

/** Waits until all questions are answered and the page stands still. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector("#main *") !== null && document.querySelector(".loading, .old") === null);
  // The tabs that are hidden ask a little later.
  await page.waitForTimeout(700);
  await page.waitForFunction(() => document.querySelector(".loading, .old") === null);
}

/** The rules whose answer depends on the width and the colours. */
export const LOOK_RULES = ["color-contrast", "target-size", "scrollable-region-focusable", "aria-hidden-focus", "link-in-text-block"];

export async function hasNoFault(page: Page, rules?: string[]): Promise<void> {
  const axe = new AxeBuilder({ page });
  const found = await (rules ? axe.withRules(rules) : axe.withTags(TAGS)).analyze();
  const said = found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).slice(0, 3).join(" | ")}`);
  expect(said, page.url()).toEqual([]);
}

export async function fits(page: Page): Promise<void> {
  // The body is as wide as the window less the room that is kept for a scroll bar.
  const [scroll, inner] = await page.evaluate(() => [document.documentElement.scrollWidth, document.body.clientWidth]);
  expect(scroll, `${page.url()} is wider than its window`).toBe(inner);
}

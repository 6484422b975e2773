// What is not seen at first: the help, a page as it is printed, colours that the reader's system forces, and less motion. Axe finds nothing
// there either, and what carries meaning does not vanish with the colours.

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fits, hasNoFault, launch, open, settled } from "./browser";
import { shoot } from "./shots";

let browser: Browser;
beforeAll(async () => void (browser = await launch()));
afterAll(() => browser.close());

const SITE = "/s/aurelia/2026-10?view=table";

async function at(address: string, language: "en" | "ja", look: Parameters<Page["emulateMedia"]>[0] = {}) {
  const opened = await open(browser, { language });
  await opened.page.emulateMedia(look);
  await opened.page.goto(address);
  await settled(opened.page);
  return opened;
}

describe.each(["en", "ja"] as const)("%s", (language) => {
  test.each(["light", "dark"] as const)("the help, %s", async (colorScheme) => {
    const { page, problems, close } = await at(SITE, language, { colorScheme });
    await page.keyboard.press("?");
    await page.locator("dialog").waitFor();
    await hasNoFault(page);
    await shoot(page, `help-1280-${colorScheme}-${language}`);
    await page.setViewportSize({ width: 320, height: 700 });
    await fits(page);
    await shoot(page, `help-320-${colorScheme}-${language}`);
    expect(problems).toEqual([]);
    await close();
  });

  test.each(["/", SITE, "/privacy/aurelia"])("printed, %s", async (address) => {
    const { page, close } = await at(address, language, { media: "print" });
    await page.setViewportSize({ width: 794, height: 1123 });
    await fits(page);
    await hasNoFault(page, ["color-contrast"]);
    expect(await page.locator("button.small:visible, select:visible:not([aria-hidden]), input:visible").count()).toBe(0);
    await shoot(page, `print-${address.split("/")[1] || "overview"}-${language}`);
    await close();
  });

  test.each(["light", "dark"] as const)("forced colours, %s", async (colorScheme) => {
    const { page, close } = await at(SITE, language, { forcedColors: "active", colorScheme });
    await hasNoFault(page);
    const line = await page.locator("svg.plot path.best, .plot path.best").first().evaluate((node) => getComputedStyle(node).stroke);
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(line).not.toBe(ground);
    await shoot(page, `forced-${colorScheme}-${language}`);
    await close();
  });
});

test("with less motion nothing moves", async () => {
  const { page, close } = await at(SITE, "en", { reducedMotion: "reduce" });
  const moving = await page.evaluate(() =>
    [...document.querySelectorAll("*")].filter((node) => {
      const style = getComputedStyle(node);
      return parseFloat(style.animationDuration) > 0.01 || parseFloat(style.transitionDuration) > 0.01;
    }).length,
  );
  expect(moving).toBe(0);
  await close();
});

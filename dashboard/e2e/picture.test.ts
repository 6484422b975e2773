// The picture at the top of the README: taken where HEADCOUNT_PICTURE names the file (`npm run picture`).

import { test } from "vitest";
import { launch, open, settled } from "./browser";

const file = process.env["HEADCOUNT_PICTURE"];

test.runIf(file)("the picture", async () => {
  const browser = await launch();
  const { page, close } = await open(browser, { width: 1200 });
  await page.setViewportSize({ width: 1200, height: 980 });
  await page.goto("/s/aurelia/2026-10");
  await settled(page);
  await page.hover(".plot", { position: { x: 560, y: 120 } });
  await page.screenshot({ path: file! });
  await close();
  await browser.close();
});

// Pictures for a person to look at: taken where HEADCOUNT_SHOTS names a folder.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";

export async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env["HEADCOUNT_SHOTS"];
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

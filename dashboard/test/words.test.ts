// Both languages have all words; nothing in Japanese is left in English.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { en } from "../src/words/en";
import { ja } from "../src/words/ja";
import { proseEn } from "../src/words/prose.en";
import { proseJa } from "../src/words/prose.ja";
import { inJapanese } from "../src/words/retention";

/** Every text by its path; functions are called with what suits any of them. */
function texts(tree: unknown, path = ""): [string, string][] {
  if (typeof tree === "string") return [[path, tree]];
  if (typeof tree === "function") {
    const sample = path.includes("spoken") ? { estimate: 3n, low: 1n, high: 5n } : path.endsWith("statement") ? { site: "x" } : 3;
    return [[path, String((tree as (...all: unknown[]) => string)(sample, sample, sample))]];
  }
  if (typeof tree !== "object" || tree === null) return [];
  return Object.entries(tree).flatMap(([key, value]) => texts(value, `${path}.${key}`));
}

// Names and signs that are the same everywhere.
const SAME = new Set([".name", ".otherLanguage", ".rows.csv", ".chart.csv", ".table.5.title", ".table.5.key", ".reading.sections.0.title"]);

test.each([
  ["words", en, ja],
  ["prose", proseEn, proseJa],
])("%s: the same paths, each in its own language", (_, english, japanese) => {
  const [first, second] = [texts(english), texts(japanese)];
  expect(second.map(([path]) => path)).toEqual(first.map(([path]) => path));
  for (const [path, text] of second) {
    if (SAME.has(path) || /helpDialog\.keys\.\d+\.0|unit\.|legend\.|\.tab$|periods\.0$|chart\.before|state\.field/.test(path)) continue;
    expect(text, `${path} is empty`).not.toBe("");
    expect(/[\u3040-\u30ff\u4e00-\u9fff]|^[\d%\s]+$/.test(text), `${path} is not Japanese: ${text}`).toBe(true);
  }
  for (const [path, text] of first) {
    if (SAME.has(path)) continue;
    expect(/[\u3040-\u30ff\u4e00-\u9fff]/.test(text), `${path} is not English: ${text}`).toBe(false);
  }
});

test("what the server says is kept has a translation", () => {
  const source = readFileSync(new URL("../../crates/model/src/promise.rs", import.meta.url), "utf8");
  const sentences = [...source.matchAll(/(?:what|how|until|NOT_COVERED: &str) ?[:=] "((?:[^"\\]|\\\n\s*)*)"/g)].map((match) => match[1]!.replace(/\\\n\s*/g, ""));
  expect(sentences.length).toBeGreaterThan(12);
  for (const sentence of sentences) expect(inJapanese(sentence), sentence).toBeDefined();
});

// Contrast of the palette, light and dark, which axe cannot see inside an SVG.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const css = readFileSync(new URL("../src/style/palette.css", import.meta.url), "utf8");

function colour(name: string, dark: boolean): [number, number, number] {
  const match = new RegExp(`--${name}: light-dark\\(#([0-9a-f]{6}), #([0-9a-f]{6})\\)`).exec(css);
  if (!match) throw new Error(`--${name} is not in palette.css`);
  const hex = match[dark ? 2 : 1]!;
  return [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255) as [number, number, number];
}

function luminance(rgb: [number, number, number]): number {
  const [r, g, b] = rgb.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string, dark: boolean): number {
  const [x, y] = [luminance(colour(a, dark)), luminance(colour(b, dark))];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

const PAIRS: [string, string, number][] = [
  ["text", "ground", 7],
  ["text", "raised", 7],
  ["muted", "ground", 4.5],
  ["muted", "raised", 4.5],
  ["accent", "ground", 4.5],
  ["accent", "raised", 4.5],
  ["ground", "accent", 4.5],
  ["up", "ground", 4.5],
  ["up", "raised", 4.5],
  ["down", "ground", 4.5],
  ["down", "raised", 4.5],
  ["before", "ground", 3],
  ["edge", "ground", 3],
  ["edge", "raised", 3],
  ["focus", "ground", 3],
  ["band-edge", "ground", 3],
  ["accent", "band95", 3],
  ["accent", "band50", 3],
  ["text", "band-edge", 3],
];

test.each(PAIRS.flatMap(([a, b, least]) => [false, true].map((dark) => ({ a, b, least, dark }))))("$a on $b, dark $dark: at least $least", ({ a, b, least, dark }) => {
  expect(contrast(a, b, dark)).toBeGreaterThanOrEqual(least);
});

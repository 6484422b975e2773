// Single keys do nothing with a modifier or while an input method composes.

import { expect, test } from "vitest";
import { keyOf } from "../src/state/keys";

const press = (key: string, more: Partial<KeyboardEvent> = {}) => keyOf({ key, ctrlKey: false, metaKey: false, altKey: false, isComposing: false, defaultPrevented: false, ...more } as KeyboardEvent);

test("letters in either case", () => {
  expect(press("d")).toBe("d");
  expect(press("D", { shiftKey: true })).toBe("d");
  expect(press("?")).toBe("?");
  expect(press("ArrowLeft")).toBe("ArrowLeft");
});

test.each([{ ctrlKey: true }, { metaKey: true }, { altKey: true }, { isComposing: true }, { defaultPrevented: true }])("nothing with %o", (more) => {
  expect(press("d", more)).toBeUndefined();
});

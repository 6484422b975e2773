// Single keys. They can be switched off, and do nothing in fields, with a modifier, or while an input method composes.

import { useEffect, useRef } from "preact/hooks";
import { keyOf } from "./keys";
import { shortcutsOn } from "./settings";

/** By the key as the event names it; letters in small. */
export type Shortcuts = Record<string, () => unknown>;

const registered: { current: Shortcuts }[] = [];

export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type !== "checkbox");
}

export function followShortcuts(): void {
  document.addEventListener("keydown", (event) => {
    const key = keyOf(event);
    if (key === undefined || !shortcutsOn.value || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const action = registered.findLast((entry) => Object.hasOwn(entry.current, key))?.current[key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}

/** Keys that work while the component is on the page; the youngest wins. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const entry = useRef(shortcuts);
  entry.current = shortcuts;
  useEffect(() => {
    registered.push(entry);
    return () => void registered.splice(registered.indexOf(entry), 1);
  }, []);
}

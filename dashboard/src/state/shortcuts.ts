// Single keys. They can be switched off, and do nothing in fields, with a modifier, or while an input method composes.

import { useEffect, useRef } from "preact/hooks";
import { shortcutsOn } from "./settings";

/** By the key as the event names it; letters in small. */
export type Shortcuts = Record<string, () => unknown>;

const registered: { current: Shortcuts }[] = [];

export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type !== "checkbox");
}

/** The name under which a key press is looked up; undefined where it is no shortcut. */
export function keyOf(event: KeyboardEvent): string | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return undefined;
  return event.key.length === 1 ? event.key.toLowerCase() : event.key;
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

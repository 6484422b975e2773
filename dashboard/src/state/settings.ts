// What this browser remembers, and nothing else: colours, language, and whether shortcuts are on. No cookies.

import { effect, signal } from "@preact/signals";
import type { Language } from "../format/number";

export type Theme = "auto" | "light" | "dark";

function read(name: string): string | null {
  try {
    return localStorage.getItem(`headcount.${name}`);
  } catch {
    return null; // Storage may be forbidden: the page works without it.
  }
}

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`headcount.${name}`, value);
  } catch {
    // As above.
  }
}

function firstLanguage(): Language {
  const asked = new URLSearchParams(location.search).get("lang") ?? read("language");
  if (asked === "ja" || asked === "en") return asked;
  return navigator.languages.find((tag) => /^(ja|en)\b/.test(tag))?.startsWith("ja") ? "ja" : "en";
}

function firstTheme(): Theme {
  const kept = read("theme");
  return kept === "light" || kept === "dark" ? kept : "auto";
}

export const language = signal<Language>(firstLanguage());
export const theme = signal<Theme>(firstTheme());
export const shortcutsOn = signal(read("shortcuts") !== "off");

export function chooseLanguage(chosen: Language): void {
  language.value = chosen;
  keep("language", chosen);
}

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  keep("theme", chosen);
}

export function switchShortcuts(on: boolean): void {
  shortcutsOn.value = on;
  keep("shortcuts", on ? "on" : "off");
}

effect(() => {
  document.documentElement.lang = language.value;
});
effect(() => {
  document.documentElement.dataset["theme"] = theme.value;
});

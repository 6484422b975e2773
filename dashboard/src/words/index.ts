// The words of the page in the language that is chosen now. Reading them inside a component makes it follow the choice.

import { language } from "../state/settings";
import { en, type Words } from "./en";
import { ja } from "./ja";
import { type Prose, proseEn } from "./prose.en";
import { proseJa } from "./prose.ja";

const ALL: Record<"en" | "ja", Words> = { en, ja };

export function words(): Words {
  return ALL[language.value];
}

export type { Words };

const PROSE: Record<"en" | "ja", Prose> = { en: proseEn, ja: proseJa };

/** The longer texts. */
export function prose(): Prose {
  return PROSE[language.value];
}

/** The same in a language that is named, for a text in both. */
export const proseIn = (name: "en" | "ja"): Prose => PROSE[name];

// Changes as text, exactly as crates/model/src/format/change.rs writes them. A change that the noise alone may have made is never written
// as one: no sign, no arrow, no number.

import { type Digits, type Interval, interval, type Language } from "./number";

/** A difference, now less then, with its interval. */
export interface ChangeInterval extends Interval {
  readonly isWithinNoise: boolean;
}

const WITHIN: Record<Language, string> = { en: "within the noise", ja: "誤差の範囲内" };

/** How large it is, whatever its direction: `218 ± 44`. */
export function changeSize(change: Interval, language: Language, digits: Digits = "full"): string {
  const down = change.estimate < 0n;
  return interval(down ? { estimate: -change.estimate, low: -change.high, high: -change.low } : change, language, digits);
}

/** For a cell of a table: `+218 ± 44`, `within the noise`. */
export function changeCell(change: ChangeInterval, language: Language, digits: Digits = "full"): string {
  if (change.isWithinNoise) return WITHIN[language];
  return (change.estimate < 0n ? "-" : "+") + changeSize(change, language, digits);
}

/** Against what it is compared with: `218 ± 44 more than September`, `9月より218 ± 44多い`. */
export function changeSentence(change: ChangeInterval, base: string, language: Language): string {
  const size = changeSize(change, language);
  const down = change.estimate < 0n;
  if (language === "ja") return change.isWithinNoise ? `${base}との差は誤差の範囲内です` : `${base}より${size}${down ? "少ない" : "多い"}`;
  return change.isWithinNoise ? `the difference from ${base} is within the noise` : `${size} ${down ? "less" : "more"} than ${base}`;
}

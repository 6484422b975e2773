// Whether numbers are late, by the clock of the browser and the moment that the server names.

/** When numbers are late: in whole days past the moment they were due; undefined where they are not. */
export function lateDays(nextDue: bigint, nowMs: number): number | undefined {
  const past = nowMs / 1000 - Number(nextDue);
  return nextDue > 0n && past > 0 ? Math.floor(past / 86_400) : undefined;
}

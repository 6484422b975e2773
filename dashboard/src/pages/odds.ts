// What epsilon means for somebody who guesses, as odds; and the made-up day that is published over and over.

/** The largest chance that somebody can come to believe in, from the chance `prior` before. */
export function posterior(prior: number, epsilon: number): number {
  const raised = prior * Math.exp(epsilon);
  return raised / (1 - prior + raised);
}

/** A small chance as "1 in n". */
export const oneIn = (chance: number): number => Math.round(1 / chance);

/** A large chance as "n in n + 1". */
export const nIn = (chance: number): number => Math.max(1, Math.round(chance / (1 - chance)));

/** Whole numbers with Gaussian noise around a true count: for showing only, never for publishing. */
export function published(truth: number, sigma: number, times: number, random: () => number = Math.random): number[] {
  return Array.from({ length: times }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    return Math.round(truth + sigma * radius * Math.cos(2 * Math.PI * random()));
  });
}

// Made-up access logs of two months: an embassy with some 150 visits a day, a small one, and paths that are hard to set. The same in
// every run.

const PAGES = ["/en/", "/en/", "/en/", "/ja/", "/ja/", "/en/visa/", "/en/visa/", "/en/consular/passport.html", "/ja/visa/", "/en/contact/", "/en/opening-hours.html"];
/** A path of 200 characters without a place to break. */
export const LONG_PAGE = `/en/${"documentsandformsforvisaapplicants".repeat(6)}`.slice(0, 195) + ".html";
const REFERRERS = ["-", "-", "https://www.google.com/", "https://www.bing.com/", "https://www.example.org/links"];
const AGENTS = [
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
  "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0",
];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY_MS = 86_400_000;

/** Numbers that look random and are the same everywhere (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function stamp(moment: number): string {
  const date = new Date(moment);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}

/** September and October 2026; October has half as many visits more. */
export function log(visitsPerDay: number, seed: number): string {
  const random = randomFrom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const lines: string[] = [];
  for (let day = Date.UTC(2026, 8, 1); day <= Date.UTC(2026, 9, 31); day += DAY_MS) {
    const weekend = [0, 6].includes(new Date(day).getUTCDay()) ? 0.6 : 1;
    const october = new Date(day).getUTCMonth() === 9 ? 1.5 : 1;
    const visits = Math.round(visitsPerDay * weekend * october * (0.9 + 0.2 * random()));
    const ofDay: [number, string][] = [];
    for (let visit = 0; visit < visits; visit += 1) {
      const who = `10.${Math.floor(random() * 200)}.${Math.floor(random() * 250)}.${Math.floor(random() * 250)}`;
      const agent = pick(AGENTS);
      let at = day + Math.floor((8 + random() * 12) * 3_600_000);
      for (let view = 1 + Math.floor(random() * 3); view > 0; view -= 1) {
        const page = random() < 0.05 ? LONG_PAGE : pick(PAGES);
        const status = random() < 0.02 ? 404 : 200;
        ofDay.push([at, `${who} - - [${stamp(at)}] "GET ${page} HTTP/1.1" ${status} ${8_000 + Math.floor(random() * 60_000)} "${pick(REFERRERS)}" "${agent}"`]);
        at += 20_000 + Math.floor(random() * 60_000);
      }
    }
    lines.push(...ofDay.sort((a, b) => a[0] - b[0]).map(([, line]) => line));
  }
  return lines.join("\n") + "\n";
}

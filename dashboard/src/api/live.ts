// Whether the server answers, and whether there are new numbers. A browser keeps six connections to a host and an open stream
// holds one, so only the visible tab listens for releases.

import { signal } from "@preact/signals";
import { stats } from "./client";

/** Since when the server has not answered; absent while it does. */
export const offlineSince = signal<Date | undefined>(undefined);
/** Grows when answers may have changed: all questions are asked again. */
export const version = signal(0);
/** Grows when numbers were published while the page was open. */
export const published = signal(0);

const STREAM_MS = 15 * 60_000;
const SETTLE_MS = 800;
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 30_000;

let retryMs = RETRY_MS_MIN;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
let settleTimer: ReturnType<typeof setTimeout> | undefined;
let stream: AbortController | undefined;

export function online(): void {
  offlineSince.value = undefined;
  retryMs = RETRY_MS_MIN;
  clearTimeout(retryTimer);
  retryTimer = undefined;
}

/** Remembers that nobody answered and asks again later, less and less often. */
export function lost(): void {
  offlineSince.value ??= new Date();
  if (retryTimer !== undefined) return;
  retryTimer = setTimeout(askAgain, retryMs);
  retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
}

export function askAgain(): void {
  clearTimeout(retryTimer);
  retryTimer = undefined;
  version.value++;
  listen();
}

/** Many releases come at once, at midnight or with an import: they are one change. */
function settle(): void {
  clearTimeout(settleTimer);
  settleTimer = setTimeout(() => {
    published.value++;
    version.value++;
  }, SETTLE_MS);
}

async function hear(own: AbortController): Promise<void> {
  try {
    for await (const _notice of stats.watchReleases({}, { signal: own.signal, timeoutMs: STREAM_MS })) {
      online();
      settle();
    }
  } catch {
    // The end of the stream, whatever ended it, is handled below.
  }
  if (own.signal.aborted) return;
  stream = undefined;
  // Its deadline, or a server that went away: the questions find out which.
  lostOrOver();
}

function lostOrOver(): void {
  if (document.visibilityState === "visible") setTimeout(() => version.value++, RETRY_MS_MIN);
}

export function listen(): void {
  if (document.visibilityState !== "visible" || stream) return;
  stream = new AbortController();
  void hear(stream);
}

export function watchVisibility(): void {
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") {
      listen();
      version.value++;
    } else {
      stream?.abort();
      stream = undefined;
    }
  });
  listen();
}

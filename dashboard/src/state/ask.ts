// A question and its answer as a signal: loading, there, or refused. The old answer stays while a new one is on its way, and when
// the connection is lost; so the page never jumps and a number once read is not taken away.

import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { type Failure, failure } from "../api/client";
import { listen, lost, online, version } from "../api/live";

export interface Answer<T> {
  readonly data?: T | undefined;
  /** True while `data` answers an earlier question. */
  readonly isOld: boolean;
  readonly failure?: Failure | undefined;
}

const CACHE_MAX = 400;
const cache = new Map<string, unknown>();
let cacheVersion = 0;

function cached(key: string): unknown {
  if (cacheVersion !== version.peek()) {
    cache.clear();
    cacheVersion = version.peek();
  }
  return cache.get(key);
}

function keep(key: string, asked: number, data: unknown): void {
  if (asked !== version.peek()) return;
  if (cache.size >= CACHE_MAX) cache.clear();
  cache.set(key, data);
}

/** Asks when `key` changes, or when the numbers may have; `undefined` asks nothing yet. */
export function useAnswer<T>(key: string | undefined, ask: (signal: AbortSignal) => Promise<T>): Answer<T> {
  const now = version.value;
  const found = key === undefined ? undefined : (cached(key) as T | undefined);
  const state = useSignal<{ key?: string | undefined; data?: T | undefined; failure?: Failure | undefined }>({ key, data: found });
  const latest = useRef(ask);
  latest.current = ask;
  useEffect(() => {
    if (key === undefined) return;
    const hit = cached(key) as T | undefined;
    if (hit !== undefined) {
      state.value = { key, data: hit };
      return;
    }
    const stop = new AbortController();
    latest.current(stop.signal).then(
      (data) => {
        if (stop.signal.aborted) return;
        online();
        listen();
        keep(key, now, data);
        state.value = { key, data };
      },
      (error: unknown) => {
        if (stop.signal.aborted) return;
        const why = failure(error);
        if (why.kind === "offline") lost();
        else online();
        state.value = { key, data: why.kind === "offline" ? state.peek().data : undefined, failure: why };
      },
    );
    return () => stop.abort();
  }, [key, now]);
  const answer = useComputed(() => state.value).value;
  if (found !== undefined) return { data: found, isOld: false };
  return { data: answer.data, isOld: answer.key !== key, failure: answer.key === key ? answer.failure : undefined };
}

// What the page says when there are no numbers to show: loading, refused, nothing published yet.

import type { Site } from "../api/gen/headcount/v1/stats_pb";
import type { Failure } from "../api/client";
import { useEffect, useState } from "preact/hooks";
import { words } from "../words";
import { Copy } from "./Copy";

const QUIET_MS = 300;

/** Reserves the room at once and speaks only when it takes longer than a blink. */
export function Loading({ class: name = "" }: { class?: string }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), QUIET_MS);
    return () => clearTimeout(timer);
  }, []);
  return <div class={`loading ${name}`} role="status">{late ? words().state.loading : ""}</div>;
}

export function Refused({ failure }: { failure: Failure }) {
  return (
    <div class="notice bad" role="alert">
      <h2>{words().state.failed}</h2>
      <p lang="en">{failure.message}</p>
    </div>
  );
}

/** Nothing is published yet: what is missing, and the one command. */
export function NothingYet({ site }: { site: Pick<Site, "site" | "timeZone"> }) {
  const w = words().state;
  const name = site.site === "" ? "example" : site.site;
  const command = `headcount ship --site ${name} access.log`;
  return (
    <div class="notice">
      <h2>{w.empty}</h2>
      <p>{w.emptyWhy(site.timeZone)}</p>
      <p class="command">
        <code>{command}</code> <Copy text={() => command} label={w.copyCommand} />
      </p>
      <p class="muted">{w.emptyServer}</p>
      <p class="muted">{w.emptyWatch}</p>
    </div>
  );
}

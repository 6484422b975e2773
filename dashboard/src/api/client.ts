// Questions to the server over gRPC-Web. Each has a deadline; what goes wrong comes back as one kind of failure.

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { StatsService } from "./gen/headcount/v1/stats_pb";

const DEADLINE_MS = 15_000;

export const stats = createClient(
  StatsService,
  createGrpcWebTransport({ baseUrl: location.origin, useBinaryFormat: true, defaultTimeoutMs: DEADLINE_MS }),
);

/** Why a question has no answer. */
export interface Failure {
  /** `offline`: nobody answered in time; it may work later. `refused`: the server said no; asking again changes nothing. */
  readonly kind: "offline" | "refused";
  readonly code: string;
  /** The server's own sentence. */
  readonly message: string;
}

const MAY_PASS = new Set([Code.Unavailable, Code.DeadlineExceeded, Code.Unknown, Code.Aborted, Code.Canceled, Code.ResourceExhausted]);

export function failure(error: unknown): Failure {
  const known = ConnectError.from(error);
  return { kind: MAY_PASS.has(known.code) ? "offline" : "refused", code: Code[known.code] ?? "Unknown", message: known.rawMessage };
}

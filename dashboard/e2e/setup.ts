// One server for all tests of a run. Its address reaches them through vitest's `inject`.

import type { TestProject } from "vitest/node";
import { Server } from "./server";

declare module "vitest" {
  export interface ProvidedContext {
    page: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await Server.start();
  project.provide("page", server.page);
  return () => server.end();
}

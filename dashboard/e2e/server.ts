// A real headcount server with real published numbers, in a directory of its own: started, stopped and started again by the tests.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { log } from "./logs";

/** The program under test; build it before: `cargo build`. */
export const PROGRAM = process.env["HEADCOUNT_BIN"] ?? fileURLToPath(new URL("../../target/debug/headcount", import.meta.url));
const WAIT_MS = 60_000;

const CONFIG = `
[[group]]
name = "europe"
title = { en = "Europe", ja = "欧州" }

[[site]]
name = "aurelia"
title = { en = "Embassy in Aurelia", ja = "在アウレリア日本国大使館" }
group = "europe"
time_zone = "Europe/Paris"
profile = "small"
pages = ["/en/", "/ja/", "/en/visa/", "/ja/visa/", "/en/contact/", "/en/opening-hours.html", "/en/consular/passport.html"]

[[site]]
name = "borduria"
title = { en = "Embassy in Borduria", ja = "在ボルドリア日本国大使館" }
group = "europe"
time_zone = "Asia/Tokyo"
profile = "small"
pages = ["/en/", "/ja/"]

[[site]]
name = "corvia"
title = "Consulate in Corvia"
`;

const VISITS: Record<string, number> = { aurelia: 150, borduria: 12 };

export class Server {
  private child: ChildProcess | undefined;
  private constructor(
    readonly directory: string,
    /** Where readers are answered: `http://127.0.0.1:PORT`. */
    public page: string,
    public ingest: string,
  ) {}

  /** Starts it and publishes two months; corvia gets nothing. */
  static async start(): Promise<Server> {
    const server = new Server(mkdtempSync(join(tmpdir(), "headcount-browser-")), "", "");
    writeFileSync(join(server.directory, "config.toml"), CONFIG);
    await server.run("127.0.0.1:0", "127.0.0.1:0");
    for (const [site, visits] of Object.entries(VISITS)) {
      const file = join(server.directory, `${site}.log`);
      writeFileSync(file, log(visits, visits));
      const args = ["ship", "--server", server.ingest, "--site", site, "--state", join(server.directory, "ship"), file];
      const shipped = spawnSync(PROGRAM, args, { encoding: "utf8", timeout: WAIT_MS });
      if (shipped.status !== 0) throw new Error(`headcount ship failed: ${shipped.stderr}`);
    }
    await server.until("the month of October is published", async () => {
      const answer = await fetch(`${server.page}/headcount.v1.StatsService/ListSites`, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
      const text = (await answer.text()).replace(/\s/g, "");
      return (text.match(/"(?:last_month|lastMonth)":"2026-10-01"/g) ?? []).length === Object.keys(VISITS).length;
    });
    return server;
  }

  private async run(listen: string, web: string): Promise<void> {
    const at = (name: string) => join(this.directory, name);
    const args = ["serve", "--config", at("config.toml"), "--data", at("data"), "--keys", at("keys"), "--listen", listen, "--web", web];
    const child = spawn(PROGRAM, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1" } });
    this.child = child;
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (part: Buffer) => (said += part.toString()));
    await this.until("it listens", async () => {
      if (child.exitCode !== null) throw new Error(`headcount serve ended: ${said}`);
      const page = /url="?(http:\/\/127\.0\.0\.1:\d+)/.exec(said)?.[1];
      const ingest = /address="?(127\.0\.0\.1:\d+)/.exec(said)?.[1];
      if (!page || !ingest) return false;
      [this.page, this.ingest] = [page, `http://${ingest}`];
      return true;
    });
  }

  private async until(what: string, done: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + WAIT_MS;
    while (Date.now() < end) {
      if (await done()) return;
      await new Promise((wake) => setTimeout(wake, 100));
    }
    throw new Error(`waited ${WAIT_MS / 1000} s until ${what}`);
  }

  async stop(): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((wake) => child.once("exit", wake));
    child.kill("SIGTERM");
    await ended;
  }

  /** Starts it again at the same addresses. */
  async again(): Promise<void> {
    await this.run(new URL(this.ingest).host, new URL(this.page).host);
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

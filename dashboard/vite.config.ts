// How the page is built: one script and one style sheet with hashed names, no source maps, the same bytes in every run.
import { defineConfig } from "vitest/config";

// Where `npm run dev` sends questions: any running headcount server.
const server = process.env["HEADCOUNT_SERVER"] ?? "http://127.0.0.1:50051";

export default defineConfig({
  build: {
    target: "es2022",
    modulePreload: false,
    sourcemap: false,
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    reportCompressedSize: false,
    rolldownOptions: { output: { codeSplitting: false } },
  },
  server: { host: "127.0.0.1", proxy: { "/headcount.v1.StatsService": server, "/data": server } },
  test: { include: ["test/**/*.test.ts"] },
});

import assert from "node:assert/strict";
import type { Analysis } from "../../../roles/model/analysis.ts";
import { painter } from "../../../roles/cli/core/table.ts";
import { formatShort } from "./short_view.ts";

function fact<V>(value: V) {
  return { value, confidence: 0.95, evidence: [] };
}

function applicationAt(path: string, start: string | null) {
  return {
    path,
    name: path,
    language: fact("typescript" as const),
    runtimeVersion: fact("20"),
    packageManager: fact("pnpm" as const),
    frameworks: ["next", "react", "express"].map(fact),
    commands: {
      install: null,
      build: null,
      start: start === null ? null : fact(start),
      test: null,
    },
    ports: [fact(3000)],
    env: [],
    nativeLibraries: [],
    dependsOn: [],
  };
}

const SHOP: Analysis = {
  schema: 1,
  applications: [applicationAt("api", "pnpm start"), applicationAt("ui", null)],
  services: [{
    kind: "postgres",
    version: "16",
    port: 5432,
    usedBy: ["api"],
    env: [],
    evidence: [],
  }],
  unknown: [],
};

Deno.test("each application and service is a line", () => {
  assert.equal(
    formatShort(SHOP, { paint: painter(false), columns: 80 }),
    `APPLICATION  LANGUAGE       FRAMEWORKS      PORTS  START
api          typescript 20  next, react +1  3000   pnpm start
ui           typescript 20  next, react +1  3000

SERVICE   VERSION  PORT  USED BY
postgres  16       5432  api

2 applications, 1 service
`,
  );
});

Deno.test("a line ends where the terminal does, and a name steers none", () => {
  const start = `node \u001b[2J${"x".repeat(200)}`;
  const analysis = { ...SHOP, applications: [applicationAt("api", start)] };
  const text = formatShort(analysis, { paint: painter(false), columns: 80 });
  assert.ok(!text.includes("\u001b"));
  assert.ok(text.split("\n").every((line) => line.length <= 80));
  assert.match(text, /x…\n/);
});

Deno.test("nothing told is a count of nothing", () => {
  const analysis = { ...SHOP, applications: [], services: [] };
  assert.equal(
    formatShort(analysis, { paint: painter(false), columns: 80 }),
    "0 applications, 0 services\n",
  );
});

import assert from "node:assert/strict";
import type { Analysis } from "../../../roles/model/analysis.ts";
import { painter } from "../../../roles/cli/core/table.ts";
import { formatAnalysis } from "./analysis_view.ts";

function fact<V>(value: V, file = "package.json", line: number | null = 3) {
  return { value, confidence: 0.95, evidence: [{ file, line }] };
}

const SHOP: Analysis = {
  schema: 1,
  applications: [{
    path: "api",
    name: "@acme/api",
    language: fact("typescript"),
    runtimeVersion: fact("20.11.1", ".nvmrc", 1),
    packageManager: fact("pnpm", "pnpm-lock.yaml", null),
    frameworks: [fact("express"), fact("next")],
    commands: {
      install: fact("pnpm install --frozen-lockfile"),
      build: null,
      start: fact("pnpm start"),
      test: null,
    },
    ports: [fact(3000)],
    env: [
      { name: "DATABASE_URL", required: true, evidence: [] },
      { name: "PORT", required: false, default: "3000", evidence: [] },
      { name: "LOG_LEVEL", required: false, evidence: [] },
    ],
    nativeLibraries: [fact("openssl")],
    dependsOn: ["packages/ui"],
  }],
  services: [{
    kind: "postgres",
    version: "16",
    port: 5432,
    usedBy: ["api"],
    env: ["DATABASE_URL"],
    evidence: [{ file: "compose.yaml", line: 4 }],
  }],
  unknown: [{ path: "web", what: "start", why: "nothing says how" }],
};

function shown(analysis: Analysis, columns = 80, isEvidenceShown = false) {
  const paint = painter(false);
  return formatAnalysis(analysis, {
    paint,
    columns,
    isEvidenceShown,
    isEveryVariableShown: false,
  });
}

Deno.test("an application is a block, and so is a service", () => {
  assert.equal(
    shown(SHOP),
    `@acme/api  in api
  language     typescript
  version      20.11.1
  packages by  pnpm
  frameworks   express, next
  install      pnpm install --frozen-lockfile
  start        pnpm start
  listens on   3000
  reads        DATABASE_URL (required), PORT=3000, LOG_LEVEL
  libraries    openssl
  depends on   packages/ui

postgres  service
  version      16
  port         5432
  address in   DATABASE_URL
  used by      api
  named in     compose.yaml:4

could not tell
  web: start: nothing says how

1 application, 1 service, 1 could not be told
`,
  );
});

Deno.test("lists end where the terminal does", () => {
  const lines = shown(SHOP, 44).split("\n");
  const at = lines.findIndex((line) => line.includes("reads"));
  assert.deepEqual(lines.slice(at, at + 3), [
    "  reads        DATABASE_URL (required),",
    "               PORT=3000, LOG_LEVEL",
    "  libraries    openssl",
  ]);
});

function withVariables(count: number, required: number): Analysis {
  const [application] = SHOP.applications;
  assert.ok(application !== undefined);
  const env = Array.from({ length: count }, (_, index) => ({
    name: `V${index}`,
    evidence: [],
    ...index < count - required
      ? { required: false, default: "1" }
      : { required: true },
  }));
  return { ...SHOP, applications: [{ ...application, env }] };
}

Deno.test("of many variables those that are needed are shown, and how many there are", () => {
  assert.match(
    shown(withVariables(40, 2)),
    /reads {8}V38 \(required\), V39 \(required\), 38 more: --env\n/,
  );
  assert.match(shown(withVariables(40, 0), 200), /V11=1, 28 more: --env\n/);
  assert.match(shown(withVariables(12, 1), 200), /V10=1, V11 \(required\)\n/);
});

Deno.test("asked for, every variable is shown", () => {
  const text = formatAnalysis(withVariables(40, 2), {
    paint: painter(false),
    columns: 80,
    isEvidenceShown: false,
    isEveryVariableShown: true,
  });
  assert.equal([...text.matchAll(/\bV\d+/g)].length, 40);
});

Deno.test("evidence stands below its fact", () => {
  const text = shown(SHOP, 80, true);
  assert.match(text, / {2}version {6}20\.11\.1\n {17}95 % {2}\.nvmrc:1\n/);
  assert.match(text, /pnpm\n {17}95 % {2}pnpm-lock\.yaml\n/);
});

Deno.test("of many places the first are shown", () => {
  const [application] = SHOP.applications;
  assert.ok(application !== undefined);
  const evidence = Array.from({ length: 9 }, (_, at) => ({
    file: `f${at}`,
    line: 1,
  }));
  const language = { ...application.language, evidence };
  const analysis = { ...SHOP, applications: [{ ...application, language }] };
  assert.match(shown(analysis, 80, true), /f0:1, f1:1, f2:1, 6 more\n/);
});

Deno.test("a name steers no terminal", () => {
  const [application] = SHOP.applications;
  assert.ok(application !== undefined);
  const analysis = {
    ...SHOP,
    applications: [{ ...application, name: "a\u001b[2J\nb" }],
    unknown: [{ path: "x\u001b]0;t\u0007", what: "a\r", why: "b" }],
  };
  const text = shown(analysis);
  assert.ok(!text.includes("\u001b") && !text.includes("\r"));
  assert.match(text, /^a \[2J b {2}in api\n/);
});

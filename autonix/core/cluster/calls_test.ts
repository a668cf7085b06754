import assert from "node:assert/strict";
import type { AnalysedApplication } from "../../../roles/model/analysis.ts";
import { type Call, callsOf } from "./calls.ts";

function fact<V>(value: V) {
  return { value, confidence: 0.9, evidence: [] };
}

function application(
  path: string,
  of: { port?: number; env?: Record<string, string>; start?: null } = {},
): AnalysedApplication {
  const evidence = [{ file: `${path}/.env.example`, line: 1 }];
  return {
    path,
    name: path.slice(path.lastIndexOf("/") + 1),
    language: fact("go" as const),
    runtimeVersion: null,
    packageManager: null,
    frameworks: [],
    commands: {
      install: null,
      build: null,
      start: of.start === null ? null : fact("./app"),
      test: null,
    },
    ports: of.port === undefined ? [] : [fact(of.port)],
    env: Object.entries(of.env ?? {}).map(([name, standard]) => ({
      name,
      required: false,
      default: standard,
      evidence,
    })),
    nativeLibraries: [],
    dependsOn: [],
  };
}

function told(
  applications: AnalysedApplication[],
  declared: Call[] = [],
): string[] {
  return callsOf(declared, { applications, services: [] })
    .map(({ from, to, variable }) => `${from} -> ${to} ${variable ?? ""}`);
}

Deno.test("an address by an application's name, or by its port here, is that application", () => {
  const api = application("apps/api", { port: 8000 });
  const env = {
    API_URL: "http://api:8000/v1",
    HERE_URL: "http://localhost:8000",
    NAME: "api",
    ELSEWHERE: "http://api.example.org",
    NOBODY: "http://localhost:9999",
  };
  assert.deepEqual(told([api, application("apps/web", { port: 3000, env })]), [
    "apps/web -> apps/api API_URL",
    "apps/web -> apps/api HERE_URL",
  ]);
});

Deno.test("an application's own address, a port of two, and what nobody starts are no calls", () => {
  const env = {
    OWN_URL: "http://localhost:3000",
    OTHER: "http://localhost:80",
  };
  const none = [
    application("web", { port: 3000, env }),
    application("a", { port: 80 }),
    application("b", { port: 80 }),
    application("c", { port: 3000, start: null }),
  ];
  assert.deepEqual(told(none), []);
});

Deno.test("what a compose file says counts, and belongs to the application above", () => {
  const evidence = { file: "compose.yaml", line: 3 };
  const call = (variable: string | null, to: string): Call => ({
    ...{ from: "web/docker", to, variable, value: "http://x:1", evidence },
  });
  const web = application("web", { env: { URL: "http://b:80" } });
  const applications = [web, application("a"), application("b")];
  assert.deepEqual(
    told(applications, [
      call("URL", "a"),
      call(null, "a"),
      call(null, "b"),
      call(null, "nowhere"),
      call(null, "web"),
    ]),
    ["web -> b ", "web -> a URL"],
  );
});

import assert from "node:assert/strict";
import type { Analysis } from "../../model/analysis.ts";
import { noFlake } from "./no_flake.ts";

const fact = <V>(value: V) => ({ value, confidence: 1, evidence: [] });

function application(
  name: string,
  language: Analysis["applications"][number]["language"]["value"],
  frameworks: string[] = [],
): Analysis["applications"][number] {
  return {
    path: name,
    name,
    language: fact(language),
    runtimeVersion: null,
    packageManager: null,
    frameworks: frameworks.map(fact),
    commands: { install: null, build: null, start: null, test: null },
    ports: [],
    env: [],
    nativeLibraries: [],
    dependsOn: [],
  };
}

function service(kind: string): Analysis["services"][number] {
  return { kind, version: null, port: null, usedBy: [], env: [], evidence: [] };
}

Deno.test("noFlake: what the commit has, and what writes a flake for it", () => {
  const { message, hint } = noFlake({
    schema: 1,
    applications: [
      application("api", "go"),
      application("web", "typescript", ["next"]),
    ],
    services: [service("postgres"), service("redis"), service("redis")],
    unknown: [],
  });
  assert.equal(
    message,
    "Cannot evaluate the commit as it has no flake.nix. It has api (go), web (typescript, next); postgres, redis",
  );
  assert.match(hint ?? "", /procurator init writes a flake for it/);
});

Deno.test("noFlake: many are counted, names are one plain line", () => {
  const applications = Array.from(
    { length: 9 },
    (_, at) => application(`a${at}\u202e\n${"x".repeat(200)}`, "go"),
  );
  const { message } = noFlake({
    schema: 1,
    applications,
    services: [],
    unknown: [],
  });
  assert.match(message, /and 3 more$/);
  assert.doesNotMatch(message, /\n|\u202e/);
  assert.ok(message.length < 1000);
});

Deno.test("noFlake: nothing known, or nobody could tell", () => {
  const empty: Analysis = {
    schema: 1,
    applications: [],
    services: [],
    unknown: [],
  };
  for (const analysis of [null, empty]) {
    const { message, hint } = noFlake(analysis);
    assert.equal(message, "Cannot evaluate the commit as it has no flake.nix");
    assert.match(hint ?? "", /blueprintJSON/);
  }
});

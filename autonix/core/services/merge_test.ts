import assert from "node:assert/strict";
import type { AnalysedApplication } from "../../../roles/model/analysis.ts";
import type { ServiceClaim } from "../detector.ts";
import { mergeServices } from "./merge.ts";

function application(
  path: string,
  env: { name: string; default?: string }[] = [],
): Pick<AnalysedApplication, "path" | "env" | "commands" | "dependsOn"> {
  const start = { value: "./app", confidence: 1, evidence: [] };
  return {
    path,
    env: env.map((one) => ({ required: true, evidence: [], ...one })),
    commands: { install: null, build: null, start, test: null },
    dependsOn: [],
  };
}

function claim(
  of: Partial<ServiceClaim> & { file?: string; line?: number },
): ServiceClaim {
  const { file = "compose.yml", line = 1, ...rest } = of;
  return {
    kind: "postgres",
    version: null,
    port: null,
    usedBy: null,
    env: [],
    strength: "declared",
    name: null,
    evidence: [{ file, line }],
    ...rest,
  };
}

const APP = [application(".")];

function versions(claims: readonly ServiceClaim[], applications = APP) {
  return mergeServices(claims, applications)
    .map(({ kind, version }) => `${kind} ${version}`);
}

Deno.test("mergeServices() keeps two of a kind apart by name and version", () => {
  const claims = [
    claim({ name: "primary", version: "16" }),
    claim({ name: "analytics", version: "15", line: 2 }),
  ];
  assert.deepEqual(versions(claims), ["postgres 15", "postgres 16"]);
});

Deno.test("mergeServices() takes copies for tests, replicas and CI for the same", () => {
  const claims = [
    claim({ name: "db", version: "16" }),
    claim({ name: "db-test", version: "16", line: 2 }),
    claim({ name: "db-replica", version: "16", line: 3 }),
    claim({ name: "postgres", version: "15", place: "ci", file: "ci.yml" }),
  ];
  assert.deepEqual(versions(claims), ["postgres 16"]);
});

Deno.test("mergeServices() believes production before work, and that before CI", () => {
  const ci = claim({ version: "14", place: "ci", file: "a.yml" });
  const work = claim({ version: "15", file: "b.yml" });
  const production = claim({
    version: "16",
    place: "production",
    file: "c.yml",
  });
  assert.deepEqual(versions([ci, work, production]), ["postgres 16"]);
  assert.deepEqual(versions([ci, work]), ["postgres 15"]);
});

Deno.test("mergeServices() keeps versions that two applications declare each for themselves", () => {
  const claims = [
    claim({ name: "db", version: "14", file: "a/compose.yml" }),
    claim({ name: "db", version: "16", file: "b/compose.yml" }),
  ];
  const told = mergeServices(claims, [application("a"), application("b")]);
  assert.deepEqual(
    told.map(({ version, usedBy }) => [version, usedBy]),
    [["14", ["a"]], ["16", ["b"]]],
  );
});

Deno.test("mergeServices() lets a stand-in serve the clients of another kind", () => {
  const claims = [
    claim({ kind: "valkey", name: "cache", version: "8" }),
    claim({ kind: "redis", strength: "client", usedBy: ".", file: "a.json" }),
  ];
  assert.deepEqual(versions(claims), ["valkey 8"]);
});

Deno.test("mergeServices() leaves spare drivers out where a database is declared", () => {
  const claims = [
    claim({ version: "16" }),
    claim({ kind: "mysql", strength: "client", usedBy: "." }),
  ];
  assert.deepEqual(versions(claims), ["postgres 16"]);
});

Deno.test("mergeServices() gives a service the variables of its users that can be no other's", () => {
  const users = [
    application("api", [{ name: "DATABASE_URL" }, { name: "REDIS_URL" }]),
    application("web", [{ name: "DATABASE_URL" }]),
  ];
  const told = mergeServices([
    claim({ strength: "client", usedBy: "api" }),
  ], users);
  assert.deepEqual(
    told.map(({ kind, env, usedBy }) => [kind, env, usedBy]),
    [["postgres", ["DATABASE_URL"], ["api"]], ["redis", ["REDIS_URL"], [
      "api",
    ]]],
  );
});

Deno.test("mergeServices() names what is started, not the library that speaks for it", () => {
  const library = application("packages/db", [{ name: "DATABASE_URL" }]);
  library.commands.start = null;
  const web = { ...application("apps/web"), dependsOn: ["packages/db"] };
  const told = mergeServices(
    [claim({ strength: "client", usedBy: "packages/db" })],
    [web, library, application("apps/docs")],
  );
  assert.deepEqual(
    told.map(({ usedBy, env }) => [usedBy, env]),
    [[["apps/web"], ["DATABASE_URL"]]],
  );
});

Deno.test("mergeServices() says the same whatever the order of claims", () => {
  const claims = [
    claim({ name: "a", version: "16" }),
    claim({ name: "b", version: "15", line: 2 }),
    claim({ strength: "client", usedBy: ".", file: "go.mod" }),
    claim({ version: "14", place: "ci", file: "ci.yml" }),
  ];
  const expected = mergeServices(claims, APP);
  assert.deepEqual(mergeServices(claims.toReversed(), APP), expected);
});

Deno.test("mergeServices() leaves out databases that only tests run beside the one it is run with", () => {
  const declared = claim({ kind: "mariadb", name: "db", version: "11.4" });
  const tested = [
    claim({ kind: "mysql", version: "8", place: "ci", file: "mysql.yml" }),
    claim({ kind: "postgres", version: "16", place: "ci", file: "pg.yml" }),
  ];
  assert.deepEqual(versions([declared, ...tested]), ["mariadb 11.4"]);
  assert.deepEqual(versions(tested), ["mysql 8", "postgres 16"]);
  const configured = claim({ kind: "mysql", strength: "configured" });
  assert.deepEqual(versions([declared, configured, ...tested]), [
    "mariadb 11.4",
  ]);
  const standIn = claim({ kind: "mariadb", version: "10.6", place: "ci" });
  assert.deepEqual(versions([configured, standIn]), ["mariadb 10.6"]);
  const two = [application("a"), application("b")];
  const ofB = claim({
    kind: "postgres",
    strength: "client",
    usedBy: "b",
    file: "b/package.json",
  });
  const ofA = { ...declared, usedBy: "a" };
  assert.deepEqual(versions([ofA, ofB, ...tested], two), [
    "mariadb 11.4",
    "postgres 16",
  ]);
});

Deno.test("mergeServices() takes a redis for the valkey that the same variable points at elsewhere", () => {
  const claims = [
    claim({
      kind: "valkey",
      name: "shop-cache",
      env: ["REDIS_URL"],
      place: "production",
      file: "render.yaml",
    }),
    claim({ kind: "redis", name: "redis", version: "7", env: ["REDIS_URL"] }),
  ];
  assert.deepEqual(versions(claims), ["valkey null"]);
});

Deno.test("mergeServices() takes a redis that a script runs for the valkey of the compose file", () => {
  const claims = [
    claim({ kind: "valkey", name: "broker", version: "9" }),
    claim({ kind: "redis", version: "7", file: "scripts/services.sh" }),
  ];
  assert.deepEqual(versions(claims), ["valkey 9"]);
});

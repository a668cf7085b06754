import assert from "node:assert/strict";
import plugin from "./plugin.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Rule and message of each finding, for `source` as the file `path`. */
function lint(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, `${ROOT}${path}`, source)
    .map(({ id, message }) => `${id}: ${message}`);
}

function finds(path: string, source: string, expected: RegExp): void {
  const found = lint(path, source);
  assert.equal(found.length, 1, `${path}: ${source}: ${found.join("; ")}`);
  assert.match(found[0] ?? "", expected);
}

const CORE = "roles/master/core/scheduler.ts";

Deno.test("clock, randomness, timers and IO are found in core", () => {
  for (
    const [source, what] of [
      ["Date.now();", /Date\.now is not pure/],
      ["new Date();", /new Date\(\) is not pure/],
      ["Date();", /Date\(\) is not pure/],
      ["performance.now();", /performance\.now/],
      ["Math.random();", /Math\.random/],
      ["crypto.randomUUID();", /crypto\.randomUUID/],
      ["crypto.getRandomValues(x);", /crypto\.getRandomValues/],
      ["setTimeout(f, 1);", /setTimeout/],
      ["setInterval(f, 1);", /setInterval/],
      ["fetch(x);", /fetch/],
      ["Deno.readTextFileSync(x);", /Deno\.\*/],
      ["await x;", /await is not pure/],
      ["async function f() {}", /async function/],
      ["const f = async () => {};", /async function/],
      [
        `import { randomBytes } from "node:crypto";`,
        /randomBytes of node:crypto/,
      ],
    ] as const
  ) finds(CORE, source, what);
});

Deno.test("what core may do is not found", () => {
  for (
    const source of [
      "new Date(atMs).toISOString();",
      "Math.max(1, 2);",
      `import { createHash } from "node:crypto";`,
      `import { z } from "zod";`,
      `import { Name } from "../../model/ids.ts";`,
      `import { place } from "./place.ts";`,
      `import { mayActAs } from "../../auth/core/token.ts";`,
      `import type { Store } from "../store.ts";`,
      `export type { Store } from "../store.ts";`,
      `import { MAX } from "../../../rpc/limits.ts";`,
    ]
  ) assert.deepEqual(lint(CORE, source), [], source);
});

Deno.test("imports that leave core are found, and told where to go", () => {
  finds(
    CORE,
    `import { openStore } from "../store.ts";`,
    /not roles\/master\/store\.ts: pass what it gives/,
  );
  finds(CORE, `export { x } from "../apply.ts";`, /roles\/master\/apply\.ts/);
  finds(CORE, `const x = import("../apply.ts");`, /roles\/master\/apply\.ts/);
  finds(
    CORE,
    `import { DatabaseSync } from "node:sqlite";`,
    /may not import "node:sqlite"/,
  );
  finds(
    "roles/model/ids.ts",
    `import { x } from "../clock/mod.ts";`,
    /roles\/clock/,
  );
  finds("roles/model/ids.ts", "Date.now();", /Date\.now/);
});

Deno.test("outside of core, and in tests beside it, the same is fine", () => {
  const source =
    `import { x } from "../store.ts"; await Promise.resolve(Date.now());`;
  assert.deepEqual(lint("roles/master/apply.ts", source), []);
  assert.deepEqual(lint("roles/master/core/scheduler_test.ts", source), []);
});

Deno.test("a serving role does not import another one; dev and tests may", () => {
  const source = `import { run } from "../worker/mod.ts";`;
  finds(
    "roles/master/mod.ts",
    source,
    /roles\/master may not import roles\/worker: declare a port/,
  );
  finds("roles/cli/mod.ts", source, /roles\/cli may not import roles\/worker/);
  assert.deepEqual(lint("roles/dev/mod.ts", source), []);
  assert.deepEqual(
    lint("roles/worker/vms/apply.ts", `import "../worker/mod.ts";`),
    [],
  );
  assert.deepEqual(lint("roles/master/mod.ts", `import "../http/mod.ts";`), []);
});

Deno.test("index.ts is not a module's name here", () => {
  finds("roles/hub/index.ts", "export {};", /mod\.ts, not index\.ts/);
  assert.deepEqual(lint("roles/hub/mod.ts", "export {};"), []);
});

import assert from "node:assert/strict";
import { readPlan } from "./plan.ts";

function snapshot(plan: unknown): string {
  return `---\nsource: a test\n---\n${JSON.stringify(plan)}`;
}

Deno.test("plan: packages and commands say language, manager and an asked version", () => {
  const stated = readPlan(
    snapshot({
      phases: {
        setup: { nixPkgs: ["nodejs_20", "pnpm-9_x"] },
        install: { cmds: ["pnpm i --frozen-lockfile"] },
      },
      start: { cmd: "pnpm run start" },
    }),
    false,
  );
  assert.deepEqual(stated?.languages, ["javascript", "typescript"]);
  assert.deepEqual(stated?.packageManagers, ["pnpm"]);
  assert.equal(stated?.version, "20");
  assert.equal(stated?.start, "pnpm run start");
});

Deno.test("plan: a default version, and a start under the tool's own configuration, are not stated", () => {
  const plan = snapshot({
    phases: { setup: { nixPkgs: ["nodejs_18"] } },
    start: { cmd: "node index.js" },
  });
  const stated = readPlan(plan, true);
  assert.equal(stated?.version, null);
  assert.equal(stated?.start, null);
});

Deno.test("plan: helpers that are installed too do not make the language", () => {
  const stated = readPlan(
    snapshot({
      phases: {
        setup: {
          nixPkgs: ["(php83.withExtensions (x))", "nginx", "nodejs_18"],
        },
        install: { cmds: ["composer install", "npm ci"] },
      },
      start: { cmd: "php-fpm -y /a & nginx -c /b" },
    }),
    false,
  );
  assert.equal(stated?.group, "php");
  assert.deepEqual(stated?.languages, ["php"]);
  assert.deepEqual(stated?.packageManagers, ["composer"]);
  assert.equal(stated?.version, "8.3");
});

Deno.test("plan: languages outside the closed list are left out", () => {
  const plan = snapshot({ phases: { setup: { nixPkgs: ["haunt", "guile"] } } });
  assert.equal(readPlan(plan, false), null);
});

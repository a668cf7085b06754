import assert from "node:assert/strict";
import { type Example, readPlan } from "./plan.ts";

const AS_IT_IS: Example = { hasOwnConfig: false, mixfiles: [] };

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
    AS_IT_IS,
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
  const stated = readPlan(plan, { ...AS_IT_IS, hasOwnConfig: true });
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
    AS_IT_IS,
  );
  assert.equal(stated?.group, "php");
  assert.deepEqual(stated?.languages, ["php"]);
  assert.deepEqual(stated?.packageManagers, ["composer"]);
  assert.equal(stated?.version, "8.3");
});

Deno.test("plan: languages outside the closed list are left out", () => {
  const plan = snapshot({ phases: { setup: { nixPkgs: ["haunt", "guile"] } } });
  assert.equal(readPlan(plan, AS_IT_IS), null);
});

Deno.test("plan: a server of Phoenix is stated only of what depends on Phoenix", () => {
  const plan = snapshot({
    phases: { setup: { nixPkgs: ["elixir"] } },
    start: { cmd: "mix phx.server" },
  });
  const startOf = (mixfile: string) =>
    readPlan(plan, { ...AS_IT_IS, mixfiles: [mixfile] })?.start;
  assert.equal(startOf('{:phoenix, "~> 1.7"},'), "mix phx.server");
  assert.equal(startOf('{:phoenix_html, "~> 4.0"}, {:plug, "~> 1.0"}'), null);
});

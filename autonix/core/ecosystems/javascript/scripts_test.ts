import assert from "node:assert/strict";
import type { Manifest } from "./manifest.ts";
import {
  expandScript,
  isDelegating,
  isDevelopment,
  isOnlyMaking,
  isPlaceholder,
  portInScript,
  programPort,
} from "./scripts.ts";

function manifestOf(scripts: readonly (readonly [string, string])[]): Manifest {
  return {
    directory: ".",
    file: "package.json",
    root: null,
    name: null,
    scripts: new Map(
      scripts.map(([name, value]) => [
        name,
        { value, evidence: { file: "package.json", line: 1 } },
      ]),
    ),
    dependencies: [],
  };
}

Deno.test("expandScript() follows scripts that call scripts, each once", () => {
  const manifest = manifestOf([
    ["start", "npm run build && npm run serve"],
    ["build", "vite build"],
    ["serve", "npm start; node server.js -p 8080"],
  ]);
  assert.equal(
    expandScript(manifest, "start"),
    "npm run build && npm run serve\nvite build\nnpm start; node server.js -p 8080",
  );
  assert.equal(expandScript(manifest, "none"), "");
});

Deno.test("isDevelopment() knows servers that watch", () => {
  for (
    const text of [
      "vite",
      "vite --host",
      "cross-env A=1 vite",
      "nodemon index.js",
      "next dev -p 3000",
      "react-scripts start",
      "nest start --watch",
      "node --watch index.js",
      "ng serve",
      "astro dev",
    ]
  ) assert.equal(isDevelopment(text), true, text);
  for (
    const text of [
      "node index.js",
      "vite build",
      "vite preview",
      "next start",
      "node dist/main",
      "serve -s dist",
      "node watch.js",
    ]
  ) assert.equal(isDevelopment(text), false, text);
});

Deno.test("isDelegating() knows scripts that start other packages", () => {
  for (
    const text of [
      "turbo run start",
      "npx nx serve api",
      "pnpm -r start",
      "pnpm --filter web start",
      "yarn workspace api start",
      "npm start --prefix server",
      "npm run start -w api",
      "cd client && npm start",
    ]
  ) assert.equal(isDelegating(text), true, text);
  for (
    const text of ["node turbo.js", "npm run build && node .", "next start"]
  ) assert.equal(isDelegating(text), false, text);
});

Deno.test("isPlaceholder() takes what npm init writes for no test", () => {
  assert.equal(
    isPlaceholder('echo "Error: no test specified" && exit 1'),
    true,
  );
  assert.equal(isPlaceholder("exit 0"), true);
  assert.equal(isPlaceholder("echo start && jest"), false);
});

Deno.test("portInScript() reads flags and PORT", () => {
  const cases: [string, number | null][] = [
    ["next start -p 8080", 8080],
    ["next start -p8080", 8080],
    ["next start --port=8080", 8080],
    ["next start --port ${PORT:-8080}", 8080],
    ["PORT=8080 node .", 8080],
    ["cross-env PORT=8080 node .", 8080],
    ["serve -s dist -l 8080", 8080],
    ["serve -l tcp://0.0.0.0:8080 dist", 8080],
    ["node . --timeout 3000", null],
    ["REDIS_PORT=6379 node .", null],
    ["next start --port 99999", null],
  ];
  for (const [text, port] of cases) {
    assert.equal(portInScript(text), port, text);
  }
});

Deno.test("programPort() knows what programs listen on by themselves", () => {
  assert.equal(programPort("ng serve"), 4200);
  assert.equal(programPort("vite preview --host"), 4173);
  assert.equal(programPort("vite"), 5173);
  assert.equal(programPort("vite build && serve dist"), 3000);
  assert.equal(programPort("node server.js"), null);
});

Deno.test("isOnlyMaking() knows a script that starts nothing", () => {
  for (
    const text of [
      "tsc --watch",
      "tsc -p tsconfig.build.json -w",
      "cross-env ENVIRONMENT=local rollup -c rollup.config.js -w",
      "npm run build:watch\nrimraf dist && tsup --watch",
      "cross-env node_modules/.bin/tsc -p tsconfig.build.json -w",
    ]
  ) assert.ok(isOnlyMaking(text), text);
  for (
    const text of [
      "tsc && node dist/index.js",
      "node .",
      "npm run build && npm run serve\ntsc\nnode dist",
      "nodemon",
      "echo hello",
      "npm run other",
      'concurrently "tsc -w" "nodemon dist/index.js"',
      "./bin/start",
      "",
    ]
  ) assert.ok(!isOnlyMaking(text), text);
});

import assert from "node:assert/strict";
import { frontendOf, withoutInstall } from "./frontend.ts";

const COMMANDS = [
  ["npm ci && npm run build", "npm run build"],
  [
    "mix compile && npm ci --prefix assets && mix assets.deploy",
    "mix compile && mix assets.deploy",
  ],
  [
    "yarn install --frozen-lockfile && bin/rails assets:precompile",
    "bin/rails assets:precompile",
  ],
  ["pnpm install --frozen-lockfile", null],
  ["npm run install-hooks && make", "npm run install-hooks && make"],
  [null, null],
] as const;

for (const [command, rest] of COMMANDS) {
  Deno.test(`withoutInstall() ${command}: ${rest}`, () => {
    assert.equal(withoutInstall(command)?.replace(/ +/g, " ") ?? null, rest);
  });
}

Deno.test("frontendOf() finds the lock file beside what is installed", () => {
  const fact = (value: string) => ({ value, confidence: 1, evidence: [] });
  const application = {
    path: "web",
    name: "web",
    language: { ...fact("elixir"), value: "elixir" as const },
    runtimeVersion: null,
    packageManager: { ...fact("mix"), value: "mix" as const },
    frameworks: [],
    commands: {
      install: null,
      build: fact("npm ci --prefix assets && mix compile"),
      start: null,
      test: null,
    },
    ports: [],
    env: [],
    nativeLibraries: [],
    dependsOn: [],
  };
  const facts = (files: readonly string[]) => ({
    has: (path: string) => files.includes(path),
    text: () => null,
  });
  assert.deepEqual(
    frontendOf(application, facts(["web/assets/package-lock.json"])),
    { manager: "npm", folder: "assets", lock: "web/assets/package-lock.json" },
  );
  assert.equal(frontendOf(application, facts(["package-lock.json"])), null);
});

Deno.test("withoutInstall() reads hostile commands in no time", () => {
  const hostile = `npm ci${" -a".repeat(1000)}`;
  assert.equal(withoutInstall(hostile), hostile);
});

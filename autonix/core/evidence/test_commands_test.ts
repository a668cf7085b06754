import assert from "node:assert/strict";
import { testCommandIn } from "./test_commands.ts";

Deno.test("testCommandIn() finds the command, its ecosystem, and where it runs", () => {
  const cases: [string, string | undefined, string | null | undefined][] = [
    ["npm ci\nCI=true npm test -- --coverage", "npm test -- --coverage", null],
    ["cd api && go test ./...", "go test ./...", "api"],
    ["mvn -B -q verify", "mvn -B -q verify", null],
    ["A=b \\\n  python -m pytest -q", "python -m pytest -q", null],
    [
      "bin/rails db:test:prepare test test:system",
      "bin/rails db:test:prepare test test:system",
      null,
    ],
    ["bin/rails db:migrate", undefined, undefined],
    [
      "bundle exec rspec --out /tmp/rspec.xml $FILES",
      "bundle exec rspec",
      null,
    ],
    ["npm run test:${{ matrix.kind }}", undefined, undefined],
    ["pytest | tee log", undefined, undefined],
    ["echo go test", undefined, undefined],
    [
      "mix test --only slow test/slow_test.exs\nmix test --max-cases 2",
      "mix test --max-cases 2",
      null,
    ],
    ["crystal spec spec/build_spec.cr", undefined, undefined],
    ["", undefined, undefined],
  ];
  for (const [script, text, directory] of cases) {
    const found = testCommandIn(script);
    assert.deepEqual(
      [found?.text, found?.directory],
      [text, directory],
      script,
    );
  }
});

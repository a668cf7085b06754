import assert from "node:assert/strict";
import { RUNTIMES, SERVICE_LINES } from "./nixpkgs_release.ts";
import { chooseLine } from "./version_choice.ts";

/** Family, what is asked for, the line that stands in, whether the flake says something of it. */
const CASES: readonly (readonly [
  keyof typeof RUNTIMES,
  string | null,
  string,
  boolean,
])[] = [
  ["nodejs", null, "nodejs_22", false],
  ["nodejs", "20.11.1", "nodejs_20", true],
  ["nodejs", "20", "nodejs_20", false],
  ["nodejs", "20.x", "nodejs_20", false],
  ["nodejs", ">=18 <20", "nodejs_20", true],
  ["nodejs", ">=18", "nodejs_22", false],
  ["nodejs", ">=18 <21", "nodejs_20", false],
  ["nodejs", "18 || 20", "nodejs_20", false],
  ["nodejs", "^20.9.0 || >=22", "nodejs_22", false],
  ["nodejs", "18 - 20", "nodejs_20", false],
  ["nodejs", "^18.17.0", "nodejs_20", true],
  ["nodejs", "lts/iron", "nodejs_20", false],
  ["nodejs", "lts/hydrogen", "nodejs_20", true],
  ["nodejs", "lts/*", "nodejs_22", false],
  ["nodejs", "latest", "nodejs_22", false],
  ["nodejs", "99", "nodejs_24", true],
  ["nodejs", "~20.1", "nodejs_20", false],
  ["python", "3.11", "python311", false],
  ["python", "3.11.4", "python311", true],
  ["python", "^3.11", "python312", false],
  ["python", ">=3.9,<3.12", "python311", false],
  ["python", "==3.10.*", "python310", false],
  ["python", "~=3.11", "python312", false],
  ["python", "~=3.11.2", "python311", false],
  ["python", "3.8", "python39", true],
  ["python", ">=3.8,!=3.12.*", "python313", false],
  ["python", "2.7", "python39", true],
  ["go", "1.24", "go_1_24", false],
  ["go", "1.22", "go_1_23", true],
  ["jdk", "1.8", "jdk8", false],
  ["jdk", "17", "jdk17", false],
  ["jdk", "20", "jdk21", true],
  ["ruby", "3.3.0", "ruby_3_3", true],
  ["ruby", "~> 3.2", "ruby_3_3", false],
  ["php", "^8.2", "php84", false],
  ["php", ">=8.1 <8.4", "php83", false],
];

for (const [family, asked, attribute, isTold] of CASES) {
  Deno.test(`chooseLine() ${family} ${asked}: ${attribute}`, () => {
    const choice = chooseLine(RUNTIMES[family], asked);
    assert.equal(choice?.line.attribute, attribute);
    assert.equal(choice?.note !== null, isTold, choice?.note ?? "nothing");
  });
}

Deno.test("chooseLine() names what was asked for and what there is", () => {
  assert.equal(
    chooseLine(RUNTIMES.nodejs, "20.11.1")?.note,
    "asked for 20.11.1, nixpkgs has Node.js 20.19",
  );
  const postgres = SERVICE_LINES["postgres"];
  assert.ok(postgres !== undefined);
  assert.equal(
    chooseLine(postgres, "12-alpine")?.note,
    "asked for 12-alpine, which nixpkgs does not have: PostgreSQL 13.21 is the nearest",
  );
  assert.equal(
    chooseLine(postgres, "16-alpine")?.line.attribute,
    "postgresql_16",
  );
});

Deno.test("chooseLine() reads hostile versions in no time", () => {
  for (const part of ["1.", ">=1 ", "1 - ", "||", "x", "*.", "^~"]) {
    chooseLine(RUNTIMES.nodejs, part.repeat(100_000));
  }
});

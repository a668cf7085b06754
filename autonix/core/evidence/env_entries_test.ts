import assert from "node:assert/strict";
import { FileTree } from "../file_tree.ts";
import { Reading } from "../reading.ts";
import { isPlaceholder } from "../secrets.ts";
import { readEnvFile } from "./env_entries.ts";

function entries(text: string) {
  const texts = new Map([[".env.example", text]]);
  const tree = new FileTree({ files: texts.keys(), texts });
  return readEnvFile(new Reading(tree), ".env.example")
    .map(({ name, value, isActive }) => [name, value, isActive]);
}

Deno.test("readEnvFile() takes quotes, comments and exports as a shell does", () => {
  assert.deepEqual(
    entries(
      [
        "A=1 # one",
        "export B='two # words'",
        'C="x" # y',
        "D=",
        "E=#none",
        "F=a#b",
        "# GG=off",
        "# just words = here",
        "A=2",
        "H=null",
        "not a line",
      ].join("\n"),
    ),
    [
      ["A", "1", true],
      ["B", "two # words", true],
      ["C", "x", true],
      ["D", null, true],
      ["E", null, true],
      ["F", "a#b", true],
      ["H", "null", false],
      ["GG", null, false],
    ],
  );
});

Deno.test("readEnvFile() puts in what a value names of the same file", () => {
  assert.deepEqual(
    entries(
      [
        "HOST=kafka",
        "ADDRESS=${HOST}:${PORT}",
        "PORT=9092",
        'URL="http://${ADDRESS}/"',
        "LITERAL='${HOST}'",
        "ELSEWHERE=${HOME}/x",
        "FALLBACK=${LEVEL:-info}",
        "A=${B}",
        "B=${A}",
      ].join("\n"),
    ).map(([name, value]) => `${name}=${value}`),
    [
      "HOST=kafka",
      "ADDRESS=kafka:9092",
      "PORT=9092",
      "URL=http://kafka:9092/",
      "LITERAL=${HOST}",
      "ELSEWHERE=${HOME}/x",
      "FALLBACK=info",
      "A=${B}",
      "B=${A}",
    ],
  );
});

Deno.test("readEnvFile() holds against values that grow by each other", () => {
  const lines = ["V0=xxxxxxxxxx"];
  for (let index = 1; index < 200; index++) {
    lines.push(`V${index}=` + `\${V${index - 1}}`.repeat(20));
  }
  for (const [, value] of entries(lines.join("\n"))) {
    assert.ok(String(value).length <= 2_000);
  }
});

Deno.test("isPlaceholder() knows what is to be filled in", () => {
  for (
    const [name, value] of [
      ["API_KEY", "your-api-key"],
      ["JWT_SECRET", "changeme"],
      ["JWT_SECRET", "thisisasamplesecret"],
      ["SESSION_SECRET", "super-duper-s3cret"],
      ["SESSION_SECRET", "keyboard cat"],
      ["SECRET_KEY", "<generate one>"],
      ["TOKEN", "xxxxxxxx"],
      ["DB_PASSWORD", "password"],
      ["DOMAIN", "<your domain>"],
    ] as const
  ) assert.ok(isPlaceholder(name, value), name);
  for (
    const [name, value] of [
      ["LOG_LEVEL", "info"],
      ["DATABASE_URL", "postgres://user:password@localhost/db"],
      ["NAME", "example"],
      ["DB_PASSWORD", "postgres"],
    ] as const
  ) assert.ok(!isPlaceholder(name, value), name);
});

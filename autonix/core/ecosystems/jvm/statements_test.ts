import assert from "node:assert/strict";
import { GRADLE, HOCON, lineIn, SBT, statementsOf } from "./statements.ts";

Deno.test("statementsOf() knows the blocks around a statement", () => {
  const found = statementsOf(
    `plugins { id 'java'; id("war") }
java {
  toolchain { languageVersion = JavaLanguageVersion.of(21) } // not { this
}
/* implementation 'a:b' */
dependencies {
  implementation("a:b:1") { exclude(group = "x") }
  runtimeOnly 'c:d:2',
    'e:f:3'
}
`,
    GRADLE,
  );
  assert.deepEqual(
    found.map(({ text, line, blocks }) => [blocks.join("/"), line, text]),
    [
      ["", 1, "plugins"],
      ["plugins", 1, "id 'java'"],
      ["plugins", 1, `id("war")`],
      ["", 2, "java"],
      ["java", 3, "toolchain"],
      ["java/toolchain", 3, "languageVersion = JavaLanguageVersion.of(21)"],
      ["", 6, "dependencies"],
      ["dependencies", 7, `implementation("a:b:1")`],
      [
        `dependencies/implementation("a:b:1")`,
        7,
        `exclude(group = "x")`,
      ],
      ["dependencies", 8, "runtimeOnly 'c:d:2',\n    'e:f:3'"],
    ],
  );
});

Deno.test("statementsOf() reads a chain of sbt as one statement", () => {
  const [root] = statementsOf(
    `lazy val root = (project in file("."))
  .settings(
    name := "shop", // {
    run := { 1 }
  )
  .enablePlugins(JavaAppPackaging)

scalaVersion := "3.3.1"`,
    SBT,
  );
  assert.ok(root !== undefined);
  assert.ok(root.text.endsWith(".enablePlugins(JavaAppPackaging)"));
  assert.equal(lineIn(root, root.text.indexOf("name :=")), 3);
});

Deno.test("statementsOf() reads HOCON", () => {
  const found = statementsOf(
    `ktor {\n deployment {\n  port = 8080 # here\n  port = \${?PORT}\n }\n}`,
    HOCON,
  );
  assert.deepEqual(found.at(-1), {
    text: "port = ${?PORT}",
    line: 4,
    blocks: ["ktor", "deployment"],
  });
});

Deno.test("statementsOf() ends on brackets and quotes that never close", () => {
  for (
    const text of [
      "(".repeat(300_000),
      "{".repeat(300_000),
      `"${"a".repeat(9)}`,
    ]
  ) {
    assert.ok(statementsOf(text, GRADLE).length <= 65);
  }
});

/**
 * YAML as Autonix reads it. Not beside the code: the library looks for
 * LOG_TOKENS in the environment, which pure tests may not.
 */
import assert from "node:assert/strict";
import {
  at,
  FormatError,
  type Node,
  textOf,
} from "../../autonix/core/formats/node.ts";
import { parseYaml } from "../../autonix/core/formats/yaml.ts";

/** Lines of what lies at a path. */
function lineAt(node: Node | null | undefined, ...keys: (string | number)[]) {
  return at(node, ...keys)?.line;
}

function broken(parse: () => unknown): FormatError {
  try {
    parse();
  } catch (error) {
    if (error instanceof FormatError) return error;
    throw error;
  }
  assert.fail("it was parsed");
}

Deno.test("yaml: documents, anchors and merged maps", () => {
  const [first, second] = parseYaml(
    "base: &base\n  image: a\n  port: 1\nweb:\n  <<: *base\n  port: 2\n---\nb: 1\n",
  );
  assert.equal(textOf(at(first, "web", "image")), "a");
  assert.equal(at(first, "web", "port")?.value, 2);
  assert.equal(lineAt(first, "web", "port"), 6);
  assert.equal(lineAt(second, "b"), 8);
  assert.deepEqual(parseYaml(""), []);
});

Deno.test("yaml: an alias is what its anchor was last put on", () => {
  const [root] = parseYaml("a: &x 1\nb: *x\nc: &x 2\nd: *x\n");
  assert.equal(at(root, "b")?.value, 1);
  assert.equal(at(root, "d")?.value, 2);
});

Deno.test("yaml: what is broken has its line", () => {
  assert.equal(broken(() => parseYaml("a: 1\nb: [1, 2\nc: 3\n")).line, 3);
  assert.equal(broken(() => parseYaml("a: *nowhere\nb: }\n")).line, 2);
});

/** Made to keep a parser busy, or to end its stack: each ends at once as a file that is broken. */
const HOSTILE: readonly (readonly [string, () => unknown])[] = [
  ["yaml lists in lists", () => parseYaml("[".repeat(10_000))],
  ["yaml lists in rows", () => parseYaml("- ".repeat(10_000))],
  ["a yaml list of many", () => parseYaml("- a\n".repeat(250_000))],
  ["brackets in yaml", () => parseYaml("}".repeat(250_000))],
  ["a large yaml", () => parseYaml(`a: ${"x".repeat(2_000_000)}`)],
];

Deno.test("hostile yaml ends as a broken file", () => {
  for (const [name, parse] of HOSTILE) {
    assert.ok(broken(parse).message.length < 200, name);
  }
});

Deno.test("a yaml bomb is as small as its text", () => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
  for (let level = 1; level < 40; level++) {
    const alias = `*a${level - 1}`;
    const aliases = Array.from({ length: 9 }, () => alias).join(", ");
    lines.push(`a${level}: &a${level} [${aliases}]`);
  }
  const [root] = parseYaml(lines.join("\n"));
  assert.equal(textOf(at(root, "a39", ...Array(39).fill(8), 0)), "x");
});

Deno.test("an alias within its own anchor is nothing", () => {
  const [root] = parseYaml("a: &a\n  b: *a\n  c: 1\n");
  assert.equal(at(root, "a", "b")?.value, null);
  assert.equal(at(root, "a", "c")?.value, 1);
});

Deno.test("maps merged into maps are bounded", () => {
  const keys = Array.from({ length: 2_000 }, (_, at) => `k${at}: 1`).join(", ");
  const merged = Array.from({ length: 2_000 }, (_, at) => `m${at}: {<<: *a}`);
  const text = `a: &a {${keys}}\n${merged.join("\n")}\n`;
  assert.match(broken(() => parseYaml(text)).message, /more than 200000/);
});

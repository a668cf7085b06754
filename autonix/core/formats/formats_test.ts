import assert from "node:assert/strict";
import { at, entriesOf, FormatError, type Node, textOf } from "./node.ts";
import { parseJson } from "./json.ts";
import { parseToml } from "./toml.ts";
import { element, elementText, parseXml } from "./xml.ts";

const DEEP = 100_000;

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

Deno.test("json: values know the line of their key, comments and last commas are taken", () => {
  const root = parseJson(
    '\ufeff// shop\n{\n  "name": "shop",\n  "scripts": {\n    "start": "node .",\n  },\n}\n',
  );
  assert.equal(textOf(at(root, "name")), "shop");
  assert.equal(lineAt(root, "name"), 3);
  assert.equal(lineAt(root, "scripts", "start"), 5);
});

Deno.test("json: what is broken has its line", () => {
  assert.equal(broken(() => parseJson('{\n  "a": 1\n  "b": 2\n}')).line, 3);
  assert.equal(broken(() => parseJson("")).line, 1);
  assert.match(broken(() => parseJson('{"a"')).message, /^is no JSON: /);
});

Deno.test("json: names of the language's own are names like others", () => {
  const root = parseJson(
    '{ "__proto__": { "admin": true }, "constructor": 1 }',
  );
  assert.equal(at(root, "__proto__", "admin")?.value, true);
  assert.equal(at(root, "toString"), null);
  assert.deepEqual(
    entriesOf(root).map(([name]) => name),
    ["__proto__", "constructor"],
  );
});

Deno.test("toml: tables, lists of tables and dotted keys know their line", () => {
  const root = parseToml(
    'title = "x"\n[tool.poetry]\nname = "shop"\n[[package]]\nname = "a"\n[[package]]\nname = "b"\n[package.source]\nurl = "u"\n[x]\na.b = 1\n',
  );
  assert.equal(lineAt(root, "tool", "poetry", "name"), 3);
  assert.equal(textOf(at(root, "package", 1, "name")), "b");
  assert.equal(textOf(at(root, "package", 1, "source", "url")), "u");
  assert.equal(lineAt(root, "x", "a", "b"), 11);
});

Deno.test("toml: what is broken has its line", () => {
  assert.equal(broken(() => parseToml('a = 1\nb = "x\n')).line, 2);
});

Deno.test("xml: elements, attributes and texts know their line", () => {
  const root = parseXml(
    "<?xml version='1.0'?>\n<project>\n  <parent>\n    <version>3.2.0</version>\n  </parent>\n  <a b='c'/>\n</project>\n",
  );
  assert.equal(elementText(root, "project", "parent", "version"), "3.2.0");
  assert.equal(element(root, "project", "parent", "version")?.line, 4);
  assert.equal(textOf(at(element(root, "project", "a"), "@b")), "c");
  assert.equal(elementText(root, "project", "nothing"), null);
});

Deno.test("xml: entities of a file's own stay what they are", () => {
  const bomb =
    '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]>\n<a>&c;</a>';
  assert.equal(elementText(parseXml(bomb), "a"), "&c;");
  const outside =
    '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>';
  assert.equal(elementText(parseXml(outside), "a"), "&b;");
});

/** Made to keep a parser busy, or to end its stack: each ends at once as a file that is broken. */
const HOSTILE: readonly (readonly [string, () => unknown])[] = [
  ["lists in lists", () => parseJson("[".repeat(DEEP) + "]".repeat(DEEP))],
  ["maps in maps", () => parseJson('{"a":'.repeat(DEEP))],
  ["a list of a million", () => parseJson(`[${"1,".repeat(1_000_000)}1]`)],
  ["toml lists in lists", () => parseToml(`a = ${"[".repeat(DEEP)}`)],
  ["toml tables in tables", () => parseToml(`a = ${"{a=".repeat(DEEP)}`)],
  ["a long toml key", () => parseToml(`${"a.".repeat(DEEP)}a = 1`)],
  ["a long toml header", () => parseToml(`[${"a.".repeat(DEEP)}a]`)],
  ["a long toml list", () => parseToml(`a=[${"1,".repeat(1_000_000)}]`)],
  ["elements in elements", () => parseXml("<a>".repeat(DEEP))],
  ["a million elements", () => parseXml(`<a>${"<b/>".repeat(1_000_000)}</a>`)],
];

Deno.test("hostile files end as broken ones", () => {
  for (const [name, parse] of HOSTILE) {
    assert.ok(broken(parse).message.length < 200, name);
  }
});

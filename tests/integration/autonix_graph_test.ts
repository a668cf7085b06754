/** `procurator graph`: of one repository and of several, in each format. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { cli } from "../support/cli.ts";
import { THREE } from "../support/federated.ts";
import { writeFiles } from "../support/files.ts";
import { tempDir } from "../support/temp.ts";

async function folder() {
  const dir = await tempDir("graph");
  for (const [name, files] of Object.entries(THREE)) {
    await writeFiles(join(dir.path, name), { ...files });
  }
  return dir;
}

async function drawn(...args: string[]) {
  const result = await cli(["graph", ...args]);
  assert.equal(result.status, 0, result.err);
  return result;
}

Deno.test("graph draws a repository as Mermaid, DOT, SVG and JSON, each time the same", async () => {
  await using dir = await folder();
  const shop = join(dir.path, "shop");
  const mermaid = await drawn(shop);
  assert.match(mermaid.out, /\[\("redis<br>version 7\.2<br>port 6379"\)\]/);
  assert.match(mermaid.out, /-->\|"CACHE_REDIS_URL"\|/);
  assert.match((await drawn(shop, "--format", "dot")).out, /^digraph "/);
  const graph = JSON.parse((await drawn(shop, "--format", "json")).out);
  assert.deepEqual(
    graph.nodes.map(({ kind }: { kind: string }) => kind),
    ["application", "service", "repository"],
  );
  const file = join(dir.path, "graph.svg");
  const { out } = await drawn(shop, "--format", "svg", "-o", file);
  assert.equal(out, "");
  const svg = await Deno.readTextFile(file);
  assert.match(svg, /^<svg [^]*<\/svg>\n$/);
  assert.equal((await drawn(shop, "--format", "svg")).out, svg);
});

Deno.test("graph --cluster draws a folder of repositories, and tells what they do not agree on", async () => {
  await using dir = await folder();
  const { out, err } = await drawn("--cluster", dir.path);
  assert.match(out, /subgraph g0\["billing"\]/);
  assert.match(out, /n1 -->\|"BILLING_URL"\| n0/);
  assert.match(err, /^port 3000: /);
  assert.match(err, /6\.2 +billing\/compose\.yaml:3/);
});

Deno.test("a folder without a repository, and a format that is none, are refused", async () => {
  await using dir = await tempDir("graph");
  const none = await cli(["graph", "--cluster", dir.path]);
  assert.equal(none.status, 1);
  assert.match(none.err, /Cannot find a repository/);
  const wrong = await cli(["graph", dir.path, "--format", "gif"]);
  assert.equal(wrong.status, 2);
});
